"""Estimators over thousands of cohorts at once, beside a loop over lifelines."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.metadata import version
from statistics import median

import numpy as np

from hscb_bayes.estimators import kaplan_meier, logrank
from hscb_bayes.estimators.intervals import proportion_interval
from tests.benchmarks.measuring import Row, seconds

COHORTS, PATIENTS = 4000, 31
LOOPED = 200  # cohorts that lifelines is given; its time is scaled up to all
RUNS, PEER_RUNS = 9, 3
DAY = 365.0
SEED = 1


def _cohorts() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whole days, events and groups, each (cohort, patient)."""
    rng = np.random.default_rng(SEED)
    shape = (COHORTS, PATIENTS)
    return np.floor(rng.exponential(400.0, shape)) + 1.0, rng.random(shape) < 0.7, rng.random(shape) < 0.5


def kaplan_meier_of_cohorts() -> list[Row]:
    """Survival at one year with its log-log interval."""
    import lifelines

    time, event, _ = _cohorts()

    def one(k: int) -> None:
        fitted = lifelines.KaplanMeierFitter().fit(time[k], event[k])
        fitted.survival_function_at_times(DAY)

    def ours() -> None:
        proportion_interval(*kaplan_meier.survival_at(time, event, DAY), scale="log-log")

    return _beside(f"Kaplan-Meier with limits, {COHORTS:,} cohorts of {PATIENTS}", ours, one)


def log_rank_of_cohorts() -> list[Row]:
    """Log-rank test of two groups."""
    from lifelines.statistics import logrank_test

    time, event, group = _cohorts()

    def one(k: int) -> None:
        here = group[k]
        logrank_test(time[k][here], time[k][~here], event[k][here], event[k][~here])

    return _beside(
        f"log-rank test, {COHORTS:,} cohorts of {PATIENTS}", lambda: logrank.logrank(time, event, group), one
    )


def _beside(what: str, ours: Callable[[], object], one: Callable[[int], None]) -> list[Row]:
    """Our time for all cohorts, and the peer's, one cohort after the other, scaled up from some of them."""

    def loop() -> None:
        for k in range(LOOPED):
            one(k)

    values = [seconds(ours) for _ in range(RUNS)]
    with np.errstate(), warnings.catch_warnings():  # lifelines turns NumPy's warnings off for the whole process
        warnings.filterwarnings("ignore", "Starting with pandas version 4.0")  # raised inside lifelines 0.30
        theirs = median(seconds(loop) for _ in range(PEER_RUNS)) * COHORTS / LOOPED
    peer = f"lifelines {version('lifelines')}, {LOOPED} cohorts in a loop, scaled up"
    return [Row(what=what, unit="s", values=values, peer=peer, against=theirs, seed=SEED)]
