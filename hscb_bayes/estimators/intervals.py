"""Confidence intervals of a proportion: pointwise on five scales, and from a count.

With an estimate p and its standard error s, the interval is g^-1(g(p) +- z s g'(p)) for a scale g. The scales and
their names are those of R's ``survfit``; it calls the scale ``conf.type`` and takes "log" unless told otherwise.

References
----------
Klein JP, Moeschberger ML. Survival Member, 2nd ed. Springer 2003: section 4.3 (plain 4.3.1, log-log 4.3.2,
arcsin 4.3.3). Kalbfleisch JD, Prentice RL. The Statistical Analysis of Failure Time Data. Wiley 1980.
Clopper CJ, Pearson ES. Biometrika 1934;26:404-413. Wilson EB. J Am Stat Assoc 1927;22:209-212.
"""

from collections.abc import Callable
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, counts, numbers, one_of, share, together

Interval = tuple[FloatArray, FloatArray]
Scale = Literal["plain", "log", "log-log", "logit", "arcsin"]

ROUNDING = 1e-9  # by which a proportion that was added up may lie outside 0 and 1


def normal_quantile(level: float) -> float:
    """Return z with P(|Z| < z) = level, such as 1.96 for 0.95.

    Raises
    ------
    ValueError
        If the level is not between 0 and 1.
    """
    return NormalDist().inv_cdf(0.5 + share(level, "level") / 2.0)


def _plain(p: FloatArray, half: FloatArray) -> Interval:
    return np.maximum(p - half, 0.0), np.minimum(p + half, 1.0)


def _log(p: FloatArray, half: FloatArray) -> Interval:
    return p * np.exp(-half / p), np.minimum(p * np.exp(half / p), 1.0)


def _log_log(p: FloatArray, half: FloatArray) -> Interval:
    step = np.abs(half / (p * np.log(p)))
    return np.exp(np.log(p) * np.exp(step)), np.exp(np.log(p) * np.exp(-step))


def _logit(p: FloatArray, half: FloatArray) -> Interval:
    odds, step = p / (1.0 - p), half / (p * (1.0 - p))
    return 1.0 / (1.0 + np.exp(step) / odds), 1.0 / (1.0 + np.exp(-step) / odds)


def _arcsin(p: FloatArray, half: FloatArray) -> Interval:
    angle, step = np.arcsin(np.sqrt(p)), 0.5 * half / np.sqrt(p * (1.0 - p))
    return np.sin(np.maximum(angle - step, 0.0)) ** 2, np.sin(np.minimum(angle + step, np.pi / 2.0)) ** 2


_INTERVALS: dict[str, Callable[[FloatArray, FloatArray], Interval]] = {
    "plain": _plain,
    "log": _log,
    "log-log": _log_log,
    "logit": _logit,
    "arcsin": _arcsin,
}


def proportion_interval(
    estimate: ArrayLike, standard_error: ArrayLike, level: float = 0.95, *, scale: Scale
) -> Interval:
    """Pointwise interval of a proportion on a named scale.

    Parameters
    ----------
    estimate, standard_error
        The proportion and its standard error on the scale of the proportion (not of its logarithm), any shape.
    level
        Confidence level.
    scale
        "plain" and "log" are cut at 0 and 1; the others stay inside by construction.

    Returns
    -------
    lower, upper
        1 to 1 where the estimate is 1 without an error, on every scale, as R's ``summary(survfit)`` has it before the
        first event. Undefined (NaN), as in R, where the estimate is 0 without an error: everybody had the event,
        nobody is left whose course could tell how sure the curve is, and the sum in Greenwood's error is infinite. NaN
        also where the estimate or its error is NaN, and at 0 or 1 with an error on a scale that has no value there.

    Raises
    ------
    ValueError
        If the estimate is no proportion, the error negative, the scale unknown or the level not between 0 and 1.
    """
    p, error = together(
        numbers(estimate, "estimate"), numbers(standard_error, "standard_error"), "estimate and standard_error"
    )
    for name, values, wrong in (
        ("estimate: required proportions", p, (p < -ROUNDING) | (p > 1.0 + ROUNDING)),
        ("standard_error: required numbers from 0", error, error < 0.0),
    ):
        if np.any(wrong):
            raise ValueError(f"{name}, found {values[wrong][0]:g}")
    half = normal_quantile(level) * error
    p = np.clip(p, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = _INTERVALS[one_of(scale, _INTERVALS, "scale")](p, half)
    is_certain = ((p == 0.0) | (p == 1.0)) & (half == 0.0)
    lower, upper = (np.where(is_certain, np.where(p == 1.0, 1.0, np.nan), limit) for limit in found)
    return lower, upper


def wilson(count: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """Score interval: all p with |count/n - p| <= z sqrt(p (1 - p) / n); NaN where n is 0.

    An effective n need not be a whole number.

    Raises
    ------
    ValueError
        If the level is not between 0 and 1, or a count not from 0 to n.
    """
    z = normal_quantile(level)
    events, patients = _counted(numbers(count, "count"), numbers(n, "n"))
    size = np.where(patients > 0.0, patients, 1.0)
    observed = events / size
    centre = observed + z**2 / (2.0 * size)
    half = z * np.sqrt(observed * (1.0 - observed) / size + z**2 / (4.0 * size**2))
    shrink = 1.0 + z**2 / size
    lower, upper = (np.clip(limit / shrink, 0.0, 1.0) for limit in (centre - half, centre + half))
    return np.where(patients > 0.0, lower, np.nan), np.where(patients > 0.0, upper, np.nan)


def clopper_pearson(count: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """Exact interval from the binomial tails.

    The lower limit is the (1 - level)/2 quantile of Beta(count, n - count + 1), 0 if count is 0; the upper limit the
    (1 + level)/2 quantile of Beta(count + 1, n - count), 1 if count is n. NaN where n is 0.

    Raises
    ------
    ValueError
        If the level is not between 0 and 1, or a count is no whole number from 0 to n.
    """
    from scipy.special import betaincinv

    tail = (1.0 - share(level, "level")) / 2.0
    events, size = _counted(counts(count, "count"), counts(n, "n"))
    lower = np.where(events > 0.0, betaincinv(np.maximum(events, 1.0), size - events + 1.0, tail), 0.0)
    upper = np.where(events < size, betaincinv(events + 1.0, np.maximum(size - events, 1.0), 1.0 - tail), 1.0)
    return np.where(size > 0.0, lower, np.nan), np.where(size > 0.0, upper, np.nan)


def _counted(count: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    events, size = together(count, n, "count and n")
    if np.any(events < 0.0):
        raise ValueError(f"count: required numbers from 0, found {events[events < 0.0][0]:g}")
    if np.any(events > size):
        raise ValueError(f"count: required at most n, found {events[events > size][0]:g} of {size[events > size][0]:g}")
    return events, size
