r"""The probability that counts of patients in time are what is known of them: order statistics in whole days.

Patients fall independently into cells that follow each other in time. A number c_j in the first j cells agrees with
what is printed with the probability w_j(c_j): 1 or 0 where the print says it, such as "fewer than 16 by the morning of
day 9, 16 or more by its evening". The probability of the print is

    P = sum over k_1 + ... + k_m = n of n! prod_j p_j^{k_j} / k_j! w_j(c_j),

one pass forwards over the states c; its derivatives are one more pass backwards:

    d log P / d log p_j = E[k_j],    d log P / d log w_j(c) = P(c_j = c),    given the print.
"""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numba
import numpy as np
from numba import carray  # type: ignore[attr-defined]

from hscb_bayes.machine_code.kernels import kernel

DOUBLES = ctypes.POINTER(ctypes.c_double)
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


def both_passes(cells: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forwards and backwards: log P (row,), E[k] (row, cell) and P(c_j = c) / w_j(c) (row, cell, state).

    Arguments as of ``log_probability``, with one axis of rows in front.
    """
    given = [np.ascontiguousarray(values, dtype=float) for values in (cells, weights)]
    rows, width, states = weights.shape
    found = np.empty(rows), np.empty((rows, width)), np.empty((rows, width, states))
    ordered_counts.ctypes(rows, width, states, *(values.ctypes.data_as(DOUBLES) for values in (*given, *found)))
    return found


@numba.njit(error_model="numpy")
def _ratios(mean: float, usual: int, size: int, ratio: Any) -> None:
    """Poisson probabilities of the counts 0, 1, ... of a cell, relative to that of the usual one."""
    ratio[usual] = 1.0
    for k in range(usual + 1, size + 1):
        ratio[k] = ratio[k - 1] * (mean / k)
    for k in range(usual - 1, -1, -1):
        ratio[k] = min(ratio[k + 1] * ((k + 1) / mean), LARGEST)


@numba.njit(error_model="numpy")
def _forwards(cells: Any, weights: Any, size: int, before: Any, ratios: Any, unweighted: Any) -> float:
    """One row: fill states before each cell, ratios, and states after it without its weights; return log P.

    All of them are scaled, so that states before a cell add up to 1.
    """
    for c in range(before.shape[1]):
        before[0, c] = 0.0
    before[0, 0] = 1.0
    total = math.lgamma(size + 1.0) - size * math.log(max(size, 1))
    for j in range(len(cells)):
        mean = size * cells[j]
        lowest, highest = 0, size
        while lowest < size and weights[j, lowest] <= 0.0:
            lowest += 1
        while highest > 0 and before[j, highest] <= 0.0:
            highest -= 1
        usual = int(min(max(math.floor(mean), max(lowest - highest, 0)), size))
        ratio, after = ratios[j], unweighted[j]
        _ratios(mean, usual, size, ratio)
        for c in range(len(after)):
            after[c] = 0.0
        for c in range(highest + 1):
            own = before[j, c]
            if own > 0.0:
                for k in range(size + 1 - c):
                    after[c + k] += own * ratio[k]
        scale = 0.0
        for c in range(size + 1):
            scale += after[c] * weights[j, c]
        scale = max(scale, TINY)
        total += usual * math.log(mean) - math.lgamma(usual + 1.0) + math.log(scale)
        for c in range(len(after)):
            before[j + 1, c] = after[c] * weights[j, c] / scale
            after[c] /= scale
        for k in range(size + 1):
            ratio[k] /= scale
    return total


@numba.njit(fastmath={"reassoc", "contract"}, error_model="numpy")
def _backwards(weights: Any, size: int, before: Any, ratios: Any, counts: Any, shares: Any, steps: Any) -> None:
    """The same row: expected counts; shares of the states over their weights, where the states after cells stand."""
    after, agreed = steps[0], steps[1]
    for c in range(len(after)):
        after[c] = 0.0
    after[size] = 1.0
    for j in range(len(counts) - 1, -1, -1):
        for c in range(len(after)):
            shares[j, c] *= after[c]
            agreed[c] = after[c] * weights[j, c]
            after[c] = 0.0
        lowest, highest = 0, size
        while lowest < size and agreed[lowest] == 0.0:
            lowest += 1
        while highest > lowest and agreed[highest] == 0.0:
            highest -= 1
        ratio, count = ratios[j], 0.0
        for c in range(highest + 1):
            ways, expected = 0.0, 0.0
            for k in range(max(lowest - c, 0), highest + 1 - c):
                step = ratio[k] * agreed[c + k]
                ways += step
                expected += k * step
            after[c] = ways
            count += before[j, c] * expected
        counts[j] = count


@kernel(3, 5)
def ordered_counts(
    rows: int, width: int, states: int, cells_: Any, weights_: Any, values_: Any, counts_: Any, shares_: Any
) -> None:
    """What ``both_passes`` returns, into places of its own."""
    cells, weights = carray(cells_, (rows, width)), carray(weights_, (rows, width, states))
    values, counts = carray(values_, (rows,)), carray(counts_, (rows, width))
    shares = carray(shares_, (rows, width, states))
    before, ratios, steps = np.empty((width + 1, states)), np.empty((width, states)), np.empty((2, states))
    for row in range(rows):
        size = 0
        for c in range(states):
            if weights[row, width - 1, c] > 0.0:
                size = c
        values[row] = _forwards(cells[row], weights[row], size, before, ratios, shares[row])
        _backwards(weights[row], size, before, ratios, counts[row], shares[row], steps)
