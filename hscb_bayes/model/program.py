"""A PyMC model as machine code: log density and variables, functions of one flat point and one array of data.

PyTensor rewrites the graph and turns it into Numba's language; the function that nutpie calls is written here, so that
Numba can keep its machine code on disk (``numba_code.py``). ``nutpie.compile_pymc_model`` writes one that Numba cannot
keep: it is compiled anew in every process.
"""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pytensor.graph.replace import clone_replace
from pytensor.graph.rewriting.utils import rewrite_graph

from hscb_bayes.numba_code import c_function, nutpie_model

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG}  # what a cache can meet
JITTER = 1.0  # chains start within this of the middle of the prior, on unbounded scales
TRIES = 20  # points where a chain may start
# As nutpie calls them; what is returned is 0, or the number of an error, which makes the step divergent.
DOUBLES = "CPointer(float64)"
DENSITY_TYPE = f"int64(uint64, {DOUBLES}, {DOUBLES}, {DOUBLES}, {DOUBLES})"
DENSITY_SOURCE = """
def density(_size, point_, gradient_, density_, data_):
    point, data = numba.carray(point_, {size}), numba.carray(data_, {entries})
    try:
        value, gradient = function(point, data)
        density_[0] = value.item()
        for k in range({size}):
            gradient_[k] = gradient[k]
            if not np.isfinite(gradient[k]):
                return 3
        if not np.isfinite(density_[0]):
            return 4
    except Exception:
        return 1
    return 0
"""
VALUES_TYPE = f"int64(uint64, uint64, {DOUBLES}, {DOUBLES}, {DOUBLES})"
VALUES_SOURCE = """
def values(_size, _length, point_, values_, data_):
    point, data = numba.carray(point_, {size}), numba.carray(data_, {entries})
    try:
        (found,) = function(point, data)
        for k in range(found.size):
            values_[k] = found[k]
    except Exception:
        return 1
    return 0
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """A compiled model and the data it is called with.

    Attributes
    ----------
    density, values
        Of types ``DENSITY_TYPE`` and ``VALUES_TYPE``.
    data
        Shape (entry,).
    start
        Middle of the prior on unbounded scales, shape (coordinate,).
    shapes, dims
        Of the variables that are kept; a variable may have no dims.
    """

    density: Any
    values: Any
    data: np.ndarray
    start: np.ndarray
    shapes: Mapping[str, tuple[int, ...]]
    dims: Mapping[str, tuple[str, ...]]
    coords: Mapping[str, Sequence[Any]]

    def with_data(self, data: np.ndarray) -> Program:
        """The same functions on other data of the same shape."""
        if data.shape != self.data.shape:
            raise ValueError(f"required data of shape {self.data.shape}, found {data.shape}")
        return replace(self, data=np.ascontiguousarray(data, dtype=float))

    def evaluated(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log density, shape (point,), and its gradient, shape (point, coordinate); NaN where a point has none."""
        points, gradients = np.ascontiguousarray(points, dtype=float), np.empty(points.shape)
        densities = np.empty(len(points))
        call, data = self.density.ctypes, _address(self.data)
        for k, point in enumerate(points):
            if call(point.size, _address(point), _address(gradients[k]), _address(densities[k:]), data):
                densities[k], gradients[k] = np.nan, np.nan
        return densities, gradients

    def for_nutpie(self) -> Any:
        """What ``nutpie.sample`` takes."""
        return nutpie_model(
            density=self.density,
            values=self.values,
            data=self.data,
            coordinates=self.start.size,
            first_point=self._initial,
            shapes=self.shapes,
            dims=self.dims,
            coords=self.coords,
        )

    def first_point(self, seed: int) -> np.ndarray | None:
        """A point near the middle of the prior that has a density and a gradient; none if ``TRIES`` points have not."""
        rng = np.random.default_rng(seed)
        for _ in range(TRIES):
            point = self.start + rng.uniform(-JITTER, JITTER, self.start.size)
            if np.isfinite(self.evaluated(point[None])[0][0]):
                return point
        return None

    def _initial(self, seed: int) -> np.ndarray:
        found = self.first_point(seed)
        return self.start if found is None else found


def compile_program(model: pm.Model) -> Program:
    """Compile the log density, its gradient and the variables of a model that has one shared variable, its data."""
    with pytensor.config.change_flags(traceback__limit=0):  # nodes of a graph need not know which line made them
        try:
            return _compiled(model)
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
        with pytensor.config.change_flags(numba__cache=False):  # the disk is full: nothing is kept of it
            return _compiled(model)


def _compiled(model: pm.Model) -> Program:
    (data,) = model.data_vars
    middle, free = model.initial_point(), model.value_vars
    of_values = model.values_to_rvs
    of_transformed = {value: of_values[value] for value in free if value.name != of_values[value].name}
    kept = [*model.unobserved_RVs, *of_transformed]
    shapes = [middle[variable.name].shape for variable in free]
    cuts = np.cumsum([0, *(middle[variable.name].size for variable in free)])
    point = pt.tensor("point", shape=(int(cuts[-1]),), dtype="float64")
    pieces = [point[start:end].reshape(shape) for start, end, shape in zip(cuts, cuts[1:], shapes, strict=False)]
    entries = pt.tensor("entries", shape=data.get_value(borrow=True).shape, dtype="float64")
    where = dict(zip(free, pieces, strict=True)) | {data: entries}

    log_density = rewrite_graph(model.logp(), include=("canonicalize", "stabilize"))
    gradient = pt.concatenate([part.ravel() for part in pt.grad(log_density, free)])
    drawn = [*model.replace_rvs_by_values(model.unobserved_RVs), *of_transformed]
    values = pt.concatenate([variable.ravel() for variable in drawn])
    of_density, of_values = clone_replace([log_density, gradient], where), clone_replace([values], where)
    every, names = model.named_vars_to_dims, {each.name: each.name for each in kept}
    names |= {value.name: variable.name for value, variable in of_transformed.items()}
    named = {id: tuple(every[variable]) for id, variable in names.items() if variable in every}
    coords = {name: list(labels) for name, labels in model.coords.items() if labels is not None}
    return Program(
        density=_machine_code(point, entries, of_density, DENSITY_SOURCE, DENSITY_TYPE),
        values=_machine_code(point, entries, of_values, VALUES_SOURCE, VALUES_TYPE),
        data=np.array(data.get_value(), dtype=float, order="C"),
        start=np.concatenate([middle[variable.name].ravel() for variable in free]),
        shapes={variable.name: _shape_of(variable, named.get(variable.name, ()), coords) for variable in kept},
        dims=named,
        coords=coords,
    )


def _shape_of(variable: Any, dims: Sequence[str], coords: Mapping[str, Sequence[Any]]) -> tuple[int, ...]:
    """By its dims, or as the graph knows it where it has none."""
    return tuple(len(coords[dim]) for dim in dims) if dims else tuple(int(size) for size in variable.type.shape)


def _address(values: np.ndarray) -> Any:
    return values.ctypes.data_as(ctypes.POINTER(ctypes.c_double))


def _machine_code(point: Any, entries: Any, outputs: Sequence[Any], source: str, type_: Any) -> Any:
    """A C function that computes outputs of the point and the data."""
    (size,), (length,) = point.type.shape, entries.type.shape
    return c_function([point, entries], outputs, source=source.format(size=size, entries=length), type_=type_)
