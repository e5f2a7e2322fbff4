"""Simulated patients against the curves, by z-tests."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from hscb_bayes.process.hazards import Gompertz, LogLogistic, PiecewiseExponential, Weibull
from hscb_bayes.process.incidence import cumulative_incidence, state_occupancy
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.simulate import Course, simulate_course

FALSE_ALARM = 1e-6
PATIENTS = 100_000
DAYS = np.array([3.0, 9.0, 14.0, 38.0, 120.0, 365.0, 900.0])
X = np.array([-1.5, 0.0, 2.0])

BASE = Pathway(
    response=Weibull(shape=1.3, log_scale=np.log(15.0)),
    death_without_response=Weibull(shape=0.8, log_scale=np.log(150.0)),
    death_after_response=Weibull(shape=0.6, log_scale=np.log(400.0)),
    log_hazard_ratio=(-0.4, 0.3, 0.2),
    study_effect=(0.1, -0.2, 0.3),
    logit_never=-1.5,
    logit_never_slope=0.5,
)
PATHWAYS = {
    "days since response": BASE,
    "days since the boost": replace(BASE, clock="forward"),
    "everybody responds": replace(BASE, logit_never=-float("inf"), logit_never_slope=0.0),
    "most never respond": replace(BASE, logit_never=1.5),
    "late hazard rises": replace(BASE, death_after_response=Weibull(shape=2.5, log_scale=np.log(300.0))),
    "late hazard rises since the boost": replace(
        BASE, death_after_response=Weibull(shape=2.5, log_scale=np.log(300.0)), clock="forward"
    ),
    "Gompertz hazards that die out": replace(
        BASE,
        response=Gompertz(growth=-0.1, log_rate=np.log(0.15)),
        death_without_response=Gompertz(growth=0.003, log_rate=np.log(0.002)),
        death_after_response=Gompertz(growth=-0.004, log_rate=np.log(0.003)),
        logit_never=-float("inf"),
    ),
    "log-logistic hazards": replace(
        BASE,
        response=LogLogistic(shape=2.5, log_scale=np.log(14.0)),
        death_without_response=LogLogistic(shape=0.8, log_scale=np.log(100.0)),
        death_after_response=LogLogistic(shape=1.2, log_scale=np.log(400.0)),
    ),
    "constant between cuts": replace(
        BASE,
        response=PiecewiseExponential(cuts=(7.0, 21.0), log_rates=(-4.0, -2.0, -3.0)),
        death_without_response=PiecewiseExponential(cuts=(30.0,), log_rates=(-4.0, -6.0)),
        death_after_response=PiecewiseExponential(cuts=(90.0, 180.0), log_rates=(-6.0, -5.0, -7.0)),
    ),
    "constant between cuts since the boost": replace(
        BASE,
        response=PiecewiseExponential(cuts=(7.0, 21.0), log_rates=(-4.0, -2.0, -3.0)),
        death_after_response=PiecewiseExponential(cuts=(90.0, 180.0), log_rates=(-6.0, -5.0, -7.0)),
        clock="forward",
    ),
}
over_pathways = pytest.mark.parametrize("pathway", PATHWAYS.values(), ids=PATHWAYS)


def course_of(pathway: Pathway) -> Course:
    """Many patients at each of the covariates, shape (patient, covariate)."""
    return simulate_course(pathway, X, shape=(PATIENTS, X.size), rng=np.random.default_rng(20230701))


def assert_shares(found: np.ndarray, expected: np.ndarray) -> None:
    """Shares of ``PATIENTS`` are as expected, all of them, with one false alarm in a million."""
    bound = NormalDist().inv_cdf(1.0 - FALSE_ALARM / (2.0 * expected.size))
    error = np.sqrt(np.maximum(expected * (1.0 - expected), 1.0 / PATIENTS) / PATIENTS)
    np.testing.assert_array_less(np.abs(found - expected) / error, bound)


@over_pathways
def test_patients_respond_as_the_incidence_says(pathway: Pathway) -> None:
    course = course_of(pathway)
    found = (course.response_day[..., None] <= DAYS).mean(axis=0)
    assert_shares(found, cumulative_incidence(pathway, X, DAYS))


@over_pathways
def test_patients_are_in_the_states_that_the_occupancies_say(pathway: Pathway) -> None:
    course = course_of(pathway)
    alive = course.death_day[..., None] > DAYS
    responded = course.response_day[..., None] <= DAYS
    found = np.stack([alive & ~responded, alive & responded, ~alive], axis=-1).mean(axis=0)
    assert_shares(found, state_occupancy(pathway, X, DAYS))


@over_pathways
def test_everybody_dies_and_after_responding_if_they_respond(pathway: Pathway) -> None:
    course = course_of(pathway)
    dies_out = isinstance(pathway.death_after_response, Gompertz)
    assert np.all(course.death_day > 0.0)
    assert np.all(np.isfinite(course.death_day)) == (not dies_out)
    responds = np.isfinite(course.response_day)
    assert np.all(course.death_day[responds] >= course.response_day[responds])


def test_each_replicate_has_its_own_parameters() -> None:
    late, early = np.log(400.0), np.log(4.0)
    response = Weibull(shape=1.3, log_scale=np.array([early, late])[:, None, None])
    course = simulate_course(
        replace(BASE, response=response), np.zeros(PATIENTS), shape=(2, PATIENTS), rng=np.random.default_rng(1)
    )
    found = (course.response_day <= 20.0).mean(axis=-1)
    separately = [replace(BASE, response=Weibull(shape=1.3, log_scale=scale)) for scale in (early, late)]
    expected = [cumulative_incidence(one, np.zeros(1), np.array([20.0]))[0, 0] for one in separately]
    assert_shares(found, np.array(expected))


def test_a_seed_gives_the_same_patients_again() -> None:
    first, again = (simulate_course(BASE, X, shape=(5, 3), rng=np.random.default_rng(3)) for _ in range(2))
    other = simulate_course(BASE, X, shape=(5, 3), rng=np.random.default_rng(4))
    np.testing.assert_array_equal(first.death_day, again.death_day)
    assert not np.array_equal(first.death_day, other.death_day)
