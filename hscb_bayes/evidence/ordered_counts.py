r"""The probability that counts of patients in time are what is known of them: order statistics in whole days.

Patients fall independently into cells that follow each other in time. A number c_j in the first j cells agrees with
what is printed with the probability w_j(c_j): 1 or 0 where the print says it, such as "fewer than 16 by the morning of
day 9, 16 or more by its evening". The probability of the print is

    P = sum over k_1 + ... + k_m = n of n! prod_j p_j^{k_j} / k_j! w_j(c_j),

one pass forwards over the states c; its derivatives are one more pass backwards:

    d log P / d log p_j = E[k_j],    d log P / d log w_j(c) = P(c_j = c),    given the print.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

TINY = 1e-300  # floor of a probability before its logarithm
LARGEST = 1e130  # of a probability relative to that of the count that is needed: others have no part


def log_probability(cells: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """log P, in NumPy.

    Parameters
    ----------
    cells
        Probabilities of the cells, all above 0, shape (..., cell).
    weights
        w_j(c), shape (..., cell, state); the last is 1 at n and 0 elsewhere.

    Returns
    -------
    Shape (...).
    """
    lead = np.broadcast_shapes(cells.shape[:-1], weights.shape[:-2])
    each = np.broadcast_to(cells, (*lead, cells.shape[-1])).reshape(-1, cells.shape[-1])
    agreed = np.broadcast_to(weights, (*lead, *weights.shape[-2:])).reshape(-1, *weights.shape[-2:])
    return np.asarray(both_passes(each, agreed)[0].reshape(lead))


@numba.njit(cache=True)
def _kernel(mean: float, usual: int, ratio: Any) -> None:
    """Poisson probabilities of the counts 0, 1, ... of a cell, relative to that of the usual one."""
    ratio[usual] = 1.0
    for k in range(usual + 1, len(ratio)):
        ratio[k] = ratio[k - 1] * (mean / k)
    for k in range(usual - 1, -1, -1):
        ratio[k] = min(ratio[k + 1] * ((k + 1) / mean), LARGEST)


@numba.njit(cache=True)
def _forwards(
    cells: Any, weights: Any, size: int, log_factorial: Any, before: Any, kernel: Any, unweighted: Any
) -> float:
    """One row: fill states before each cell, kernels, and states after it without its weights; return log P.

    All of them are scaled, so that states before a cell add up to 1.
    """
    before[:] = 0.0
    before[0, 0] = 1.0
    total = log_factorial[size] - size * np.log(max(size, 1))
    for j in range(len(cells)):
        mean = size * cells[j]
        lowest, highest = 0, size
        while lowest < size and weights[j, lowest] <= 0.0:
            lowest += 1
        while highest > 0 and before[j, highest] <= 0.0:
            highest -= 1
        usual = int(min(max(np.floor(mean), max(lowest - highest, 0)), size))
        ratio, after = kernel[j, : size + 1], unweighted[j]
        _kernel(mean, usual, ratio)
        after[:] = 0.0
        for c in range(highest + 1):
            own = before[j, c]
            if own > 0.0:
                for k in range(size + 1 - c):
                    after[c + k] += own * ratio[k]
        before[j + 1] = after * weights[j]
        scale = max(before[j + 1, : size + 1].sum(), TINY)
        total += usual * np.log(mean) - log_factorial[usual] + np.log(scale)
        before[j + 1] /= scale
        after /= scale
        ratio /= scale
    return total


@numba.njit(cache=True, fastmath={"reassoc", "contract"})
def _backwards(weights: Any, size: int, before: Any, kernel: Any, unweighted: Any, counts: Any, shares: Any) -> None:
    """The same row: expected counts, and shares of the states over their weights."""
    after, agreed = np.zeros(before.shape[1]), np.zeros(before.shape[1])
    after[size] = 1.0
    for j in range(len(counts) - 1, -1, -1):
        shares[j] = after * unweighted[j]
        agreed[:] = after * weights[j]
        after[:] = 0.0
        ratio = kernel[j]
        for c in range(size + 1):
            ways, expected = 0.0, 0.0
            for k in range(size + 1 - c):
                step = ratio[k] * agreed[c + k]
                ways += step
                expected += k * step
            after[c] = ways
            counts[j] += before[j, c] * expected


@numba.njit(cache=True)
def both_passes(cells: Any, weights: Any) -> Any:
    """Forwards and backwards: log P (row,), E[k] (row, cell) and P(c_j = c) / w_j(c) (row, cell, state).

    Arguments as of ``log_probability``, with one axis of rows in front.
    """
    rows, width, states = weights.shape
    values, counts, shares = np.zeros(rows), np.zeros((rows, width)), np.zeros((rows, width, states))
    log_factorial = np.zeros(states)
    for c in range(1, states):
        log_factorial[c] = log_factorial[c - 1] + np.log(c)
    before, kernel, unweighted = np.zeros((width + 1, states)), np.zeros((width, states)), np.zeros((width, states))
    for row in range(rows):
        size = 0
        for c in range(states):
            if weights[row, width - 1, c] > 0.0:
                size = c
        values[row] = _forwards(cells[row], weights[row], size, log_factorial, before, kernel, unweighted)
        _backwards(weights[row], size, before, kernel, unweighted, counts[row], shares[row])
    return values, counts, shares
