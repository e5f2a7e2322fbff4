"""PyTensor's operations on arrays whose shapes are known: most are another look at the same memory, the rest loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pytensor.graph.basic import Constant
from pytensor.raise_op import CheckAndRaise
from pytensor.tensor.basic import (
    Alloc,
    Join,
    MakeVector,
    ScalarFromTensor,
    Split,
    TensorFromScalar,
)
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.extra_ops import CumOp
from pytensor.tensor.shape import Reshape, SpecifyShape
from pytensor.tensor.subtensor import (
    AdvancedIncSubtensor,
    AdvancedSubtensor,
    IncSubtensor,
    Subtensor,
    indices_from_subtensor,
)

from hscb_bayes.machine_code.text import number
from hscb_bayes.machine_code.views import View

if TYPE_CHECKING:
    from hscb_bayes.machine_code.text import Function
    from hscb_bayes.machine_code.writer import Writer

Rule = Callable[["Writer", Any, Sequence[View]], list[View]]


def writes(operation: type) -> Callable[[Rule], Rule]:
    """Decorate what writes operations of a class: from a node and where its inputs stand to where its results do."""

    def decorate(rule: Rule) -> Rule:
        RULES[operation] = rule
        return rule

    return decorate


def written(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    """Write an operation; returns where its results stand.

    Raises
    ------
    NotImplementedError
        When the operation has no rule here, or depends on what is known only when it runs.
    """
    for each in type(node.op).__mro__:
        if each in RULES:
            return RULES[each](writer, node, inputs)
    raise NotImplementedError(
        f"machine code of the operation {node.op}: it has no rule in RULES of {__name__} or of matrices.py"
    )


def whole(variable: Any) -> int:
    """A whole number that is known before anything runs."""
    while not isinstance(variable, Constant):
        if variable.owner is None or not isinstance(variable.owner.op, ScalarFromTensor | TensorFromScalar):
            raise NotImplementedError(f"machine code of an index or a size that is not constant: {variable}")
        variable = variable.owner.inputs[0]
    return int(variable.data)


def _shuffled(_writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    return [inputs[0].rearranged(tuple(node.op.new_order))]


def _reshaped(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    shape = writer.shapes[node.outputs[0]]
    return [writer.contiguous(inputs[0]).reshaped(shape)]


def _same(_writer: Writer, _node: Any, inputs: Sequence[View]) -> list[View]:
    return [inputs[0]]


def _checked(writer: Writer, _node: Any, inputs: Sequence[View]) -> list[View]:
    """NaN where a condition is not met."""
    value, *conditions = inputs
    found = writer.new(value.shape)
    function = writer.function
    holds = "true"
    for condition in conditions:
        own = function.let(f"fcmp une double {function.load(condition, ())}, {number(0.0)}")
        holds = function.let(f"and i1 {holds}, {own}")

    def body(views: Sequence[View], index: Sequence[str | int], notes: str) -> None:
        own = function.load(views[1], index, notes)
        kept = function.let(f"select i1 {holds}, double {own}, double {number(float('nan'))}")
        function.store(kept, views[0], index, notes)

    function.each([found, value], body)
    return [found]


def _allocated(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    return [inputs[0].broadcast(writer.shapes[node.outputs[0]])]


def _split(_writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    *_, sizes = node.inputs
    if not isinstance(sizes, Constant):
        raise NotImplementedError(f"machine code of sizes that are not constant: {sizes}")
    return inputs[0].pieces(node.op.axis, [int(size) for size in sizes.data])


def _joined(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    axis = getattr(node.op, "axis", 0)
    return [writer.joined(inputs, axis % len(inputs[0].shape))]


def _vector(writer: Writer, _node: Any, inputs: Sequence[View]) -> list[View]:
    return [writer.joined([view.rearranged(("x",)) for view in inputs], 0)]


def _taken(_writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    return [_part(inputs[0], indices_from_subtensor(node.inputs[1:], node.op.idx_list))]


def _part(view: View, indices: Sequence[Any]) -> View:
    axis = 0
    for index in indices:
        if isinstance(index, slice):
            given = [None if each is None else _bound(each) for each in (index.start, index.stop, index.step)]
            start, stop, step = slice(*given).indices(view.shape[axis])
            view, axis = view.part(axis, start, stop, step), axis + 1
        else:
            place = whole(index)
            view = view.at(axis, place + view.shape[axis] if place < 0 else place)
    return view


def _bound(each: Any) -> int:
    return int(each) if isinstance(each, int | np.integer) else whole(each)


def _put(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    target, value = inputs[:2]
    found = writer.copied(target)
    part = _part(found, indices_from_subtensor(node.inputs[2:], node.op.idx_list))
    writer.assign(part, value.broadcast(part.shape), add=not node.op.set_instead_of_inc)
    return [found]


def _gathered(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    source, *indices = inputs
    axis = _first_axis(node, indices)
    found, function = writer.new(writer.shapes[node.outputs[0]]), writer.function

    def body(place: Sequence[str | int]) -> None:
        own = _picked(function, source, axis, place, indices)
        function.store(function.load(source, own), found, place)

    function.nested(found.shape, body)
    return [found]


def _scattered(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    target, value, *indices = inputs
    axis = _first_axis(node, indices)
    found, function = writer.copied(target), writer.function
    spread = value.broadcast((*target.shape[:axis], *indices[0].shape, *target.shape[axis + len(indices) :]))

    def body(place: Sequence[str | int]) -> None:
        total, own = function.load(spread, place), _picked(function, found, axis, place, indices)
        if not node.op.set_instead_of_inc:
            total = function.let(f"fadd double {function.load(found, own)}, {total}")
        function.store(total, found, own)

    function.nested(spread.shape, body)
    return [found]


def _first_axis(node: Any, indices: Sequence[View]) -> int:
    """Of those that lists of whole numbers of one length pick from, one after the other."""
    whose = [axis for axis, each in enumerate(node.op.idx_list) if not isinstance(each, slice)]
    others = [each for each in node.op.idx_list if isinstance(each, slice) and each != slice(None)]
    follow = whose == list(range(whose[0], whose[0] + len(indices)))
    if others or not follow or any(len(view.shape) != 1 or view.shape != indices[0].shape for view in indices):
        raise NotImplementedError(f"machine code of the operation {node.op}")
    return whose[0]


def _picked(
    function: Function, source: View, axis: int, place: Sequence[str | int], indices: Sequence[View]
) -> Sequence[str | int]:
    """Where in the source a place of the result comes from."""
    own = []
    for k, index in enumerate(indices):
        raw = function.let(f"fptosi double {function.load(index, [place[axis]])} to i64")
        behind = function.let(f"icmp slt i64 {raw}, 0")
        wrapped = function.let(f"add i64 {raw}, {source.shape[axis + k]}")
        own.append(function.let(f"select i1 {behind}, i64 {wrapped}, i64 {raw}"))
    return [*place[:axis], *own, *place[axis + 1 :]]


def _cumulated(writer: Writer, node: Any, inputs: Sequence[View]) -> list[View]:
    if node.op.mode != "add":
        raise NotImplementedError(f"machine code of the operation {node.op}")
    (source,), axis = inputs, node.op.axis
    if axis is None:
        source, axis = writer.contiguous(source).reshaped((source.size,)), 0
    found, function = writer.new(source.shape), writer.function
    total = function.local(())
    others = [k for k in range(len(source.shape)) if k != axis]

    def along(place: Sequence[str | int]) -> None:
        function.store(number(0.0), total, ())
        with function.loop(source.shape[axis]) as index:
            where: list[str | int] = list(place)
            where.insert(axis, index)
            summed = function.let(f"fadd double {function.load(total, ())}, {function.load(source, where)}")
            function.store(summed, total, ())
            function.store(summed, found, where)

    if source.size:
        function.nested([source.shape[k] for k in others], along)
    return [found]


RULES: dict[type, Rule] = {
    DimShuffle: _shuffled,
    Reshape: _reshaped,
    SpecifyShape: _same,
    ScalarFromTensor: _same,
    TensorFromScalar: _same,
    CheckAndRaise: _checked,
    Alloc: _allocated,
    Split: _split,
    Join: _joined,
    MakeVector: _vector,
    Subtensor: _taken,
    IncSubtensor: _put,
    AdvancedSubtensor: _gathered,
    AdvancedIncSubtensor: _scattered,
    CumOp: _cumulated,
}
