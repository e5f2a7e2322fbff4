"""A sum over the rows of a table, block by block, with its gradient.

A graph over a million rows writes every intermediate result to memory and reads it back. Here the same graph runs on
2,048 rows at a time, whose intermediate results stay in the processor's cache; value and gradient come from one
pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op

from hscb_bayes.numba_code import compiled, key_of, rewritten, translated, translates

BLOCK = 2048  # rows; a column of them fills half of the first-level cache


class BlockSum(Op):  # type: ignore[misc]
    """sum over rows of f(parameters, row), and its gradient by the parameters.

    Parameters
    ----------
    function
        From parameters (parameter,) and some rows (row, column) to a value for each row.
    parameters, columns
        How many there are.
    """

    __props__ = ()

    def __init__(self, function: Callable[[Any, Any], Any], *, parameters: int, columns: int) -> None:
        self.parameters, self.columns = parameters, columns
        point, rows = pt.vector("point", shape=(parameters,)), pt.matrix("rows", shape=(None, columns))
        total = function(point, rows).sum()
        self.outputs = [total, pt.grad(total, point)]
        self.inputs = [point, rows]
        self._called: Any = None

    def __eq__(self, other: object) -> bool:
        """Each is its own: what it computes is in no property."""
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def make_node(self, point: Any, rows: Any) -> Apply:
        """Apply to parameters and rows; the outputs are the sum and its gradient."""
        inputs = [pt.as_tensor_variable(point), pt.as_tensor_variable(rows)]
        return Apply(self, inputs, [pt.scalar(dtype="float64"), pt.vector(dtype="float64", shape=(self.parameters,))])

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """The gradient of the sum, which is the second output."""
        of_sum, of_gradient = cotangents
        if not isinstance(of_gradient.type, DisconnectedType):
            raise NotImplementedError("second derivatives of a sum by blocks")
        return [of_sum * outputs[1], DisconnectedType()()]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """The rows are data."""
        return [[True, True], [False, False]]

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        """Without compiled blocks: one block of all rows."""
        if self._called is None:
            self._called = pytensor.function(self.inputs, self.outputs)
        for storage, value in zip(output_storage, self._called(*inputs), strict=True):
            storage[0] = np.asarray(value)


@translates(BlockSum)
def _block_sum(op: BlockSum, node: Any = None, **_kwargs: Any) -> tuple[Callable[..., Any], str | None]:
    function, key = translated(rewritten(op.inputs, op.outputs))
    size = op.parameters

    @compiled
    def block_sum(point: Any, rows: Any) -> Any:
        total, gradient = 0.0, np.zeros(size)
        for start in range(0, rows.shape[0], BLOCK):
            value, part = function(point, rows[start : start + BLOCK])
            total += value.item()
            gradient += part
        return np.asarray(total), gradient

    return block_sum, None if key is None else key_of(__name__, key, size, BLOCK)
