"""Two-sided P values of normal and chi-square statistics.

P(|Z| > z) = erfc(z / sqrt 2), and a chi-square with one degree of freedom is the square of a Z. With more degrees its
tail is a regularised incomplete gamma function.
"""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

_erfc = np.frompyfunc(math.erfc, 1, 1)
_quantile = np.frompyfunc(NormalDist().inv_cdf, 1, 1)


def normal_p_value(z: ArrayLike) -> FloatArray:
    """Two-sided P value of a standard normal statistic of any shape; NaN stays NaN."""
    return np.asarray(_erfc(np.abs(np.asarray(z, dtype=np.float64)) / math.sqrt(2.0)), dtype=np.float64)


def chi_square_p_value(statistic: ArrayLike, degrees: int = 1) -> FloatArray:
    """Upper tail probability of a chi-square statistic; NaN stays NaN."""
    value = np.asarray(statistic, dtype=np.float64)
    if degrees == 1:
        return normal_p_value(np.sqrt(value))
    from scipy.special import gammaincc

    return np.asarray(gammaincc(degrees / 2.0, value / 2.0), dtype=np.float64)


def normal_deviate(p: ArrayLike) -> FloatArray:
    """|z| that has a two-sided P value, the inverse of ``normal_p_value``; NaN stays NaN."""
    probability = np.asarray(p, dtype=np.float64)
    inside = np.clip(np.where(np.isnan(probability), 1.0, probability), np.finfo(float).tiny, 1.0)
    deviate = -np.asarray(_quantile(inside / 2.0), dtype=np.float64)
    return np.where(np.isnan(probability), np.nan, deviate)
