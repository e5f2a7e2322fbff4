"""A sum over the rows of a table, block by block, with its gradient.

A graph over a million rows writes every intermediate result to memory and reads it back. Here the same graph runs on
2,048 rows at a time, whose intermediate results stay in the processor's cache; value and gradient come from one
pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op

from hscb_bayes.machine_code.routine import Routine, routine
from hscb_bayes.machine_code.tensors import writes
from hscb_bayes.machine_code.views import View
from hscb_bayes.machine_code.writer import Writer

BLOCK = 512  # rows: what is between them fits into the second-level cache


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
        self.function, self.parameters, self.columns = function, parameters, columns
        self._called: Any = None

    def graph(self, rows: int | None) -> tuple[list[Any], list[Any]]:
        """Inputs and outputs of the sum over so many rows; over any number where that is None."""
        point, table = pt.vector("point", shape=(self.parameters,)), pt.matrix("rows", shape=(rows, self.columns))
        total = self.function(point, table).sum()
        return [point, table], [total, pt.grad(total, point)]

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
            self._called = pytensor.function(*self.graph(None))
        for storage, value in zip(output_storage, self._called(*inputs), strict=True):
            storage[0] = np.asarray(value)


@writes(BlockSum)
def _block_sum(writer: Writer, node: Apply, inputs: Sequence[View]) -> list[View]:
    """As many blocks of one size as there are, then one of the rows that are left."""
    point, rows = map(writer.contiguous, inputs)
    count, columns = rows.shape
    found = [writer.copied(writer.zero(())), writer.copied(writer.zero(point.shape))]
    part = [writer.new(view.shape) for view in found]
    function = writer.function

    def add(block: Routine, place: str | int) -> None:
        here = View(base=rows.base, offset=rows.offset, shape=(count,), strides=(BLOCK * columns,))
        addresses = [function.pointer(point), function.pointer(here, [place]), *map(function.pointer, part)]
        block.call(function, addresses, function.pointer(writer.new((block.size,))))
        for total, each in zip(found, part, strict=True):
            writer.assign(total, each, add=True)

    whole, rest = divmod(count, BLOCK)
    if whole:
        block = routine(writer.module, writer.name_of("block"), *node.op.graph(BLOCK))
        with function.loop(whole) as place:
            add(block, place)
    if rest:
        add(routine(writer.module, writer.name_of("block"), *node.op.graph(rest)), whole)
    return found
