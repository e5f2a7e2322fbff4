"""Quantiles of a step function, by the rule of R's ``quantile.survfit``.

The quantile is the time at which the function rises to the probability. Where a step lies exactly at the probability
it is the midpoint of that step, which for an even number of uncensored patients is the usual median; if the last step
lies there, the midpoint between its beginning and the end of follow-up.
"""

import math

import numpy as np
from numpy.typing import NDArray

from hscb_bayes.estimators.arguments import FloatArray, share
from hscb_bayes.estimators.intervals import Scale, proportion_interval
from hscb_bayes.estimators.risk_sets import RiskSets

STEP_TOLERANCE = math.sqrt(np.finfo(np.float64).eps)  # two levels closer than this are one level, as in R


def quantile_with_interval(
    sets: RiskSets, remaining: FloatArray, standard_error: FloatArray, probability: float, level: float, scale: Scale
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Quantile of 1 - ``remaining`` and the limits that invert its pointwise interval.

    Parameters
    ----------
    remaining, standard_error
        Survival, or one minus an incidence, at each sorted patient's time, and its standard error;
        shape (..., patient).
    probability
        Share of the patients who have had the event, between 0 and 1.

    Returns
    -------
    estimate, lower, upper
        Days, shape (...); infinity where not reached, NaN for an empty group. The lower limit is NaN where the estimate
        is reached and the limit is not, which is where ``remaining`` falls to 0 at once: there it has no limits.

    Raises
    ------
    ValueError
        If the probability or the level is not between 0 and 1, or the scale is unknown.
    """
    probability = share(probability, "probability")
    low, high = proportion_interval(remaining, standard_error, level, scale=scale)
    gone = remaining < STEP_TOLERANCE  # R has no limits where the curve is 0
    estimate, lower, upper = (
        _time_of_rise(sets, risen, probability)
        for risen in (1.0 - remaining, np.where(gone, np.nan, 1.0 - low), np.where(gone, np.nan, 1.0 - high))
    )
    return estimate, np.where(np.isinf(lower) & np.isfinite(estimate), np.nan, lower), upper


def _time_of_rise(sets: RiskSets, risen: FloatArray, probability: float) -> FloatArray:
    """Time at which ``risen`` reaches the probability; NaN values of ``risen`` are passed over."""
    last = np.maximum(sets.count.astype(np.intp) - 1, 0)
    end, final = _pick(sets.time, last), _pick(risen, last)
    reaches = _time_of_smallest(sets, risen, risen >= probability - STEP_TOLERANCE)
    exceeds = _time_of_smallest(sets, risen, risen >= probability + STEP_TOLERANCE)
    ends_there = np.abs(final - probability) < STEP_TOLERANCE
    time = 0.5 * (reaches + np.where(ends_there, end, exceeds))
    return np.where(sets.count[..., 0] > 0.0, time, np.nan)


def _time_of_smallest(sets: RiskSets, risen: FloatArray, eligible: NDArray[np.bool_]) -> FloatArray:
    """Time of the first eligible value that is smallest up to rounding; infinity if there is none."""
    candidates = np.where(eligible & ~np.isnan(sets.time), risen, np.inf)
    smallest = np.min(candidates, axis=-1, keepdims=True)
    position = np.argmax(candidates <= smallest + STEP_TOLERANCE, axis=-1)[..., np.newaxis]
    return np.where(_pick(candidates, position) < np.inf, _pick(sets.time, position), np.inf)


def _pick(values: FloatArray, position: NDArray[np.intp]) -> FloatArray:
    return np.take_along_axis(values, position, axis=-1)[..., 0]
