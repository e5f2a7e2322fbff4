"""What must hold of every hazard family, over one table of them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from scipy.stats import weibull_min

from hscb_bayes.process.hazards import FAMILIES, Weibull

ALGEBRA = 1e-10
STEP = 1e-4  # of log time, in a central difference
SLOPE = 1e-6  # error of that difference: the square of the step times a third derivative, and rounding

HAZARDS = {
    "falling fast": Weibull(shape=0.4, log_scale=np.log(200.0)),
    "falling": Weibull(shape=0.8, log_scale=np.log(12.0)),
    "constant": Weibull(shape=1.0, log_scale=np.log(30.0)),
    "rising": Weibull(shape=1.5, log_scale=np.log(3.0)),
    "rising fast": Weibull(shape=3.0, log_scale=np.log(400.0)),
}
over_hazards = pytest.mark.parametrize("hazard", HAZARDS.values(), ids=HAZARDS)
Evaluate = Callable[[Sequence[Any]], list[np.ndarray]]
LOG_DAYS = np.log(np.array([1e-3, 0.5, 1.0, 9.0, 38.0, 365.0]))


def test_the_table_has_every_family() -> None:
    assert {type(hazard) for hazard in HAZARDS.values()} == set(FAMILIES.values())


@over_hazards
def test_log_hazard_is_the_slope_of_the_cumulative_hazard(hazard: Any) -> None:
    after, before = (np.exp(hazard.log_cumulative_hazard(LOG_DAYS + step, np)) for step in (STEP, -STEP))
    slope = (after - before) / (np.exp(LOG_DAYS + STEP) - np.exp(LOG_DAYS - STEP))
    assert_allclose(slope, np.exp(hazard.log_hazard(LOG_DAYS, np)), rtol=SLOPE)


@over_hazards
def test_the_inverse_inverts(hazard: Any) -> None:
    there = hazard.log_cumulative_hazard(LOG_DAYS, np)
    assert_allclose(hazard.log_time_at(there), LOG_DAYS, rtol=ALGEBRA, atol=ALGEBRA)


@over_hazards
def test_the_cumulative_hazard_starts_at_zero_and_rises(hazard: Any) -> None:
    cumulative = np.exp(hazard.log_cumulative_hazard(np.array([-1e4, *LOG_DAYS]), np))
    assert cumulative[0] == 0.0
    assert np.all(np.diff(cumulative) > 0)


@over_hazards
def test_hazards_of_many_draws_are_those_of_each(hazard: Any) -> None:
    draws = Weibull(shape=np.array([hazard.shape, 2.0])[:, None], log_scale=np.array([hazard.log_scale, 1.0])[:, None])
    for of_many, of_one in zip(_numbers(draws, np), _numbers(hazard, np), strict=True):
        assert_allclose(of_many[0], of_one, rtol=ALGEBRA)


@over_hazards
def test_numpy_and_pytensor_give_the_same_numbers(hazard: Any, evaluated: Evaluate) -> None:
    symbolic = type(hazard)(**{name: pt.constant(np.float64(value)) for name, value in vars(hazard).items()})
    for found, number in zip(evaluated(_numbers(symbolic, pt)), _numbers(hazard, np), strict=True):
        assert_allclose(found, number, rtol=ALGEBRA)


def _numbers(hazard: Any, xp: Any) -> tuple[Any, ...]:
    times = LOG_DAYS if xp is np else pt.constant(LOG_DAYS)
    return hazard.log_cumulative_hazard(times, xp), hazard.log_hazard(times, xp), hazard.log_time_at(times)


@pytest.mark.parametrize("hazard", [h for h in HAZARDS.values() if isinstance(h, Weibull)])
def test_the_weibull_is_that_of_scipy(hazard: Weibull) -> None:
    reference = weibull_min(hazard.shape, scale=np.exp(hazard.log_scale))
    days = np.exp(LOG_DAYS)
    assert_allclose(-np.exp(hazard.log_cumulative_hazard(LOG_DAYS, np)), reference.logsf(days), rtol=ALGEBRA)
    density = hazard.log_hazard(LOG_DAYS, np) - np.exp(hazard.log_cumulative_hazard(LOG_DAYS, np))
    assert_allclose(density, reference.logpdf(days), rtol=ALGEBRA)
    assert_allclose(np.exp(hazard.log_time_at(np.log(np.log(2.0)))), reference.median(), rtol=ALGEBRA)
