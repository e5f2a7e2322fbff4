"""What a P value adds, under a named test and a direction that may be unknown.

P = .007 for duration and response carries nearly all the information about them, but neither the test nor the
direction is printed. So the main analysis does not fit it, and named analyses do, one a test. There it is fitted by
weighting the draws of the posterior without it: with an unknown direction the posterior has two modes, one a sign,
between which a chain would hardly ever cross.

The signed statistic z of a test, given the parameters, is normal around a smooth function of the log hazard ratio of
response. That function and the spread are learned from replicated studies, with the estimator itself; the weight of a
draw is the density of the printed |z|, of either sign or of the one that the analysis assumes. Approximations: given
the parameters z is taken as independent of the fitted numbers, with one spread, and its mean to depend on that log
hazard ratio alone; a test holds the result against replicates that come near the print.

References
----------
Gelman A, et al. Bayesian Data Member, 3rd ed. CRC 2013, section 10.4. Kitagawa G. J Comput Graph Stat 1996;5:1-25
(systematic resampling).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.scope import speaks_of
from hscb_bayes.errors import InputError
from hscb_bayes.estimators.p_values import normal_deviate
from hscb_bayes.evidence.cohort import AssumedTest, Cohort, Direction
from hscb_bayes.evidence.kinds.p_value import SIGNED_TESTS, PValue
from hscb_bayes.model.simulate import simulate_cohort
from hscb_bayes.sentences import quote

DIRECTIONS: Mapping[str, Direction | None] = {
    "longer is slower": "decreases",
    "longer is faster": "increases",
    "unknown": None,
}
DEGREE = 3  # of the polynomial in the log hazard ratio
FEWEST_STUDIES = 20  # in which the test is defined: of fewer neither its mean nor its spread can be learned
RATIO = "hazard_ratio_response"


@dataclass(frozen=True, kw_only=True)
class Reweighted:
    """Importance weights of the draws (draw,), summing to one, under one reading of a P value.

    NaN where the test is undefined in nearly all new studies: of one patient, or where nobody responds.
    """

    item: str
    test: str
    direction: str
    weights: np.ndarray

    @property
    def effective(self) -> float:
        """Draws that the weights leave, 1 / sum of their squares."""
        return float(1.0 / np.sum(self.weights**2))


def reweighted(
    parameters: np.ndarray, analysis: Member, effect: np.ndarray | None = None, *, seed: int
) -> tuple[Reweighted, ...]:
    """Weights of the draws under every test and direction of each P value for response by duration in days that is
    neither fitted nor printed with its test and direction; none where durations have no part in the analysis.

    Parameters
    ----------
    parameters
        Posterior draws on their unbounded scales, shape (draw, parameter).
    effect
        Study effects, shape (draw, transition); none if left out.
    """
    if not analysis.by_duration:
        return ()
    cohort = simulate_cohort(analysis, parameters, effect, rng=np.random.default_rng(seed))
    printed = [item for item in analysis.study.items if isinstance(item, PValue) and item.outcome == "response"]
    items = [item for item in printed if all(speaks_of(analysis, number) for number in item.numbers)]
    return tuple(
        Reweighted(
            item=item.id,
            test=test,
            direction=words,
            weights=_weights(item, cohort, analysis, AssumedTest(test=test, direction=direction), parameters),
        )
        for item in items
        if item.test is None and item.groups_compared is None and item.value.bound == "exact"
        if item.direction is None and item.id not in analysis.table.fit.items
        for test in SIGNED_TESTS
        for words, direction in DIRECTIONS.items()
    )


def resampled(
    parameters: np.ndarray,
    analysis: Member,
    items: Mapping[PValue, float],
    effect: np.ndarray | None = None,
    *,
    seed: int,
) -> np.ndarray:
    """Which draws stand for the posterior with P values fitted; (draw,), increasing, some more than once.

    Systematic resampling: a draw of weight w comes floor(w n) or ceil(w n) times, in the order of the chains, so that
    repeated draws are neighbours and effective sample sizes count them once.

    Raises
    ------
    InputError
        When the test is undefined in nearly all new studies.
    """
    rng = np.random.default_rng(seed)
    cohort = simulate_cohort(analysis, parameters, effect, rng=rng)
    weights = np.ones(len(parameters))
    for item, printed in items.items():
        own = _weights(item, cohort, analysis, assumed_test(item, analysis), parameters, printed)
        if np.isnan(own).any():
            raise InputError(
                f"{analysis.path}: fit.items: required a P value of a test that new studies can compute, found "
                f"{quote(item.id)}, which is undefined in nearly all of them; leave it out"
            )
        weights = weights * own
    reached = np.cumsum(weights / weights.sum())
    places = (np.arange(len(weights)) + rng.uniform()) / len(weights)
    return np.minimum(np.searchsorted(reached, places), len(weights) - 1)


def assumed_test(item: PValue, analysis: Member) -> AssumedTest:
    """The test and direction that are printed, or else those that the analysis assumes."""
    conventions = analysis.table.conventions
    assumed = conventions.tests.get(item.id) or AssumedTest(test=item.named_test(conventions))
    return assumed if item.direction is None else assumed.model_copy(update={"direction": item.direction.name})


def _weights(
    item: PValue,
    cohort: Cohort,
    analysis: Member,
    assumed: AssumedTest,
    parameters: np.ndarray,
    value: float | None = None,
) -> np.ndarray:
    """Weights (draw,), summing to one, under P = ``value``, or the printed one; NaN where the test is undefined."""
    conventions = analysis.table.conventions
    named = conventions.model_copy(update={"tests": {**conventions.tests, item.id: assumed}})
    statistic, log_ratio = item.signed_statistic(cohort, named), parameters[:, analysis.parameter_ids.index(RATIO)]
    there, undefined = np.isfinite(statistic), np.full(len(parameters), np.nan)
    if there.sum() < FEWEST_STUDIES:
        return undefined
    mean = np.polyval(np.polyfit(log_ratio[there], statistic[there], DEGREE), log_ratio)
    spread = float(np.std(statistic[there] - mean[there]))
    if spread == 0.0:
        return undefined
    printed = float(normal_deviate(item.value.value if value is None else value))
    log_density = {sign: -0.5 * ((sign * printed - mean) / spread) ** 2 for sign in (-1.0, 1.0)}
    log_likelihood = {
        None: np.logaddexp(log_density[-1.0], log_density[1.0]),
        "increases": log_density[1.0],
        "decreases": log_density[-1.0],
    }[assumed.direction]
    weights = np.exp(log_likelihood - log_likelihood.max())
    return weights / weights.sum()
