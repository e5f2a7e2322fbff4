"""Predictions against patients drawn from the same pathway, and the fixed-day quadrature against the other one."""

from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member
from hscb_bayes.model.pathways import pathway_of_draws
from hscb_bayes.model.print_arrays import baseline
from hscb_bayes.posterior import predict
from hscb_bayes.posterior.averages import cohort_average
from hscb_bayes.posterior.headline import calibration_quantities
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.times import from_landmark, response_quantile, time_in_states
from hscb_bayes.process.incidence import cumulative_incidence, state_occupancy, survival
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.simulate import Course, simulate_course
from tests.posteriors import headline_of

FALSE_ALARM = 1e-6  # of one z-test
Z = NormalDist().inv_cdf(1.0 - FALSE_ALARM / 2.0)
COHORTS = 3000
YEAR = 365.0
DAYS = 0.2  # days of 365, for the steepest hazards that the prior allows
WEIBULL = {
    "response_shape": np.log(1.6),
    "never_respond": -2.0,
    "death_without_response_shape": np.log(0.7),
    "death_after_response_shape": np.log(0.6),
    "hazard_ratio_response": np.log(0.8),
    "hazard_ratio_death_without_response": np.log(1.2),
    "hazard_ratio_death_after_response": np.log(1.6),
}

Parameters = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def parameters(constant_hazards: Parameters) -> np.ndarray:
    """One draw with Weibull hazards, a share who never respond, and effects of duration; (1, parameter)."""
    return constant_hazards(**WEIBULL)[None]


@pytest.fixture(scope="module", params=["reset", "forward"])
def analysis(request: pytest.FixtureRequest, main: Member) -> Member:
    """Main on either clock."""
    hazards = main.table.hazards.model_copy(update={"clock": request.param})
    return replace(main, table=main.table.model_copy(update={"hazards": hazards}))


@pytest.fixture(scope="module")
def course(analysis: Member, parameters: np.ndarray) -> Course:
    """Many cohorts of the study's patients."""
    x = baseline(analysis).x
    rng = np.random.default_rng(20261124)
    return simulate_course(pathway_of_draws(parameters, analysis), x, shape=(COHORTS, x.size), rng=rng)


def assert_mean(simulated: np.ndarray, expected: float) -> None:
    """The mean over patients is as expected, by a z-test over cohorts."""
    by_cohort = simulated.mean(axis=-1)
    error = by_cohort.std(ddof=1) / np.sqrt(len(by_cohort))
    assert abs(by_cohort.mean() - expected) < Z * error


def test_survival_of_the_cohort_and_its_groups(analysis: Member, parameters: np.ndarray, course: Course) -> None:
    found = calibration_quantities(parameters, analysis)
    alive = course.death_day > YEAR
    for name, members in (("os_1y", slice(None)), ("os_1y_short", slice(0, 16)), ("os_1y_long", slice(16, None))):
        assert_mean(alive[:, members], found[name].item())


def test_response_by_day_28(analysis: Member, parameters: np.ndarray, course: Course) -> None:
    assert_mean(course.response_day <= 28.0, calibration_quantities(parameters, analysis)["response_by_28"].item())


def test_half_have_responded_by_the_median(analysis: Member, parameters: np.ndarray, course: Course) -> None:
    assert_mean(course.response_day <= headline_of(analysis, parameters)["median_response_all"].item(), 0.5)


def test_half_of_the_responders_by_their_median(analysis: Member, parameters: np.ndarray, course: Course) -> None:
    median = headline_of(analysis, parameters)["median_response_responders"].item()
    # half of them by then: (by then) - (by one year) / 2 is zero on average
    assert_mean((course.response_day <= median) - 0.5 * (course.response_day <= YEAR), 0.0)


def test_days_recovered(analysis: Member, parameters: np.ndarray, course: Course) -> None:
    end = np.minimum(course.death_day, YEAR)
    days = np.where(course.response_day < end, end - np.minimum(course.response_day, end), 0.0)
    assert_mean(days, headline_of(analysis, parameters)["days_recovered_1y"].item())


def test_survival_from_a_landmark(analysis: Member, parameters: np.ndarray, course: Course) -> None:
    average, _ = cohort_average(analysis)
    found = from_landmark(pathway_of_draws(parameters, analysis), average.x, 28.0, YEAR)
    for state, responded in enumerate((course.response_day > 28.0, course.response_day <= 28.0)):
        for day, share in ((28.0, found.at_landmark), (YEAR, found.at_horizon)):
            assert_mean(responded & (course.death_day > day), average.of(share)[0, 0, state])


def test_death_days_of_nonresponders(
    main: Member, make_posterior: Callable[..., Posterior], constant_hazards: Parameters
) -> None:
    """With constant hazards a, b death without response is exponential with a + b, cut off at one year."""
    draws = np.broadcast_to(constant_hazards(response_median=np.log(60.0)), (2, 1000, 12))
    found = predict.nonresponder_death_day(make_posterior(main, draws), seed=7)
    rate = np.log(2.0) / 60.0 + 4.0 / YEAR
    left = np.exp(-rate * YEAR)
    mean = 1.0 / rate - YEAR * left / (1.0 - left)
    assert abs(found.mean().item() - mean) < Z * found.std().item() / np.sqrt(found.size)
    assert set(found["chain"].values.tolist()) == {0, 1}


def test_the_same_seed_gives_the_same_patients(
    main: Member, make_posterior: Callable[..., Posterior], constant_hazards: Parameters
) -> None:
    posterior = make_posterior(main, np.broadcast_to(constant_hazards(), (2, 10, 12)))
    first, second, other = (predict.nonresponder_death_day(posterior, seed=seed) for seed in (1, 1, 2))
    assert first.identical(second)
    assert not first.equals(other)


@pytest.fixture(scope="module")
def believed(analysis: Member, prior_parameters: Callable[..., np.ndarray]) -> Pathway:
    """Pathways from the prior, far out ones among them."""
    return pathway_of_draws(prior_parameters(analysis, 200, 3), analysis)


def time_under_occupancy(pathway: Pathway, x: np.ndarray, horizon: float, nodes: int) -> np.ndarray:
    """Mean days in each state: the integral of its occupancy, day by day with the nodes that follow the response."""
    position, weight = np.polynomial.legendre.leggauss(nodes)
    fraction = ((position + 1.0) / 2.0) ** 2
    occupancy = state_occupancy(pathway, x, horizon * fraction)
    return np.einsum("...ds,d->...s", occupancy, horizon * weight * np.sqrt(fraction))


def test_time_in_states_agrees_with_the_other_quadrature(analysis: Member, believed: Pathway) -> None:
    x = cohort_average(analysis)[0].x
    ours = time_in_states(believed, x, YEAR)
    np.testing.assert_allclose(ours, time_under_occupancy(believed, x, YEAR, nodes=200), atol=DAYS)


def test_quantile_is_where_the_other_quadrature_reaches_it(analysis: Member, believed: Pathway) -> None:
    average, _ = cohort_average(analysis)
    days = response_quantile(believed, average.x, average.weight[:1], 0.3, YEAR)[:, 0]
    reached = np.flatnonzero(np.isfinite(days))
    assert reached.size > 100
    grid = np.sort(days[reached])
    table = cumulative_incidence(believed, average.x, grid)
    at_own_day = average.of(table)[reached, 0, np.searchsorted(grid, days[reached])]
    np.testing.assert_allclose(at_own_day, 0.3, atol=1e-3)


@pytest.mark.parametrize("shape", [0.2, 1.0, 3.0, 8.0, 20.0])
@pytest.mark.parametrize("median", [0.01, 0.1, 1.0, 9.0, 31.0])
def test_a_median_is_found_however_steep_the_hazard_and_however_early(
    analysis: Member, constant_hazards: Parameters, median: float, shape: float
) -> None:
    pathway = pathway_of_draws(
        constant_hazards(response_median=np.log(median), response_shape=np.log(shape))[None], analysis
    )
    average, _ = cohort_average(analysis)
    found = response_quantile(pathway, average.x, average.weight[:1], 0.4, YEAR)[:, 0]
    by_then = average.of(cumulative_incidence(pathway, average.x, found))[0, 0, 0]
    np.testing.assert_allclose(by_then, 0.4, atol=1e-3)


def test_landmark_parts_make_survival(analysis: Member, believed: Pathway) -> None:
    x = cohort_average(analysis)[0].x
    found = from_landmark(believed, x, 28.0, YEAR)
    days = np.array([28.0, YEAR])
    whole = np.stack([found.at_landmark.sum(axis=-1), found.at_horizon.sum(axis=-1)], axis=-1)
    np.testing.assert_allclose(whole, survival(believed, x, days), atol=2e-3)


def test_draws_do_not_depend_on_their_neighbours(main: Member, prior_parameters: Callable[..., np.ndarray]) -> None:
    draws = prior_parameters(main, 300, 5)
    together, alone = headline_of(main, draws), headline_of(main, draws[270:271])
    for id, values in alone.items():
        np.testing.assert_allclose(values, together[id][270:271], rtol=1e-10, err_msg=id)
