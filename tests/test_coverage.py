"""What the package makes of the numbers of seven abstracts is what the table in the documentation says."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.scope import speaks_of
from hscb_bayes.evidence.study import load_study
from tests.papers import paper

ROOT = Path(__file__).parents[1]
EVIDENCE = ROOT / "models" / "evidence"
with (ROOT / "docs" / "results" / "coverage.csv").open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))
POPULATION = ("paper", "response", "end", "among")

Rows = list[dict[str, str]]


def by_analysis() -> dict[tuple[str, ...], Rows]:
    """Rows by study, endpoints and patients: one analysis has to fit all that are fitted."""
    found = defaultdict[tuple[str, ...], Rows](list)
    for row in ROWS:
        if row["item"]:
            found[tuple(row[name] for name in POPULATION)].append(row)
    return dict(found)


ANALYSES = by_analysis()


def analysis_of(folder: Path, key: tuple[str, ...], items: dict[str, list[str]]) -> Member:
    """It fits what is fitted, and names a test for each P value that is checked."""
    study, response, end, among = key
    return paper(
        folder,
        (EVIDENCE / f"{study}.toml").read_text(encoding="utf-8"),
        list(dict.fromkeys(items["fitted"])),
        conventions="\n".join(
            f'tests.{id} = {{ test = "log-rank" }}' for id in items["checked"] if id.startswith("p_")
        ),
        cohort=f'form = "none"\namong = "{among}"',
        endpoints=f'response = "{response}"\nend = "{end}"',
    )


@pytest.mark.parametrize("key", ANALYSES, ids=" ".join)
def test_what_is_fitted_is_fitted_in_one_analysis_and_what_is_checked_is_of_it(
    key: tuple[str, ...], tmp_path: Path
) -> None:
    items = {
        status: [row["item"] for row in ANALYSES[key] if row["status"] == status] for status in ("fitted", "checked")
    }
    analysis = analysis_of(tmp_path, key, items)
    assert {id.partition(".")[0] for id in analysis.fit.items} == set(items["fitted"])
    for id in items["checked"]:
        assert id not in analysis.fit.items
        assert all(speaks_of(analysis, number) for number in analysis.study.item(id).numbers)


def test_what_is_text_says_why() -> None:
    for row in ROWS:
        assert (row["status"] == "text") == (row["item"] == "")
        assert row["why"] or row["status"] == "fitted"


def test_the_page_has_the_totals() -> None:
    found, page = Counter(row["status"] for row in ROWS), (ROOT / "docs" / "results" / "coverage.md").read_text("utf-8")
    total = len(ROWS)
    for words, many in (("fitted", found["fitted"]), ("fitted or checked", found["fitted"] + found["checked"])):
        assert f"| {words} | {many} of {total} | {100 * many / total:.0f}% |" in page


def test_all_numbers_are_of_studies_that_are_there() -> None:
    assert {row["paper"] for row in ROWS} == {load_study(EVIDENCE / f"{row['paper']}.toml").id for row in ROWS}
