"""``ordered_counts`` for ``pytensor.tensor``: value and derivatives from one pass forwards and one backwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key

from hscb_bayes.evidence.ordered_counts import LARGEST, TINY

KEY = "ordered_counts_2"  # of the compiled code that is kept; another number where ``_both_passes`` changes


class OrderedCounts(Op):  # type: ignore[misc]
    """log P (row,), E[k] (row, cell) and P(c_j = c) / w_j(c) (row, cell, state), all given the print.

    Inputs are the cells (row, cell) and the weights (row, cell, state) as of ``log_probability``.
    """

    __props__ = ()

    def make_node(self, cells: Any, weights: Any) -> Apply:
        """Apply to a matrix and an array of three axes."""
        inputs = [pt.as_tensor_variable(cells), pt.as_tensor_variable(weights)]
        first, second = (variable.type for variable in inputs)
        outputs = [pt.tensor(dtype="float64", shape=first.shape[:1]), first(), second()]
        return Apply(self, inputs, outputs)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """The derivatives are the other outputs."""
        of_value, *of_others = cotangents
        if not all(isinstance(each.type, DisconnectedType) for each in of_others):
            raise NotImplementedError("second derivatives of ordered counts")
        return [of_value[:, None] * outputs[1] / inputs[0], of_value[:, None, None] * outputs[2]]

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        """Without compiled code around it."""
        for storage, value in zip(output_storage, _passes(*inputs), strict=True):
            storage[0] = value


ordered_counts = OrderedCounts()


@numba.njit(cache=True)
def _forwards(cells: Any, weights: Any, size: int, log_factorial: Any, before: Any, kernel: Any) -> float:
    """One row: fill states before each cell and kernels, each scaled; return log P."""
    before[:] = 0.0
    before[0, 0] = 1.0
    total = log_factorial[size] - size * np.log(max(size, 1))
    for j in range(len(cells)):
        log_mean = np.log(size * cells[j])
        lowest, highest = 0, size
        while lowest < size and weights[j, lowest] <= 0.0:
            lowest += 1
        while highest > 0 and before[j, highest] <= 0.0:
            highest -= 1
        usual = int(min(max(np.floor(size * cells[j]), max(lowest - highest, 0)), size))
        largest = usual * log_mean - log_factorial[usual]
        for k in range(size + 1):
            kernel[j, k] = np.exp(min(k * log_mean - log_factorial[k] - largest, LARGEST))
        for c in range(size + 1):
            own = before[j, c]
            if own > 0.0:
                for k in range(size + 1 - c):
                    before[j + 1, c + k] += own * kernel[j, k] * weights[j, c + k]
        scale = max(before[j + 1, : size + 1].sum(), TINY)
        total += largest + np.log(scale)
        before[j + 1] /= scale
        kernel[j] /= scale
    return total


@numba.njit(cache=True)
def _backwards(weights: Any, size: int, before: Any, kernel: Any, counts: Any, shares: Any) -> None:
    """The same row: expected counts, and shares of the states over their weights."""
    after, earlier = np.zeros(before.shape[1]), np.zeros(before.shape[1])
    after[size] = 1.0
    for j in range(len(counts) - 1, -1, -1):
        earlier[:] = 0.0
        for c in range(size + 1):
            own = before[j, c]
            for k in range(size + 1 - c):
                to = c + k
                if after[to] > 0.0:
                    step = kernel[j, k] * after[to]
                    shares[j, to] += own * step
                    step *= weights[j, to]
                    earlier[c] += step
                    counts[j] += own * step * k
        after[:] = earlier


def _both_passes(cells: Any, weights: Any) -> Any:
    """Forwards and backwards, row by row."""
    rows, width, states = weights.shape
    values, counts, shares = np.zeros(rows), np.zeros((rows, width)), np.zeros((rows, width, states))
    log_factorial = np.zeros(states)
    for c in range(1, states):
        log_factorial[c] = log_factorial[c - 1] + np.log(c)
    before, kernel = np.zeros((width + 1, states)), np.zeros((width, states))
    for row in range(rows):
        size = 0
        for c in range(states):
            if weights[row, width - 1, c] > 0.0:
                size = c
        values[row] = _forwards(cells[row], weights[row], size, log_factorial, before, kernel)
        _backwards(weights[row], size, before, kernel, counts[row], shares[row])
    return values, counts, shares


_passes = numba.njit(cache=True)(_both_passes)


@register_funcify_and_cache_key(OrderedCounts)  # type: ignore[untyped-decorator]
def _ordered_counts(op: OrderedCounts, node: Any = None, **_kwargs: Any) -> tuple[Callable[..., Any], str]:
    del op, node
    passes = numba_njit(_both_passes)

    @numba_njit  # type: ignore[untyped-decorator]
    def ordered(cells: Any, weights: Any) -> Any:
        return passes(cells, weights)

    return ordered, KEY
