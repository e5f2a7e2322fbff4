"""Products and sums along axes, what is done with matrices, and what other parts of the package add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytensor.scalar as ps
import pytensor.tensor as pt
from pytensor.graph.replace import vectorize_graph
from pytensor.raise_op import Assert, CheckAndRaise
from pytensor.tensor.basic import AllocDiag, ExtractDiag
from pytensor.tensor.blas.batched import BatchedDot
from pytensor.tensor.blockwise import Blockwise
from pytensor.tensor.elemwise import CAReduce
from pytensor.tensor.extra_ops import CumOp, FillDiagonal
from pytensor.tensor.linalg.decomposition.cholesky import Cholesky
from pytensor.tensor.linalg.solvers.triangular import SolveTriangular
from pytensor.tensor.math import Dot

from hscb_bayes.evidence.ordered_counts_op import OrderedCounts, ordered_counts
from hscb_bayes.model.block_sum import BlockSum
from tests.machine_code.called import array
from tests.machine_code.cases import Case, Shape, case


def products() -> dict[str, Case]:
    """Of vectors and matrices."""
    looks: dict[str, Callable[[Any], Any]] = {
        "": lambda x: x,
        ", backwards": lambda x: x[::-1],
        ", equal numbers": lambda x: x + 0.0 * x if x.ndim == 0 else pt.zeros(x.type.shape) + x[:1],
    }
    found: dict[str, Case] = {}
    for size in (1, 3, 7):
        for name, look in looks.items():
            pairs: dict[str, tuple[Shape, Shape]] = {
                "vector and vector": ((size,), (size,)),
                "vector and matrix": ((size,), (size, 5)),
                "matrix and vector": ((5, size), (size,)),
                "matrix and matrix": ((2, size), (size, 3)),
            }
            found |= {
                f"{pair} of {size}{name}": case(Dot, lambda x, y, look=look: pt.dot(look(x), look(y)), *shapes)
                for pair, shapes in pairs.items()
            }
    return found | {
        "transposed matrices": case(Dot, lambda x, y: Dot()(x.T, y.T), (6, 2), (3, 6)),
        "wide matrices": case(Dot, lambda x, y: Dot()(x, y), (5, 6), (6, 7)),
        "wide matrices, transposed": case(Dot, lambda x, y: Dot()(x.T, y.T), (6, 5), (7, 6)),
        "wide matrices, reversed": case(Dot, lambda x, y: Dot()(x[:, ::-1], y[::-1, ::-1]), (5, 6), (6, 7)),
        "a transposed matrix and a vector": case(Dot, lambda x, y: pt.dot(x.T, y), (6, 9), (6,)),
        "a vector and a transposed matrix": case(Dot, lambda x, y: pt.dot(x, y.T), (6,), (9, 6)),
        "a matrix and its own": case(Dot, lambda x: Dot()(Dot()(x, x.T), x), (9, 5)),
        "a matrix and a column of one": case(Dot, lambda x, y: pt.dot(x, y[:, 1]), (3, 6), (6, 2)),
        "a matrix and a constant": case(Dot, lambda x: Dot()(x, pt.constant(np.arange(6.0).reshape(3, 2))), (2, 3)),
        "a sum of nothing": case(Dot, lambda x, y: Dot()(x, y), (2, 0), (0, 3)),
        "rows of nothing": case(Dot, lambda x, y: Dot()(x, y), (0, 2), (2, 3)),
        "matrices at once": case(BatchedDot, lambda x, y: BatchedDot()(x, y), (3, 2, 5), (3, 5, 4)),
        "small matrices at once": case(BatchedDot, lambda x, y: BatchedDot()(x, y), (2, 1, 2), (2, 2, 1)),
        "transposed matrices and columns at once": case(
            BatchedDot, lambda x, y: BatchedDot()(x.transpose(0, 2, 1), y), (3, 6, 5), (3, 6, 1)
        ),
        "transposed matrices at once": case(
            BatchedDot, lambda x, y: BatchedDot()(x.transpose(2, 1, 0), y[::-1]), (5, 2, 3), (3, 5, 4)
        ),
    }


def on_each_diagonal(x: Any, offset: int = 0) -> Any:
    """Rows of a matrix, each on the diagonal of a matrix of its own."""
    row = array("row", *x.type.shape[1:])
    return vectorize_graph(pt.diag(row, offset), {row: x})


def along() -> dict[str, Case]:
    """Running sums and diagonals."""
    found = {f"running sum along axis {k}": case(CumOp, lambda x, k=k: pt.cumsum(x, k), (2, 3, 4)) for k in range(3)}
    found |= {
        f"diagonal of axes {one} and {other}": case(
            ExtractDiag, lambda x, one=one, other=other: ExtractDiag(0, one, other)(x), (4, 3, 2)
        )
        for one, other in ((0, 1), (0, 2), (1, 2), (2, 0))
    }
    return found | {
        "running sum of a vector": case(CumOp, lambda x: pt.cumsum(x, 0), (5,)),
        "running sum of all": case(CumOp, lambda x: pt.cumsum(x), (2, 3)),
        "running sum of one": case(CumOp, lambda x: pt.cumsum(x, 1), (3, 1)),
        "running sum of nothing": case(CumOp, lambda x: pt.cumsum(x, 1), (3, 0)),
        "running sum backwards": case(CumOp, lambda x: pt.cumsum(x[:, ::-1], 1)[:, ::-1], (3, 4)),
        "running sum of equal rows": case(CumOp, lambda x: pt.cumsum(pt.alloc(x, 3, 4), 0), (4,)),
        "diagonal": case(ExtractDiag, lambda x: ExtractDiag()(x), (3, 3)),
        "diagonal of a wide matrix": case(ExtractDiag, lambda x: ExtractDiag()(x), (2, 4)),
        "diagonal of a high matrix, transposed and reversed": case(
            ExtractDiag, lambda x: ExtractDiag()(x.T[::-1]), (4, 2)
        ),
        "on a diagonal": case(AllocDiag, lambda x: AllocDiag(axis1=0, axis2=1, offset=0)(x), (3,)),
        "part of a vector on a diagonal": case(
            AllocDiag, lambda x: AllocDiag(axis1=0, axis2=1, offset=0)(x[::-2]), (5,)
        ),
        "on diagonals": case(AllocDiag, lambda x: AllocDiag(axis1=1, axis2=2, offset=0)(x), (2, 3)),
        "equal numbers on a diagonal": case(
            AllocDiag, lambda x: x + AllocDiag(axis1=0, axis2=1, offset=0)(pt.ones(3)), (3, 3)
        ),
        "filled diagonal": case(FillDiagonal, lambda x, y: pt.fill_diagonal(x, y), (3, 3), ()),
        "filled diagonal of a wide matrix": case(FillDiagonal, lambda x, y: pt.fill_diagonal(x, y), (2, 4), ()),
        "filled diagonal of a high matrix": case(FillDiagonal, lambda x, y: pt.fill_diagonal(x[::-1], y), (4, 2), ()),
        "filled diagonal of a cube": case(FillDiagonal, lambda x, y: pt.fill_diagonal(x, y), (3, 3, 3), ()),
        "each filled diagonal": case(
            Blockwise, lambda x, y: Blockwise(FillDiagonal(), signature="(m,n),()->(m,n)")(x, y), (2, 3, 3), (2,)
        ),
        "on each diagonal": case(Blockwise, on_each_diagonal, (2, 3)),
    }


def definite(value: np.ndarray) -> np.ndarray:
    """A matrix, or several, that has a root; not symmetric, since only one half of it is read."""
    square = value @ np.swapaxes(value, -1, -2) + 2.0 * np.eye(value.shape[-1])
    return square + 0.01 * np.arange(value.shape[-1])


def dominant(value: np.ndarray) -> np.ndarray:
    """Matrices whose triangles can be solved; what is not a matrix of at least three columns stays."""
    return value + 3.0 * np.eye(3) if value.shape[-2:] == (3, 3) else value


def matrices() -> dict[str, Case]:
    """Roots of matrices, and triangles that are solved."""
    found: dict[str, Case] = {}
    for lower in (True, False):
        half = "lower" if lower else "upper"
        root = Cholesky(lower=lower)
        found |= {
            f"{half} root": case(Cholesky, lambda x, root=root: root(x), (4, 4), change=definite),
            f"{half} root of a transposed matrix": case(
                Cholesky, lambda x, root=root: root(x.T), (4, 4), change=definite
            ),
            f"{half} root of a number": case(Cholesky, lambda x, root=root: root(x), (1, 1), change=definite),
            f"no {half} root": case(Cholesky, lambda x, root=root: root(x), (3, 3), change=lambda x: -definite(x)),
            f"no {half} root of zeros": case(Cholesky, lambda x, root=root: root(x), (3, 3), change=np.zeros_like),
            f"each {half} root": case(
                Blockwise, lambda x, root=root: Blockwise(root)(x), (2, 2, 3, 3), change=definite
            ),
            f"each {half} root, one of which there is not": case(
                Blockwise,
                lambda x, root=root: Blockwise(root)(x),
                (3, 2, 2),
                change=lambda x: definite(x) * np.array([1.0, -1.0, 1.0])[:, None, None],
            ),
        }
        for unit, of_b in ((False, 1), (True, 1), (False, 2), (True, 2)):
            solve = SolveTriangular(lower=lower, unit_diagonal=unit, b_ndim=of_b)
            side: Shape = (3,) if of_b == 1 else (3, 2)
            name = f"{half}, {'of ones, ' if unit else ''}for a {'vector' if of_b == 1 else 'matrix'}"
            found |= {
                f"solved: {name}": case(SolveTriangular, lambda x, y, s=solve: s(x, y), (3, 3), side, change=dominant),
                f"solved, transposed: {name}": case(
                    SolveTriangular, lambda x, y, s=solve: s(x.T, y[::-1]), (3, 3), side, change=dominant
                ),
                f"each solved: {name}": case(
                    Blockwise, lambda x, y, s=solve: Blockwise(s)(x, y), (2, 3, 3), (2, *side), change=dominant
                ),
                f"each solved by one: {name}": case(
                    Blockwise, lambda x, y, s=solve: Blockwise(s)(x, y), (1, 3, 3), (2, *side), change=dominant
                ),
            }
        found[f"{half} triangle that is singular"] = case(
            SolveTriangular,
            lambda x, y, lower=lower: SolveTriangular(lower=lower, b_ndim=1)(x, y),
            (3, 3),
            (3,),
            change=lambda x: x * np.array([1.0, 0.0, 1.0]),
        )
    return found


def reductions() -> dict[str, Case]:
    """Sums and the like over axes."""
    every = {"sum": pt.sum, "prod": pt.prod, "max": pt.max, "min": lambda x, axis: CAReduce(ps.minimum, axis)(x)}
    looks: dict[str, Callable[[Any], Any]] = {
        "": lambda x: x,
        ", of another order": lambda x: x.transpose(2, 0, 1)[:, ::-1],
        ", of equal numbers": lambda x: pt.alloc(x[0, :, :1], 2, 3, 4),
        ", of a sum": lambda x: 2.0 * x + x[:1],
    }
    axes: list[tuple[int, ...] | None] = [None, *(c for count in (1, 2, 3) for c in combinations(range(3), count))]
    found = {
        f"{name}{look}": case(CAReduce, lambda x, f=reduce, s=shown: [f(s(x), axis=axis) for axis in axes], (2, 3, 4))
        for name, reduce in every.items()
        for look, shown in looks.items()
    }
    for name, reduce in (("all", pt.all), ("any", pt.any)):
        found |= {
            f"{name} above {at}": case(
                CAReduce, lambda x, f=reduce, at=at: [f(x > at, axis=axis) for axis in axes], (2, 3, 4)
            )
            for at in (-2.5, -1.0, 1.0)
        }
    for name, reduce in (("sum", pt.sum), ("prod", pt.prod), ("all", pt.all), ("any", pt.any)):
        found[f"{name} of nothing"] = case(
            CAReduce, lambda x, f=reduce: [f(x > 0.0, axis=axis) for axis in axes], (2, 0, 3)
        )
    return found | {
        "sum with what is not a number": case(
            CAReduce, lambda x: x.sum(axis=0), (3, 4), change=lambda x: np.where(x > 0.5, np.nan, x)
        ),
        "max with what is not a number": case(
            CAReduce, lambda x: x.max(axis=0), (3, 4), change=lambda x: np.where(x > 0.5, np.nan, x)
        ),
        "min with infinity": case(
            CAReduce, lambda x: x.min(axis=0), (3, 4), change=lambda x: np.where(x > -1.5, np.inf, x)
        ),
        "sum of truths": case(CAReduce, lambda x: (x > 0.0).sum(axis=1), (3, 4)),
        "sum over no axis": case(CAReduce, lambda x: pt.sum(x, axis=()), (3, 4)),
        "long sums": case(CAReduce, lambda x: x.sum(axis=0), (50, 7)),
        "sums of long rows": case(CAReduce, lambda x: x.sum(axis=1), (7, 50)),
    }


def checks() -> dict[str, Case]:
    """What is only so under a condition that holds."""
    return {
        "a condition that holds": case(
            CheckAndRaise, lambda x: Assert("it is not")(x, pt.gt(x, -50.0).all(), pt.lt(x, 50.0).all()), (3, 4)
        ),
        "a condition of one number": case(CheckAndRaise, lambda x, y: Assert("it is not")(x, y < 9.0), (3,), ()),
    }


def of_this_package() -> dict[str, Case]:
    """Operations of other parts of the package."""

    def terms(point: Any, rows: Any) -> Any:
        return pt.exp(-pt.sqr(rows[:, 0] - point[0])) * pt.tanh(rows[:, 1] * point[1])

    def blocks(point: Any, rows: Any) -> Sequence[Any]:
        return BlockSum(terms, parameters=2, columns=3)(point, rows)

    found = {f"a sum over {count} rows": case(BlockSum, blocks, (2,), (count, 3)) for count in (0, 3, 8, 21)}
    return found | {
        "a sum over columns": case(BlockSum, lambda p, x: blocks(p[::-1], x.T), (2,), (3, 19)),
        "ordered counts": case(
            OrderedCounts,
            lambda cells, weights: ordered_counts(pt.sigmoid(cells) / 4.0, pt.sigmoid(weights)),
            (2, 4),
            (2, 4, 6),
        ),
    }


CASES = {**products(), **along(), **matrices(), **reductions(), **checks(), **of_this_package()}
