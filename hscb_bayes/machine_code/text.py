"""LLVM's language, written line by line: numbers, places in memory, loops."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from hscb_bayes.machine_code.views import View, merged, strides_of

UNROLLED = 2  # places of a loop that are written out
FAST = "reassoc contract nsz"  # sums of many numbers may be added up in any order


def number(value: float) -> str:
    """A number as a literal, to the last bit."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016X}"


@dataclass(kw_only=True, eq=False)
class Module:
    """The text of a module: functions, arrays of constants, what is called."""

    functions: list[str] = field(default_factory=list)
    constants: dict[bytes, str] = field(default_factory=dict)
    globals: list[str] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    metadata: list[str] = field(default_factory=list)

    def constant(self, values: np.ndarray) -> View:
        """Where an array of constants stands."""
        shape, flat = np.shape(values), np.asarray(values, dtype=float).ravel()
        literal = float(flat[0]) if flat.size and bool((flat.view(np.int64) == flat.view(np.int64)[0]).all()) else None
        if literal is not None:
            return View(base="null", offset=0, shape=shape, strides=(0,) * len(shape), literal=literal)
        content = flat.tobytes()
        if content not in self.constants:
            name = self.constants[content] = f"@c{len(self.constants)}"
            listed = ", ".join(f"double {number(value)}" for value in flat)
            self.globals.append(f"{name} = private unnamed_addr constant [{flat.size} x double] [{listed}]")
        return View(base=self.constants[content], offset=0, shape=shape, strides=strides_of(shape))

    def declare(self, name: str, text: str) -> None:
        """Say what a function that is called looks like."""
        self.declared[name] = text

    def node(self, content: str, *, distinct: bool = False) -> str:
        """A node of metadata; ``{self}`` in its content is itself."""
        name = f"!{len(self.metadata)}"
        self.metadata.append(f"{name} = {'distinct ' if distinct else ''}!{{{content.replace('{self}', name)}}}")
        return name

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join([*self.globals, *filter(None, self.declared.values()), *self.functions, *self.metadata, ""])


@dataclass(kw_only=True, eq=False)
class Function:
    """The body of a function that is being written."""

    module: Module
    head: str
    lines: list[str] = field(default_factory=list)
    entry: list[str] = field(default_factory=list)
    count: int = 0
    label: str = "entry"

    def new(self) -> str:
        """A name that nothing has."""
        self.count += 1
        return f"%v{self.count}"

    def do(self, text: str) -> None:
        """Something without a result."""
        self.lines.append(f"  {text}")

    def let(self, text: str) -> str:
        """Something with a result; returns its name."""
        name = self.new()
        self.lines.append(f"  {name} = {text}")
        return name

    def block(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self.label = label

    def local(self, shape: tuple[int, ...]) -> View:
        """Room of this function alone, which nothing else can reach."""
        name = self.new()
        size = max(int(np.prod(shape)), 1)
        self.entry.append(f"  {name} = alloca [{size} x double], align 32")
        return View(base=name, offset=0, shape=shape, strides=strides_of(shape))

    def close(self) -> None:
        """End it and put it into its module."""
        body = ["entry:", *self.entry, *self.lines]
        self.module.functions.append("\n".join([f"{self.head} {{", *body, "}"]))

    @contextmanager
    def loop(self, size: int, notes: str = "") -> Iterator[str]:
        """Repeat for 0, 1, ..., size - 1, the name of which is given."""
        head, after, before = f"L{self.count}", f"E{self.count}", self.label
        index, following = self.new(), self.new()
        self.do(f"br label %{head}")
        self.block(head)
        place = len(self.lines)
        self.lines.append("")
        yield index
        self.lines[place] = f"  {index} = phi i64 [ 0, %{before} ], [ {following}, %{self.label} ]"
        self.do(f"{following} = add nuw nsw i64 {index}, 1")
        more = self.let(f"icmp ne i64 {following}, {size}")
        self.do(f"br i1 {more}, label %{head}, label %{after}{notes}")
        self.block(after)

    def offset(self, indices: Sequence[str | int], strides: Sequence[int], start: int) -> str | int:
        """Where an index stands, counted from the base."""
        constant, terms = start, []
        for index, stride in zip(indices, strides, strict=True):
            if isinstance(index, int):
                constant += index * stride
            elif stride == 1:
                terms.append(index)
            elif stride:
                terms.append(self.let(f"mul nsw i64 {index}, {stride}"))
        if not terms:
            return constant
        total = terms[0]
        for term in terms[1:]:
            total = self.let(f"add nsw i64 {total}, {term}")
        return self.let(f"add nsw i64 {total}, {constant}") if constant else total

    def pointer(self, view: View, indices: Sequence[str | int] = ()) -> str:
        """The address of a place."""
        where = self.offset(indices, view.strides[: len(indices)], view.offset)
        return self.let(f"getelementptr inbounds double, ptr {view.base}, i64 {where}")

    def load(self, view: View, indices: Sequence[str | int], notes: str = "") -> str:
        """The number at a place."""
        if view.literal is not None:
            return number(view.literal)
        return self.let(f"load double, ptr {self.pointer(view, indices)}, align 8{notes}")

    def store(self, value: str, view: View, indices: Sequence[str | int], notes: str = "") -> None:
        """Put a number in a place."""
        self.do(f"store double {value}, ptr {self.pointer(view, indices)}, align 8{notes}")

    def each(
        self,
        views: Sequence[View],
        body: Callable[[Sequence[View], Sequence[str | int], str], None],
        *,
        independent: bool = True,
    ) -> None:
        """Write ``body(views, indices, notes)`` for every place of views of one shape.

        Parameters
        ----------
        independent
            Whether no place is read after another was written; what is read or written with ``notes`` is then so.
        """
        shape, strides = merged(views[0].shape, [view.strides for view in views])
        flat = [
            View(base=view.base, offset=view.offset, shape=shape, strides=own, literal=view.literal)
            for view, own in zip(views, strides, strict=True)
        ]
        if 0 in shape:
            return
        if int(np.prod(shape)) <= UNROLLED:
            for place in np.ndindex(*shape):
                body(flat, place, "")
            return
        group = self.module.node("", distinct=True) if independent else ""
        notes = f", !llvm.access.group {group}" if independent else ""
        self.nested(list(shape), lambda indices: body(flat, indices, notes), group)

    def independent(self, size: int, body: Callable[[str, str], None]) -> None:
        """Write ``body(index, notes)`` in a loop in which no place is read after another was written."""
        group = self.module.node("", distinct=True)
        self.nested([size], lambda indices: body(str(indices[0]), f", !llvm.access.group {group}"), group)

    def nested(self, sizes: Sequence[int], body: Callable[[Sequence[str | int]], None], group: str = "") -> None:
        """Write ``body(indices)`` in loops in each other; ``group`` marks places as independent."""
        if 0 not in sizes:
            self._nested(list(sizes), [], body, group)

    def _nested(
        self, sizes: list[int], indices: list[str], body: Callable[[Sequence[str | int]], None], group: str
    ) -> None:
        if not sizes:
            body(indices)
            return
        notes = ""
        if group:
            parallel = self.module.node(f'!"llvm.loop.parallel_accesses", {group}')
            notes = f", !llvm.loop {self.module.node(f'{{self}}, {parallel}', distinct=True)}"
        with self.loop(sizes[0], notes) as index:
            self._nested(sizes[1:], [*indices, index], body, group)
