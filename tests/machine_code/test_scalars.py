"""Every operation on single numbers, over a grid with all that is odd about numbers."""

from itertools import product
from typing import Any

import numpy as np
import pytensor.scalar as ps
import pytest
from numpy.testing import assert_array_equal
from pytensor.scalar import math as special
from pytensor.scalar.basic import Composite
from pytensor.tensor.elemwise import Elemwise
from scipy.special import cython_special

from hscb_bayes.machine_code import scalars
from tests.machine_code.called import Graph, array, assert_same, compiled, expected, random_values

ZEROS, SMALL = [0.0, -0.0], [5e-324, -5e-324, 1e-310, 1e-300, -1e-300, 1e-17, -1e-17, 1e-8, -1e-8]
MIDDLE = [0.1, 0.3, -0.3, -0.69, -0.7, 0.5, -0.5, 0.9, -0.99, 1.0, -1.0, 1.5, -1.5, 2.0, -2.0, 2.5, -2.5, 3.7, np.pi]
LARGE = [7.0, -7.0, 18.1, -18.1, 30.0, -30.0, 33.4, -37.1, 100.0, -100.0, 700.0, -700.0, 709.0, 710.0, -746.0, 1e10]
HUGE = [1e16, -1e16, 1e300, -1e300]
FINITE = [*ZEROS, *SMALL, *MIDDLE, *LARGE, *HUGE]
ALL = [*FINITE, np.inf, -np.inf, np.nan]
FEW = [0.0, -0.0, 5e-324, -1e-300, 0.5, -0.5, 1.0, -1.0, 2.0, -3.0, 1e300, -1e300, np.inf, -np.inf, np.nan]
TRUTH = [0.0, 1.0]
WHOLE = [0.0, 1.0, -1.0, 2.0, -7.0, 100.0]

# an operation, the type of what it takes, and the values of each input
CASES: dict[str, tuple[Any, str, list[list[float]]]] = {
    **{
        f"{operation} of {len(grids)}": (operation, "float64", grids)
        for operation, grids in [
            *((each, [FEW, FEW]) for each in (ps.add, ps.mul, ps.sub, ps.true_div, ps.pow, ps.second)),
            *((each, [FEW, FEW, FEW]) for each in (ps.add, ps.mul, ps.switch)),
            *((each, [FEW, FEW]) for each in (ps.gt, ps.ge, ps.lt, ps.le, ps.eq, ps.neq, ps.maximum, ps.minimum)),
            *((each, [ALL]) for each in (ps.exp, ps.log, ps.sqrt, ps.abs, ps.floor, ps.ceil, ps.expm1, ps.log1p)),
            *((each, [ALL]) for each in (ps.tanh, ps.arctan, ps.sqr, ps.reciprocal, ps.neg, ps.sign, ps.identity)),
            *((each, [ALL]) for each in (ps.isnan, ps.isinf, special.erf, special.erfc, special.erfcx)),
            *((each, [ALL]) for each in (special.gammaln, special.psi, special.erfinv)),
            *((each, [ALL]) for each in (special.sigmoid, special.softplus, special.log1mexp)),
        ]
    },
    "clip": (ps.clip, "float64", [ALL, [-1.0, -np.inf, 0.0], [0.0, 0.7, np.inf]]),
    "clip between bounds that are the wrong way round": (ps.clip, "float64", [ALL, [1.0], [-1.0]]),
    "to a whole number": (ps.Cast(ps.int64), "float64", [[v for v in FINITE if abs(v) < 2.0**53]]),
    "to truth": (ps.Cast(ps.bool), "float64", [ALL]),
    "of truth to a number": (ps.Cast(ps.float64), "bool", [TRUTH]),
    "of a whole number to a number": (ps.Cast(ps.float64), "int64", [WHOLE]),
    "of a whole number to one of another kind": (ps.Cast(ps.int8), "int64", [WHOLE]),
    "of a whole number to truth": (ps.Cast(ps.bool), "int64", [WHOLE]),
    "a quotient of whole numbers": (ps.true_div, "int64", [WHOLE, [1.0, -3.0, 7.0]]),
    "a product of truths": (ps.mul, "bool", [TRUTH, TRUTH]),
    "the greater of truths": (ps.maximum, "bool", [TRUTH, TRUTH]),
    "equal truths": (ps.eq, "bool", [TRUTH, TRUTH]),
    "not": (ps.invert, "bool", [TRUTH]),
    "and": (ps.and_, "bool", [TRUTH, TRUTH]),
    "or": (ps.or_, "bool", [TRUTH, TRUTH]),
    "exclusive or": (ps.xor, "bool", [TRUTH, TRUTH]),
}


def test_every_rule_has_a_case() -> None:
    assert {type(operation) for operation, *_ in CASES.values()} == set(scalars.RULES)


# These may give a zero of either sign.
OF_NO_SIGN = {"Maximum of 2", "Minimum of 2", "sign of 1", "clip", "expm1 of 1", "to a whole number"}
over_cases = pytest.mark.parametrize(("operation", "dtype", "grids"), CASES.values(), ids=CASES)


def graph_at(operation: Any, dtype: str, grids: list[list[float]]) -> tuple[Graph, np.ndarray]:
    """An operation on its own, and all its points: shape (input, point)."""
    points = np.array(list(product(*grids)), dtype=float).T
    inputs = tuple(array(f"x{k}", points.shape[1], dtype=dtype) for k in range(len(points)))
    return Graph(inputs=inputs, outputs=(Elemwise(operation)(*inputs),), simplified=False), points


@over_cases
def test_it_is_what_pytensor_computes(operation: Any, dtype: str, grids: list[list[float]]) -> None:
    graph, points = graph_at(operation, dtype, grids)
    assert_same(graph, values=list(points))


@pytest.mark.parametrize("name", sorted(CASES.keys() - OF_NO_SIGN))
def test_a_zero_has_the_right_sign(name: str) -> None:
    graph, points = graph_at(*CASES[name])
    (found,), (right,) = compiled(graph)[0](*points), expected(graph, *points)
    zero = right == 0.0
    assert_array_equal(np.signbit(found[zero]), np.signbit(right[zero]))


def test_several_operations_in_one_are_what_pytensor_computes() -> None:
    x, y = ps.float64("x"), ps.float64("y")
    inner = Composite([x, y], [ps.exp(-ps.abs(x)) + y])
    outer = Composite([x, y], [ps.switch(x > y, inner(x, y), ps.constant(2.5)), inner(y, x) * x])
    inputs = (array("x", 40), array("y", 40))
    graph = Graph(inputs=inputs, outputs=tuple(Elemwise(outer)(*inputs)))
    assert_same(graph.as_it_is, values=random_values(graph))


@pytest.mark.parametrize("name", scalars.SCIPY.values())
def test_a_function_of_scipy_takes_and_gives_a_double(name: str) -> None:
    assert "double (double, int __pyx_skip_dispatch)" in str(cython_special.__pyx_capi__[name])
