"""A graph written as functions of a module: loops over few places first, results on one piece of memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import pytensor.scalar as ps
from pytensor.graph.basic import Constant
from pytensor.tensor.elemwise import CAReduce, Elemwise

from hscb_bayes.machine_code import matrices, scalars, tensors
from hscb_bayes.machine_code.memory import WORK, Memory
from hscb_bayes.machine_code.schedule import Group, scheduled
from hscb_bayes.machine_code.text import FAST, Function, Module
from hscb_bayes.machine_code.views import View

tensors.RULES.update(matrices.RULES)
FEW = 256  # numbers that a function keeps for itself: a thread has little room
LONGEST = 3000  # lines of a function: the compiler takes longer than twice as long for twice as many
REDUCTIONS = {
    ps.Add: (0.0, lambda f, total, each: f.let(f"fadd {FAST} double {total}, {each}")),
    ps.Mul: (1.0, lambda f, total, each: f.let(f"fmul {FAST} double {total}, {each}")),
    ps.Maximum: (-np.inf, lambda f, total, each: scalars.call(f, "llvm.maximum.f64", total, each)),
    ps.Minimum: (np.inf, lambda f, total, each: scalars.call(f, "llvm.minimum.f64", total, each)),
    ps.AND: (1.0, lambda f, total, each: scalars.call(f, "llvm.minimum.f64", total, each)),
    ps.OR: (0.0, lambda f, total, each: scalars.call(f, "llvm.maximum.f64", total, each)),
}


@dataclass(kw_only=True, eq=False)
class Writer:
    """Writes one graph.

    Attributes
    ----------
    arguments
        Addresses of inputs, outputs and the piece of memory.
    shapes
        Of all variables.
    views
        Where the variables that are known stand.
    """

    module: Module
    name: str
    arguments: Sequence[str]
    shapes: Mapping[Any, tuple[int, ...]]
    memory: Memory = field(default_factory=Memory)
    views: dict[Any, View] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    function: Any = None

    @property
    def _head(self) -> str:
        return f"({', '.join(f'ptr noalias {argument}' for argument in self.arguments)}) noinline nounwind"

    def name_of(self, what: str) -> str:
        """A name that no function of the module has."""
        return f"{self.name}_{what}_{len(self.module.functions)}"

    def begin(self) -> None:
        """Begin another part."""
        name = f"@{self.name}_{len(self.parts)}"
        self.parts.append(name)
        self.function = Function(module=self.module, head=f"define internal void {name}{self._head}")

    def end(self) -> None:
        """End the part that is being written."""
        self.function.do("ret void")
        self.function.close()

    def new(self, shape: tuple[int, ...]) -> View:
        """Room for a result."""
        return self.memory.new(shape)

    def zero(self, shape: tuple[int, ...]) -> View:
        """Zeros."""
        return self.module.constant(np.zeros(())).broadcast(shape)

    def assign(self, target: View, source: View, *, add: bool = False) -> None:
        """Copy, or add, an array to a place."""
        function = self.function

        def body(views: Sequence[View], index: Sequence[str | int], notes: str) -> None:
            value = function.load(views[1], index, notes)
            if add:
                value = function.let(f"fadd double {function.load(views[0], index, notes)}, {value}")
            function.store(value, views[0], index, notes)

        if target.size:
            function.each([target, source], body)

    def copied(self, source: View) -> View:
        """The same numbers in a place of their own."""
        found = self.new(source.shape)
        self.assign(found, source)
        return found

    def contiguous(self, source: View) -> View:
        """The same numbers one after the other."""
        return source if source.is_contiguous and source.literal is None else self.copied(source)

    def joined(self, sources: Sequence[View], axis: int) -> View:
        """One after the other along an axis."""
        sizes = [source.shape[axis] for source in sources]
        first = sources[0].shape
        found = self.new((*first[:axis], sum(sizes), *first[axis + 1 :]))
        for part, source in zip(found.pieces(axis, sizes), sources, strict=True):
            self.assign(part, source)
        return found

    def call(self, name: str, numbers: Sequence[int], places: Sequence[View]) -> None:
        """Call a kernel with whole numbers and addresses."""
        types = ", ".join(["i64"] * len(numbers) + ["ptr"] * len(places))
        self.module.declare(f"kernel_{name}", f"declare void @kernel_{name}({types}) nounwind")
        given = [f"i64 {each}" for each in numbers] + [f"ptr {self.function.pointer(place)}" for place in places]
        self.function.do(f"call void @kernel_{name}({', '.join(given)})")

    def view_of(self, variable: Any) -> View:
        """Where a variable stands."""
        if variable not in self.views and isinstance(variable, Constant):
            self.views[variable] = self.module.constant(np.asarray(variable.data))
        return self.views[variable]

    def write(self, graph: Any, outputs: Sequence[View]) -> None:
        """Write all of a graph whose inputs have their views; its outputs come into the places given."""
        left = Counter(variable for node in graph.apply_nodes for variable in set(node.inputs))
        left.update(set(graph.outputs))
        self.begin()
        for step in scheduled(graph, self.shapes):
            if len(self.function.lines) > LONGEST:
                self.end()
                self.begin()
            nodes = step.nodes if isinstance(step, Group) else [step]
            before = set(self.views)
            if isinstance(step, Group):
                self._write_group(step, left)
            else:
                found = tensors.written(self, step, [self.view_of(variable) for variable in step.inputs])
                self.views.update(zip(step.outputs, found, strict=True))
            for variable in [each for each in self.views if each not in before]:
                if variable in left:
                    self.memory.hold(self.views[variable])
            self.memory.sweep()
            for node in nodes:
                for variable in dict.fromkeys(node.inputs):
                    left[variable] -= 1
                    if not left[variable] and variable in self.views:
                        self.memory.release(self.views[variable])
        for variable, target in zip(graph.outputs, outputs, strict=True):
            self.assign(target, self.view_of(variable).broadcast(target.shape))
        self.end()
        self._write_all()

    def _write_all(self) -> None:
        listed = ", ".join(f"ptr {argument}" for argument in self.arguments)
        calls = [f"  call void {part}({listed})" for part in self.parts]
        head = f"define internal void @{self.name}{self._head} {{"
        self.module.functions.append("\n".join([head, *calls, "  ret void", "}"]))

    def _room(self, shape: tuple[int, ...]) -> View:
        """For sums while they grow: in a register or on the stack, where they are few."""
        return self.function.local(shape) if prod(shape) <= FEW else self.new(shape)

    def _write_group(self, group: Group, left: Mapping[Any, int]) -> None:
        """One loop: what others need is stored, sums are kept apart until it ends."""
        shape, function = group.shape, self.function
        own = [node for node in group.nodes if not isinstance(node.op, CAReduce)]
        members = dict.fromkeys(variable for node in own for variable in node.outputs)
        uses = Counter(variable for node in group.nodes for variable in set(node.inputs))
        stored = [variable for variable in members if left[variable] > uses[variable]]
        sums = [node for node in group.nodes if isinstance(node.op, CAReduce)]
        read = {
            variable: self.view_of(variable)
            for node in group.nodes
            for variable in node.inputs
            if variable not in members
        }
        written = {variable: self.new(shape) for variable in stored}
        totals = {node: self._room(self.shapes[node.outputs[0]]) for node in sums}
        for node, total in totals.items():
            self.assign(total, self.module.constant(np.asarray(_rule_of(node)[0])).broadcast(total.shape))
        spread = {node: _spread(total, node, len(shape)) for node, total in totals.items()}
        order = [*read, *written, *spread]
        views = [*(each.broadcast(shape) for each in (*read.values(), *written.values())), *spread.values()]

        def body(flat: Sequence[View], index: Sequence[str | int], notes: str) -> None:
            where = dict(zip(order, flat, strict=True))
            names = {variable: function.load(where[variable], index, notes) for variable in read}
            for node in group.nodes:
                if isinstance(node.op, CAReduce):
                    total = where[node]
                    kept = _rule_of(node)[1](function, function.load(total, index), names[node.inputs[0]])
                    function.store(kept, total, index)
                    continue
                operation = node.op.scalar_op if isinstance(node.op, Elemwise) else node.op
                own = [names[variable] for variable in node.inputs]
                found = scalars.written(function, operation, own, [variable.type.dtype for variable in node.inputs])
                names.update(zip(node.outputs, found, strict=True))
            for variable in stored:
                function.store(names[variable], where[variable], index, notes)

        if prod(shape):
            function.each(views, body)
        self.views.update(written)
        for node, total in totals.items():
            self.views[node.outputs[0]] = total if total.base == WORK else self.copied(total)


def _rule_of(node: Any) -> Any:
    found = REDUCTIONS.get(type(node.op.scalar_op))
    if found is None:
        raise NotImplementedError(f"machine code of the operation {node.op}: it is not among REDUCTIONS of {__name__}")
    return found


def _spread(total: View, node: Any, depth: int) -> View:
    """A sum's place for each place that is summed over: the same along the axes that go."""
    gone = range(depth) if node.op.axis is None else [axis % depth for axis in node.op.axis]
    kept = [axis for axis in range(depth) if axis not in gone]
    shape = [1] * depth
    strides = [0] * depth
    for own, axis in enumerate(kept):
        shape[axis], strides[axis] = total.shape[own], total.strides[own]
    return View(base=total.base, offset=total.offset, shape=tuple(shape), strides=tuple(strides))


def shapes_of(graph: Any) -> dict[Any, tuple[int, ...]]:
    """The shapes of all variables of a graph.

    Raises
    ------
    NotImplementedError
        When one is not known before anything runs.
    """
    shapes: dict[Any, tuple[int, ...]] = {}
    nodes = graph.toposort()
    for variable in (*graph.inputs, *graph.outputs, *(each for node in nodes for each in node.inputs)):
        if variable.owner is None:
            shapes[variable] = np.shape(variable.data) if isinstance(variable, Constant) else variable.type.shape
    for node in nodes:
        found = [tuple(getattr(variable.type, "shape", ())) for variable in node.outputs]
        if any(None in shape for shape in found):
            found = _inferred(node, [shapes[variable] for variable in node.inputs])
        shapes.update(zip(node.outputs, found, strict=True))
    for variable, shape in shapes.items():
        if None in shape:
            raise NotImplementedError(f"machine code of a shape that is not known: {variable}")
    return shapes


def _inferred(node: Any, inputs: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """As PyTensor says where the shapes of all inputs are known."""
    given = [
        variable if isinstance(variable, Constant) or not shape else variable.type.clone(shape=shape)()
        for variable, shape in zip(node.inputs, inputs, strict=True)
    ]
    return [tuple(getattr(variable.type, "shape", ())) for variable in node.op.make_node(*given).outputs]
