"""A graph as a function: which outputs it may have, how much memory it takes, and what other functions it sees."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_array_equal

from hscb_bayes.machine_code.text import Module
from tests.machine_code.called import Graph, assert_same, compiled, graph_of, random_values

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


@pytest.mark.parametrize("rewritten", [True, False])
@pytest.mark.parametrize("build", OUTPUTS.values(), ids=OUTPUTS)
def test_an_output_may_be(build: Callable[[Any, Any], Any], rewritten: bool) -> None:
    graph = graph_of(build, (3, 4), (4,))
    assert_same(graph, *random_values(graph), rewritten=rewritten)


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
    assert_same(graph, *random_values(graph), rtol=1e-12, rewritten=False)


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
    assert_same(graph, *random_values(graph), rtol=1e-12, rewritten=False)


def test_a_graph_of_one_module_is_that_of_another() -> None:
    one = graph_of(lambda x: pt.exp(x) @ x.T, (3, 4))
    other = graph_of(lambda x: pt.log1p(x * x).sum(axis=0), (3, 4))
    values = random_values(one)
    for found, alone in zip(compiled(one, other), (*compiled(one), *compiled(other)), strict=True):
        assert_array_equal(found(*values)[0], alone(*values)[0])


def test_constants_that_are_equal_stand_in_one_place() -> None:
    module, table = Module(), np.arange(6.0)
    first = module.constant(table)
    assert module.constant(table.reshape(2, 3)).base == first.base
    assert module.constant(-table).base != first.base
    assert len(module.globals) == 2


@pytest.mark.parametrize("value", [0.0, -0.0, np.nan, np.inf, 5e-324, 1.0 / 3.0])
def test_a_constant_is_the_same_to_the_last_bit(value: float) -> None:
    inputs = (pt.tensor("x", shape=(3,), dtype="float64"),)
    same, other = pt.constant(np.full(3, value)), pt.constant(np.array([1.0, value]))
    outputs = (same, other, pt.switch(inputs[0] > 0.0, value, 1.0))
    (called,) = compiled(Graph(inputs=inputs, outputs=outputs), rewritten=False)
    for found, right in zip(called(np.ones(3)), (np.full(3, value), [1.0, value], np.full(3, value)), strict=True):
        assert found.tobytes() == np.array(right).tobytes()
