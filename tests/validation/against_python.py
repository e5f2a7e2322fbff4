"""Our estimators beside lifelines and SciPy, on simulated patients with ties and on real ones."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib.metadata import version
from typing import NamedTuple

import numpy as np

from hscb_bayes.estimators import kaplan_meier, logrank, nelson_aalen, rank_correlation
from hscb_bayes.estimators.intervals import clopper_pearson, proportion_interval, wilson
from hscb_bayes.estimators.p_values import chi_square_p_value
from tests.validation.comparison import Comparison, compare
from tests.validation.patients import WORDS, cohort

SEED = 20230701
PATIENTS = 200
LEVELS = (0.5, 0.95, 0.99)
SIZES = (1, 5, 16, 31)
SPAN = (0.05, 0.95)  # of the events, in which log-log limits are defined and lifelines has them


class Patients(NamedTuple):
    """One cohort in two groups; each array (patient,)."""

    words: str
    time: np.ndarray
    event: np.ndarray
    group: np.ndarray
    seed: int | None


def cohorts() -> Iterator[Patients]:
    """Simulated patients with whole days, so that many are tied, and the myeloid trial."""
    rng = np.random.default_rng(SEED)
    time = np.floor(rng.exponential(30.0, PATIENTS)) + 1.0
    event, group = rng.random(PATIENTS) < 0.7, rng.random(PATIENTS) < 0.5
    yield Patients(f"{PATIENTS} simulated patients with ties", time, event, group, SEED)
    days, died, arm = cohort("myeloid_os_trt")
    yield Patients(WORDS["myeloid_os_trt"], days.astype(float), died.astype(bool), arm == "A", None)


def comparisons() -> Iterator[Comparison]:
    """All rows that have lifelines or SciPy's statistics as their source."""
    with np.errstate(), warnings.catch_warnings():  # lifelines turns NumPy's warnings off for the whole process
        warnings.filterwarnings("ignore", "Starting with pandas version 4.0")  # raised inside lifelines 0.30
        for patients in cohorts():
            yield from of_lifelines(patients)
    yield from of_scipy()


def of_lifelines(patients: Patients) -> Iterator[Comparison]:
    """Kaplan-Meier, Nelson-Aalen and the log-rank test."""
    import lifelines
    from lifelines.statistics import logrank_test

    words, time, event, group, seed = patients
    source = f"lifelines {version('lifelines')}"

    def row(quantity: str, ours: object, reference: object) -> Comparison:
        return compare(quantity, words, np.asarray(ours), np.asarray(reference), source=source, seed=seed)

    days = np.unique(time)
    fitted = lifelines.KaplanMeierFitter().fit(time, event)
    estimate, error = kaplan_meier.survival_at(time[np.newaxis], event[np.newaxis], days)
    yield row("Kaplan-Meier survival", estimate, fitted.survival_function_at_times(days))
    inside = (estimate > 1.0 - SPAN[1]) & (estimate < 1.0 - SPAN[0])
    limits = proportion_interval(estimate[inside], error[inside], scale="log-log")
    expected = fitted.confidence_interval_.loc[days[inside]].to_numpy().T
    yield row("95% limits of survival, log-log scale", limits, expected)
    middle = kaplan_meier.quantile(time, event)[0]
    yield row("median survival time, days", middle, fitted.median_survival_time_)
    hazard = lifelines.NelsonAalenFitter(nelson_aalen_smoothing=False).fit(time, event)
    found, _ = nelson_aalen.cumulative_hazard_at(time[np.newaxis], event[np.newaxis], days)
    yield row("Nelson-Aalen cumulative hazard", found, hazard.cumulative_hazard_at_times(days))
    test = logrank_test(time[group], time[~group], event[group], event[~group])
    chi_square, p = logrank.logrank(time, event, group)
    yield row("log-rank chi-square", chi_square, test.test_statistic)
    yield row("log-rank P value", p, test.p_value)


def of_scipy() -> Iterator[Comparison]:
    """Rank correlation, intervals of a count, tail of the chi-square distribution."""
    import scipy.stats

    source = f"SciPy {version('scipy')}"
    rng = np.random.default_rng(SEED)
    x = rng.integers(0, 10, PATIENTS).astype(float)
    y = np.where(rng.random(PATIENTS) < 0.2, np.inf, x + rng.integers(0, 40, PATIENTS))
    expected = scipy.stats.spearmanr(x, np.minimum(y, 1e9))
    data = f"{PATIENTS} simulated patients with ties, a fifth never reached"
    for quantity, ours, reference in zip(
        ("Spearman's rank correlation", "its P value"), rank_correlation.spearman(x, y), expected, strict=True
    ):
        yield compare(quantity, data, ours, reference, source=source, seed=SEED)
    pairs = [(count, n) for n in SIZES for count in range(n + 1)]
    counts, sizes = np.transpose(pairs)
    data = f"every count among {', '.join(map(str, SIZES[:-1]))} and {SIZES[-1]}; levels 50%, 95% and 99%"
    for quantity, interval, method in (("Clopper-Pearson", clopper_pearson, "exact"), ("Wilson", wilson, "wilson")):
        found = np.stack([interval(counts, sizes, level) for level in LEVELS], axis=0)
        limits = [[scipy.stats.binomtest(k, n).proportion_ci(level, method) for k, n in pairs] for level in LEVELS]
        yield compare(f"{quantity} limits", data, found.transpose(0, 2, 1), limits, source=source)
    statistics = np.linspace(0.0, 40.0, 81)
    tail = scipy.stats.chi2.sf(statistics, 1)
    yield compare("P value of a chi-square", "0 to 40, one degree", chi_square_p_value(statistics), tail, source=source)
