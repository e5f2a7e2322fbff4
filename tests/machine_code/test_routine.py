"""A graph as a function: which outputs it may have, how much memory it takes, and what other functions it sees."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_array_equal
from pytensor.graph.replace import clone_replace

from hscb_bayes.machine_code.text import Module
from tests.machine_code.called import Graph, assert_same, compiled, entry, graph_of, random_values

OUTPUTS: dict[str, Callable[[Any, Any], Any]] = {
    "an input": lambda x, y: [y, x],
    "a look at an input": lambda x, _: [x.T, x[::-1, 1]],
    "a number that is constant": lambda x, _: [pt.constant(2.5), x],
    "an array that is constant": lambda x, _: [pt.constant(np.arange(6.0).reshape(2, 3)), x],
    "a slope that is constant": lambda x, _: [pt.grad((2.0 * x).sum(), x)],
    "a slope that is nothing": lambda x, y: [pt.grad(x.sum(), y, disconnected_inputs="ignore")],
    "the same twice": lambda x, y: [x + y, x + y, x + y],
    "what another is made of": lambda x, y: [pt.exp(x), pt.exp(x) + y, (pt.exp(x) + y).sum(axis=0)],
    "a part of another": lambda x, _: [pt.exp(x)[1], pt.exp(x), pt.exp(x).T],
    "equal rows": lambda _, y: [pt.alloc(y, 5, 4)],
    "nothing": lambda x, _: [pt.exp(x)[:0], x],
}


@pytest.mark.parametrize("build", OUTPUTS.values(), ids=OUTPUTS)
def test_an_output_may_be(build: Callable[[Any, Any], Any]) -> None:
    graph = graph_of(build, (3, 4), (4,))
    assert_same(graph, graph.as_it_is, values=random_values(graph))


SLOPES: dict[str, Callable[[Any], Any]] = {
    "a diagonal": pt.diagonal,
    "a root": lambda x: pt.linalg.cholesky(x @ x.T + pt.eye(3)),
    "roots": lambda x: pt.linalg.cholesky(pt.stack([x @ x.T + pt.eye(3), 2.0 * pt.eye(3) + x @ x.T])),
    "what a triangle solves": lambda x: pt.linalg.solve_triangular(x + 5.0 * pt.eye(3), x[0], lower=True),
    "running sums": lambda x: pt.cumsum(x, axis=1),
    "places that repeat": lambda x: x[pt.constant(np.array([0, 2, 0, -1]))],
    "a logarithm of a sum": lambda x: pt.logsumexp(x, axis=1),
    "shares": lambda x: pt.special.softmax(x, axis=0),
    "a mean and a variance": lambda x: x.mean(axis=0) + x.var(axis=0),
    "products of many": lambda x: pt.stack([x, x.T]) @ pt.stack([x, 2.0 * x]),
    "pieces that are joined": lambda x: pt.concatenate([x[:1], pt.exp(x[1:])], axis=0),
}


@pytest.mark.parametrize("build", SLOPES.values(), ids=SLOPES)
def test_slopes_of(build: Callable[[Any], Any]) -> None:
    def slopes(x: Any) -> Any:
        found = build(x)
        return [found, pt.grad((pt.tanh(found) * found).sum(), x)]

    graph = graph_of(slopes, (3, 3))
    assert_same(graph, values=random_values(graph), rtol=1e-11, atol=1e-12)


def chain(x: Any, length: int) -> Any:
    """Steps that need one another and are in no loop together."""
    for _ in range(length):
        x = pt.cumsum(pt.tanh(x), axis=0)
    return x


def test_a_long_chain_takes_as_much_memory_as_a_short_one() -> None:
    short, long = compiled(*(graph_of(lambda x, n=length: chain(x, n), (40,)) for length in (3, 60)))
    assert long.size == short.size <= 3 * 40


def test_results_that_are_needed_at_the_end_stay() -> None:
    def build(x: Any) -> Any:
        steps = [x]
        for _ in range(12):
            steps.append(pt.cumsum(pt.tanh(steps[-1]), axis=0))
        return sum(step * (k + 1.0) for k, step in enumerate(reversed(steps)))

    graph = graph_of(build, (9,))
    assert_same(graph, graph.as_it_is, values=random_values(graph), rtol=1e-12)


@pytest.mark.parametrize("size", [3, 4, 8])
def test_a_part_with_no_numbers_takes_no_place_from_another(size: int) -> None:
    """It begins where the array that it is a part of ends, and another begins."""

    def build(x: Any, y: Any) -> Any:
        first = pt.cumsum(x, axis=0)
        nothing = first[size:]
        second = pt.cumsum(pt.join(0, nothing, y, first[size:]), axis=0)
        third = pt.cumsum(pt.join(0, nothing, second * 2.0), axis=0)
        return [second, third, pt.cumsum(third, axis=0) + second]

    graph = graph_of(build, (size,), (size,))
    assert_same(graph, graph.as_it_is, values=random_values(graph), rtol=1e-12)


def test_a_graph_of_one_module_is_that_of_another() -> None:
    one = graph_of(lambda x: pt.exp(x) @ x.T, (3, 4))
    other = graph_of(lambda x: pt.log1p(x * x).sum(axis=0), (3, 4))
    values = random_values(one)
    for found, alone in zip(compiled(one, other), (*compiled(one), *compiled(other)), strict=True):
        assert_array_equal(found(*values)[0], alone(*values)[0])


COUNT = pt.scalar("count", dtype="int64")
SIZED: dict[str, Callable[[Any], Any]] = {
    "a slice": lambda x: x[COUNT:5],
    "the same number": lambda x: pt.alloc(x[0], COUNT),
    "another shape": lambda x: x.reshape((COUNT, -1)),
    "pieces": lambda x: pt.split(x, pt.stack([COUNT, 6 - COUNT]), n_splits=2, axis=0)[0],
}


@pytest.mark.parametrize("build", SIZED.values(), ids=SIZED)
def test_a_size_may_be_known_later_than_what_depends_on_it(build: Callable[[Any], Any]) -> None:
    """PyTensor does not look at shapes again when a variable becomes a constant."""
    two = {COUNT: pt.constant(np.int64(2))}
    graph = graph_of(lambda x: clone_replace(pt.exp(build(x)).sum(), two), (6,))
    assert_same(graph, values=random_values(graph))


def test_no_more_than_a_few_sums_stand_where_a_thread_has_little_room() -> None:
    graph, module = graph_of(lambda x: [pt.exp(x).sum(axis=0), x.max(axis=1)], (2, 300_000)), Module()
    entry(module, 0, graph)
    numbers = [int(size) for size in re.findall(r"alloca \[(\d+) x double\]", module.text)]
    assert 8 * sum(numbers) <= 100_000


def test_constants_that_are_equal_stand_in_one_place() -> None:
    module, table = Module(), np.arange(6.0)
    first = module.constant(table)
    assert module.constant(table.reshape(2, 3)).base == first.base
    assert module.constant(-table).base != first.base
    assert len(module.globals) == 2


def test_constants_that_differ_in_their_sign_alone_are_not_one() -> None:
    values = np.array([0.0, -0.0, 0.0])
    (called,) = compiled(graph_of(lambda x: [x + 1.0, pt.constant(values)], (3,)).as_it_is)
    assert called(values)[1].tobytes() == values.tobytes()


@pytest.mark.parametrize("value", [0.0, -0.0, np.nan, np.inf, 5e-324, 1.0 / 3.0])
def test_a_constant_is_the_same_to_the_last_bit(value: float) -> None:
    inputs = (pt.tensor("x", shape=(3,), dtype="float64"),)
    same, other = pt.constant(np.full(3, value)), pt.constant(np.array([1.0, value]))
    outputs = (same, other, pt.switch(inputs[0] > 0.0, value, 1.0))
    (called,) = compiled(Graph(inputs=inputs, outputs=outputs, simplified=False))
    for found, right in zip(called(np.ones(3)), (np.full(3, value), [1.0, value], np.full(3, value)), strict=True):
        assert found.tobytes() == np.array(right).tobytes()
