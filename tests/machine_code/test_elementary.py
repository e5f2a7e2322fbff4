"""The functions that are written here, to the last digit: against the same in more digits."""

from collections.abc import Callable

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_array_equal

from hscb_bayes.machine_code.elementary import WRITTEN
from tests.machine_code.called import Called, compiled, graph_of

POINTS = 20_000
TINY = float(np.finfo(float).tiny)
TURN = np.log(2.0) * (np.arange(-1070, 1024) + 0.5)  # where exp goes on to another power of 2

rng = np.random.default_rng(1)
SIGNED = np.concatenate([rng.choice([-1.0, 1.0], POINTS) * 10.0 ** rng.uniform(-18.0, 2.8, POINTS), TURN])
OF_ALL_SIZES = np.concatenate([2.0 ** rng.uniform(-1074.0, 1024.0, POINTS), np.nextafter(0.0, 1.0) * np.arange(1, 50)])
NEXT_TO_ONE = 1.0 + rng.choice([-1.0, 1.0], POINTS) * 10.0 ** rng.uniform(-16.0, -0.3, POINTS)

# By name: PyTensor's, one of more digits, where they are tried, and how many units in the last place it may be off.
FUNCTIONS: dict[str, tuple[Callable[..., object], Callable[..., np.ndarray], np.ndarray, float]] = {
    "exp": (pt.exp, np.exp, SIGNED[(SIGNED > -744.0) & (SIGNED < 709.7)], 1.0),
    "expm1": (pt.expm1, np.expm1, SIGNED[SIGNED < 709.7], 3.0),
    "log": (pt.log, np.log, np.concatenate([OF_ALL_SIZES, NEXT_TO_ONE[NEXT_TO_ONE > 0.0]]), 1.0),
}
INF, NAN = np.inf, np.nan
ODD = {
    "exp": [(710.0, INF), (1e300, INF), (INF, INF), (-746.0, 0.0), (-1e300, 0.0), (-INF, 0.0), (0.0, 1.0), (NAN, NAN)],
    "expm1": [(710.0, INF), (INF, INF), (-50.0, -1.0), (-1e300, -1.0), (-INF, -1.0), (0.0, 0.0), (NAN, NAN)],
    "log": [(0.0, -INF), (-0.0, -INF), (-5e-324, NAN), (-1.0, NAN), (-INF, NAN), (INF, INF), (1.0, 0.0), (NAN, NAN)],
}


def made(name: str, size: int) -> Called:
    return compiled(graph_of(FUNCTIONS[name][0], (size,)).as_it_is)[0]


def test_every_function_that_is_written_has_a_case() -> None:
    assert set(FUNCTIONS) == set(ODD) == set(WRITTEN)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="long numbers have no more digits here")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_is_right_to_the_last_digits(name: str) -> None:
    _, longer, points, units = FUNCTIONS[name]
    (found,) = made(name, points.size)(points)
    right = longer(points.astype(np.longdouble))
    unit = np.spacing(np.maximum(np.abs(right.astype(float)), TINY / 2.0**10))
    error = np.abs(found.astype(np.longdouble) - right) / unit
    assert float(np.max(error)) <= units, f"at {points[np.argmax(error)]!r}"


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("size", [1, 3, 64])
def test_what_is_odd_about_it(name: str, size: int) -> None:
    """One at a time or several at once."""
    called = made(name, size)
    for given, right in ODD[name]:
        assert_array_equal(called(np.full(size, given))[0], np.full(size, right))
