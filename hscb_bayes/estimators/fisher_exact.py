"""Fisher's exact test of a two-by-two table.

References
----------
Fisher RA. J R Stat Soc 1935;98:39-82. Agresti A. Categorical Data Member, 3rd ed. Wiley 2013, section 3.5.
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, counts

MOST_PATIENTS = 1e6  # whose tables are counted one by one
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

    Raises
    ------
    ValueError
        If a count is no whole number from 0 to its n, or there are more than a million patients.

    Examples
    --------
    >>> round(float(fisher_exact(3, 4, 4, 10)), 4)
    0.5594
    """
    weight, _, defined = _tables(_counted(count, n, other_count, other_n))
    p = np.where(weight <= 1.0 + TIE, weight, 0.0).sum(axis=-1) / weight.sum(axis=-1)
    return np.where(defined, np.minimum(p, 1.0), np.nan)


def fisher_exact_doubled(count: ArrayLike, n: ArrayLike, other_count: ArrayLike, other_n: ArrayLike) -> FloatArray:
    """The other convention for two sides: twice the smaller one-sided P value, at most 1.

    Parameters, what is returned and what is refused are those of ``fisher_exact``.

    Examples
    --------
    >>> round(float(fisher_exact_doubled(1, 9, 11, 15)), 4)
    0.0094
    """
    weight, below, defined = _tables(_counted(count, n, other_count, other_n))
    total = weight.sum(axis=-1)
    fewer = np.where(below <= 0.0, weight, 0.0).sum(axis=-1) / total
    more = np.where(below >= 0.0, weight, 0.0).sum(axis=-1) / total
    return np.where(defined, np.minimum(2.0 * np.minimum(fewer, more), 1.0), np.nan)


def _tables(counted: tuple[FloatArray, ...]) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """Tables with the margins of the one found, shape (..., table).

    Returns
    -------
    Their probabilities over that of the one found; their first count less that of the one found; and, shape (...),
    whether both groups have patients.
    """
    found, size, other, other_size = counted
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


def _counted(count: ArrayLike, n: ArrayLike, other_count: ArrayLike, other_n: ArrayLike) -> tuple[FloatArray, ...]:
    arguments = {"count": count, "n": n, "other_count": other_count, "other_n": other_n}
    arrays = [counts(values, name) for name, values in arguments.items()]
    try:
        found, size, other, other_size = np.broadcast_arrays(*arrays)
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"{', '.join(arguments)}: required shapes that broadcast, found {shapes}") from None
    for name, value, most in (("count", found, size), ("other_count", other, other_size)):
        if np.any(value > most):
            raise ValueError(
                f"{name}: required at most n, found {value[value > most][0]:g} of {most[value > most][0]:g}"
            )
    if np.any(size + other_size > MOST_PATIENTS):
        raise ValueError(f"n: required at most {MOST_PATIENTS:,.0f} patients, found {np.max(size + other_size):,.0f}")
    return found, size, other, other_size
