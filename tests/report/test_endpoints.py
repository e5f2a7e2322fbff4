"""The page of an analysis of declared events says what response and death are, and what is of other events."""

from collections.abc import Callable
from pathlib import Path

from hscb_bayes.report.page import render
from hscb_bayes.report.results import Results
from tests.papers import paper

SEVERAL = (Path(__file__).parents[1] / "evidence" / "several.toml").read_text(encoding="utf-8")
ENDPOINTS = 'response = "neutrophil_recovery"\nend = "progression_or_death"'
TESTS = "tests = { p_pfs = { test = 'log-rank' } }"


def test_the_page_says_what_the_endpoints_are(tmp_path: Path, results_of_study: Callable[[str], Results]) -> None:
    paper(tmp_path, SEVERAL, ["neutrophil", "pfs"], conventions=TESTS, endpoints=ENDPOINTS)
    page = render(results_of_study(str(tmp_path / "x.toml")))
    assert "Here response is neutrophil recovery and death is progression or death." in page
    assert "comes either neutrophil recovery or progression or death, and after neutrophil recovery" in page
    outside = page.partition("<h3>Not of this analysis</h3>")[2].partition("</ul>")[0]
    assert "acute GVHD by 100 days among all patients: 30%" in outside
    assert "survival at 1 year among all patients: 60%" in outside
    assert "progression" not in outside.partition("<ul")[2]


def test_the_page_of_a_study_without_events_has_no_such_sentence(page: str) -> None:
    assert "Here response is" not in page
