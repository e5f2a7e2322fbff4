"""A graph as a function of addresses, and how it is called from other functions of its module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.utils import rewrite_graph

from hscb_bayes.machine_code.memory import WORK
from hscb_bayes.machine_code.text import Function, Module
from hscb_bayes.machine_code.views import View, strides_of
from hscb_bayes.machine_code.writer import Writer, shapes_of

# Nothing is written in place, fused or handed to a matrix library here: the writer does so itself. The last six look
# for matrices that are diagonal, symmetric or orthogonal, of which there are none, and take half of the time.
WITHOUT = (
    "inplace", "composite_elemwise_fusion", "blas", "BlasOpt", "cxx_only", "local_greedy_distributor",
    "dot_diag_to_elemwise", "selection_dot_to_indexing", "useless_symmetric_transpose", "diagonal_solve_to_division",
    "orthogonal_solve_to_transpose_matmul",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Routine:
    """A function of a module: of the addresses of its inputs and outputs, and of memory for ``size`` numbers."""

    name: str
    size: int

    def call(self, function: Function, addresses: Sequence[str], memory: str) -> None:
        """Call it."""
        listed = ", ".join(f"ptr {address}" for address in (*addresses, memory))
        function.do(f"call void @{self.name}({listed})")


def routine(module: Module, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> Routine:
    """Write a graph into a module.

    Raises
    ------
    NotImplementedError
        When the graph has an operation without a rule, or a shape that is not known before it runs.
    """
    graph = FunctionGraph(list(inputs), list(outputs), clone=True)
    rewrite_graph(graph, include=("fast_run",), exclude=WITHOUT)
    shapes = shapes_of(graph)
    variables = [*graph.inputs, *graph.outputs]
    arguments = [f"%a{k}" for k in range(len(variables))]
    views = [
        View(base=base, offset=0, shape=shapes[variable], strides=strides_of(shapes[variable]))
        for base, variable in zip(arguments, variables, strict=True)
    ]
    count = len(graph.inputs)
    known = dict(zip(graph.inputs, views[:count], strict=True))
    writer = Writer(module=module, name=name, arguments=[*arguments, WORK], shapes=shapes, views=known)
    writer.write(graph, views[count:])
    return Routine(name=name, size=writer.memory.size)
