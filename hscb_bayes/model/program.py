"""A PyMC model as machine code: log density and variables, functions of one flat point and one array of data.

PyTensor differentiates and simplifies the graph; ``machine_code`` compiles it as two functions that nutpie calls, with
the data as an argument, and keeps them on disk. ``nutpie.compile_pymc_model`` has Numba compile a thousand functions,
which takes fifty times as long, and gives a gradient that takes twice as long.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pytensor.graph.replace import clone_replace
from pytensor.graph.rewriting.utils import rewrite_graph

from hscb_bayes.for_nutpie import nutpie_model
from hscb_bayes.machine_code import kept
from hscb_bayes.machine_code.compiler import MachineFunction, functions, object_code
from hscb_bayes.machine_code.routine import Routine, routine
from hscb_bayes.machine_code.text import Function, Module, number
from hscb_bayes.machine_code.views import View
from hscb_bayes.model.neighbourhood import Neighbourhood

JITTER = 1.0  # chains start within this of the middle of the prior, on unbounded scales
WIDE = 3.0  # near a posterior they start as far apart as this in its standard deviations: wider than its draws are
TRIES = 20  # points where a chain may start
# As nutpie calls them; what is returned is 0, or the number of an error, which makes the step divergent.
DENSITY = "i64 @density{0}(i64 %size, ptr %point, ptr %gradient, ptr %value, ptr %data)"
VALUES = "i64 @values{0}(i64 %size, i64 %length, ptr %point, ptr %values, ptr %data)"
NEAR = "_near"  # of points counted from a posterior at hand: its mean and root stand behind the data
NO_MEMORY, NOT_FINITE = 1, 3
OF_C = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)  # of ``DENSITY``


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """A compiled model and the data it is called with.

    Attributes
    ----------
    density, values, density_near, values_near
        Functions of C as ``DENSITY`` and ``VALUES`` describe them.
    data
        Shape (entry,).
    start
        Middle of the prior on unbounded scales, shape (coordinate,).
    jitter
        How far from it chains start, at most.
    shapes, dims
        Of the variables that are kept; a variable may have no dims.
    """

    density: MachineFunction
    values: MachineFunction
    density_near: MachineFunction
    values_near: MachineFunction
    data: np.ndarray
    start: np.ndarray
    shapes: Mapping[str, tuple[int, ...]]
    dims: Mapping[str, tuple[str, ...]]
    coords: Mapping[str, Sequence[Any]]
    jitter: float = JITTER

    def with_data(self, data: np.ndarray) -> Program:
        """The same functions on other data of the same shape."""
        if data.shape != self.data.shape:
            raise ValueError(f"required data of shape {self.data.shape}, found {data.shape}")
        return replace(self, data=np.ascontiguousarray(data, dtype=float))

    def near(self, place: Neighbourhood) -> Program:
        """The same density in other coordinates: z, of which x = mean + root z is a point, for chains near a posterior.

        Parameters
        ----------
        place
            Of a posterior that is not far away.
        """
        return replace(
            self,
            density=self.density_near,
            values=self.values_near,
            data=np.concatenate([self.data, place.mean, place.root.ravel()]),
            start=np.zeros(place.mean.size),
            jitter=WIDE,
        )

    def evaluated(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log density, shape (point,), and its gradient, shape (point, coordinate); NaN where a point has none."""
        points, gradients = np.ascontiguousarray(points, dtype=float), np.empty(points.shape)
        densities = np.empty(len(points))
        function = OF_C(self.density.address)
        for k, point in enumerate(points):
            places = (point, gradients[k], densities[k:], self.data)
            if function(point.size, *(place.ctypes.data for place in places)):
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
            point = self.start + rng.uniform(-self.jitter, self.jitter, self.start.size)
            if np.isfinite(self.evaluated(point[None])[0][0]):
                return point
        return None

    def _initial(self, seed: int) -> np.ndarray:
        found = self.first_point(seed)
        return self.start if found is None else found


def compile_program(model: pm.Model) -> Program:
    """Compile the log density, its gradient and the variables of a model that has one shared variable, its data."""
    (data,) = model.data_vars
    middle, free = model.initial_point(), model.value_vars
    of_values = model.values_to_rvs
    of_transformed = {value: of_values[value] for value in free if value.name != of_values[value].name}
    drawn = [*model.unobserved_RVs, *of_transformed]
    every, names = model.named_vars_to_dims, {each.name: each.name for each in drawn}
    names |= {value.name: variable.name for value, variable in of_transformed.items()}
    named = {id: tuple(every[variable]) for id, variable in names.items() if variable in every}
    coords = {name: list(labels) for name, labels in model.coords.items() if labels is not None}
    code = _code(model, [middle[variable.name] for variable in free], list(of_transformed))
    found = functions(code, ("density", "values", "density_near", "values_near"))
    return Program(
        density=found["density"],
        values=found["values"],
        density_near=found["density_near"],
        values_near=found["values_near"],
        data=np.array(data.get_value(), dtype=float, order="C"),
        start=np.concatenate([middle[variable.name].ravel() for variable in free]),
        shapes={variable.name: _shape_of(variable, named.get(variable.name, ()), coords) for variable in drawn},
        dims=named,
        coords=coords,
    )


def _code(model: pm.Model, middle: Sequence[np.ndarray], transformed: Sequence[Any]) -> bytes:
    """Machine code of ``density`` and ``values``: as it is kept, or compiled."""
    (data,), free = model.data_vars, model.value_vars
    with pytensor.config.change_flags(traceback__limit=0):  # nodes of a graph need not know which line made them
        log_density = model.logp()
        values = [*model.replace_rvs_by_values(model.unobserved_RVs), *transformed]
        shapes = f"{[each.shape for each in middle]} {data.get_value(borrow=True).shape}"
        key = kept.key_of([*free, data], [log_density, *values], shapes, Path(__file__).read_text())
        code = kept.read(key)
        if code is None:
            code = object_code(_text(model, middle, log_density, values))
            kept.write(key, code)
    return code


def _text(model: pm.Model, middle: Sequence[np.ndarray], log_density: Any, values: Sequence[Any]) -> str:
    (data,), free = model.data_vars, model.value_vars
    cuts = np.cumsum([0, *(each.size for each in middle)])
    point = pt.tensor("point", shape=(int(cuts[-1]),), dtype="float64")
    ends = zip(cuts, cuts[1:], middle, strict=False)
    pieces = [point[start:end].reshape(each.shape) for start, end, each in ends]
    entries = pt.tensor("entries", shape=data.get_value(borrow=True).shape, dtype="float64")
    where = dict(zip(free, pieces, strict=True)) | {data: entries}
    simple = rewrite_graph(log_density, include=("canonicalize", "stabilize"))
    gradient = pt.concatenate([part.ravel() for part in pt.grad(simple, free)])
    kept_values = pt.concatenate([variable.ravel() for variable in values])
    module = Module()
    inputs = [point, entries]
    density = routine(module, "log_density", inputs, clone_replace([simple, gradient], where))
    drawn = routine(module, "kept_values", inputs, clone_replace([kept_values], where))
    for near in (None, _near(module, int(cuts[-1]), entries.type.shape[0])):
        _write_density(module, density, int(cuts[-1]), near)
        _write_values(module, drawn, int(cuts[-1]), near)
    return module.text


@dataclass(frozen=True, kw_only=True)
class _Near:
    """Points z in place of x = m + R z; ``tail`` is where m and R stand, behind the data."""

    point: Routine
    gradient: Routine
    tail: View


def _near(module: Module, size: int, entries: int) -> _Near:
    point, tail = pt.vector("point", shape=(size,)), pt.vector("tail", shape=(size + size**2,))
    mean, root = tail[:size], tail[size:].reshape((size, size))
    return _Near(
        point=routine(module, "point_near", [point, tail], [mean + root @ point]),
        gradient=routine(module, "gradient_near", [point, tail], [root.T @ point]),
        tail=View(base="%data", offset=entries, shape=tail.type.shape, strides=(1,)),
    )


def _write_density(module: Module, density: Routine, size: int, near: _Near | None) -> None:
    """An error where the density, or a coordinate of its gradient, is not finite."""
    function = Function(module=module, head=f"define {DENSITY.format(NEAR if near else '')} nounwind")
    by_x = function.pointer(function.local((size,))) if near else "%gradient"
    _call(function, density, [_point(function, size, near), "%data", "%value", by_x])
    if near:
        _call(function, near.gradient, [by_x, function.pointer(near.tail), "%gradient"])
    total = function.local(())
    function.store(number(0.0), total, ())
    for base, count in (("%value", 1), ("%gradient", size)):
        with function.loop(count) as place:
            found = function.load(View(base=base, offset=0, shape=(count,), strides=(1,)), [place])
            none = function.let(f"fmul double {found}, {number(0.0)}")
            function.store(function.let(f"fadd double {function.load(total, ())}, {none}"), total, ())
    finite = function.let(f"fcmp ord double {function.load(total, ())}, {number(0.0)}")
    function.do(f"ret i64 {function.let(f'select i1 {finite}, i64 0, i64 {NOT_FINITE}')}")
    function.close()


def _write_values(module: Module, values: Routine, size: int, near: _Near | None) -> None:
    function = Function(module=module, head=f"define {VALUES.format(NEAR if near else '')} nounwind")
    _call(function, values, [_point(function, size, near), "%data", "%values"])
    function.do("ret i64 0")
    function.close()


def _point(function: Function, size: int, near: _Near | None) -> str:
    """The address of x."""
    if near is None:
        return "%point"
    found = function.pointer(function.local((size,)))
    _call(function, near.point, ["%point", function.pointer(near.tail), found])
    return found


def _call(function: Function, called: Routine, addresses: Sequence[str]) -> None:
    """Call a routine with memory of its own, so that chains can run side by side."""
    function.module.declare("malloc", "declare noalias ptr @malloc(i64) nounwind")
    function.module.declare("free", "declare void @free(ptr) nounwind")
    memory = function.let(f"call ptr @malloc(i64 {8 * max(called.size, 1)})")
    missing = function.let(f"icmp eq ptr {memory}, null")
    none, some = f"none{function.count}", f"some{function.count}"
    function.do(f"br i1 {missing}, label %{none}, label %{some}")
    function.block(none)
    function.do(f"ret i64 {NO_MEMORY}")
    function.block(some)
    called.call(function, addresses, memory)
    function.do(f"call void @free(ptr {memory})")


def _shape_of(variable: Any, dims: Sequence[str], coords: Mapping[str, Sequence[Any]]) -> tuple[int, ...]:
    """By its dims, or as the graph knows it where it has none."""
    return tuple(len(coords[dim]) for dim in dims) if dims else tuple(int(size) for size in variable.type.shape)
