"""Fisher's exact test of a two-by-two table.

References
----------
Fisher RA. J R Stat Soc 1935;98:39-82. Agresti A. Categorical Data Analysis, 3rd ed. Wiley 2013, section 3.5.
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.risk_sets import FloatArray

TIE = 1e-7  # relative: tables that differ by less are equally probable, as in R's fisher.test


def fisher_exact(count: ArrayLike, n: ArrayLike, other_count: ArrayLike, other_n: ArrayLike) -> FloatArray:
    """Two-sided P value: the tables with the same margins that are no more probable than the one found.

    Parameters
    ----------
    count, n, other_count, other_n
        Events and patients in either group, shape (...), broadcast against each other.

    Returns
    -------
    Shape (...); NaN where a group is empty.

    Examples
    --------
    >>> round(float(fisher_exact(3, 4, 4, 10)), 4)
    0.5594
    """
    weight, _, defined = _tables(count, n, other_count, other_n)
    p = np.where(weight <= 1.0 + TIE, weight, 0.0).sum(axis=-1) / weight.sum(axis=-1)
    return np.where(defined, np.minimum(p, 1.0), np.nan)


def fisher_exact_doubled(count: ArrayLike, n: ArrayLike, other_count: ArrayLike, other_n: ArrayLike) -> FloatArray:
    """The other convention for two sides: twice the smaller one-sided P value, at most 1.

    Parameters and what is returned are those of ``fisher_exact``.

    Examples
    --------
    >>> round(float(fisher_exact_doubled(1, 9, 11, 15)), 4)
    0.0094
    """
    weight, below, defined = _tables(count, n, other_count, other_n)
    total = weight.sum(axis=-1)
    fewer = np.where(below <= 0.0, weight, 0.0).sum(axis=-1) / total
    more = np.where(below >= 0.0, weight, 0.0).sum(axis=-1) / total
    return np.where(defined, np.minimum(2.0 * np.minimum(fewer, more), 1.0), np.nan)


def _tables(
    count: ArrayLike, n: ArrayLike, other_count: ArrayLike, other_n: ArrayLike
) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """Tables with the margins of the one found, shape (..., table).

    Returns
    -------
    Their probabilities over that of the one found; their first count less that of the one found; and, shape (...),
    whether both groups have patients.
    """
    arrays = (np.asarray(value, dtype=np.float64) for value in (count, n, other_count, other_n))
    found, size, other, other_size = np.broadcast_arrays(*arrays)
    events = found + other
    table = np.arange(np.max(events, initial=0.0) + 1.0)
    patients = np.arange(1.0, np.max(size + other_size, initial=0.0) + 1.0)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(patients))])

    def log_ways(of: FloatArray, chosen: FloatArray) -> FloatArray:
        """Log of the binomial coefficient; -inf where it is zero."""
        possible = (chosen >= 0.0) & (chosen <= of)
        inside = np.where(possible, chosen, 0.0).astype(int)
        ways = log_factorial[of.astype(int)] - log_factorial[inside] - log_factorial[of.astype(int) - inside]
        return np.where(possible, ways, -np.inf)

    log_probability = log_ways(size[..., None], table) + log_ways(other_size[..., None], events[..., None] - table)
    of_found = log_ways(size, found) + log_ways(other_size, other)
    weight = np.exp(log_probability - of_found[..., None])
    return weight, table - found[..., None], (size > 0.0) & (other_size > 0.0)
