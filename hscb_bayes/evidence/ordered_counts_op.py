"""``ordered_counts`` for ``pytensor.tensor``: value and derivatives from one pass forwards and one backwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op

from hscb_bayes.evidence.ordered_counts import both_passes
from hscb_bayes.machine_code.tensors import writes
from hscb_bayes.machine_code.views import View
from hscb_bayes.machine_code.writer import Writer


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
        for storage, value in zip(output_storage, both_passes(*inputs), strict=True):
            storage[0] = value


ordered_counts = OrderedCounts()


@writes(OrderedCounts)
def _ordered_counts(writer: Writer, _node: Apply, inputs: Sequence[View]) -> list[View]:
    cells, weights = map(writer.contiguous, inputs)
    found = [writer.new(cells.shape[:1]), writer.new(cells.shape), writer.new(weights.shape)]
    writer.call("ordered_counts", weights.shape, [cells, weights, *found])
    return found
