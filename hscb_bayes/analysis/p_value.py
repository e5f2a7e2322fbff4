"""What a P value would add, were its test and its direction known.

P = .007 for duration and response carries nearly all the information about them, but neither the test nor
the direction is printed. It is therefore not fitted; instead the posterior is reweighted under each test and direction.

The signed statistic z of a test, given the parameters, is normal around a smooth function of the log hazard ratio of
response. That function and the spread are learned from replicated studies, test by test, with the estimator itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from hscb_bayes.analysis.pathways import PARAMETER_IDS
from hscb_bayes.analysis.simulate import simulate_cohort
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.estimators import cox, fine_gray
from hscb_bayes.estimators.rank_correlation import spearman
from hscb_bayes.evidence.cohort import Cohort
from hscb_bayes.evidence.kinds.p_value import PValue

TESTS = ("cox", "fine-gray", "spearman")
DIRECTIONS = ("longer is slower", "longer is faster", "unknown")
DEGREE = 3  # of the polynomial in the log hazard ratio
RATIO = PARAMETER_IDS.index("hazard_ratio_response")


@dataclass(frozen=True, kw_only=True)
class Reweighted:
    """Importance weights of the draws (draw,), summing to one, under one reading of a P value."""

    item: str
    test: str
    direction: str
    weights: np.ndarray

    @property
    def effective(self) -> float:
        """Draws that the weights leave, 1 / sum of their squares."""
        return float(1.0 / np.sum(self.weights**2))


def signed_statistics(cohort: Cohort) -> dict[str, np.ndarray]:
    """z of each test, shape (replicate,); positive where longer neutropenia goes with a faster response."""
    x, time, cause = np.log2(cohort.duration), cohort.first_day, cohort.first_cause
    rho, p = spearman(x, np.where(cohort.responded, cohort.response_day, 0.0), cohort.responded)
    tail = np.array([NormalDist().inv_cdf(1.0 - min(max(value, 1e-12), 1.0 - 1e-12) / 2.0) for value in p])
    return {
        "cox": cox.score_test(time, cohort.responded, x),
        "fine-gray": fine_gray.score_test(time, cause, x),
        "spearman": -np.sign(rho) * tail,
    }


def reweighted(parameters: np.ndarray, analysis: Analysis, *, seed: int) -> tuple[Reweighted, ...]:
    """Weights of the draws under every test and direction of each unnamed P value for response by duration.

    Parameters
    ----------
    parameters
        Posterior draws on their unbounded scales, shape (draw, parameter).
    """
    cohort = simulate_cohort(analysis, parameters, rng=np.random.default_rng(seed))
    statistics = signed_statistics(cohort)
    items = [i for i in analysis.study.items if isinstance(i, PValue) and i.outcome == "response"]
    return tuple(
        _reweighted(item, test, direction, parameters[:, RATIO], statistics)
        for item in items
        if item.test is None and item.value.bound == "exact"
        for test in TESTS
        for direction in DIRECTIONS
    )


def _reweighted(
    item: PValue, test: str, direction: str, log_ratio: np.ndarray, statistics: Mapping[str, np.ndarray]
) -> Reweighted:
    statistic = statistics[test]
    there = np.isfinite(statistic)
    mean = np.polyval(np.polyfit(log_ratio[there], statistic[there], DEGREE), log_ratio)
    spread = float(np.std(statistic[there] - mean[there]))
    printed = NormalDist().inv_cdf(1.0 - item.value.value / 2.0)
    slower = np.exp(-0.5 * ((-printed - mean) / spread) ** 2)
    faster = np.exp(-0.5 * ((printed - mean) / spread) ** 2)
    likelihood = {"longer is slower": slower, "longer is faster": faster, "unknown": slower + faster}[direction]
    return Reweighted(item=item.id, test=test, direction=direction, weights=likelihood / likelihood.sum())
