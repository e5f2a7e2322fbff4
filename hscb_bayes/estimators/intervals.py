"""Confidence intervals of a proportion: pointwise on five scales, and from a count.

With an estimate p and its standard error s, the interval is g^-1(g(p) +- z s g'(p)) for a scale g. The scales and
their names are those of R's ``survfit``; it calls the scale ``conf.type`` and takes "log" unless told otherwise.

References
----------
Klein JP, Moeschberger ML. Survival Analysis, 2nd ed. Springer 2003: section 4.3 (plain 4.3.1, log-log 4.3.2,
arcsin 4.3.3). Kalbfleisch JD, Prentice RL. The Statistical Analysis of Failure Time Data. Wiley 1980.
Clopper CJ, Pearson ES. Biometrika 1934;26:404-413. Wilson EB. J Am Stat Assoc 1927;22:209-212.
"""

from collections.abc import Callable
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Interval = tuple[FloatArray, FloatArray]
Scale = Literal["plain", "log", "log-log", "logit", "arcsin"]


def normal_quantile(level: float) -> float:
    """Return z with P(|Z| < z) = level, such as 1.96 for 0.95.

    Raises
    ------
    ValueError
        If the level is not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level: must lie between 0 and 1, found {level!r}")
    return NormalDist().inv_cdf(0.5 + level / 2.0)


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
        NaN where the scale has no value: "log" at 0, "log-log", "logit" and "arcsin" at 0 and 1, as in R.

    Raises
    ------
    ValueError
        If the scale is unknown or the level is not between 0 and 1.
    """
    if scale not in _INTERVALS:
        raise ValueError(f"scale: must be one of {', '.join(map(repr, _INTERVALS))}, found {scale!r}")
    p = np.asarray(estimate, dtype=np.float64)
    half = normal_quantile(level) * np.asarray(standard_error, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lower, upper = _INTERVALS[scale](p, half)
    return np.asarray(lower), np.asarray(upper)


def wilson(count: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """Score interval: all p with |count/n - p| <= z sqrt(p (1 - p) / n); NaN where n is 0."""
    z = normal_quantile(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.asarray(n, dtype=np.float64)
        share = np.asarray(count, dtype=np.float64) / size
        centre = share + z**2 / (2.0 * size)
        half = z * np.sqrt(share * (1.0 - share) / size + z**2 / (4.0 * size**2))
        shrink = 1.0 + z**2 / size
        return np.clip((centre - half) / shrink, 0.0, 1.0), np.clip((centre + half) / shrink, 0.0, 1.0)


def clopper_pearson(count: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """Exact interval from the binomial tails.

    The lower limit is the (1 - level)/2 quantile of Beta(count, n - count + 1), 0 if count is 0; the upper limit the
    (1 + level)/2 quantile of Beta(count + 1, n - count), 1 if count is n. NaN where n is 0.
    """
    from scipy.special import betaincinv

    normal_quantile(level)
    events, size = np.broadcast_arrays(np.asarray(count, dtype=np.float64), np.asarray(n, dtype=np.float64))
    tail = (1.0 - level) / 2.0
    lower = np.where(events > 0.0, betaincinv(np.maximum(events, 1.0), size - events + 1.0, tail), 0.0)
    upper = np.where(events < size, betaincinv(events + 1.0, np.maximum(size - events, 1.0), 1.0 - tail), 1.0)
    return np.where(size > 0.0, lower, np.nan), np.where(size > 0.0, upper, np.nan)
