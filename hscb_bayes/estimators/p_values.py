"""Two-sided P values of normal and chi-square statistics.

P(|Z| > z) = erfc(z / sqrt 2), and a chi-square with one degree of freedom is the square of a Z. With more degrees its
tail is a regularised incomplete gamma function.
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, counts, numbers

ROOT_TWO = np.sqrt(2.0)


def normal_p_value(z: ArrayLike) -> FloatArray:
    """Two-sided P value of a standard normal statistic of any shape; NaN stays NaN."""
    from scipy.special import erfc

    return np.asarray(erfc(np.abs(numbers(z, "z")) / ROOT_TWO), dtype=np.float64)


def chi_square_p_value(statistic: ArrayLike, degrees: ArrayLike = 1) -> FloatArray:
    """Upper tail probability of a chi-square statistic; NaN stays NaN.

    Raises
    ------
    ValueError
        If a statistic is negative, or the degrees of freedom, which broadcast against it, no whole numbers from 1.
    """
    value, freedom = numbers(statistic, "statistic"), counts(degrees, "degrees")
    if np.any(value < 0.0) or np.any(freedom < 1.0):
        raise ValueError("statistic: required numbers from 0 and at least 1 degree of freedom, found less")
    if np.all(freedom == 1.0):
        return normal_p_value(np.sqrt(value))
    from scipy.special import gammaincc

    return np.asarray(gammaincc(freedom / 2.0, value / 2.0), dtype=np.float64)


def normal_deviate(p: ArrayLike) -> FloatArray:
    """|z| that has a two-sided P value, the inverse of ``normal_p_value``; NaN stays NaN.

    Raises
    ------
    ValueError
        If there is anything but numbers from 0 to 1.
    """
    from scipy.special import ndtri

    probability = numbers(p, "p")
    wrong = (probability < 0.0) | (probability > 1.0)
    if np.any(wrong):
        raise ValueError(f"p: required numbers from 0 to 1, found {probability[wrong][0]:g}")
    return np.asarray(-ndtri(np.maximum(probability, np.finfo(float).tiny) / 2.0), dtype=np.float64)
