"""Densities of small studies, and of a pool that has them, are right to their last digits; gradients are slopes.

The points are those of the tables. At some of them nobody, or one in 10^10 or in 10^300, is expected between two days.
"""

import numpy as np
import pytest

from tests.unmoved.densities import Densities, computed, files, kept, points_of

pytestmark = pytest.mark.xdist_group("densities")  # a process compiles what several of these evaluate once
FILES = {file.stem: file for file in files()}
ROUNDING = 1e-11  # relative; an estimate that is next to certain given the counts has lost some of its sixteen digits
STEP = 1e-4  # of a coordinate; a difference of fourth order then has an error of 1e-8 by rounding and by curvature
SLOPE = 1e-7  # of the largest element of a gradient
WEIGHTS = {1: 8.0, -1: -8.0, 2: -1.0, -2: 1.0}  # of that difference, over twelve steps, by the steps away
over_analyses = pytest.mark.parametrize(
    ("name", "count"), [("klyuchnikov2014", 200), ("liu2024", 200), ("rejeski2022", 200), ("pooled", 8)]
)


def first_points(name: str, count: int) -> np.ndarray:
    return points_of(name, kept(FILES[name]).start)[:count]


def there_and_beside(name: str, points: np.ndarray, moved: list[np.ndarray]) -> tuple[Densities, np.ndarray]:
    """At the points; and where one coordinate is moved, shape (move, coordinate, point)."""
    each = np.eye(points.shape[1], dtype=bool)[:, None]
    beside = np.stack([np.where(each, one, points) for one in moved])
    found = computed(FILES[name], np.concatenate([points, beside.reshape(-1, points.shape[1])]))
    return found, found.log_density[len(points) :].reshape(beside.shape[:-1])


@over_analyses
def test_one_unit_in_the_last_place_of_a_coordinate_moves_a_density_by_rounding_alone(name: str, count: int) -> None:
    points = first_points(name, count)
    found, beside = there_and_beside(name, points, [np.nextafter(points, end) for end in (-np.inf, np.inf)])
    np.testing.assert_array_less(np.abs(beside / found.log_density[:count] - 1.0), ROUNDING)


@over_analyses
def test_gradients_are_slopes_of_the_density(name: str, count: int) -> None:
    points = first_points(name, count)
    found, beside = there_and_beside(name, points, [points + steps * STEP for steps in WEIGHTS])
    slopes = np.tensordot(list(WEIGHTS.values()), beside, axes=1).T / (12.0 * STEP)
    gradient = found.gradient[:count]
    largest = np.abs(gradient).max(axis=-1, keepdims=True)
    np.testing.assert_array_less(np.abs(slopes - gradient) / largest, SLOPE)
