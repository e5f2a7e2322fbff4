"""Parts of arrays, arrays of several, and places that are named by whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.scalar as ps
import pytensor.tensor as pt
from pytensor.tensor.basic import Alloc, Join, MakeVector, ScalarFromTensor, Split, TensorFromScalar
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.shape import Reshape, SpecifyShape
from pytensor.tensor.subtensor import AdvancedIncSubtensor, AdvancedSubtensor, IncSubtensor, Subtensor

from tests.machine_code.cases import Case, Shape, case, indices

REPEATED = [2, 0, -1, 2, 2, 1]


def views() -> dict[str, Case]:
    """Another look at the same memory."""
    return {
        "a transposed matrix": case(DimShuffle, lambda x: x.T, (3, 4)),
        "axes in another order": case(DimShuffle, lambda x: x.transpose(2, 0, 1), (2, 3, 4)),
        "new axes": case(DimShuffle, lambda x: x.dimshuffle("x", 1, "x", 0), (2, 3)),
        "an axis of one place that goes": case(DimShuffle, lambda x: x.dimshuffle(1, 0), (3, 1, 4)[:2]),
        "an axis that goes from the middle": case(DimShuffle, lambda x: x.dimshuffle(2, 0), (3, 1, 4)),
        "a number as a matrix": case(DimShuffle, lambda x: x.dimshuffle("x", "x"), ()),
        "a reversed matrix, transposed": case(DimShuffle, lambda x: x[::-1, ::2].T, (3, 5)),
        "an empty matrix, transposed": case(DimShuffle, lambda x: x.T, (0, 3)),
        "another shape": case(Reshape, lambda x: x.reshape((2, 6)), (3, 4)),
        "another shape of a transposed matrix": case(Reshape, lambda x: x.T.reshape((6, 2)), (3, 4)),
        "another shape of every second row": case(Reshape, lambda x: x[::-2].reshape((8,)), (4, 4)),
        "another shape of one column": case(Reshape, lambda x: x[:, 1].reshape((2, 2)), (4, 3)),
        "another shape of equal rows": case(Reshape, lambda x: pt.alloc(x, 3, 4).reshape((4, 3)), (4,)),
        "another shape of equal numbers": case(Reshape, lambda x: x + pt.ones((2, 6)).reshape((3, 4)), (3, 4)),
        "a matrix of one place as a number": case(Reshape, lambda x: x.reshape(()), (1, 1)),
        "another shape of nothing": case(Reshape, lambda x: x.reshape((3, 0, 2)), (0, 4)),
        "a shape that is known": case(SpecifyShape, lambda x: SpecifyShape()(x.T, 4, 3), (3, 4)),
        "a number of an array": case(ScalarFromTensor, lambda x: pt.tensor_from_scalar(pt.scalar_from_tensor(x)), ()),
        "an array of a number": case(
            TensorFromScalar, lambda x: pt.tensor_from_scalar(ps.exp(pt.scalar_from_tensor(x))) * 2.0, ()
        ),
        "a number everywhere": case(Alloc, lambda x: pt.alloc(x, 3, 4), ()),
        "a row everywhere": case(Alloc, lambda x: pt.alloc(x, 2, 3, 4), (4,)),
        "a column everywhere": case(Alloc, lambda x: pt.alloc(x, 2, 3, 4), (3, 1)),
        "a number nowhere": case(Alloc, lambda x: pt.alloc(x, 3, 0), ()),
        "a constant everywhere": case(Alloc, lambda x: x + pt.alloc(2.0, 3, 4), (3, 4)),
    }


def pieces() -> dict[str, Case]:
    """Parts of an array, by slices and places."""
    picks: dict[str, Any] = {
        "a row": np.s_[1],
        "the row before the last": np.s_[-2],
        "a place": np.s_[2, -1],
        "rows": np.s_[1:3],
        "rows backwards": np.s_[::-1],
        "rows backwards from the third": np.s_[2::-1],
        "rows backwards up to the first": np.s_[3:0:-1],
        "every second row from behind": np.s_[-1:-5:-2],
        "columns backwards of rows": np.s_[1:, ::-2],
        "no rows": np.s_[2:2],
        "no rows, beyond the end": np.s_[9:],
        "no rows, backwards": np.s_[0:3:-1],
        "no columns of a row": np.s_[1, 5:],
        "more rows than there are": np.s_[-9:9],
        "a column backwards": np.s_[::-1, 2],
        "all": np.s_[:, :],
    }
    found = {f"part: {name}": case(Subtensor, lambda x, pick=pick: x[pick], (4, 5)) for name, pick in picks.items()}
    for name, pick in picks.items():
        shape = np.empty((4, 5))[pick].shape
        found[f"set and added to: {name}"] = case(
            IncSubtensor,
            lambda x, y, z, pick=pick: [x[pick].set(y), x[pick].inc(y), x[pick].set(z), x[pick].inc(z)],
            (4, 5),
            shape,
            (),
        )
    return found | {
        "part of a part": case(Subtensor, lambda x: x[::-1, 1:][1:, ::2][-1], (4, 5)),
        "part of a transposed array": case(Subtensor, lambda x: x.transpose(2, 1, 0)[1, ::-1], (2, 3, 4)),
        "part of equal rows": case(Subtensor, lambda x: pt.alloc(x, 3, 4)[1:, ::-1], (4,)),
        "set in zeros": case(IncSubtensor, lambda x: pt.zeros((3, 4))[1].set(x), (4,)),
        "set in equal rows": case(IncSubtensor, lambda x, y: pt.alloc(x, 3, 4)[1].set(y), (4,), (4,)),
        "set in a transposed matrix": case(IncSubtensor, lambda x, y: x.T[1:].set(y), (4, 3), (4,)),
        "set rows to a row": case(IncSubtensor, lambda x, y: x[1:].set(y[None]), (4, 3), (3,)),
    }


def joined() -> dict[str, Case]:
    """Arrays of several, and several of one."""
    found = {
        f"split axis {axis}": case(
            Split,
            lambda x, axis=axis: [2.0 * each for each in pt.split(x, [1, 0, 3], n_splits=3, axis=axis)],
            (4, 4, 4),
        )
        for axis in range(3)
    }
    for axis in range(3):
        found[f"join axis {axis}"] = case(
            Join,
            lambda x, y, axis=axis: pt.join(axis, x, y, x[::-1], pt.zeros((3, 3, 3))),
            (3, 3, 3),
            tuple(2 if k == axis else 3 for k in range(3)),
        )
    return found | {
        "split a transposed matrix": case(Split, lambda x: pt.split(x.T, [2, 3], n_splits=2, axis=0), (4, 5)),
        "join the last axis": case(Join, lambda x, y: pt.join(-1, x, y.T), (2, 3), (4, 2)),
        "join one": case(Join, lambda x: Join(0)(x[::-1]), (3, 2)),
        "join nothing and something": case(Join, lambda x, y: pt.join(0, x, y, x), (0, 2), (3, 2)),
        "join constants": case(Join, lambda x: pt.join(0, x, pt.constant([1.0, 2.0]), pt.ones(3)), (2,)),
        "numbers as a vector": case(MakeVector, lambda x, y: pt.stack([x, y, x, 2.0 * y]), (), ()),
        "truths as a vector": case(MakeVector, lambda x: MakeVector("bool")(x > 0.0, x < 0.0), ()),
    }


def by_index() -> dict[str, Case]:
    """Places that an array of whole numbers names."""
    shape: Shape = (3, 4, 5)
    found: dict[str, Case] = {}
    for axis in range(3):
        pick = (*[slice(None)] * axis, indices(*REPEATED))
        of_value = tuple(len(REPEATED) if k == axis else shape[k] for k in range(3))
        found |= {
            f"take along axis {axis}": case(AdvancedSubtensor, lambda x, pick=pick: x[pick], shape),
            f"put along axis {axis}": case(
                AdvancedIncSubtensor, lambda x, y, pick=pick: x[pick].set(y), shape, of_value
            ),
            f"add along axis {axis}": case(
                AdvancedIncSubtensor, lambda x, y, pick=pick: x[pick].inc(y), shape, of_value
            ),
            f"add a number along axis {axis}": case(
                AdvancedIncSubtensor, lambda x, y, pick=pick: x[pick].inc(y), shape, ()
            ),
        }
    none, same = indices(), indices(1, 1, 1)
    return found | {
        "take from a vector": case(AdvancedSubtensor, lambda x: x[indices(-3, 2, 0)], (3,)),
        "take the same": case(AdvancedSubtensor, lambda x: x[same], (3, 2)),
        "take what is computed": case(AdvancedSubtensor, lambda x: x[pt.cast(x > 0.0, "int64")], (5,)),
        "take with an index that is part of another": case(
            AdvancedSubtensor, lambda x: x[indices(0, 2, 1, 0, -1)[::-2]], (3, 2)
        ),
        "take of a transposed matrix": case(AdvancedSubtensor, lambda x: x.T[indices(2, -1)], (3, 4)),
        "take of equal numbers": case(AdvancedSubtensor, lambda x: x + pt.ones((3, 2))[indices(2, -1)], (2, 2)),
        "take columns of rows backwards": case(AdvancedSubtensor, lambda x: x[::-1][:, indices(2, -1)], (3, 4)),
        "take nothing": case(AdvancedSubtensor, lambda x: x[none], (3, 2)),
        "take of rows of nothing": case(AdvancedSubtensor, lambda x: x[indices(1, 0)], (3, 0)),
        "take places of two axes": case(
            AdvancedSubtensor, lambda x: x[indices(*REPEATED), indices(*reversed(REPEATED))], (3, 4, 2)
        ),
        "take places of the last two axes": case(
            AdvancedSubtensor, lambda x: x[:, indices(*REPEATED), indices(*reversed(REPEATED))], (2, 3, 4)
        ),
        "add to places of two axes": case(
            AdvancedIncSubtensor, lambda x, y: x[indices(0, -1, 0), indices(1, 1, 1)].inc(y), (3, 4, 2), (3, 2)
        ),
        "put places of two axes": case(
            AdvancedIncSubtensor, lambda x, y: x[:, indices(0, -1, 0), indices(1, 1, 0)].set(y), (2, 3, 4), (2, 3)
        ),
        "add to the same": case(AdvancedIncSubtensor, lambda x, y: x[same].inc(y), (3, 2), (3, 2)),
        "add a row to rows": case(AdvancedIncSubtensor, lambda x, y: x[indices(0, 2)].inc(y), (3, 2), (2,)),
        "add a column to rows": case(AdvancedIncSubtensor, lambda x, y: x[indices(0, 2)].inc(y), (3, 2), (2, 1)),
        "add a transposed matrix": case(AdvancedIncSubtensor, lambda x, y: x[indices(0, 0)].inc(y.T), (3, 2), (2, 2)),
        "put into zeros": case(AdvancedIncSubtensor, lambda y: pt.zeros((3, 2))[indices(2, 0)].set(y), (2, 2)),
        "add nothing": case(AdvancedIncSubtensor, lambda x, y: x[none].inc(y), (3, 2), (0, 2)),
    }


CASES = {**views(), **pieces(), **joined(), **by_index()}
