"""A page says which answers are the prior's, which numbers are not of its analysis, and quotes in printed digits."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member
from hscb_bayes.posterior.not_taught import untaught
from hscb_bayes.report.headline import of_the_prior
from hscb_bayes.report.page import answer, render
from hscb_bayes.report.results import Results
from tests.papers import paper, study_text

STUDY = """
[group.a]
by = "characteristic"
of = "arm"
value = "yes"
n = 57
label = "arm A"

[group.b]
by = "characteristic"
of = "arm"
value = "no"
n = 43
label = "arm B"

[[item]]
id = "response"
kind = "count"
event = "response"
among = "a"
count = 47
n = 57
percent = "82%"

[[item]]
id = "early"
kind = "count"
event = "response"
among = "a"
at = "14 days"
count = 30
n = 57

[[item]]
id = "median"
kind = "median_time"
event = "response"
among = "a"
value = "12.3 days"

[[item]]
id = "os"
kind = "survival"
among = "a"
at = "1 year"
value = "61.4%"

[[item]]
id = "os_b"
kind = "survival"
among = "b"
at = "1 year"
value = "58%"

[[item]]
id = "p"
kind = "p_value"
comparison = "survival by characteristic"
groups_compared = ["a", "b"]
value = ".41"
test = { name = "log-rank", status = "printed" }
"""
PRIORS = "this is the prior's: what was believed before, and not what the paper says."
TIMES = {"response_by_28", "median_response_all", "median_response_responders"}
SURVIVALS = {"os_1y", "days_recovered_1y"}


def of_arm_a(folder: Path, *items: str) -> Member:
    return paper(folder, study_text(100, STUDY), items, cohort='form = "none"\namong = "a"')


@pytest.mark.parametrize(
    ("items", "missing"),
    [
        (("response",), TIMES | SURVIVALS),
        (("response", "os"), TIMES),
        (("response", "median"), SURVIVALS),
        (("response", "early"), SURVIVALS),
        (("early",), SURVIVALS),
        (("median", "os"), set()),
        (("response", "median", "os"), set()),
    ],
)
def test_an_answer_is_taught_by_a_number_of_its_kind(items: tuple[str, ...], missing: set[str], tmp_path: Path) -> None:
    assert set(untaught(of_arm_a(tmp_path, *items))) == missing


@pytest.fixture(scope="module")
def results(results_of_study: Callable[[str], Results], tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Results of arm A with nothing fitted but the number of responders."""
    folder = tmp_path_factory.mktemp("arm")
    of_arm_a(folder, "response")
    return results_of_study(str(folder / "x.toml"))


def test_half_respond_by_a_day_is_the_priors_where_no_time_is_fitted(results: Results) -> None:
    speed, survival, sure = answer(results)
    assert speed.endswith(f" have responded by day 28. No time to response is fitted, so that {PRIORS}")
    assert survival.endswith(f" No survival is fitted, so that {PRIORS}")
    assert "mostly prior" in sure


def test_the_curves_say_so_too(results: Results) -> None:
    assert "No survival and no time to response is fitted: what a curve says of it is the prior's." in html.unescape(
        render(results)
    )


def test_such_answers_are_marked_whatever_their_contraction(results: Results) -> None:
    table = results.tables["summary"].set_index("quantity")
    assert table.loc[sorted(TIMES | SURVIVALS), "mostly_prior"].all()


def test_an_answer_that_is_taught_has_no_such_words(results_of_study: Callable[[str], Results], tmp_path: Path) -> None:
    of_arm_a(tmp_path, "response", "median", "os")
    assert PRIORS not in " ".join(answer(results_of_study(str(tmp_path / "x.toml"))))


def test_an_answer_of_which_the_print_tells_little_is_not_called_known(results: Results) -> None:
    """Of the share who responded the print tells, of when next to nothing; survival follows from neither."""
    summary = results.tables["summary"]
    contraction = {
        "response_by_28": 0.29,
        "median_response_responders": 0.1,
        "os_1y": 0.31,
        "days_recovered_1y": np.nan,
    }
    told = [contraction.get(id, 0.8) for id in summary["quantity"]]
    known = replace(results, tables={**results.tables, "summary": summary.assign(contraction=told)})
    ids = ("median_response_all", "median_response_responders", "response_by_28")
    labels = summary.set_index("quantity")["label"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hscb_bayes.report.headline.untaught", lambda _analysis: {})
        assert of_the_prior(known, ids) == (
            " Not known from this print, but mostly believed before: median time to response, those who respond within "
            "one year; response by day 28."
        )
        assert of_the_prior(known, ["os_1y"]) == ""
        assert labels["days_recovered_1y"] in of_the_prior(known, ["os_1y", "days_recovered_1y"])
    assert of_the_prior(known, ids).startswith(" No time to response is fitted")


def test_what_is_not_of_the_analysis_is_listed_and_not_drawn(results: Results) -> None:
    page = html.unescape(render(results))
    section = page.partition("<h3>Not of this analysis</h3>")[2].partition("</ul>")[0]
    assert "survival at 1 year among arm B: 58%" in section
    assert "survival by characteristic" in section
    check = page.partition('<section id="check">')[2].partition("</section>")[0]
    assert "arm B" not in check
    assert check.count("<tr><th scope=") - 1 == 5


def test_a_share_is_quoted_in_the_digits_that_are_printed(results: Results) -> None:
    page = html.unescape(render(results))
    assert "47 of 57 is 82%, printed as 82%." in page
    assert "82.5%" not in page
    rows = re.findall(
        r"<tr><th scope=\"row\">(.*?)<br><small>arm A</small></th><td class=\"n\">(.*?)</td><td class=\"n\">(.*?)</td>",
        page,
    )
    quoted = {label: (printed, median) for label, printed, median in rows}
    assert re.fullmatch(r"\d+\.\d%", quoted["survival at 1 year"][1])
    assert re.fullmatch(r"\d+%", quoted["share of patients with a response"][1])
    assert re.fullmatch(r"\d+\.\d days|not reached", quoted["median time to response"][1])
