"""What estimators are given: codes, ties, masks, batches, and what is no cohort at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from hscb_bayes.estimators import (
    aalen_johansen,
    cox,
    fine_gray,
    fisher_exact,
    gray,
    illness_death,
    intervals,
    kaplan_meier,
    landmark,
    logrank,
    nelson_aalen,
    order_statistics,
    p_values,
    rank_correlation,
    restricted_mean,
)
from tests.robustness import hostile
from tests.robustness.cohorts import Sample, sample
from tests.robustness.documents import pick
from tests.robustness.judging import demand, is_refused_argument
from tests.robustness.of_estimators import same, told

Estimate = Callable[..., Any]

# Each takes time, events or causes, group and among; a day is near the middle of most cohorts.
OF_EVENTS: Mapping[str, Estimate] = {
    "survival_at": lambda t, e, g, m, day: kaplan_meier.survival_at(t, e, day, m),
    "quantile": lambda t, e, g, m, day: kaplan_meier.quantile(t, e, m),
    "cumulative_hazard_at": lambda t, e, g, m, day: nelson_aalen.cumulative_hazard_at(t, e, day, m),
    "restricted_mean": lambda t, e, g, m, day: restricted_mean.restricted_mean(t, e, day, m),
    "logrank": lambda t, e, g, m, day: logrank.logrank(t, e, g == 0, m),
    "Cox score": lambda t, e, g, m, day: cox.score_test(t, e, g, m),
    "occupancy_at": lambda t, e, g, m, day: illness_death.occupancy_at(np.full(np.shape(t), np.inf), t, e, day, m),
}
OF_CAUSES: Mapping[str, Estimate] = {
    "incidence_at": lambda t, c, g, m, day: aalen_johansen.incidence_at(t, c, day, m),
    "incidence quantile": lambda t, c, g, m, day: aalen_johansen.quantile(t, c, m),
    "gray": lambda t, c, g, m, day: gray.gray(t, c, g, m),
    "Fine-Gray score": lambda t, c, g, m, day: fine_gray.score_test(t, c, g, m),
}
RIGHT_CODES: tuple[Callable[[np.ndarray], Any], ...] = (
    lambda e: e.astype(int),
    lambda e: e.astype(float),
    lambda e: e.astype(np.int8),
    lambda e: list(map(bool, e)),
    lambda e: pd.Series(e),
    lambda e: pd.Series(e.astype(int), index=np.arange(e.size)[::-1]),
    lambda e: e.astype(object),
)


def _flat(found: Any) -> np.ndarray:
    parts = found if isinstance(found, tuple) else (found,)
    return np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in parts])


def _event_or_cause(rng: np.random.Generator, cohort: Sample) -> tuple[str, Estimate, np.ndarray]:
    names = pick(rng, (OF_EVENTS, OF_CAUSES))
    name = pick(rng, tuple(names))
    return name, names[name], cohort.event if names is OF_EVENTS else cohort.cause


def right_codes(rng: np.random.Generator) -> None:
    """Booleans, 0 and 1 of any type, lists and series are the same events."""
    cohort, name = sample(rng), pick(rng, tuple(OF_EVENTS))
    coded, day = pick(rng, RIGHT_CODES)(cohort.event), cohort.unit * 3
    found, again = (OF_EVENTS[name](cohort.time, e, cohort.group, None, day) for e in (cohort.event, coded))
    same(_flat(again), _flat(found), f"codes of events in {name}", repr(coded)[:100], *told(cohort))


def wrong_codes(rng: np.random.Generator) -> None:
    """Events that are neither booleans nor 0 and 1, and causes that are no whole numbers, are refused."""
    cohort = sample(rng)
    name, estimate, code = _event_or_cause(rng, cohort)
    wrong = code.astype(float)
    k = int(rng.integers(wrong.size))
    if name in OF_CAUSES:
        wrong[k] = pick(rng, (np.nan, 0.5, -1.0, np.inf))
    elif rng.random() < 0.5:
        wrong += 1.0  # as R codes them
        wrong[k] = 2.0
    else:
        wrong[k] = pick(rng, (np.nan, 0.5, -1.0, 2.0, 3.0, np.inf, 1e-9))
    found = _answer(lambda: estimate(cohort.time, wrong, cohort.group, None, cohort.unit * 3))
    demand(found is None, f"wrong codes of events are refused by {name}", wrong.tolist(), found)


def _answer(ask: Callable[[], Any]) -> Any:
    """What is answered; None where the question is refused with the name of the argument."""
    try:
        return ask()
    except ValueError as error:
        if is_refused_argument(error):
            return None
        raise


def ties(rng: np.random.Generator) -> None:
    """Times that are equal up to rounding are one time."""
    cohort = sample(rng)
    name, estimate, code = _event_or_cause(rng, cohort)
    rounded = cohort.time * (1.0 + rng.integers(-2, 3, cohort.time.size) * 2.0**-52)
    day = (float(rng.integers(0, cohort.step.max() + 1)) + 0.5) * cohort.unit
    found, again = (estimate(t, code, cohort.group, None, day) for t in (cohort.time, rounded))
    same(_flat(again), _flat(found), f"times equal up to rounding in {name}", *told(cohort), within=1e-7)


def masks(rng: np.random.Generator) -> None:
    """Patients outside ``among`` do not matter, whatever their times."""
    cohort = sample(rng)
    name, estimate, code = _event_or_cause(rng, cohort)
    among, day = rng.random(cohort.step.size) < 0.6, float(rng.integers(0, 12)) * cohort.unit
    if not among.any() or (name == "gray" and np.unique(cohort.group[among]).size < np.unique(cohort.group).size):
        return
    outside = np.where(among, cohort.time, pick(rng, (np.nan, np.inf, 0.0, 1e300)))
    found = estimate(outside, code, cohort.group, among, day)
    again = estimate(cohort.time[among], code[among], cohort.group[among], None, day)
    same(_flat(found), _flat(again), f"patients outside among in {name}", among.tolist(), *told(cohort), within=1e-7)


def batches(rng: np.random.Generator) -> None:
    """Each cohort of a batch gets what it gets alone."""
    size = (int(pick(rng, (2, 5, 12))),)
    some = [sample(rng, sizes=size) for _ in range(3)]
    name, estimate, _ = _event_or_cause(rng, some[0])
    codes = [one.event if name in OF_EVENTS else one.cause for one in some]
    group, day = some[0].group, 3.0
    whole = estimate(np.stack([one.time for one in some]), np.stack(codes), group, None, day)
    parts = [estimate(one.time, code, group, None, day) for one, code in zip(some, codes, strict=True)]
    whole, parts = (
        (whole if isinstance(whole, tuple) else (whole,)),
        [p if isinstance(p, tuple) else (p,) for p in parts],
    )
    for k, values in enumerate(whole):
        same(
            values, np.stack([part[k] for part in parts]), f"cohorts of a batch in {name}", *told(some[0]), within=1e-7
        )


ODD: tuple[Any, ...] = (
    None,
    "x",
    b"x",
    [],
    [[]],
    {},
    np.nan,
    np.inf,
    -np.inf,
    -1.0,
    0.0,
    1e308,
    5e-324,
    2**70,
    1j,
    [1.0, None],
    ["1", "2"],
    [1.0, "a"],
    [[1.0, 2.0], [3.0, 4.0]],
    [1.0, np.nan, 2.0],
    np.array([]),
    np.zeros((0, 3)),
    np.zeros((2, 0)),
    np.arange(3.0),
    np.arange(12.0),
    np.ma.masked_all(3),
    pd.NaT,
    pd.NA,
    pd.Series([1, None, 2], dtype="Int64"),
    pd.to_datetime(["2020-01-01", "2020-02-01", "2021-01-01"]),
    pd.Series(["a", "b", "a"], dtype="category"),
    True,
    object(),
    np.array([True, False, True]),
    np.array(3.0),
    range(3),
    (1, 2, 3),
    "plain",
    "log-log",
    np.float16(3),
    0.5,
    1.5,
    3,
    7,
)
ANYTHING: Mapping[str, tuple[Estimate, tuple[Any, ...]]] = {
    "survival_at": (kaplan_meier.survival_at, ([1.0, 2.0, 3.0], [1, 0, 1], 2.0, None)),
    "number_at_risk": (kaplan_meier.number_at_risk, ([1.0, 2.0, 3.0], 2.0, None)),
    "curve": (kaplan_meier.curve, ([1.0, 2.0, 3.0], [1, 0, 1], None)),
    "quantile": (kaplan_meier.quantile, ([1.0, 2.0, 3.0], [1, 0, 1], None, 0.5, 0.95, "log")),
    "incidence_at": (aalen_johansen.incidence_at, ([1.0, 2.0, 3.0], [1, 0, 2], 2.0, None, 1)),
    "incidence quantile": (aalen_johansen.quantile, ([1.0, 2.0, 3.0], [1, 0, 2], None, 0.5, 0.95, "log", 1)),
    "cumulative_hazard_at": (nelson_aalen.cumulative_hazard_at, ([1.0, 2.0, 3.0], [1, 0, 1], 2.0, None)),
    "restricted_mean": (restricted_mean.restricted_mean, ([1.0, 2.0, 3.0], [1, 0, 1], 2.0, None)),
    "logrank": (logrank.logrank, ([1.0, 2.0, 3.0], [1, 0, 1], [True, False, True], None)),
    "gray": (gray.gray, ([1.0, 2.0, 3.0], [1, 0, 2], [0, 1, 0], None, 1)),
    "Cox score": (cox.score_test, ([1.0, 2.0, 3.0], [1, 0, 1], [0.1, 0.2, 0.4], None)),
    "Cox fit": (cox.fit, ([1.0, 2.0, 3.0], [1, 1, 1], [[0.1, 0.4, 0.2]])),
    "Fine-Gray score": (fine_gray.score_test, ([1.0, 2.0, 3.0], [1, 0, 2], [0.1, 0.2, 0.4], None, 1)),
    "Fine-Gray fit": (fine_gray.fit, ([1.0, 2.0, 3.0], [1, 1, 1], [[0.1, 0.4, 0.2]], 1)),
    "fisher_exact": (fisher_exact.fisher_exact, (1, 3, 2, 3)),
    "proportion_interval": (
        lambda p, s, level: intervals.proportion_interval(p, s, level, scale="log"),
        (0.5, 0.1, 0.95),
    ),
    "wilson": (intervals.wilson, (1, 3, 0.95)),
    "clopper_pearson": (intervals.clopper_pearson, (1, 3, 0.95)),
    "occupancy_at": (illness_death.occupancy_at, ([1.0, np.inf, 2.0], [2.0, 3.0, 3.0], [1, 0, 1], 2.0, None)),
    "time_in_states": (illness_death.time_in_states, ([1.0, np.inf, 2.0], [2.0, 3.0, 3.0], [1, 0, 1], 2.0, None)),
    "landmark_groups": (landmark.landmark_groups, ([1.0, 2.0, 3.0], [1.0, np.inf, 2.0], 1.0, None)),
    "landmark_survival": (landmark.landmark_survival, ([1.0, 2.0, 3.0], [1, 0, 1], [1.0, np.inf, 2.0], 1.0, 3.0, None)),
    "spearman": (rank_correlation.spearman, ([1.0, 2.0, 3.0], [3.0, 1.0, 2.0], None)),
    "order_statistic_ranks": (order_statistics.order_statistic_ranks, (31, 0.95, "log", 0.5)),
    "normal_p_value": (p_values.normal_p_value, (1.0,)),
    "chi_square_p_value": (p_values.chi_square_p_value, (1.0, 2)),
    "normal_deviate": (p_values.normal_deviate, (0.05,)),
}


def anything(rng: np.random.Generator) -> None:
    """One argument is no such thing: an answer, or a sentence that names the argument."""
    name = pick(rng, tuple(ANYTHING))
    function, right = ANYTHING[name]
    given = list(right)
    odd = pick(rng, ODD) if rng.random() < 0.9 else pick(rng, hostile.STRINGS)
    given[int(rng.integers(len(given)))] = odd
    try:
        function(*given)
    except (ValueError, TypeError) as error:
        error.add_note(f"{name}{tuple(given)!r}"[:300])
        raise
