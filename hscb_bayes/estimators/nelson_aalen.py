"""Nelson-Aalen cumulative hazard, H(t) = sum over t_j <= t of d_j / Y_j.

Its variance is the sum of d_j / Y_j^2, tied events as one step (R's ``ctype = 1``).

References
----------
Aalen O. Ann Stat 1978;6:701-726. Klein JP, Moeschberger ML. Survival Member, 2nd ed. Springer 2003: equations 4.2.3
and 4.2.4.
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray
from hscb_bayes.estimators.risk_sets import risk_sets


def cumulative_hazard_at(
    time: ArrayLike, event: ArrayLike, day: ArrayLike, among: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Cumulative hazard up to a day and its standard error.

    Parameters
    ----------
    time, event
        Days to the event or to the end of follow-up, and which of the two; shape (..., patient).
    day
        Days, a number or an array that broadcasts against the batch axes.

    Returns
    -------
    estimate, standard_error
        Shape (...); NaN for an empty group.

    Examples
    --------
    >>> hazard, _ = cumulative_hazard_at([2.0, 4.0, 5.0, 8.0], [1, 0, 1, 1], [3.0, 6.0])
    >>> hazard.tolist()
    [0.25, 0.75]
    """
    sets = risk_sets(time, among)
    increments = np.where(sets.until(day), sets.tied_sum(sets.events(event)) / sets.at_risk, 0.0)
    hazard = np.sum(increments, axis=-1)
    error = np.sqrt(np.sum(increments / sets.at_risk, axis=-1))
    known = sets.count[..., 0] > 0.0
    return np.where(known, hazard, np.nan), np.where(known, error, np.nan)
