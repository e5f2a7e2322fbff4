"""Two-sided P values of normal and chi-square statistics.

P(|Z| > z) = erfc(z / sqrt 2), and a chi-square with one degree of freedom is the square of a Z.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

_erfc = np.frompyfunc(math.erfc, 1, 1)


def normal_p_value(z: ArrayLike) -> FloatArray:
    """Two-sided P value of a standard normal statistic of any shape; NaN stays NaN."""
    return np.asarray(_erfc(np.abs(np.asarray(z, dtype=np.float64)) / math.sqrt(2.0)), dtype=np.float64)


def chi_square_p_value(statistic: ArrayLike) -> FloatArray:
    """Upper tail probability of a chi-square statistic with one degree of freedom; NaN stays NaN."""
    return normal_p_value(np.sqrt(np.asarray(statistic, dtype=np.float64)))
