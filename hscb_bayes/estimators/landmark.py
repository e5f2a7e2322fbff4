"""Landmark survival: groups by what had happened at a landmark day, survival from there on.

Comparing survival from time zero between patients who responded and who did not groups patients by their future: a
responder cannot die before the response. At a landmark the status is known, and the comparison is fair.

References
----------
Anderson JR, Cain KC, Gelber RD. J Clin Oncol 1983;1:710-719.
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import BoolArray, FloatArray, days, together
from hscb_bayes.estimators.kaplan_meier import survival_at
from hscb_bayes.estimators.risk_sets import equal_times, known_times


def landmark_groups(
    time: ArrayLike, status_day: ArrayLike, landmark: float, among: ArrayLike | None = None
) -> tuple[BoolArray, BoolArray]:
    """Patients still followed after the landmark: with the status by then, and without it.

    Parameters
    ----------
    time
        Days to death or to the end of follow-up, shape (..., patient).
    status_day
        Day on which the status (such as response) was reached, infinity if never; same shape.

    Returns
    -------
    with_status, without_status
        Boolean, shape (..., patient); a patient whose time is the landmark day itself is in neither.

    Raises
    ------
    ValueError
        If an argument is not as said, or the time of a patient that counts is NaN.
    """
    (last, inside), day = known_times(time, among), days(landmark, "landmark")
    if day.ndim:
        raise ValueError(f"landmark: required one day, found shape {day.shape}")
    last, reached_on = together(last, days(status_day, "status_day"), "time and status_day")
    patients = last.shape[-1]
    both = equal_times(np.concatenate([last, reached_on, np.full((*last.shape[:-1], 1), day)], axis=-1))
    last, reached_on, at = both[..., :patients], both[..., patients:-1], both[..., -1:]
    followed, reached = (last > at) & inside, reached_on <= at
    return followed & reached, followed & ~reached


def landmark_survival(
    time: ArrayLike,
    event: ArrayLike,
    status_day: ArrayLike,
    landmark: float,
    day: ArrayLike,
    among: ArrayLike | None = None,
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Survival at ``day`` of those followed past the landmark, with and without the status by the landmark.

    ``day`` is counted from the same zero as ``time``. Each pair is the estimate and its Greenwood standard error,
    shape (...), NaN for an empty group.
    """
    having, lacking = landmark_groups(time, status_day, landmark, among)
    return survival_at(time, event, day, having), survival_at(time, event, day, lacking)
