"""Graphs that differ in one thing each. As a program: what their keys and the texts of others are, as JSON."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from typing import Any

import numpy as np
import pytensor
import pytensor.scalar as ps
import pytensor.tensor as pt
from pytensor.tensor.basic import Join, Split
from pytensor.tensor.elemwise import CAReduce, Elemwise
from pytensor.tensor.extra_ops import CumOp
from pytensor.tensor.linalg.decomposition.cholesky import Cholesky
from pytensor.tensor.linalg.solvers.triangular import SolveTriangular

from hscb_bayes.evidence.ordered_counts_op import ordered_counts
from hscb_bayes.machine_code import kept
from hscb_bayes.machine_code.text import Module
from hscb_bayes.model.block_sum import BlockSum
from tests.machine_code import cases_of_sums, cases_of_views
from tests.machine_code.called import Graph, array, entry, graph_of
from tests.machine_code.random_graphs import random_graph


def _constants(x: Any) -> dict[str, Any]:
    table = np.arange(6.0).reshape(3, 2)
    return {
        "a constant": x + 1.0,
        "another constant": x + 2.0,
        "a constant of one more bit": x + np.nextafter(1.0, 2.0),
        "nothing": x + 0.0,
        "less than nothing": x + -0.0,
        "not a number": x + np.nan,
        "a constant of another type": x + np.float64(1.0),
        "a whole constant": x + 1,
        "a constant vector": x + np.ones(1),
        "a table": x[:, :2] + table,
        "a table of another order": x[:, :2] + np.asfortranarray(table.reshape(2, 3).T),
        "a constant that is shared": x + pytensor.shared(np.array(3.0)),
        "another that is shared": x + pytensor.shared(np.array(4.0)),
    }


def _operations(x: Any, y: Any) -> dict[str, Any]:
    return {
        "a difference": x - y,
        "the other difference": y - x,
        "a quotient": x / y,
        "a sum over rows": x.sum(axis=0),
        "a sum over columns": x.sum(axis=1),
        "a sum over all": x.sum(),
        "a product over all": x.prod(),
        "a product without zeros": pt.prod(x, no_zeros_in_input=True),
        "the largest": CAReduce(ps.maximum)(x),
        "the smallest": CAReduce(ps.minimum)(x),
        "the largest of rows": CAReduce(ps.maximum, 0)(x),
        "whole numbers": x.astype("int64"),
        "fewer whole numbers": x.astype("int32"),
        "where one is greater": pt.switch(x > y, x, y),
        "where one is not less": pt.switch(x >= y, x, y),
        "where the other is greater": pt.switch(x > y, y, x),
        "running sums": CumOp(0)(x),
        "running products": CumOp(0, mode="mul")(x),
        "running sums of rows": CumOp(1)(x),
        "a lower root": Cholesky()(x),
        "an upper root": Cholesky(lower=False)(x),
        "a lower triangle": SolveTriangular(lower=True, b_ndim=2)(x, y),
        "an upper triangle": SolveTriangular(lower=False, b_ndim=2)(x, y),
        "a triangle of ones": SolveTriangular(lower=True, unit_diagonal=True, b_ndim=2)(x, y),
        "lower triangles": pt.linalg.cholesky(x),
        "upper triangles": pt.linalg.cholesky(x, lower=False),
        "one above the other": Join(0)(x, y),
        "one beside the other": Join(1)(x, y),
        "the other above": Join(0)(y, x),
        "pieces": Split(2, 0)(x, np.array([1, 2]))[0],
        "the other piece": Split(2, 0)(x, np.array([1, 2]))[1],
        "other pieces": Split(2, 0)(x, np.array([2, 1]))[0],
        "pieces of columns": Split(2, 1)(x, np.array([1, 2]))[0],
        "a function of numbers": Elemwise(_composite(2.0))(x),
        "another function of numbers": Elemwise(_composite(3.0))(x),
        "all the same": pt.alloc(x[0, 0], 3, 3),
        "more of the same": pt.alloc(x[0, 0], 3, 4),
        "turned": x.T,
        "in another shape": x.reshape((9, 1)),
        "in a third shape": x.reshape((1, 9)),
        "with a diagonal": pt.diag(x[0]),
        "with a diagonal above": pt.diag(x[0], 1),
        "computed once": pt.exp(x) + pt.exp(x),
    }


def _parts(x: Any, y: Any) -> dict[str, Any]:
    return {
        "a row": x[0],
        "the next row": x[1],
        "the last row": x[-1],
        "a column": x[:, 0],
        "rows": x[:1],
        "more rows": x[:2],
        "the other rows": x[1:],
        "every second row": x[::2],
        "rows backwards": x[::-1],
        "a row that is set": x[0].set(y[0]),
        "a row that is added to": x[0].inc(y[0]),
        "another row that is set": x[1].set(y[0]),
        "some rows": x[np.array([0, 2])],
        "other rows": x[np.array([2, 0])],
        "some columns": x[:, np.array([0, 2])],
        "some rows that are set": x[np.array([0, 2])].set(y[:2]),
        "some rows that are added to": x[np.array([0, 2])].inc(y[:2]),
        "diagonal": pt.diagonal(x),
        "diagonal above": pt.diagonal(x, 1),
    }


def _composite(factor: float) -> Any:
    one = ps.float64("one")
    return ps.basic.Composite([one], [ps.exp(one) * ps.constant(np.float64(factor)) + one])


def _blocks(power: float, columns: int = 2) -> Graph:
    def terms(point: Any, rows: Any) -> Any:
        return pt.exp(-((rows[:, 0] - point[0]) ** power))

    return graph_of(lambda p, rows: BlockSum(terms, parameters=1, columns=columns)(p, rows), (1,), (30, columns))


def graphs() -> dict[str, Graph]:
    """Made anew with each call."""
    x, y = array("x", 3, 3), array("y", 3, 3)
    found = {
        name: Graph(inputs=(x, y), outputs=(output,))
        for name, output in (_constants(x) | _operations(x, y) | _parts(x, y)).items()
    }
    total = pt.exp(x) + y
    return found | {
        "as it is": Graph(inputs=(x, y), outputs=(total,)),
        "in another order": Graph(inputs=(y, x), outputs=(total,)),
        "with its exponential": Graph(inputs=(x, y), outputs=(total, total.owner.inputs[0])),
        "with its exponential first": Graph(inputs=(x, y), outputs=(total.owner.inputs[0], total)),
        "twice": Graph(inputs=(x, y), outputs=(total, total)),
        "without an input": Graph(inputs=(x,), outputs=(pt.exp(x),)),
        "with an input that is not used": Graph(inputs=(x, y), outputs=(pt.exp(x),)),
        "of what is computed": Graph(inputs=(total.owner.inputs[0], y), outputs=(total,)),
        "of another shape": graph_of(lambda x, y: pt.exp(x) + y, (3, 4), (3, 4)),
        "of rows": graph_of(lambda x, y: pt.exp(x) + y, (3, 3), (1, 3)),
        "of whole numbers": graph_of(lambda x, y: pt.exp(x) + y, (3, 3), (3, 3), dtype="int64"),
        "a sum by blocks": _blocks(2.0),
        "another sum by blocks": _blocks(3.0),
        "a sum by blocks of more columns": _blocks(2.0, 3),
        "ordered counts": graph_of(lambda c, w: ordered_counts(c, w)[0], (2, 3), (2, 3, 4)),
        "expected counts": graph_of(lambda c, w: ordered_counts(c, w)[1], (2, 3), (2, 3, 4)),
    }


def keys() -> dict[str, str]:
    """Of all graphs."""
    return {name: kept.key_of(graph.inputs, graph.outputs) for name, graph in graphs().items()}


def texts() -> list[str]:
    """Digests of the modules of some graphs, which PyTensor has simplified."""
    cases = list({**cases_of_views.CASES, **cases_of_sums.CASES}.values())[::20]
    return [digest(graph) for graph in (*(case.graph for case in cases), *map(random_graph, range(4)))]


def digest(graph: Graph) -> str:
    """Of the text of its module."""
    module = Module()
    try:
        entry(module, 0, graph)
    except NotImplementedError as error:
        return str(error)
    return sha256(module.text.encode()).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"keys": keys(), "texts": texts()}))
