"""At what level of a curve a limit of its median is, against curves whose limits the estimator finds."""

from statistics import NormalDist

import numpy as np
import pytest

from hscb_bayes.estimators import kaplan_meier
from hscb_bayes.estimators.intervals import Scale, proportion_interval
from hscb_bayes.model.limit_levels import TRANSFORMS, level_of_limit

SCALES: tuple[Scale, ...] = ("plain", "log", "log-log", "logit", "arcsin")
ROUNDING = 1e-9
BETWEEN = 0.025  # of a level, where the variance is widened by something between what the cubic passes through
GRID = np.linspace(1e-4, 1.0 - 1e-4, 20_000)
over_scales = pytest.mark.parametrize("scale", SCALES)
over_levels = pytest.mark.parametrize("level", [0.8, 0.95])


def levels_of(scale: Scale, patients: int, level: float, root: float = 1.0) -> tuple[float, float]:
    """Levels of the lower and of the upper limit, variances being widened by the square of ``root``."""
    z, powers = NormalDist().inv_cdf(0.5 + level / 2.0), root ** np.arange(1, 4)
    cubics = [level_of_limit(side, scale, patients) for side in (z, -z)]
    assert None not in cubics
    lower, upper = (0.5 + float(np.dot(cubic, powers)) for cubic in cubics if cubic is not None)
    return lower, upper


def test_every_scale_is_there() -> None:
    assert set(TRANSFORMS) == set(SCALES)


@over_scales
@over_levels
@pytest.mark.parametrize("patients", [15, 30, 60, 90, 300])
def test_a_curve_reaches_the_limit_at_the_death_that_takes_it_to_the_level(
    scale: Scale, level: float, patients: int
) -> None:
    """One death a day: on the day of the limit the curve is at the level or below, on the day before above."""
    days = np.arange(1.0, patients + 1.0)
    _, *limits = kaplan_meier.quantile(days, np.ones(patients, dtype=bool), level=level, scale=scale)
    for found, day in zip(levels_of(scale, patients, level), limits, strict=True):
        assert 1.0 - day / patients <= found + ROUNDING
        assert found < 1.0 - (day - 1.0) / patients + ROUNDING


@pytest.mark.parametrize("patients", [15, 30, 90])
def test_the_median_is_at_one_half_however_many_are_lost(patients: int) -> None:
    for scale in SCALES:
        assert level_of_limit(0.0, scale, patients) == (0.0, 0.0, 0.0)


@over_scales
@over_levels
@pytest.mark.parametrize("patients", [30, 90])
@pytest.mark.parametrize("root", [1.0, 1.2, 1.5, 1.8, 2.2])
def test_losses_move_the_level_to_where_the_wider_interval_reaches_one_half(
    scale: Scale, level: float, patients: int, root: float
) -> None:
    error = root * np.sqrt(GRID * (1.0 - GRID) / patients)
    low, high = proportion_interval(GRID, error, level, scale=scale)
    above = GRID[(GRID >= 0.5) & (low > 0.5)]  # near 1 limits on some scales are below 1/2 again
    below = GRID[(GRID <= 0.5) & (high <= 0.5)]
    found = levels_of(scale, patients, level, root)
    for level_found, there in ((found[0], above[:1]), (found[1], below[-1:])):
        if there.size:
            assert level_found == pytest.approx(there[0], abs=BETWEEN)


@over_scales
def test_the_more_patients_the_nearer_to_one_half(scale: Scale) -> None:
    found = np.array([levels_of(scale, patients, 0.95) for patients in (20, 40, 80, 160, 320)])
    assert np.all(np.diff(found[:, 0]) < 0.0)
    assert np.all(np.diff(found[:, 1]) > 0.0)


def test_of_two_patients_no_curve_has_a_limit() -> None:
    assert level_of_limit(NormalDist().inv_cdf(0.975), "log-log", 2) is None
