"""Restricted mean: the days lived, or free of an event, up to a horizon; the area under the Kaplan-Meier curve.

Its variance is the sum over t_j < horizon of A_j^2 d_j / (Y_j (Y_j - d_j)), with A_j the area from t_j to the horizon.

References
----------
Royston P, Parmar MK. BMC Med Res Methodol 2013;13:152. Klein JP, Moeschberger ML. Survival Member, 2nd ed. Springer
2003: equations 4.5.1 and 4.5.2. R: ``survRM2``.
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, finite, together
from hscb_bayes.estimators.risk_sets import risk_sets


def restricted_mean(
    time: ArrayLike, event: ArrayLike, horizon: ArrayLike, among: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Mean days without the event up to a horizon, and its standard error.

    Parameters
    ----------
    time, event
        Days to the event or to the end of follow-up, and which of the two; shape (..., patient).
    horizon
        Days, a number or an array that broadcasts against the batch axes. Past the last follow-up the curve is carried
        on.
    among
        Patients that count; broadcasts against ``time``.

    Returns
    -------
    estimate, standard_error
        Days, shape (...); NaN for an empty group.

    Examples
    --------
    >>> estimate, _ = restricted_mean([2.0, 3.0, 5.0, 8.0], [1, 1, 0, 1], 6.0)
    >>> float(estimate)
    4.25
    """
    sets = risk_sets(time, among)
    died = sets.tied_sum(sets.events(event))
    end = together(sets.time[..., 0], finite(horizon, "horizon"), "time and horizon")[1][..., np.newaxis]
    left = sets.at_risk - died
    survival = np.cumprod(left / sets.at_risk, axis=-1)
    day = np.minimum(np.where(np.isnan(sets.time), np.inf, sets.time), end)
    first = day[..., :1] + np.zeros_like(end)
    following = np.concatenate([day[..., 1:], np.broadcast_to(end, first.shape)], axis=-1)
    area = survival * (following - day)
    from_here = np.cumsum(area[..., ::-1], axis=-1)[..., ::-1]
    spread = np.where(left > 0.0, died / (sets.at_risk * np.maximum(left, 1.0)), 0.0)
    known = sets.count[..., 0] > 0.0
    mean, error = first[..., 0] + area.sum(axis=-1), np.sqrt(np.sum(from_here**2 * spread, axis=-1))
    return np.where(known, mean, np.nan), np.where(known, error, np.nan)
