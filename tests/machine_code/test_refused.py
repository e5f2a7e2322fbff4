"""What has no machine code is refused by name, and never translated to something else."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytensor.scalar as ps
import pytensor.tensor as pt
import pytest
from pytensor.graph.replace import vectorize_graph
from pytensor.scalar.basic import Composite
from pytensor.tensor.elemwise import CAReduce, Elemwise
from pytensor.tensor.extra_ops import CumOp
from pytensor.tensor.subtensor import AdvancedSubtensor

from tests.machine_code.called import Graph, array, compiled, graph_of

Shape = tuple[int | None, ...]


def cosine_inside(x: Any) -> Any:
    one = ps.float64("one")
    return Elemwise(Composite([one], [ps.exp(ps.cos(one))]))(x)


def rows_on_diagonals_above(x: Any) -> Any:
    row = array("row", *x.type.shape[1:])
    return vectorize_graph(pt.diag(row, 1), {row: x})


# What is made of which shapes, and what the refusal says.
OPERATIONS: dict[str, tuple[Callable[..., Any], list[Shape], str]] = {
    "a function of numbers": (pt.cos, [(3,)], "cos"),
    "a function inside another": (cosine_inside, [(3,)], "cos"),
    "a whole quotient": (lambda x, y: x // y, [(3,), (3,)], "int_div"),
    "a remainder": (lambda x, y: x % y, [(3,), (3,)], "mod"),
    "the slope of a product": (lambda x: pt.grad(pt.prod(x), x), [(3,)], "ProdWithoutZeros"),
    "an exclusive or of all": (lambda x: CAReduce(ps.xor)(x > 0.0), [(3,)], "CAReduce{XOR"),
    "a sorted array": (pt.sort, [(3,)], "SortOp"),
    "where the largest is": (lambda x: pt.argmax(x, axis=0), [(3, 2)], "Argmax"),
    "an inverse": (lambda x: pt.linalg.inv(x), [(3, 3)], "MatrixInverse"),
    "a running product": (lambda x: CumOp(0, mode="mul")(x), [(3,)], "Cumprod"),
    "another diagonal": (lambda x: pt.diagonal(x, 1), [(3, 3)], "ExtractDiag"),
    "rows on another diagonal": (rows_on_diagonals_above, [(2, 3)], "AllocDiag"),
    "places of a table": (lambda x: x[pt.constant(np.array([[0, 1], [1, 0]]))], [(3,)], "AdvancedSubtensor"),
    "rows and columns": (lambda x: AdvancedSubtensor((0, slice(1, None)))(x, [0], 1), [(3, 4)], "AdvancedSubtensor"),
    "places apart": (
        lambda x: x[pt.constant(np.array([0, 1])), :, pt.constant(np.array([0, 1]))],
        [(2, 3, 4)],
        "AdvancedSubtensor",
    ),
    "numbers of half the digits": (lambda x: x.astype("float32").astype("float64"), [(3,)], "Cast{float32}"),
}
ON_BITS: dict[str, Callable[[Any], Any]] = {
    "AND": lambda x: x & 6,
    "OR": lambda x: x | 6,
    "XOR": lambda x: x ^ 6,
    "Invert": lambda x: ~x,
}

COUNT = pt.scalar("count", dtype="int64")
SIZES = pt.vector("sizes", dtype="int64", shape=(2,))
SHAPES: dict[str, Graph] = {
    "a vector of any length": graph_of(pt.exp, (None,)),
    "a matrix with any number of rows": graph_of(lambda x: x.sum(axis=0), (None, 3)),
    "a vector of any length as it is": graph_of(lambda x: x, (None,)),
    "a product of any length": graph_of(pt.dot, (2, None), (None, 3)),
    **{
        name: Graph(inputs=(x, COUNT, SIZES), outputs=(output,))
        for x in [array("x", 6)]
        for name, output in {
            "a place": x[COUNT],
            "the first ones": x[:COUNT],
            "steps": x[::COUNT],
            "a place that is set": x[COUNT].set(1.0),
            "many of a number": pt.alloc(1.0, COUNT),
            "another shape": x.reshape((COUNT, -1)),
            "pieces": pt.split(x, SIZES, n_splits=2, axis=0)[0],
            "whole numbers up to one": pt.arange(COUNT),
        }.items()
    },
}


@pytest.mark.parametrize(("build", "shapes", "said"), OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("simplified", [True, False])
def test_an_operation_without_a_rule(build: Any, shapes: list[Shape], said: str, simplified: bool) -> None:
    with pytest.raises(NotImplementedError, match=f"machine code of the operation .*{re.escape(said)}"):
        compiled(replace(graph_of(build, *shapes), simplified=simplified))


@pytest.mark.parametrize("name", ON_BITS)
def test_an_operation_on_bits(name: str) -> None:
    with pytest.raises(NotImplementedError, match=f"machine code of the operation {name} on bits"):
        compiled(graph_of(ON_BITS[name], (3,), dtype="int64"))


@pytest.mark.parametrize("graph", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("simplified", [True, False])
def test_a_shape_or_an_index_that_is_known_when_it_runs(graph: Graph, simplified: bool) -> None:
    with pytest.raises(NotImplementedError, match=r"machine code of (a shape that|an index or a size that|sizes that)"):
        compiled(replace(graph, simplified=simplified))
