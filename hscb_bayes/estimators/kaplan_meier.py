"""Kaplan-Meier survival, S(t) = prod over t_j <= t of (1 - d_j / Y_j).

The standard error is Greenwood's on the scale of S, S(t) sqrt(sum over t_j <= t of d_j / (Y_j (Y_j - d_j))), and 0
where S is 0 (its limit; R prints NaN there).

References
----------
Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. Klein JP, Moeschberger ML. Survival Member, 2nd ed. Springer
2003: equations 4.2.1 and 4.2.2, quantiles in section 4.5.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, days, together
from hscb_bayes.estimators.intervals import Scale
from hscb_bayes.estimators.risk_sets import RiskSets, risk_sets
from hscb_bayes.estimators.step_functions import quantile_with_interval


class SurvivalCurve(NamedTuple):
    """Survival of one cohort; each array has shape (distinct time,)."""

    times: FloatArray
    at_risk: FloatArray
    events: FloatArray
    survival: FloatArray
    standard_error: FloatArray


def survival_at(
    time: ArrayLike, event: ArrayLike, day: ArrayLike, among: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Survival at a day and its Greenwood standard error.

    Parameters
    ----------
    time, event
        Days to the event or to the end of follow-up, and which of the two (booleans, or 0 and 1);
        shape (..., patient).
    day
        Days, a number or an array that broadcasts against the batch axes. Past the last follow-up the last value is
        carried on, as R does with ``extend = TRUE``.
    among
        Patients that count; broadcasts against ``time``.

    Returns
    -------
    estimate, standard_error
        Shape (...); NaN for an empty group.

    Raises
    ------
    ValueError
        If an argument is not as said: events other than booleans, 0 and 1, say, or the time of a patient that is NaN.

    Examples
    --------
    >>> estimate, error = survival_at([2.0, 3.0, 5.0, 8.0], [1, 1, 0, 1], 4.0)
    >>> float(estimate), float(error)
    (0.5, 0.25)
    """
    sets = risk_sets(time, among)
    kept, variance = _factors(sets, sets.tied_sum(sets.events(event)))
    until = sets.until(day)
    survival = np.prod(np.where(until, kept, 1.0), axis=-1)
    error = survival * np.sqrt(np.sum(np.where(until, variance, 0.0), axis=-1))
    known = sets.count[..., 0] > 0.0
    return np.where(known, survival, np.nan), np.where(known, error, np.nan)


def number_at_risk(time: ArrayLike, day: ArrayLike, among: ArrayLike | None = None) -> FloatArray:
    """Count the patients with ``time >= day``, as under a published survival curve; shape (...)."""
    sets = risk_sets(time, among)
    _, asked = together(sets.time[..., 0], days(day), "time and day")
    reached = sets.time >= asked[..., np.newaxis] - sets.tie
    return np.sum(reached, axis=-1, dtype=np.float64)


def curve(time: ArrayLike, event: ArrayLike, among: ArrayLike | None = None) -> SurvivalCurve:
    """Survival of one cohort at each distinct recorded time.

    Raises
    ------
    ValueError
        If an argument has a batch axis: the number of distinct times differs between cohorts.
    """
    sets = risk_sets(time, among)
    if sets.time.ndim != 1:
        raise ValueError(f"time: a curve needs one cohort of shape (patient,), found shape {sets.time.shape}")
    died = sets.tied_sum(sets.events(event))
    survival, error = _survival(sets, died)
    starts = sets.starts
    return SurvivalCurve(sets.time[starts], sets.at_risk[starts], died[starts], survival[starts], error[starts])


def quantile(
    time: ArrayLike,
    event: ArrayLike,
    among: ArrayLike | None = None,
    probability: float = 0.5,
    level: float = 0.95,
    scale: Scale = "log",
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Day by which a share of the patients have had the event, with limits from the pointwise interval of S.

    The limits are the days on which the lower and upper limits of S fall to 1 - probability (Brookmeyer and Crowley
    1982); R's ``survfit`` takes the "log" scale unless told otherwise.

    Returns
    -------
    estimate, lower, upper
        Days, shape (...); infinity where not reached, NaN for an empty group. The lower limit is NaN where the estimate
        is reached and the limit is not: the curve falls to 0, where it has no limits, before they fall so far.

    Raises
    ------
    ValueError
        If an argument is not as said, the probability or the level is not between 0 and 1, or the scale is unknown.
    """
    sets = risk_sets(time, among)
    survival, error = _survival(sets, sets.tied_sum(sets.events(event)))
    return quantile_with_interval(sets, survival, error, probability, level, scale)


def _survival(sets: RiskSets, died: FloatArray) -> tuple[FloatArray, FloatArray]:
    kept, variance = _factors(sets, died)
    survival = np.cumprod(kept, axis=-1)
    return survival, survival * np.sqrt(np.cumsum(variance, axis=-1))


def _factors(sets: RiskSets, died: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return 1 - d/Y and d / (Y (Y - d)), the latter 0 where all at risk have the event (S is 0 from there on)."""
    left = sets.at_risk - died
    return left / sets.at_risk, np.where(left > 0.0, died / (sets.at_risk * np.maximum(left, 1.0)), 0.0)
