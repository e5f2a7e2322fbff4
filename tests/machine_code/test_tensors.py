"""Every operation on arrays against PyTensor's own, as it is written and as PyTensor simplifies it."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from pytensor.graph.traversal import applys_between
from pytensor.raise_op import Assert
from pytensor.tensor.elemwise import CAReduce

from hscb_bayes.machine_code import tensors, writer
from hscb_bayes.model import block_sum
from tests.machine_code import cases_of_sums, cases_of_views
from tests.machine_code.called import assert_same, compiled, graph_of
from tests.machine_code.cases import Case

ALGEBRA = 1e-12  # sums of up to fifty numbers in another order
CASES = {**cases_of_views.CASES, **cases_of_sums.CASES}


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few rows are several blocks."""
    monkeypatch.setattr(block_sum, "BLOCK", 8)


def operations(case: Case) -> list[Any]:
    return [node.op for node in applys_between(case.graph.inputs, case.graph.outputs)]


def test_every_rule_has_a_case() -> None:
    assert {case.operation for case in CASES.values()} == {*tensors.RULES, CAReduce}


def test_every_reduction_has_a_case() -> None:
    found = {type(op.scalar_op) for case in CASES.values() for op in operations(case) if isinstance(op, CAReduce)}
    assert found == set(writer.REDUCTIONS)


def test_every_graph_has_its_operation() -> None:
    assert [
        name
        for name, case in CASES.items()
        if not any(isinstance(operation, case.operation) for operation in operations(case))
    ] == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_what_pytensor_computes(case: Case) -> None:
    assert_same(case.graph.as_it_is, case.graph, values=case.values(), rtol=ALGEBRA, atol=ALGEBRA)


@pytest.mark.parametrize("limit", [-1.0, 1.0])
def test_it_is_not_a_number_where_a_condition_does_not_hold(limit: float) -> None:
    graph = graph_of(lambda x, y: Assert("it is not")(x[::-1], y > 0.0, y < limit), (5,), ())
    for called in compiled(graph, graph.as_it_is):
        (found,) = called(np.arange(5.0), 0.5)
        assert_allclose(found, np.arange(4.0, -1.0, -1.0) if limit > 0.5 else np.full(5, np.nan))


def test_what_is_set_twice_is_what_was_set_last() -> None:
    graph = graph_of(lambda x, y: x[pt.constant(np.array([1, 1, 1]))].set(y), (3,), (3,))
    assert_allclose(compiled(graph)[0](np.zeros(3), np.array([1.0, 2.0, 3.0]))[0], [0.0, 3.0, 0.0])
