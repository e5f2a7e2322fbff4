"""Score and information of a partial likelihood, Breslow's treatment of ties, and Newton's method on it.

With relative hazards r_i = exp(beta' x_i) and weighted sums over the risk set at t_j, written [.]_j,

    mean_j = [r x]_j / [r]_j,      covariance_j = [r x x']_j / [r]_j - mean_j mean_j',
    U = sum over events of x_i - sum over times of d_j mean_j,      I = sum over times of d_j covariance_j.

Cox's model and Fine and Gray's differ in the sum over the risk set only, so it is an argument.

References
----------
Klein JP, Moeschberger ML. Survival Analysis, 2nd ed. Springer 2003: equations 8.3.4 to 8.3.6 and 8.4.1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hscb_bayes.estimators.risk_sets import FloatArray, RiskSets

LARGEST_NUMBER_OF_STEPS = 25  # a maximum takes about ten; without one, information is lost before 40
SMALLEST_STEP = 1e-12  # of beta in units of 1 / x; Newton converges quadratically, so the error is far below
SMALLEST_SPREAD = 1e-12  # share of the squared range of x below which a sum of variances is rounding, not spread


@dataclass(frozen=True, kw_only=True)
class ScoreTerms:
    """Parts of the score; ``covariate`` axes come first, then batch axes, then the patient axis.

    Parameters
    ----------
    score, information
        U, shape (covariate, ...), and I, shape (covariate, covariate, ...).
    mean
        Mean of x in the risk set, shape (covariate, ..., patient), 0 where nobody has the event.
    hazard
        Steps of Breslow's baseline hazard, d_j / [r]_j, shape (..., patient).
    """

    score: FloatArray
    information: FloatArray
    mean: FloatArray
    hazard: FloatArray


@dataclass(frozen=True, kw_only=True)
class RegressionFit:
    """Log hazard ratios per unit of x, shape (covariate,), and their covariance, (covariate, covariate)."""

    coefficients: FloatArray
    covariance: FloatArray


def score_terms(
    sets: RiskSets,
    died: FloatArray,
    x: FloatArray,
    relative_hazard: FloatArray,
    risk_set_sum: Callable[[FloatArray], FloatArray],
) -> ScoreTerms:
    """Score and information at the relative hazards given.

    Parameters
    ----------
    died, relative_hazard
        Sorted, 0 for the patients outside, shape (..., patient).
    x
        Sorted covariates, shape (covariate, ..., patient).
    risk_set_sum
        Sum of a sorted array over the weighted risk set, valid at the first patient of a time.
    """
    events = sets.tied_sum(died)
    total = np.where(events > 0.0, risk_set_sum(relative_hazard), 1.0)
    hazard = events / total
    weighted = relative_hazard * x
    mean = np.where(events > 0.0, risk_set_sum(weighted) / total, 0.0)
    second = risk_set_sum(weighted[:, np.newaxis] * x[np.newaxis]) / total
    covariance = second - mean[:, np.newaxis] * mean[np.newaxis]
    return ScoreTerms(
        score=np.sum(died * x - events * mean, axis=-1),
        information=np.sum(events * covariance, axis=-1),
        mean=mean,
        hazard=hazard,
    )


def centred(sets: RiskSets, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return sorted x minus its mean over the patients inside, 0 outside, and the range of x, shape (...).

    The partial likelihood does not change when x is shifted; the differences of sums lose fewer digits.
    """
    inside = np.arange(x.shape[-1]) < sets.count
    mean = np.sum(x, axis=-1, keepdims=True) / np.maximum(sets.count, 1.0)
    shifted = np.where(inside, x - mean, 0.0)
    return shifted, np.max(shifted, axis=-1) - np.min(shifted, axis=-1)


def standardise(score: FloatArray, variance: FloatArray, spread: FloatArray) -> FloatArray:
    """Return score / sqrt(variance), NaN where the variance is 0 up to the rounding of x with this range."""
    known = variance > SMALLEST_SPREAD * spread**2
    return np.where(known, score / np.sqrt(np.where(known, variance, 1.0)), np.nan)


def maximise(terms_at: Callable[[FloatArray], ScoreTerms], covariates: int) -> tuple[FloatArray, ScoreTerms]:
    """Newton's method from 0 for one cohort; returns the coefficients and the terms there.

    Raises
    ------
    ValueError
        If the steps do not die out or the information is singular: the likelihood has no single maximum, as when a
        covariate orders the events perfectly, is constant, or repeats others.
    """
    beta = np.zeros(covariates)
    terms = terms_at(beta)
    for _ in range(LARGEST_NUMBER_OF_STEPS):
        if np.linalg.matrix_rank(terms.information) < covariates:
            break
        step = np.linalg.solve(terms.information, terms.score)
        beta = beta + step
        terms = terms_at(beta)
        if np.max(np.abs(step)) < SMALLEST_STEP:
            return beta, terms
    raise ValueError(
        "fit: the partial likelihood has no single maximum; look for a covariate that orders the events or is constant"
    )
