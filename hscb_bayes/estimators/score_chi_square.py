"""Chi-square of scores that sum to zero, z' V^- z with a generalised inverse of their covariance."""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray
from hscb_bayes.estimators.p_values import chi_square_p_value

RANK = 1e-10  # of the largest eigenvalue of a covariance: a smaller one is rounding
SMALLEST = 1e-13  # patients^2: a smaller eigenvalue is rounding, whatever the largest


def chi_square_of_scores(
    score: FloatArray, covariance: FloatArray, degrees: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Chi-square and its P value.

    Parameters
    ----------
    score, covariance
        Shape (..., group) and (..., group, group).
    degrees
        Degrees of freedom, shape (...).

    Returns
    -------
    chi_square, p
        Shape (...); NaN where the rank of the covariance is not the degrees of freedom, or those are 0.
    """
    freedom = np.asarray(degrees)
    values, vectors = np.linalg.eigh(covariance)
    along = np.einsum("...gk,...g->...k", vectors, score)
    counts = values > np.maximum(RANK * values[..., -1:], SMALLEST)
    parts = np.where(counts, along**2 / np.where(counts, values, 1.0), 0.0)
    known = (freedom > 0) & (np.count_nonzero(counts, axis=-1) == freedom)
    chi_square = np.where(known, np.sum(parts, axis=-1), np.nan)
    return chi_square, chi_square_p_value(chi_square, np.maximum(freedom, 1))
