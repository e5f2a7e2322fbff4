"""The pathway's algebra: never-responding shares, relative hazards, clocks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.pathway import Pathway

ALGEBRA = 1e-10
STEP = 1e-5  # of log time, in a central difference
SLOPE = 1e-7
Evaluate = Callable[[Sequence[Any]], list[np.ndarray]]
LOG_DAYS = np.log(np.array([0.5, 3.0, 9.0, 38.0, 120.0, 364.0]))
X = np.array([-1.5, 0.0, 0.7, 2.0])

BASE = Pathway(
    response=Weibull(shape=1.3, log_scale=np.log(12.0)),
    death_without_response=Weibull(shape=0.9, log_scale=np.log(250.0)),
    death_after_response=Weibull(shape=0.7, log_scale=np.log(600.0)),
    log_hazard_ratio=(-0.4, 0.3, 0.2),
    study_effect=(0.1, -0.2, 0.05),
    logit_never=-2.0,
    logit_never_slope=0.5,
)
PATHWAYS = {
    "with a share that never responds": BASE,
    "everybody responds": replace(BASE, logit_never=-float("inf"), logit_never_slope=0.0),
    "most never respond": replace(BASE, logit_never=3.0, logit_never_slope=-0.3),
    "days since the boost": replace(BASE, clock="forward"),
    "early and sharp": replace(BASE, response=Weibull(shape=np.float64(3.0), log_scale=np.log(4.0))),
    "late and wide": replace(BASE, response=Weibull(shape=0.4, log_scale=np.log(300.0))),
}
over_pathways = pytest.mark.parametrize("pathway", PATHWAYS.values(), ids=PATHWAYS)


def net_hazard(pathway: Pathway) -> np.ndarray:
    """H1 by its own formula, -log(pi + (1 - pi) exp(-H)) with H the response hazard's at each x, (covariate, day)."""
    linear = pathway.logit_never + pathway.logit_never_slope * X if np.isfinite(pathway.logit_never) else None
    never = np.zeros(X.size) if linear is None else 1.0 / (1.0 + np.exp(-linear))
    relative = np.exp(pathway.log_hazard_ratio[0] * X + pathway.study_effect[0])
    cumulative = np.outer(relative, np.exp(pathway.response.log_cumulative_hazard(LOG_DAYS, np)))
    return np.asarray(-np.log(never[:, None] + (1.0 - never[:, None]) * np.exp(-cumulative)))


@over_pathways
def test_a_share_that_never_responds_makes_the_response_time_improper(pathway: Pathway) -> None:
    found = -np.log(pathway.not_responded(X, LOG_DAYS, np))
    assert_allclose(found, net_hazard(pathway), rtol=ALGEBRA, atol=1e-15)


@over_pathways
def test_the_response_density_is_the_slope_of_not_responding_times_being_alive(pathway: Pathway) -> None:
    after, before = (pathway.not_responded(X, LOG_DAYS + step, np) for step in (STEP, -STEP))
    slope = (after - before) / (np.exp(LOG_DAYS + STEP) - np.exp(LOG_DAYS - STEP))
    expected = -slope * pathway.not_dead_before_response(X, LOG_DAYS, np)
    assert_allclose(pathway.response_density(X, LOG_DAYS, np), expected, rtol=SLOPE, atol=SLOPE)


@over_pathways
def test_responses_between_days_add_up_to_those_by_a_day(pathway: Pathway) -> None:
    between = pathway.net_responded_between(X, LOG_DAYS, np)
    assert_allclose(np.cumsum(between, axis=-1), pathway.net_responded(X, LOG_DAYS, np), rtol=ALGEBRA)


def test_however_few_respond_between_two_days_all_digits_of_their_number_are_right() -> None:
    """From 1e-30 by the first day to 1e-16 between two late ones, where the share that has responded is 1 on both."""
    hazard = np.array([1e-30, 1e-12, 1e-3, 20.7, 21.0, 36.0, 38.0, 92.0])
    sharp = Pathway(
        response=Weibull(shape=2.0, log_scale=0.0),
        death_without_response=BASE.death_without_response,
        death_after_response=BASE.death_after_response,
        log_hazard_ratio=(0.0, 0.0, 0.0),
        logit_never=1.0,
    )
    found = sharp.net_responded_between(np.zeros(1), np.log(hazard) / 2.0, np)[0]
    with localcontext(prec=80):
        waiting = [(-Decimal(float(value))).exp() for value in (0.0, *hazard)]
        exact = [float(before - after) for before, after in pairwise(waiting)]
    assert_allclose(found, np.array(exact) / (1.0 + np.exp(1.0)), rtol=1e-13)


def test_nobody_responds_within_no_time_or_when_nobody_is_left() -> None:
    log_days = np.log(np.array([9.0, 9.0, 1e200, 1e250, 1e250]))
    with np.errstate(over="ignore"):
        found = BASE.net_responded_between(X, log_days, np)
    assert np.all(found[:, [1, 3, 4]] == 0.0)
    assert_allclose(found.sum(axis=-1), 1.0 - BASE.never_share(X, np)[:, 0], rtol=ALGEBRA)


@over_pathways
def test_only_those_who_never_respond_are_left_at_the_end(pathway: Pathway) -> None:
    left = pathway.not_responded(X, np.array([60.0]), np)
    assert_allclose(left, pathway.never_share(X, np), rtol=ALGEBRA)


def test_a_share_that_becomes_nothing_leaves_the_hazard_alone() -> None:
    nobody = replace(BASE, logit_never=-float("inf"), logit_never_slope=0.0)
    hardly = replace(BASE, logit_never=-40.0, logit_never_slope=0.0)
    relative = np.exp(nobody.log_relative_hazard(0, X))
    plain = np.exp(-np.exp(nobody.response.log_cumulative_hazard(LOG_DAYS, np)) * relative)
    assert_allclose(nobody.not_responded(X, LOG_DAYS, np), plain, rtol=ALGEBRA)
    assert_allclose(hardly.not_responded(X, LOG_DAYS, np), plain, rtol=ALGEBRA, atol=1e-15)


def test_where_nobody_can_respond_nobody_does() -> None:
    nobody = replace(BASE, logit_never=float("inf"), logit_never_slope=0.0)
    assert_allclose(nobody.not_responded(X, LOG_DAYS, np), 1.0, rtol=ALGEBRA)
    assert_allclose(nobody.response_density(X, LOG_DAYS, np), 0.0, atol=ALGEBRA)


@pytest.mark.parametrize("transition", [0, 1, 2])
def test_a_unit_of_the_covariate_multiplies_the_hazard_by_its_ratio(transition: int) -> None:
    here, further = (np.exp(BASE.log_relative_hazard(transition, X + step)) for step in (0.0, 1.0))
    assert_allclose(further / here, np.exp(BASE.log_hazard_ratio[transition]), rtol=ALGEBRA)
    at_reference = np.exp(BASE.log_relative_hazard(transition, np.zeros(1)))
    assert_allclose(at_reference, np.exp(BASE.study_effect[transition]), rtol=ALGEBRA)


@pytest.mark.parametrize(("shape", "agree"), [(1.0, True), (0.7, False), (1.6, False)])
def test_the_clock_matters_unless_the_hazard_is_constant(shape: float, agree: bool) -> None:
    late = Weibull(shape=shape, log_scale=np.log(300.0))
    log_since = np.log(400.0 - np.exp(LOG_DAYS))
    reset, forward = (
        replace(BASE, death_after_response=late, clock=clock).alive_after_response(
            X, LOG_DAYS, log_since, np.log(400.0), np
        )
        for clock in ("reset", "forward")
    )
    assert np.allclose(reset, forward, rtol=ALGEBRA) is agree


def test_the_forward_clock_is_survival_given_survival_to_the_response() -> None:
    forward = replace(BASE, clock="forward")
    log_since, log_now = np.log(400.0 - np.exp(LOG_DAYS)), np.log(400.0)
    from_zero, to_response = (np.exp(-BASE.cumulative_hazard(2, X, log_day, np)) for log_day in (log_now, LOG_DAYS))
    found = forward.alive_after_response(X, LOG_DAYS, log_since, log_now, np)
    assert_allclose(found, from_zero / to_response, rtol=ALGEBRA)


@over_pathways
def test_numpy_and_pytensor_give_the_same_numbers(pathway: Pathway, evaluated: Evaluate) -> None:
    for found, number in zip(evaluated(_numbers(pathway, pt)), _numbers(pathway, np), strict=True):
        assert_allclose(found, number, rtol=ALGEBRA)


def _numbers(pathway: Pathway, xp: Any) -> tuple[Any, ...]:
    x, log_days, log_since = (
        values if xp is np else pt.constant(values) for values in (X, LOG_DAYS, np.log(365.0 - np.exp(LOG_DAYS)))
    )
    return (
        pathway.never_share(x, xp),
        pathway.not_responded(x, log_days, xp),
        pathway.net_responded_between(x, log_days, xp),
        pathway.not_dead_before_response(x, log_days, xp),
        pathway.response_density(x, log_days, xp),
        pathway.alive_after_response(x, log_days, log_since, np.log(365.0), xp),
    )
