"""Aalen-Johansen cumulative incidence of one of several competing causes.

F(t) = sum over t_j <= t of S(t_j-) d1_j / Y_j, where d1_j counts the events of the cause of interest, S is the
Kaplan-Meier survival free of any event and d_j counts events of any cause.

The standard error is the infinitesimal jackknife, the root of the sum of squared influences of the patients. The
influences at different times are uncorrelated, which leaves the closed form (that R's ``survfit``, ``etm`` and
``mstate`` agree on; ``cmprsk::cuminc`` differs by up to 10% in small groups)

    Var F(t) = sum over t_j <= t of   S(t_j-)^2 d1_j (Y_j - d1_j) / Y_j^3
                                    - 2 (F(t) - F(t_j)) S(t_j-) d1_j / Y_j^2
                                    + (F(t) - F(t_j))^2 d_j / (Y_j (Y_j - d_j)),

the last term 0 where all at risk have an event. It is a quadratic in F(t) whose coefficients are running sums.

References
----------
Aalen OO, Johansen S. Scand J Stat 1978;5:141-150. Allignol A, Schumacher M, Beyersmann J. Biom J 2010;52:126-137.
Therneau TM. survival package, vignette "Multi-state models and competing risks".
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, broadcast_to, cause_number, causes
from hscb_bayes.estimators.intervals import Scale
from hscb_bayes.estimators.risk_sets import RiskSets, risk_sets
from hscb_bayes.estimators.step_functions import quantile_with_interval


def incidence_at(
    time: ArrayLike, cause: ArrayLike, day: ArrayLike, among: ArrayLike | None = None, cause_of_interest: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Cumulative incidence of a cause by a day and its standard error.

    Parameters
    ----------
    time
        Days to the first event or to the end of follow-up, shape (..., patient).
    cause
        0 if censored, else the number of the cause; same shape.
    day
        Days, a number or an array that broadcasts against the batch axes; past the last follow-up the last value is
        carried on.

    Returns
    -------
    estimate, standard_error
        Shape (...); NaN for an empty group.

    Raises
    ------
    ValueError
        If an argument is not as said: a cause that is no whole number, say, or the time of a patient that is NaN.

    Examples
    --------
    Four patients: response on day 2, death on day 3, response on day 5, and one who is followed to day 8.

    >>> estimate, _ = incidence_at([2.0, 3.0, 5.0, 8.0], [1, 2, 1, 0], 6.0)
    >>> float(estimate)
    0.5
    """
    sets = risk_sets(time, among)
    incidence, error = _incidence(sets, cause, cause_of_interest)
    position = np.sum(sets.until(day), axis=-1, keepdims=True)
    return _read(sets, incidence, position), _read(sets, error, position)


def quantile(
    time: ArrayLike,
    cause: ArrayLike,
    among: ArrayLike | None = None,
    probability: float = 0.5,
    level: float = 0.95,
    scale: Scale = "log",
    cause_of_interest: int = 1,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Day by which a share of all patients have had the event of interest.

    The limits invert the pointwise interval of 1 - F on the named scale, so that without competing events they are
    the Kaplan-Meier limits. (R's ``quantile`` of a multi-state ``survfit`` takes the scale on F itself.)

    Returns
    -------
    estimate, lower, upper
        Days, shape (...); infinity where not reached, NaN for an empty group. The lower limit is NaN where the estimate
        is reached and the limit is not.

    Raises
    ------
    ValueError
        If an argument is not as said, the probability or the level is not between 0 and 1, or the scale is unknown.
    """
    sets = risk_sets(time, among)
    incidence, error = _incidence(sets, cause, cause_of_interest)
    return quantile_with_interval(sets, 1.0 - incidence, error, probability, level, scale)


def _incidence(sets: RiskSets, cause: ArrayLike, cause_of_interest: int) -> tuple[FloatArray, FloatArray]:
    """Return F and its standard error at each sorted patient's time, shape (..., patient)."""
    code = broadcast_to(causes(cause), sets.time.shape, "cause")
    at_risk = sets.at_risk
    of_interest = sets.tied_sum(sets.sort(code == cause_number(cause_of_interest)))
    any_cause = sets.tied_sum(sets.sort(code != 0))
    left = at_risk - any_cause
    before = np.ones_like(at_risk)
    before[..., 1:] = np.cumprod(left / at_risk, axis=-1)[..., :-1]
    step = before * of_interest / at_risk
    incidence = np.minimum(np.cumsum(step, axis=-1), 1.0)  # rounding must not leave [0, 1]
    own = step / at_risk
    spread = np.where(left > 0.0, any_cause / (at_risk * np.maximum(left, 1.0)), 0.0)
    through = incidence * spread
    constant = np.cumsum(before * own * (1.0 - of_interest / at_risk) + incidence * (2.0 * own + through), axis=-1)
    linear = np.cumsum(own + through, axis=-1)
    variance = constant + incidence * (incidence * np.cumsum(spread, axis=-1) - 2.0 * linear)
    return incidence, np.sqrt(np.maximum(variance, 0.0))


def _read(sets: RiskSets, values: FloatArray, position: np.ndarray) -> FloatArray:
    """Read the step function after ``position`` patients (0 before the first), NaN for an empty group."""
    lead = np.broadcast_shapes(values.shape[:-1], position.shape[:-1])
    rows = np.broadcast_to(values, (*lead, values.shape[-1]))
    at = np.broadcast_to(position, (*lead, 1))
    value = np.take_along_axis(rows, np.maximum(at - 1, 0), axis=-1)[..., 0]
    return np.where(sets.count[..., 0] > 0.0, np.where(at[..., 0] > 0, value, 0.0), np.nan)
