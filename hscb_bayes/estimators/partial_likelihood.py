"""Score and information of a partial likelihood, ties after Breslow or Efron, and Newton's method on it.

With relative hazards r_i = exp(beta' x_i) and weighted sums over the risk set at t_j, written [.]_j,

    mean_j = [r x]_j / [r]_j,      covariance_j = [r x x']_j / [r]_j - mean_j mean_j',
    U = sum over events of x_i - sum over times of d_j mean_j,      I = sum over times of d_j covariance_j.

Efron's sums for the l-th of d_j tied events, l from 0, are [.]_j less l / d_j of the sum over the tied patients.
Cox's model and Fine and Gray's differ in the sum over the risk set only, so it is an argument.

References
----------
Klein JP, Moeschberger ML. Survival Member, 2nd ed. Springer 2003: equations 8.3.4 to 8.3.6, 8.4.1 and 8.4.3.
Efron B. J Am Stat Assoc 1977;72:557-565.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import LARGEST, FloatArray, broadcast_to, finite
from hscb_bayes.estimators.risk_sets import RiskSets

Ties = Literal["breslow", "efron"]
TIES: tuple[Ties, ...] = ("breslow", "efron")

LARGEST_NUMBER_OF_STEPS = 60  # a maximum takes about ten; where there is none, the log hazard ratio grows by 1 a step
SMALLEST_STEP = 1e-12  # of the log hazard ratios between two patients; Newton converges quadratically
NEARLY = 1e-6  # the same, where rounding makes the likelihood flat before the steps die out
SMALLEST_HALVING = 1e-10  # of a step, below which the likelihood is flat to rounding
LONGEST_STEP = 5.0  # in the log hazard ratio between two patients: farther away the quadratic says nothing
LARGEST_RATIO = 500.0  # log hazard ratio between two patients, whose exponential can be computed
DEPENDENT = 1e-9  # share of a covariate's length that the others do not explain, below which they explain it
ROUNDING = 1e-12  # share of the size of a covariate below which its range is rounding
SMALLEST_RANGE = 1 / LARGEST  # of a covariate: the squares of smaller ones are lost
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
    log_likelihood
        Sum over events of log r_i less log of their sum over the risk set, shape (...).
    """

    score: FloatArray
    information: FloatArray
    mean: FloatArray
    hazard: FloatArray
    log_likelihood: FloatArray


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
        log_likelihood=np.sum(died * _log(relative_hazard, died) - events * np.log(total), axis=-1),
    )


def efron_terms(sets: RiskSets, died: FloatArray, x: FloatArray, relative_hazard: FloatArray) -> ScoreTerms:
    """Score and information of Cox's model with Efron's treatment of ties; arguments as of ``score_terms``."""
    events = sets.spread(sets.tied_sum(died))
    earlier = np.cumsum(died, axis=-1) - died
    order = earlier - sets.spread(earlier)  # of an event among those of its time
    share = np.where(died > 0.0, order / np.maximum(events, 1.0), 0.0)

    def left(values: FloatArray) -> FloatArray:
        """Sum over the risk set less the part of the tied patients who went before, for each event."""
        return sets.spread(sets.at_risk_sum(values)) - share * sets.spread(sets.tied_sum(values * died))

    total = np.where(died > 0.0, left(relative_hazard), 1.0)
    weighted = relative_hazard * x
    mean = np.where(died > 0.0, left(weighted) / total, 0.0)
    second = left(weighted[:, np.newaxis] * x[np.newaxis]) / total
    return ScoreTerms(
        score=np.sum(died * (x - mean), axis=-1),
        information=np.sum(died * (second - mean[:, np.newaxis] * mean[np.newaxis]), axis=-1),
        mean=mean,
        hazard=sets.tied_sum(died / total),
        log_likelihood=np.sum(died * (_log(relative_hazard, died) - np.log(total)), axis=-1),
    )


def _log(relative_hazard: FloatArray, died: FloatArray) -> FloatArray:
    """Log of the relative hazards of those with the event; 0 for the others."""
    return np.log(np.where(died > 0.0, relative_hazard, 1.0))


def centred(sets: RiskSets, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return sorted x minus its mean over the patients inside, 0 outside, and the range of x, shape (...).

    The partial likelihood does not change when x is shifted; the differences of sums lose fewer digits.

    Raises
    ------
    ValueError
        If a range is so small, and not 0, that its square is lost.
    """
    inside = np.arange(x.shape[-1]) < sets.count
    mean = np.sum(x, axis=-1, keepdims=True) / np.maximum(sets.count, 1.0)
    shifted = np.where(inside, x - mean, 0.0)
    spread = np.max(shifted, axis=-1) - np.min(shifted, axis=-1)
    _refuse_tiny(spread)
    return shifted, spread


def _refuse_tiny(spread: FloatArray) -> None:
    """Refuse ranges of a covariate whose squares are lost; a range of 0 passes."""
    tiny = (spread > 0.0) & (spread < SMALLEST_RANGE)
    if np.any(tiny):
        raise ValueError(
            f"x: required differences of at least {SMALLEST_RANGE:g} between patients, found {spread[tiny][0]:g}; "
            "give it in larger units"
        )


def standardise(score: FloatArray, variance: FloatArray, spread: FloatArray) -> FloatArray:
    """Return score / sqrt(variance), NaN where the variance is 0 up to the rounding of x with this range."""
    known = variance > SMALLEST_SPREAD * spread**2
    return np.where(known, score / np.sqrt(np.where(known, variance, 1.0)), np.nan)


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """Covariates of one cohort on a scale of their own: sorted, centred, their range 1.

    Parameters
    ----------
    values
        Shape (covariate, patient), 0 outside.
    ranges
        What they were divided by, in the units of each covariate.
    names
        Of the covariates.
    """

    values: FloatArray
    ranges: FloatArray
    names: tuple[str, ...]


def scaled(sets: RiskSets, x: ArrayLike, names: Sequence[str] | None) -> Scaled:
    """Covariates of one cohort, (covariate, patient), with ranges of 1.

    Raises
    ------
    ValueError
        If they are no finite numbers or not one row each, or one of them is constant or a combination of others.
    """
    given = finite(x, "x")
    if given.ndim != 2 or sets.time.ndim != 1 or not len(given):
        raise ValueError(f"x: required the shape (covariate, patient) and one cohort, found shape {given.shape}")
    called = tuple(f"covariate {k + 1}" for k in range(len(given))) if names is None else tuple(names)
    if len(called) != len(given):
        raise ValueError(f"names: required one a covariate, {len(given)}, found {len(called)}")
    rows = broadcast_to(given, (len(given), sets.time.size), "x")
    largest = np.max(np.abs(rows), axis=-1, keepdims=True)
    shifted, ranges = centred(sets, sets.sort(rows / np.where(largest > 0.0, largest, 1.0)))
    for name, spread in zip(called, ranges, strict=True):
        if spread <= ROUNDING:
            raise ValueError(f"x: {name} is constant; leave it out")
    _refuse_tiny(ranges * largest[:, 0])
    values = shifted / ranges[:, np.newaxis]
    _refuse_dependent(values, called)
    return Scaled(values=values, ranges=ranges * largest[:, 0], names=called)


def _refuse_dependent(values: FloatArray, names: tuple[str, ...]) -> None:
    """Each covariate in its order must not follow from those before it."""
    basis = np.empty((0, values.shape[-1]))
    for name, row in zip(names, values, strict=True):
        rest = row / np.linalg.norm(row)
        for _ in range(2):  # once leaves rounding of the projection
            rest = rest - basis.T @ (basis @ rest)
        length = np.linalg.norm(rest)
        if length < DEPENDENT:
            raise ValueError(f"x: {name} is a combination of the covariates before it; leave it out")
        basis = np.vstack([basis, rest / length])


def relative_hazards(x: Scaled, beta: FloatArray) -> FloatArray:
    """exp(beta' x) over the largest of them, shape (patient,): a common factor plays no part."""
    linear = beta @ x.values
    return np.exp(linear - np.max(linear))


def maximise(terms_at: Callable[[FloatArray], ScoreTerms], x: Scaled) -> tuple[FloatArray, ScoreTerms]:
    """Newton's method from 0 for one cohort, halving steps; returns the coefficients of ``x`` and the terms there.

    Raises
    ------
    ValueError
        If nobody has an event while patients differ, or the likelihood grows without end: the estimate is infinite.
    """
    beta = np.zeros(len(x.values))
    terms = start = terms_at(beta)
    _refuse_flat(start.information, x)
    for _ in range(LARGEST_NUMBER_OF_STEPS):
        step = np.linalg.lstsq(terms.information, terms.score, rcond=None)[0]
        length = np.ptp(step @ x.values)
        if length < SMALLEST_STEP:
            break
        beta, terms, is_flat = _halved(terms_at, beta, terms, step * min(1.0, LONGEST_STEP / length))
        if is_flat or np.ptp(beta @ x.values) > LARGEST_RATIO:
            break
    values, vectors = np.linalg.eigh(terms.information)
    if length > NEARLY or values[0] <= ROUNDING * np.linalg.norm(start.information):
        name = x.names[int(np.argmax(np.abs(step if length > NEARLY else vectors[:, 0])))]
        raise ValueError(
            f"x: separated: the estimate is infinite; {name} orders the events, alone or with others; leave it out"
        )
    return beta, terms


def _halved(
    terms_at: Callable[[FloatArray], ScoreTerms], beta: FloatArray, terms: ScoreTerms, step: FloatArray
) -> tuple[FloatArray, ScoreTerms, bool]:
    """The first of the step, its half, its quarter, ... that does not lower the likelihood; whether there is none."""
    part = 1.0
    while part > SMALLEST_HALVING:
        there = terms_at(beta + part * step)
        if there.log_likelihood >= terms.log_likelihood - abs(terms.log_likelihood) * ROUNDING:
            return beta + part * step, there, False
        part /= 2.0
    return beta, terms, True


def _refuse_flat(information: FloatArray, x: Scaled) -> None:
    """Where the events say nothing of a covariate: none, or all at risk are alike in it whenever there is one."""
    values, vectors = np.linalg.eigh(information)
    if not values[-1] > ROUNDING:
        raise ValueError("event: nobody has an event while patients with other covariates are at risk")
    if values[0] <= ROUNDING * values[-1]:
        name = x.names[int(np.argmax(np.abs(vectors[:, 0])))]
        raise ValueError(f"x: the events say nothing of {name}: it is constant, or follows from others, at their times")
