"""The joint likelihood of overlapping printed numbers about one group of patients.

Survival overall, by duration and by response are views of the same patients. What is printed is therefore one datum:

1. When and how many responded, and how many of the others lived: ``joint_counts``.
2. Survival estimates **given those counts**, one after the other. With the counts known, every printed estimate is a
   sum over patients, L b, of three indicators b (responded; responded and alive; alive without response) in groups of
   known size; their covariance with complete follow-up is exact, overlap included, and gives the mean and variance of
   each given the counts and the estimates before it. A printed estimate has the probability of its lattice step
   (k - 1/2, k + 1/2) / n under a binomial of that mean and variance: the skewness of small groups is there, and since
   the outermost steps are open 0% and 100% need no special case. Losses add variance of their own to an estimate, in
   which the counts have no part.

Written once for NumPy (any leading axes of draws) and ``pytensor.tensor``. What varies from paper to paper is data
(``JointArrays``), so that a model is compiled once and refitted to any numbers of the same layout.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hscb_bayes.evidence.joint_arrays import COUNT_ROWS, INDICATORS, SMALLEST, JointArrays
from hscb_bayes.evidence.joint_counts import Unresponded, count_terms, mean_and_slope, unresponded_patients
from hscb_bayes.evidence.special import FEWEST_PATIENTS, TINY, Special
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.incidence import Outcomes

# Of patients lost, those with the higher estimate were at risk longer, which makes its printed interval narrower: log
# of (factor - 1) per unit of survival. Measured on simulated studies; docs/development/decisions.md says how.
FACTOR_FALL = 1.7
FARTHEST_BY_CHANCE = 0.3  # of an estimate from its expectation: as far as the fall was measured
LEAST_WORTH = 0.5  # of the patients that an estimate is worth: with more an estimate alone would be changed
SMALL_SAMPLE = 1.3  # of (factor - 1): among 15 patients losses widen by more than Greenwood's formula says

# E[b b'] is linear in E[b]: responded x responded-and-alive is responded-and-alive, and so on.
PRODUCTS = np.zeros((3, 3, 3))
PRODUCTS[0, 0, 0] = PRODUCTS[1, 0, 1] = PRODUCTS[1, 1, 0] = PRODUCTS[1, 1, 1] = PRODUCTS[2, 2, 2] = 1.0


def log_likelihood_terms(outcomes: Outcomes, data: JointArrays, follow_up: FollowUp, xp: Any) -> Any:
    """Log likelihood of the print: a term for the response times, one for the non-responders, one an estimate.

    Parameters
    ----------
    outcomes
        Probabilities at the covariate nodes ``data.x``.

    Returns
    -------
    Shape (..., 2 + estimate). Terms of numbers that are absent are zero.
    """
    special = Special.of(xp)
    mean, slope = mean_and_slope(outcomes, data, special)
    unresponded = unresponded_patients(mean, data, follow_up, special)
    counts = count_terms(mean, slope, unresponded, data, special)
    return xp.concatenate([counts, _estimate_terms(outcomes, unresponded, data, follow_up, special)], axis=-1)


def _estimate_terms(
    outcomes: Outcomes, unresponded: Unresponded, data: JointArrays, follow_up: FollowUp, special: Special
) -> Any:
    """Log probability of each printed estimate's lattice step, given the counts and the estimates before it."""
    xp, patients = special.xp, data.sizes.sum(axis=-1, keepdims=True)
    mean = xp.matmul(data.averages, outcomes.by_day)
    totals = special.flatten(mean * data.sizes[..., None], 2)
    estimates = (totals[..., None, :] * data.rows).sum(axis=-1)[..., COUNT_ROWS:]
    expected = xp.concatenate([patients * unresponded.expected_counts(xp), estimates], axis=-1)
    covariance = _covariance(outcomes, data, special) * _widening(estimates, unresponded, data, follow_up, xp)
    worth = _patients_worth(estimates, covariance, special)
    blurred = patients * unresponded.blur(xp)
    noise = data.noise + xp.concatenate([blurred, xp.zeros_like(estimates)], axis=-1)
    diagonal = np.eye(special.length(data.observed))
    covariance = covariance * xp.maximum(diagonal, data.overlap) + diagonal * noise[..., None, :]
    factor = special.cholesky(covariance)
    deviation = (factor * diagonal).sum(axis=-1)
    centre = data.observed - deviation * special.solve_lower(factor, data.observed - expected)
    share, spread = centre[..., None, COUNT_ROWS:], deviation[..., None, COUNT_ROWS:]
    edges = special.binomial_deviate(xp.stack([data.lower, data.upper], axis=-2), share, spread, worth[..., None, :])
    return data.known * special.log_normal_interval(edges[..., 0, :], edges[..., 1, :])


def _patients_worth(estimates: Any, covariance: Any, special: Special) -> Any:
    """The fewest patients that an estimate given the counts may stand for: half of those that it is worth by itself.

    Given counts that a regression finds surprising its mean may lie beyond 0 or 1. With a mean of next to nothing and
    an unchanged deviation any estimate would be likely: posteriors then had a second mode, where nobody survives.
    """
    xp = special.xp
    diagonal = np.eye(special.length(covariance))[COUNT_ROWS:]
    variance = (covariance[..., COUNT_ROWS:, :] * diagonal).sum(axis=-1)
    return xp.maximum(LEAST_WORTH * estimates * (1.0 - estimates) / (variance + TINY), FEWEST_PATIENTS)


def _covariance(outcomes: Outcomes, data: JointArrays, special: Special) -> Any:
    """Covariance of the rows, sum_g n_g L_g Cov_g(b) L_g', patients of a group differing in their covariate."""
    xp, b = special.xp, outcomes.by_day
    indicators = len(INDICATORS)
    within = xp.matmul(b, PRODUCTS.reshape(indicators, -1)) - special.flatten(b[..., :, None] * b[..., None, :], 2)
    by_group = xp.matmul(data.averages, within) * data.sizes[..., None]
    rows = special.length(data.observed)
    each = xp.matmul(special.flatten(by_group, 2)[..., None, :], data.quadratic)[..., 0, :]
    return special.unflatten(each, (rows, rows))


def _widening(estimates: Any, unresponded: Unresponded, data: JointArrays, follow_up: FollowUp, xp: Any) -> Any:
    """What losses multiply the covariance of the rows by, shape (..., row, row); 1 with complete follow-up.

    Losses have a part of their own in each row, a_i, and the covariance grows by 1 + a_i a_j. Responders have none; an
    estimate's variance grows by its factor; that of the number alive without response by 1 / informative^2, since
    Kaplan-Meier lets those lost among them live and die as the others do.
    """
    factors = _variance_factor(estimates, data, follow_up, xp)
    alive = (1.0 / unresponded.informative**2)[..., None]
    widened = xp.concatenate([alive, factors], axis=-1) - 1.0
    apart = xp.concatenate([xp.zeros_like(alive), xp.sqrt(xp.maximum(widened, SMALLEST))], axis=-1)
    return 1.0 + apart[..., :, None] * apart[..., None, :]


def _variance_factor(value: Any, data: JointArrays, follow_up: FollowUp, xp: Any) -> Any:
    """How much censoring widens each estimate: from its printed interval, or else from the censoring distribution.

    ``value`` is the estimate's expectation. Where the printed estimate is above it by chance, its printed interval is
    narrower than such intervals are on average. In small groups both factors are too near to 1.
    """
    inside = xp.minimum(xp.maximum(value, SMALLEST), 1.0 - SMALLEST)
    modelled = follow_up.variance_inflation(inside, data.day, xp)
    chance = xp.minimum(xp.maximum(data.observed[..., COUNT_ROWS:] - value, -FARTHEST_BY_CHANCE), FARTHEST_BY_CHANCE)
    by_chance = xp.exp(FACTOR_FALL * chance)
    printed = 1.0 + (data.printed_factor - 1.0) * by_chance
    return 1.0 + SMALL_SAMPLE * (xp.where(data.printed_factor > 0, printed, modelled) - 1.0)
