"""Spearman's rank correlation, Pearson's correlation of the midranks.

References
----------
Spearman C. Am J Psychol 1904;15:72-101. Kendall MG. Rank Correlation Methods. Griffin 1948: t approximation.
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, mask, numbers, together
from hscb_bayes.estimators.risk_sets import risk_sets

FEWEST_PATIENTS = 3  # t has n - 2 degrees of freedom


def spearman(x: ArrayLike, y: ArrayLike, among: ArrayLike | None = None) -> tuple[FloatArray, FloatArray]:
    """Rank correlation and its two-sided P value.

    t = rho sqrt((n - 2) / (1 - rho^2)) is compared with Student's distribution with n - 2 degrees of freedom. (R's
    ``cor.test`` takes the exact distribution instead when there are no ties.)

    Parameters
    ----------
    x, y
        Shape (..., patient), broadcast against each other. Infinity is allowed and ranks last, tied with its like;
        values are tied where they are the same to the last bit, as R's ``rank`` has it.

    Returns
    -------
    rho, p
        Shape (...); NaN where x or y is constant, or fewer than three patients count.

    Raises
    ------
    ValueError
        If an argument is not as said.
    """
    from scipy.special import stdtr

    first, second = together(numbers(x, "x"), numbers(y, "y"), "x and y")
    first, inside = together(first, mask(among), "x and among")
    second = np.broadcast_to(second, first.shape)
    count = np.count_nonzero(inside, axis=-1)
    a, b = _centred_midranks(first, inside), _centred_midranks(second, inside)
    scale = np.sqrt(np.sum(a**2, axis=-1) * np.sum(b**2, axis=-1))
    known = (scale > 0.0) & (count >= FEWEST_PATIENTS)
    rho = np.where(known, np.clip(np.sum(a * b, axis=-1) / np.where(known, scale, 1.0), -1.0, 1.0), np.nan)
    freedom = np.maximum(count - 2.0, 1.0)
    with np.errstate(divide="ignore"):
        t = np.abs(rho) * np.sqrt(freedom / (1.0 - rho**2))
    return rho, 2.0 * stdtr(freedom, -t)


def _centred_midranks(values: FloatArray, inside: np.ndarray) -> FloatArray:
    """Midrank minus the mean rank (count + 1) / 2, in the patients' own order; 0 outside."""
    sets = risk_sets(values, inside, joins_rounding=False)
    tied = sets.spread(sets.tied_sum(sets.sort(1.0)))
    earlier = sets.count - sets.spread(sets.at_risk)
    return sets.unsort(earlier + 0.5 * (tied - sets.count))
