r"""The probability that counts of patients in time are what is known of them: order statistics in whole days.

Patients fall independently into cells that follow each other in time. A number c_j in the first j cells agrees with
what is printed with the probability w_j(c_j): 1 or 0 where the print says it, such as "fewer than 16 by the morning of
day 9, 16 or more by its evening". The probability of the print is

    P = sum over k_1 + ... + k_m = n of n! prod_j p_j^{k_j} / k_j! w_j(c_j),

one pass forwards over the states c; its derivatives are one more pass backwards:

    d log P / d log p_j = E[k_j],    d log P / d log w_j(c) = P(c_j = c),    given the print.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

TINY = 1e-300  # floor of a probability before its logarithm
LARGEST = 300.0  # log of a kernel relative to the count that is needed: others have no part


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
    states = weights.shape[-1]
    size = (weights[..., -1, :] * np.arange(states)).sum(axis=-1)
    counts, log_factorial = np.arange(states), gammaln(np.arange(states) + 1.0)
    lead = np.broadcast_shapes(cells.shape[:-1], weights.shape[:-2])
    state = np.zeros((*lead, states))
    state[..., 0], total = 1.0, np.zeros(lead)
    for j in range(cells.shape[-1]):  # kernels are relative to their likeliest count of those that are needed
        mean = (size * cells[..., j])[..., None]
        fewest = np.argmax(weights[..., j, :] > 0.0, axis=-1) - (
            states - 1 - np.argmax(state[..., ::-1] > 0.0, axis=-1)
        )
        usual = np.clip(np.floor(mean), np.maximum(fewest, 0)[..., None], np.asarray(size)[..., None])
        highest = usual * np.log(mean) - gammaln(usual + 1.0)
        kernel = np.exp(np.minimum(counts * np.log(mean) - log_factorial - highest, LARGEST))
        total = total + highest[..., 0]
        found = np.zeros_like(state)
        for k in range(states):
            found[..., k:] += state[..., : states - k] * kernel[..., k : k + 1]
        state = found * weights[..., j, :]
        scale = state.sum(axis=-1, keepdims=True)
        state, total = state / np.maximum(scale, TINY), total + np.log(np.maximum(scale[..., 0], TINY))
    return np.asarray(total + gammaln(size + 1.0) - size * np.log(size))
