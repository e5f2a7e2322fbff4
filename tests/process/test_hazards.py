"""What must hold of every hazard family, over one table of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from scipy.stats import fisk, gompertz, weibull_min

from hscb_bayes.process.hazards import FAMILIES, Gompertz, LogLogistic, PiecewiseExponential, Weibull

ALGEBRA = 1e-10
STEP = 1e-4  # of log time, in a central difference
SLOPE = 1e-6  # error of that difference: the square of the step times a third derivative, and rounding

HAZARDS = {
    "falling fast": Weibull(shape=0.4, log_scale=np.log(200.0)),
    "falling": Weibull(shape=0.8, log_scale=np.log(12.0)),
    "constant": Weibull(shape=1.0, log_scale=np.log(30.0)),
    "rising": Weibull(shape=1.5, log_scale=np.log(3.0)),
    "rising fast": Weibull(shape=3.0, log_scale=np.log(400.0)),
    "growing": Gompertz(growth=0.02, log_rate=np.log(0.001)),
    "next to constant": Gompertz(growth=1e-9, log_rate=np.log(0.05)),
    "dying out": Gompertz(growth=-0.004, log_rate=np.log(0.01)),
    "log-logistic, falling": LogLogistic(shape=0.7, log_scale=np.log(60.0)),
    "log-logistic, with a peak": LogLogistic(shape=2.5, log_scale=np.log(14.0)),
    "two pieces": PiecewiseExponential(cuts=(20.0,), log_rates=(-3.0, -5.0)),
    "four pieces": PiecewiseExponential(cuts=(0.7, 10.0, 100.0), log_rates=(-6.0, -2.0, -3.0, -7.0)),
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
    assert_allclose(hazard.log_time_at(there, np), LOG_DAYS, rtol=ALGEBRA, atol=ALGEBRA)


@over_hazards
def test_the_cumulative_hazard_starts_at_zero_and_rises(hazard: Any) -> None:
    cumulative = np.exp(hazard.log_cumulative_hazard(np.array([-1e4, *LOG_DAYS]), np))
    assert cumulative[0] == 0.0
    assert np.all(np.diff(cumulative) > 0)


@over_hazards
def test_what_comes_after_an_earlier_day_is_the_rest_of_the_cumulative_hazard(hazard: Any) -> None:
    cumulative = np.exp(hazard.log_cumulative_hazard(LOG_DAYS, np))
    since = hazard.share_since(LOG_DAYS[:-1], LOG_DAYS[1:], np) * cumulative[1:]
    assert_allclose(since, np.diff(cumulative), rtol=ALGEBRA)
    assert_allclose(hazard.share_since(LOG_DAYS, LOG_DAYS, np), 0.0, atol=0.0)
    assert_allclose(hazard.share_since(np.full(6, -1e4), LOG_DAYS, np), 1.0, rtol=ALGEBRA)


@pytest.mark.parametrize(
    "hazard",
    [
        HAZARDS["rising"],
        HAZARDS["log-logistic, with a peak"],
        Gompertz(growth=-0.5, log_rate=-1.0),
        PiecewiseExponential(cuts=(20.0, 90.0), log_rates=(-1.0, -70.0, -50.0)),
    ],
    ids=lambda hazard: type(hazard).__name__,
)
def test_next_to_nothing_that_comes_later_is_not_rounded_away(hazard: Any) -> None:
    """Of hazards that die out the cumulative hazard is the same on both days, to its last digit."""
    log_start, log_end = np.log(100.0), np.log(100.0 * (1.0 + 1e-6))
    step = hazard.share_since(log_start, log_end, np) * np.exp(hazard.log_cumulative_hazard(log_end, np))
    middle = hazard.log_hazard(np.log(100.0 * (1.0 + 0.5e-6)), np)
    assert_allclose(step, 1e-4 * np.exp(middle), rtol=1e-8)


@over_hazards
def test_hazards_of_many_draws_are_those_of_each(hazard: Any) -> None:
    draws = changed(hazard, lambda value: np.array([value, 0.5])[:, None])
    for of_many, of_one in zip(_numbers(draws, np), _numbers(hazard, np), strict=True):
        assert_allclose(of_many[0], of_one, rtol=ALGEBRA)


@over_hazards
def test_numpy_and_pytensor_give_the_same_numbers(hazard: Any, evaluated: Evaluate) -> None:
    symbolic = changed(hazard, lambda value: pt.constant(np.float64(value)))
    for found, number in zip(evaluated(_numbers(symbolic, pt)), _numbers(hazard, np), strict=True):
        assert_allclose(found, number, rtol=ALGEBRA)


def changed(hazard: Any, change: Callable[[float], Any]) -> Any:
    """The hazard with each of its parameters changed; cuts are numbers and stay."""
    values = {name: value for name, value in vars(hazard).items() if name != "cuts"}
    made = {
        name: tuple(change(one) for one in value) if isinstance(value, tuple) else change(value)
        for name, value in values.items()
    }
    return replace(hazard, **made)


@pytest.mark.parametrize("log_day", [0.0, np.log(9.0), np.log(365.0)])
@pytest.mark.parametrize("log_cumulative", [-20.0, np.log(np.log(2.0)), 1.5])
@pytest.mark.parametrize("shape", [-1.1, 1e-8, 0.0, 0.4])
@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_hazard_goes_through_its_level(family: Any, log_day: float, log_cumulative: float, shape: float) -> None:
    cuts = (7.0, 28.0) if family.HAS_CUTS else ()
    hazard = family.through(log_day, log_cumulative, [shape] * max(len(cuts), 1), cuts=cuts, xp=np)
    assert_allclose(hazard.log_cumulative_hazard(log_day, np), log_cumulative, rtol=ALGEBRA, atol=ALGEBRA)


def test_a_shape_of_zero_is_a_constant_hazard() -> None:
    constant = Weibull.through(2.0, -1.0, [0.0], cuts=(), xp=np).log_hazard(LOG_DAYS, np)
    for made in (
        Gompertz.through(2.0, -1.0, [0.0], cuts=(), xp=np),
        PiecewiseExponential.through(2.0, -1.0, [0.0, 0.0], cuts=(3.0, 50.0), xp=np),
    ):
        assert_allclose(made.log_hazard(LOG_DAYS, np), constant, rtol=ALGEBRA)


def test_a_gompertz_shape_is_the_ratio_of_hazards_on_its_day() -> None:
    hazard = Gompertz.through(np.log(30.0), 0.2, [np.log(3.0)], cuts=(), xp=np)
    ratio = hazard.log_hazard(np.log(30.0), np) - hazard.log_hazard(-50.0, np)
    assert_allclose(ratio, np.log(3.0), rtol=ALGEBRA)


def test_a_hazard_that_dies_out_never_gets_there() -> None:
    hazard = Gompertz(growth=-0.1, log_rate=np.log(0.05))  # H stays below one half
    assert hazard.log_time_at(np.log(0.6), np) == np.inf
    assert np.isfinite(hazard.log_time_at(np.log(0.49), np))


def _numbers(hazard: Any, xp: Any) -> tuple[Any, ...]:
    times = LOG_DAYS if xp is np else pt.constant(LOG_DAYS)
    there = hazard.log_cumulative_hazard(times, xp)
    since = hazard.share_since(times[:-1], times[1:], xp)
    return there, hazard.log_hazard(times, xp), hazard.log_time_at(there, xp), since


@pytest.mark.parametrize("hazard", [h for h in HAZARDS.values() if isinstance(h, Weibull)])
def test_the_weibull_is_that_of_scipy(hazard: Weibull) -> None:
    reference = weibull_min(hazard.shape, scale=np.exp(hazard.log_scale))
    days = np.exp(LOG_DAYS)
    assert_allclose(-np.exp(hazard.log_cumulative_hazard(LOG_DAYS, np)), reference.logsf(days), rtol=ALGEBRA)
    density = hazard.log_hazard(LOG_DAYS, np) - np.exp(hazard.log_cumulative_hazard(LOG_DAYS, np))
    assert_allclose(density, reference.logpdf(days), rtol=ALGEBRA)
    assert_allclose(np.exp(hazard.log_time_at(np.log(np.log(2.0)), np)), reference.median(), rtol=ALGEBRA)


def test_the_log_logistic_and_the_gompertz_are_those_of_scipy() -> None:
    days = np.exp(LOG_DAYS)
    log_logistic, growing = HAZARDS["log-logistic, with a peak"], HAZARDS["growing"]
    pairs = [
        (log_logistic, fisk(2.5, scale=14.0)),
        (growing, gompertz(0.001 / growing.growth, scale=1.0 / growing.growth)),
    ]
    for hazard, reference in pairs:
        survival = -np.exp(hazard.log_cumulative_hazard(LOG_DAYS, np))
        assert_allclose(survival, reference.logsf(days), rtol=1e-8)
        assert_allclose(hazard.log_hazard(LOG_DAYS, np) + survival, reference.logpdf(days), rtol=1e-8)
