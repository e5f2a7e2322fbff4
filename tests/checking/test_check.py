"""The table of printed numbers beside their replicates."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hscb_bayes.checking.check import (
    COLUMNS,
    LEFT_OUT,
    check,
    interval_items,
    replicate_summary,
    tail_probability,
    use_of,
)
from hscb_bayes.checking.leave_out import DRAWS, each_number, leave_out
from hscb_bayes.checking.replicate import replicate
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.item import PrintedNumber
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.posterior import attempt, gate
from hscb_bayes.posterior import fitting as fits

NAN, INF = float("nan"), float("inf")
LOO = [f"loo_{name}" for name in LEFT_OUT]
ARGUMENTS = {"replicates": 200, "seed": 3}


def printed(text):
    return PrintedNumber(id="x", item="x", label="x", among="all", printed=Printed(text))


def fitting(analysis, *items):
    """The same analysis, fitted to these."""
    fit = analysis.fit.model_copy(update={"items": items})
    return replace(analysis, table=analysis.table.model_copy(update={"fit": fit}))


TAILS = [
    ("in the middle", "9 days", [8.0, 9.0, 10.0], 1.0),
    ("all equal, ties count half", "9 days", [9.0, 9.0], 1.0),
    ("below all", "9 days", [10.0, 11.0], 0.0),
    ("above all", "9 days", [7.0, 8.0], 0.0),
    ("one of four below", "9 days", [8.0, 10.0, 10.0, 10.0], 0.5),
    ("a tie on one side", "59%", [0.59, 0.60, 0.70, 0.80], 0.25),
    ("a tie that binary arithmetic splits", "59%", [0.5900000000000001, 0.60, 0.70, 0.80], 0.25),
    ("not reached is above", "9 days", [8.0, INF, INF, INF], 0.5),
    ("undefined ones do not count", "9 days", [8.0, 10.0, NAN, NAN], 1.0),
    ("nothing defined", "9 days", [NAN, NAN], NAN),
    ("a bound: the share below it", "< .001", [0.0005, 0.0009, 0.001, 0.5], 0.5),
    ("a bound, some undefined", "< .001", [0.0005, 0.5, NAN], 0.5),
    ("the word all is 100%, nothing rounded", "all", [1.0, 1.0, 0.999, 0.8], 0.5),
]


@pytest.mark.parametrize(
    ("text", "values", "probability"), [case[1:] for case in TAILS], ids=[case[0] for case in TAILS]
)
def test_tail_probability_by_hand(text, values, probability):
    assert tail_probability(np.array(values), printed(text)) == pytest.approx(probability, abs=1e-12, nan_ok=True)


def test_quantiles_are_values_that_replicates_printed():
    values = np.array([*range(1, 21)], dtype=float)
    told = replicate_summary(values, printed("9 days"))
    assert [told[name] for name in ("lower90", "lower50", "median", "upper50", "upper90")] == [1, 5, 10, 15, 19]


def test_a_time_that_is_not_reached_can_be_an_upper_limit():
    told = replicate_summary(np.array([8.0] * 8 + [INF] * 2), printed("9 days"))
    assert (told["median"], told["upper90"], told["not_reached"]) == (8.0, INF, 0.2)


def test_undefined_replicates_are_counted_and_set_aside():
    told = replicate_summary(np.array([0.2, 0.4, NAN, NAN]), printed("30%"))
    assert (told["undefined"], told["lower90"], told["upper90"]) == (0.5, 0.2, 0.4)


def test_a_number_that_is_undefined_everywhere_has_no_quantiles():
    told = replicate_summary(np.full(5, NAN), printed("30%"))
    assert told["undefined"] == 1.0
    assert np.isnan([told["median"], told["lower50"], told["upper90"], told["tail_probability"]]).all()


USED = {
    "response": "fitted",
    "response.percent": "fitted",
    "response_median.all": "fitted",
    "response_median.all.lower": "fitted",
    "response_median.all.upper": "fitted",
    "response_median.responders": "held out",
    "response_median.responders.upper": "held out",
    "os_1y_nonresponders": "fitted",
    "died_nonresponders": "held out",
    "os_1y": "held out",
    "os_1y_responders.lower": "held out",
    "os_1y_short": "fitted",
    "os_1y_short.lower": "interval width used",
    "os_1y_short.upper": "interval width used",
    "os_1y_long": "fitted",
    "os_1y_long.lower": "held out",  # narrower than 15 patients allow: the likelihood does not use it
    "p_response_duration": "held out",
}


@pytest.fixture(scope="module")
def table(prior_posterior):
    return check(prior_posterior, **ARGUMENTS).set_index("id")


@pytest.mark.parametrize("id", USED)
def test_how_a_number_is_used(table, id):
    assert table.used[id] == USED[id]


def test_the_reading_that_is_fitted_is_named_by_its_id_or_is_the_first_of_its_item(main):
    numbers = [main.study.number(f"response_median.{group}") for group in ("all", "responders")]
    by_reading, by_item = fitting(main, "response_median.all"), fitting(main, "response_median")
    assert [use_of(number, by_reading, frozenset())[0] for number in numbers] == ["response_median.all", None]
    assert [use_of(number, by_item, frozenset())[0] for number in numbers] == [None, "response_median"]


def test_the_width_of_an_interval_is_used_only_where_its_estimate_is_fitted(main):
    assert interval_items(main) == {"os_1y_short"}
    assert interval_items(fitting(main, "response", "os_1y_responders")) == {"os_1y_responders"}


def test_there_is_one_row_for_each_number_about_outcomes_in_the_order_of_the_study(prior_posterior, table):
    study = prior_posterior.analysis.study
    assert [table.index.name, *table.columns] == list(COLUMNS)
    assert list(table.index) == [number.id for number in study.numbers if study.item(number.item).describes_outcomes]


def test_the_print_stands_beside_the_replicates(main, prior_posterior, table):
    values = replicate(prior_posterior, **ARGUMENTS).numbers["os_1y_short"]
    row, number = table.loc["os_1y_short"], main.study.number("os_1y_short")
    assert (row.printed, row["value"], row.among, row["item"]) == ("85%", 0.85, "short", "os_1y_short")
    assert row[list(replicate_summary(values, number))].to_dict() == replicate_summary(values, number)


def test_intervals_lie_in_each_other(table):
    known = table[table["median"].notna()]
    order = known[["lower90", "lower50", "median", "upper50", "upper90"]].to_numpy(dtype=float)
    assert (order[:, :-1] <= order[:, 1:]).all()


def test_tail_probabilities_are_uniform_where_the_print_is_one_of_the_replicates(prior_posterior):
    """The rank of one among exchangeable ones: of 400 studies each in turn the print, 20% lie in the outer 20%."""
    values = replicate(prior_posterior, replicates=400, seed=1).numbers["os_1y"]
    tails = np.array([tail_probability(values, printed(f"{round(100 * value)}%")) for value in values])
    assert np.mean(tails < 0.2) == pytest.approx(0.2, abs=np.max(np.unique(values, return_counts=True)[1]) / 400)


def test_without_refits_the_left_out_columns_are_empty(table):
    assert table[LOO].isna().all(axis=None)


def test_a_number_left_out_is_told_by_the_fit_without_it(main, prior_posterior, posterior_of):
    apart = posterior_of(main, prior_posterior.parameters[:100])
    told = check(prior_posterior, **ARGUMENTS, left_out={"os_1y_short": apart}).set_index("id")
    alone = check(apart, **ARGUMENTS).set_index("id")
    filled = told[told[LOO].notna().any(axis=1)]
    assert list(filled.index) == ["os_1y_short", "os_1y_short.lower", "os_1y_short.upper"]
    assert filled[LOO].to_numpy().tolist() == alone.loc[filled.index, list(LEFT_OUT)].to_numpy().tolist()


def test_a_number_that_is_not_fitted_cannot_be_left_out(prior_posterior):
    with pytest.raises(InputError, match=r"^left_out: 'os_1y_shor' is not fitted; did you mean 'os_1y_short'"):
        check(prior_posterior, **ARGUMENTS, left_out={"os_1y_shor": prior_posterior})


def test_each_fitted_number_is_left_out_once_with_a_seed_of_its_own(main, prior_posterior, monkeypatch):
    asked = []
    monkeypatch.setattr(
        fits, "with_data", lambda compiled, analysis, *, without: (analysis.name, *without.numbers["gagelmann2023"])
    )
    monkeypatch.setattr(attempt, "sample", lambda apart, **settings: asked.append((apart, settings)) or prior_posterior)
    monkeypatch.setattr(gate, "verdict", lambda tree: SimpleNamespace(is_converged=True))
    trees = leave_out(SimpleNamespace(analysis=main, model=main), each_number(main), seed=11)
    assert list(trees) == list(main.fit.items)
    assert [apart for apart, _ in asked] == [("main", id) for id in trees]
    assert len({settings["seed"] for _, settings in asked} | {11}) == len(asked) + 1
    assert all(tree.converged for tree in trees.values())
    assert prior_posterior.converged is None


def test_a_fit_that_misses_its_gate_is_done_again_and_marked(main, prior_posterior, monkeypatch):
    draws = []
    monkeypatch.setattr(fits, "with_data", lambda compiled, analysis, *, without: without)
    monkeypatch.setattr(attempt, "sample", lambda apart, **settings: draws.append(settings["draws"]) or prior_posterior)
    monkeypatch.setattr(gate, "verdict", lambda tree: SimpleNamespace(is_converged=False))
    trees = leave_out(SimpleNamespace(analysis=main, model=main), each_number(main), seed=11)
    assert draws == [DRAWS, 4 * DRAWS] * len(trees)
    assert not any(tree.converged for tree in trees.values())
