"""Medians and limits that are printed as not reached: read, fitted as such, replicated, and held against the rest."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member
from hscb_bayes.checking.check import tail_probability
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.study import load_study
from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from tests.joint.layouts import NO_END, WINDOW, item, layout, responders, survival

N = 40
NEVER = {"value": "NR", "lower": "13.5 mo", "upper": "NE", "level": 0.95}
SOME_DAYS = {"value": "15.0 mo", "lower": "13.5 mo", "upper": "18.0 mo", "level": 0.95}
ONE_DAY = {"value": "13.5 mo", "lower": "13.5 mo", "upper": "13.5 mo", "level": 0.95}


def printed(median: Mapping[str, object], response: str = "NR") -> list[str]:
    return [
        responders(16, N),
        item("response_median", "median_time", event="response", value=response),
        survival("os_12m", "12 mo", "71,5%"),
        item("death_median", "median_time", event="death", **median),
    ]


def of(folder: Path, median: Mapping[str, object] = NEVER, follow_up: str = WINDOW, **said: str) -> Member:
    return layout(folder, N, printed(median, **said), follow_up=follow_up)


def test_what_is_not_reached_is_what_a_study_prints_that_does_not_reach_it(tmp_path: Path) -> None:
    never, some = of(tmp_path), of(tmp_path, ONE_DAY, response="9 days")
    numbers = printed_values(some) | {"death_median": np.inf, "death_median.upper": np.inf, "response_median": np.inf}
    found, expected = joint_arrays(never, printed_values(never)), joint_arrays(some, numbers)
    for one in fields(found):
        if one.name not in ("nodes", "of_incidence"):
            np.testing.assert_array_equal(getattr(found, one.name), getattr(expected, one.name), err_msg=one.name)
    np.testing.assert_array_equal(found.nodes.log_edges, expected.nodes.log_edges)
    reached = joint_arrays(some, printed_values(some))
    assert not np.array_equal(reached.passed, expected.passed)


def test_replicated_medians_are_beside_one_that_is_not_reached(tmp_path: Path) -> None:
    number = of(tmp_path).study.number("death_median")
    values = np.array([np.inf] * 6 + [400.0] * 4)
    assert tail_probability(values, number) == pytest.approx(2.0 * 0.3)  # P(below) + P(equal) / 2 = .4 + .3
    assert tail_probability(np.full(10, 400.0), number) == 0.0


@pytest.mark.parametrize(
    ("median", "what"),
    [(NEVER, "a median"), (SOME_DAYS | {"upper": "NR"}, "an upper limit")],
    ids=["median", "limit"],
)
def test_that_it_is_not_reached_says_nothing_where_follow_up_may_have_any_length(
    tmp_path: Path, median: Mapping[str, object], what: str
) -> None:
    sentence = (
        rf"fit\.items: 'death_median' is {what} that the curve had not reached when follow-up ended, and it is not "
        r"known how long patients were followed; required \[follow_up\] shortest and longest$"
    )
    with pytest.raises(InputError, match=sentence):
        of(tmp_path, median, NO_END)


def test_deaths_by_the_end_need_an_end(tmp_path: Path) -> None:
    items = [*printed(SOME_DAYS, "9 days"), item("deaths", "count", event="death", count=19, n=N)]
    with pytest.raises(InputError, match="'deaths' is a number of deaths by the end of follow-up, and it is not known"):
        layout(tmp_path, N, items, follow_up=NO_END)
    assert "deaths" in layout(tmp_path, N, items).fit.items


@pytest.mark.parametrize(
    ("median", "sentence"),
    [
        ({"value": "15 mo", "lower": "NR", "upper": "NR", "level": 0.95}, "lower NR is above the estimate 15 mo"),
        ({"value": "NR", "lower": "9 mo", "upper": "15 mo", "level": 0.95}, "upper 15 mo is below the estimate NR"),
    ],
)
def test_an_interval_is_around_its_estimate(tmp_path: Path, median: Mapping[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        of(tmp_path, median)


def test_no_other_time_is_not_reached(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'os': at: .*; only a median and its limits may be not reached"):
        layout(tmp_path, N, [survival("os", "NR", "50%")])


def test_the_audit_knows_when_it_would_have_been_reached(tmp_path: Path) -> None:
    survivals = [survival("os_12m", "12 mo", "41.5%")]
    items = [responders(30, N), item("response_median", "median_time", event="response", value="NR"), *survivals]
    layout(tmp_path, N, [*items, item("death_median", "median_time", event="death", **NEVER)])
    conflicts = {
        found.rule: found.sentence
        for found in audit(load_study(tmp_path / "layout_study.toml"))
        if found.severity == "conflict"
    }
    assert conflicts == {
        "survival_falls": "Survival at 12 mo among all patients is 41.5%, and the median is not reached, so that at "
        "least half are alive (median time to death NR).",
        "median_reached": "A median time to response that is not reached means responses in fewer than half of all 40 "
        "patients, and 30 responded in all.",
    }
