"""PyTensor graphs as machine code that takes and gives NumPy arrays, and as PyTensor's own Python computes them."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytensor
import pytensor.tensor as pt
from numpy.testing import assert_allclose, assert_array_equal
from pytensor.compile.mode import Mode

from hscb_bayes.machine_code.compiler import MachineFunction, functions, object_code
from hscb_bayes.machine_code.routine import routine
from hscb_bayes.machine_code.text import Function, Module

GUARD = 32  # numbers around an array that must stay as they are
UNTOUCHED = -1.2345e300
GARBAGE = (float("nan"), 7e200)  # what stands in memory before a call
DENORMAL = 1e-307  # below, numbers lose digits
ENDLESS = re.compile(r"icmp ne i64 %\w+, 0$", re.M)  # a loop ends after its last place: over no places, it never does
REWRITING = "hscb_bayes.machine_code.routine.rewrite_graph"


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """Expressions and the variables that they are functions of.

    Attributes
    ----------
    simplified
        Whether PyTensor simplifies it before it is compiled; otherwise each operation is written as it is.
    """

    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    simplified: bool = True

    @property
    def as_it_is(self) -> Graph:
        """The same, not simplified."""
        return replace(self, simplified=False)


def array(name: str, *shape: int | None, dtype: str = "float64") -> Any:
    """A variable of a shape."""
    return pt.tensor(name, shape=shape, dtype=dtype)


def graph_of(build: Callable[..., Any], *shapes: tuple[int | None, ...], dtype: str = "float64") -> Graph:
    """What a function makes of variables of these shapes."""
    inputs = tuple(array(f"x{k}", *shape, dtype=dtype) for k, shape in enumerate(shapes))
    found = build(*inputs)
    return Graph(inputs=inputs, outputs=tuple(found) if isinstance(found, tuple | list) else (found,))


@dataclass(frozen=True, kw_only=True, eq=False)
class Called:
    """A graph as machine code.

    Attributes
    ----------
    shapes
        Of the outputs.
    size
        How many numbers the piece of memory has.
    """

    function: MachineFunction
    shapes: tuple[tuple[int, ...], ...]
    size: int

    def __call__(self, *values: Any) -> list[np.ndarray]:
        """The outputs; whatever stood in the memory before, and nothing beside it or in the inputs is written."""
        first, second = (self._once(values, garbage) for garbage in GARBAGE)
        for one, other in zip(first, second, strict=True):
            assert_array_equal(one, other, err_msg="depends on what stood in memory")
        return first

    def _once(self, values: Sequence[Any], garbage: float) -> list[np.ndarray]:
        given = [Guarded(np.shape(value), value) for value in values]
        found = [Guarded(shape, garbage) for shape in self.shapes]
        memory = Guarded((self.size,), garbage)
        places = [*given, *found, memory]
        ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(places))(self.function.address)(*(p.address for p in places))
        assert all(place.is_intact for place in places), "written beside an array"
        for place, value in zip(given, values, strict=True):
            assert_array_equal(place.values, np.asarray(value, dtype=float), err_msg="an input is changed")
        return [place.values.copy() for place in found]


class Guarded:
    """An array of doubles between numbers that must stay."""

    def __init__(self, shape: tuple[int, ...], content: Any) -> None:
        size = int(np.prod(shape))
        self.all = np.full(size + 2 * GUARD, UNTOUCHED)
        self.values = self.all[GUARD : GUARD + size].reshape(shape)
        self.values[...] = content
        self.address = self.all.ctypes.data + GUARD * self.all.itemsize

    @property
    def is_intact(self) -> bool:
        """Whether nothing was written beside the array."""
        return bool(np.all(self.all[:GUARD] == UNTOUCHED) and np.all(self.all[self.all.size - GUARD :] == UNTOUCHED))


def compiled(*graphs: Graph) -> list[Called]:
    """Graphs as functions of one module."""
    module, sizes = Module(), []
    for k, graph in enumerate(graphs):
        try:
            sizes.append(entry(module, k, graph))
        except Exception as error:
            error.add_note(f"in graph {k}, {'' if graph.simplified else 'not '}simplified")
            raise
    assert not ENDLESS.search(module.text), "a loop that never ends"
    found = functions(object_code(module.text), [f"entry{k}" for k in range(len(graphs))])
    return [
        Called(function=found[f"entry{k}"], shapes=tuple(output.type.shape for output in graph.outputs), size=size)
        for k, (graph, size) in enumerate(zip(graphs, sizes, strict=True))
    ]


def entry(module: Module, k: int, graph: Graph) -> int:
    """Write a graph and a function of C that calls it with the addresses it gets; returns the size of its memory."""
    with ExitStack() as stack:
        stack.enter_context(pytensor.config.change_flags(traceback__limit=0))
        if not graph.simplified:
            stack.enter_context(patch(REWRITING, lambda *_, **__: None))
        called = routine(module, f"graph{k}", graph.inputs, graph.outputs)
    addresses = [f"%p{place}" for place in range(len(graph.inputs) + len(graph.outputs))]
    listed = ", ".join(f"ptr {address}" for address in (*addresses, "%memory"))
    function = Function(module=module, head=f"define void @entry{k}({listed}) nounwind")
    called.call(function, addresses, "%memory")
    function.do("ret void")
    function.close()
    return called.size


def expected(graph: Graph, *values: Any) -> list[np.ndarray]:
    """By PyTensor's Python, operation by operation."""
    mode = Mode(linker="py", optimizer=None)
    typed = [np.asarray(value, dtype=each.type.dtype) for value, each in zip(values, graph.inputs, strict=True)]
    with np.errstate(all="ignore"), pytensor.config.change_flags(cxx="", mode=mode):  # inner graphs are Python as well
        function = pytensor.function(list(graph.inputs), list(graph.outputs), mode=mode, on_unused_input="ignore")
        return [np.asarray(value, dtype=float) for value in function(*typed)]


def assert_same(*graphs: Graph, values: Sequence[Any], rtol: float = 1e-13, atol: float = DENORMAL) -> None:
    """Machine code of graphs that compute the same agrees with PyTensor's Python of the first."""
    right = expected(graphs[0], *values)
    for graph, called in zip(graphs, compiled(*graphs), strict=True):
        how = "simplified" if graph.simplified else "as it is"
        for k, (found, each) in enumerate(zip(called(*values), right, strict=True)):
            assert_allclose(found, each, rtol=rtol, atol=atol, err_msg=f"{how}, output {k}")


def random_values(graph: Graph, seed: int = 1) -> list[np.ndarray]:
    """Standard normal numbers for the inputs."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(each.type.shape) for each in graph.inputs]
