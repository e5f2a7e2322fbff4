"""PyTensor's operations on matrices of known shapes: products, diagonals, roots and triangular systems."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from pytensor.tensor.basic import AllocDiag, ExtractDiag
from pytensor.tensor.blas.batched import BatchedDot
from pytensor.tensor.blockwise import Blockwise
from pytensor.tensor.extra_ops import FillDiagonal
from pytensor.tensor.linalg.decomposition.cholesky import Cholesky
from pytensor.tensor.linalg.solvers.triangular import SolveTriangular
from pytensor.tensor.math import Dot

from hscb_bayes.machine_code.tensors import Rule
from hscb_bayes.machine_code.text import FAST, number
from hscb_bayes.machine_code.views import View

if TYPE_CHECKING:
    from hscb_bayes.machine_code.writer import Writer

WIDE = 4  # places that are worth a loop of several at a time


def _dot(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    """Of vectors and matrices, in any mix; of many at once where axes in front are shared."""
    depth = 1 if isinstance(node.op, BatchedDot) else 0
    first, second = inputs
    found = writer.new(writer.shapes[node.outputs[0]])
    whole = range(depth)
    one = first.rearranged((*whole, *(("x",) if len(first.shape) - depth == 1 else (depth,)), len(first.shape) - 1))
    other = second.rearranged((*whole, depth, *(("x",) if len(second.shape) - depth == 1 else (depth + 1,))))
    lead, rows, inner, columns = first.shape[:depth], one.shape[depth], one.shape[-1], other.shape[-1]
    target = found.reshaped((*lead, rows, columns))
    if columns >= WIDE and rows >= WIDE and other.strides[-1] != 1:
        other = writer.copied(other)
    if columns >= WIDE and other.strides[-1] == 1:
        _products(writer, one, other, target)
    elif columns == 1 and rows >= WIDE and one.strides[-2] == 1 and inner >= WIDE:
        turned = (*whole, depth + 1, depth)
        _products(writer, other.rearranged(turned), one.rearranged(turned), target.rearranged(turned))
    else:
        _sums(writer, one, other, target)
    return [found]


def _products(writer: Writer, first: View, second: View, target: View) -> None:
    """A row of the result is a sum of rows of the second, which lie one after the other."""
    writer.assign(target, writer.zero(target.shape))
    function = writer.function
    *lead, inner, columns = second.shape

    def add(place: Sequence[str | int]) -> None:
        *front, row, k = place
        factor = function.load(first, [*front, row, k])

        def body(column: str, notes: str) -> None:
            term = function.let(f"fmul contract double {factor}, {function.load(second, [*front, k, column], notes)}")
            total = function.let(f"fadd contract double {function.load(target, [*front, row, column], notes)}, {term}")
            function.store(total, target, [*front, row, column], notes)

        function.independent(columns, body)

    if target.size and inner:
        function.nested([*lead, first.shape[-2], inner], add)


def _sums(writer: Writer, first: View, second: View, target: View) -> None:
    """A number of the result at a time."""
    function, total, inner = writer.function, writer.function.local(()), first.shape[-1]

    def product_at(place: Sequence[str | int]) -> None:
        *lead, row, column = place
        function.store(number(0.0), total, ())

        def add(indices: Sequence[str | int]) -> None:
            one = function.load(first, [*lead, row, indices[0]])
            other = function.load(second, [*lead, indices[0], column])
            term = function.let(f"fmul contract double {one}, {other}")
            function.store(function.let(f"fadd {FAST} double {function.load(total, ())}, {term}"), total, ())

        if inner:
            function.nested([inner], add)
        function.store(function.load(total, ()), target, place)

    if target.size:
        function.nested(target.shape, product_at)


def _diagonal(_writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    """Last axis along a diagonal of two axes."""
    (source,), operation = inputs, node.op
    one, other = operation.axis1 % len(source.shape), operation.axis2 % len(source.shape)
    if operation.offset:
        raise NotImplementedError(f"machine code of the operation {operation}")
    kept = [k for k in range(len(source.shape)) if k not in (one, other)]
    shape = (*(source.shape[k] for k in kept), min(source.shape[one], source.shape[other]))
    strides = (*(source.strides[k] for k in kept), source.strides[one] + source.strides[other])
    return [View(base=source.base, offset=source.offset, shape=shape, strides=strides, literal=source.literal)]


def _on_diagonal(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    (source,), operation = inputs, node.op
    shape = writer.shapes[node.outputs[0]]
    if operation.offset or {operation.axis1 % len(shape), operation.axis2 % len(shape)} != {
        len(shape) - 2,
        len(shape) - 1,
    }:
        raise NotImplementedError(f"machine code of the operation {operation}")
    return [_spread_on_diagonal(writer, source, shape)]


def _spread_on_diagonal(writer: Writer, source: View, shape: tuple[int, ...]) -> View:
    return _with_diagonal(writer, writer.zero(shape), source)


def _filled(writer: Writer, _node: Any, inputs: Sequence[View]) -> list[View]:
    target, value = inputs
    if len(target.shape) > 2 and not isinstance(_node.op, Blockwise):  # along all axes at once
        found = writer.copied(target)
        places = View(base=found.base, offset=found.offset, shape=(target.shape[0],), strides=(sum(found.strides),))
        writer.assign(places, value.broadcast(places.shape))
        return [found]
    return [_with_diagonal(writer, target, value.broadcast((*target.shape[:-2], min(target.shape[-2:]))))]


def _with_diagonal(writer: Writer, target: View, values: View) -> View:
    """A copy that has these values on the diagonal of its last two axes."""
    found = writer.copied(target)
    strides = (*found.strides[:-2], found.strides[-2] + found.strides[-1])
    writer.assign(View(base=found.base, offset=found.offset, shape=values.shape, strides=strides), values)
    return found


def _blockwise(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    """An operation on the last axes, once for each place of the axes in front."""
    core = node.op.core_op
    if isinstance(core, AllocDiag) and not core.offset:
        return [_spread_on_diagonal(writer, inputs[0], writer.shapes[node.outputs[0]])]
    if isinstance(core, FillDiagonal):
        return _filled(writer, node, [inputs[0], inputs[1].rearranged((*range(len(inputs[1].shape)), "x"))])
    if not isinstance(core, Cholesky | SolveTriangular):
        raise NotImplementedError(f"machine code of the operation {node.op}")
    found = writer.new(writer.shapes[node.outputs[0]])
    depth = node.op.batch_ndim(node)
    lead = found.shape[:depth]
    spread = [view.broadcast((*lead, *view.shape[depth:])) for view in inputs]
    for place in product(*map(range, lead)):
        own = [_core(view, place) for view in spread]
        target = _core(found, place)
        (_root if isinstance(core, Cholesky) else _solution)(writer, core, own, target)
    return [found]


def _core(view: View, place: Sequence[int]) -> View:
    for index in place:
        view = view.at(0, index)
    return view


def _factored(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    found = writer.new(writer.shapes[node.outputs[0]])
    _root(writer, node.op, inputs, found)
    return [found]


def _root(writer: Writer, operation: Any, inputs: Sequence[View], found: View) -> None:
    matrix = writer.contiguous(inputs[0])
    writer.call("cholesky", [found.shape[0], int(operation.lower)], [matrix, found])


def _solved(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    found = writer.new(writer.shapes[node.outputs[0]])
    _solution(writer, node.op, inputs, found)
    return [found]


def _solution(writer: Writer, operation: Any, inputs: Sequence[View], found: View) -> None:
    matrix, right = map(writer.contiguous, inputs)
    sizes = [found.shape[0], prod(found.shape[1:]), int(operation.lower), int(operation.unit_diagonal)]
    writer.call("solve_triangular", sizes, [matrix, right, found])


RULES: dict[type, Rule] = {
    Dot: _dot,
    BatchedDot: _dot,
    ExtractDiag: _diagonal,
    AllocDiag: _on_diagonal,
    FillDiagonal: _filled,
    Blockwise: _blockwise,
    Cholesky: _factored,
    SolveTriangular: _solved,
}
