"""The terms of the printed estimates: exact covariances, lattice steps, conditioning on counts, overlap."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binom, norm

from hscb_bayes.evidence.joint import FACTOR_FALL, SMALL_SAMPLE, _covariance, log_likelihood_terms
from hscb_bayes.evidence.joint_arrays import COUNT_ROWS, JointArrays, contrasts, lattice, quadratic_form
from hscb_bayes.evidence.special import NEAR, Special
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.incidence import Outcomes, outcome_nodes, outcome_probabilities
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.quadrature import day_rule
from hscb_bayes.process.simulate import simulate_course

ALGEBRA = 1e-9
FALSE_ALARM_Z = 5.5  # one false alarm in a million among thirty comparisons
DAY = 365.0
NEVER_KNOWN = 1e13  # variance of a count that is not there
DIVERGENCE = 2e-3  # Kullback-Leibler, of a normal probability with the binomial's skewness from the binomial's own
RARE, IN_THE_TAIL = 1e-4, 0.5  # log probabilities as rare as this are this close
COMPLETE = FollowUp(lost_by_one_year=np.zeros(1))
ALIVE, RESPONDED_ALIVE = (0.0, 1.0, 1.0), (0.0, 1.0, 0.0)

SIZES = (4, 3)
X = np.array([-2.0, -1.0, -1.0, 0.0, 0.2, 0.9, 2.0])  # by group: three distinct values each
PATHWAY = Pathway(
    response=Weibull(shape=1.3, log_scale=np.log(20.0)),
    death_without_response=Weibull(shape=0.8, log_scale=np.log(150.0)),
    death_after_response=Weibull(shape=0.7, log_scale=np.log(300.0)),
    log_hazard_ratio=(-0.4, 0.3, 0.2),
    logit_never=-1.0,
)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A survival as printed: of which groups, of which indicators, over how many patients, and how precisely."""

    groups: tuple[float, float]
    indicators: tuple[float, float, float]
    size: float
    value: float
    step: float


SHORT = Estimate(groups=(1.0, 0.0), indicators=ALIVE, size=4.0, value=0.5, step=0.125)
LONG = Estimate(groups=(0.0, 1.0), indicators=ALIVE, size=3.0, value=1 / 3, step=1 / 6)
EVERYBODY = Estimate(groups=(1.0, 1.0), indicators=ALIVE, size=7.0, value=3 / 7, step=1 / 14)
RESPONDERS = Estimate(groups=(1.0, 1.0), indicators=RESPONDED_ALIVE, size=5.0, value=0.6, step=0.1)


def arrays_of(*estimates: Estimate, counts: tuple[float, float] | None = None, overlap: float = 1.0) -> JointArrays:
    """Arrays for seven patients in two groups; no response times, no binomial count."""
    ends = np.array([10.0, 40.0, DAY])
    nodes = outcome_nodes(ends, rule=day_rule(ends))
    rows = np.zeros((COUNT_ROWS + len(estimates), len(SIZES), 3))
    rows[0, :, 0] = rows[1, :, 2] = 1.0
    for k, estimate in enumerate(estimates):
        rows[COUNT_ROWS + k] = np.outer(estimate.groups, estimate.indicators) / estimate.size
    values, steps = (np.array([getattr(one, name) for one in estimates]) for name in ("value", "step"))
    averages = np.zeros((2, 7))
    averages[0, :4], averages[1, 4:] = 1 / 4, 1 / 3
    return JointArrays(
        nodes=nodes,
        x=X,
        averages=averages,
        sizes=np.array(SIZES, dtype=float),
        contrasts=contrasts(X, averages, np.array(SIZES, dtype=float)),
        merge=np.eye(3),
        interval=np.ones(3),
        times=np.zeros(3),
        agrees=np.ones((3, 8)),
        final=np.eye(4, 8, k=4) * np.array([[0.0], [0.0], [0.0], [1.0]]),
        corrected=np.float64(1.0),
        unresponded=np.float64(0.0),
        neutropenic=np.zeros(2),
        lattice=lattice(0.0),
        rows=rows.reshape(len(rows), -1),
        quadratic=quadratic_form(rows.reshape(len(rows), -1), len(SIZES)),
        observed=np.concatenate([np.zeros(2) if counts is None else np.array(counts), values]),
        noise=np.concatenate([np.full(2, NEVER_KNOWN if counts is None else 0.0), np.zeros(len(estimates))]),
        lower=values - steps,
        upper=values + steps,
        known=np.ones(len(estimates)),
        printed_factor=np.zeros(len(estimates)),
        overlap=np.float64(overlap),
        day=np.array([DAY]),
    )


def outcomes_of(data: JointArrays, follow_up: FollowUp = COMPLETE) -> Outcomes:
    return outcome_probabilities(PATHWAY, data.x, data.nodes, follow_up, np)


def terms_of(data: JointArrays, follow_up: FollowUp = COMPLETE) -> np.ndarray:
    """Log likelihood of the estimates alone."""
    return np.asarray(log_likelihood_terms(outcomes_of(data, follow_up), data, follow_up, np)[2:])


def moments(data: JointArrays) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the rows, patient by patient."""
    b = outcomes_of(data).by_day
    mean, covariance = np.zeros(len(data.rows)), np.zeros((len(data.rows), len(data.rows)))
    joint = np.zeros((3, 3))
    for patient, (responded, responded_alive, neutropenic_alive) in enumerate(b):
        group = int(patient >= SIZES[0])
        row = data.rows.reshape(-1, 2, 3)[:, group]
        joint[:] = np.diag([responded, responded_alive, neutropenic_alive])
        joint[0, 1] = joint[1, 0] = responded_alive
        mean += row @ b[patient]
        covariance += row @ (joint - np.outer(b[patient], b[patient])) @ row.T
    return mean, covariance


def step(estimate: Estimate, mean: float, deviation: float) -> np.ndarray:
    """Log probability of the lattice step of an estimate."""
    edges = estimate.value + np.array([-1, 1]) * estimate.step
    return np.log(np.diff(norm.cdf(Special.of(np).binomial_deviate(edges, mean, deviation))))


@pytest.mark.parametrize("estimate", [SHORT, LONG, EVERYBODY])
def test_an_estimate_alone_has_the_probability_of_its_lattice_step(estimate: Estimate) -> None:
    alive = outcomes_of(arrays_of(estimate)).by_day[:, 1:].sum(axis=-1)
    among = np.repeat(estimate.groups, SIZES) > 0
    mean = alive[among].mean()
    deviation = np.sqrt(np.sum(alive[among] * (1.0 - alive[among]))) / estimate.size
    assert_allclose(terms_of(arrays_of(estimate)), step(estimate, mean, deviation), rtol=ALGEBRA)


def test_the_lattice_steps_make_one() -> None:
    steps = [terms_of(arrays_of(replace(SHORT, value=k / 4)))[0] for k in range(5)]
    assert np.exp(steps).sum() == pytest.approx(1.0, abs=ALGEBRA)


@pytest.mark.parametrize("n", [5, 13, 15, 18, 31])
@pytest.mark.parametrize("probability", [0.05, 0.16, 0.3, 0.5, 0.84, 0.95])
def test_steps_of_patients_who_are_alike_have_their_binomial_probabilities(n: int, probability: float) -> None:
    k = np.arange(n + 1)
    special, deviation = Special.of(np), np.sqrt(probability * (1.0 - probability) / n)
    lower, upper = (special.binomial_deviate((k + edge) / n, probability, deviation) for edge in (-0.5, 0.5))
    found, exact = np.exp(special.log_normal_interval(lower, upper)), binom.pmf(k, n, probability)
    assert np.sum(exact * np.log(exact / found)) < DIVERGENCE
    assert_allclose(np.log(found[exact > RARE]), np.log(exact[exact > RARE]), atol=IN_THE_TAIL)


def test_as_a_proportion_is_known_better_its_deviate_is_the_normal_one() -> None:
    deviation = 1e-6
    shares = 0.3 + deviation * np.array([-3.0, -0.5, 0.0, 2.0])
    assert_allclose(Special.of(np).binomial_deviate(shares, 0.3, deviation), [-3.0, -0.5, 0.0, 2.0], atol=1e-4)


def test_the_root_of_the_deviance_is_smooth_where_its_series_takes_over() -> None:
    p, edge = 0.2, NEAR * 0.2 * 0.8
    shares = p + edge * (1.0 + np.array([-1e-9, 1e-9]))
    below, above = Special.of(np).binomial_deviate(shares, p, 0.1)
    assert below == pytest.approx(above, rel=1e-6)


@pytest.mark.parametrize("estimates", [(SHORT, LONG), (EVERYBODY, SHORT), (RESPONDERS, SHORT), (SHORT, RESPONDERS)])
def test_steps_are_those_given_the_counts_and_the_estimates_before(estimates: tuple[Estimate, ...]) -> None:
    # each given the counts and the estimates before it: mean and variance of a regression, by hand
    data = arrays_of(*estimates, counts=(5.0, 0.5))
    mean, covariance = moments(data)
    for k, (estimate, term) in enumerate(zip(estimates, terms_of(data), strict=True)):
        row, before = COUNT_ROWS + k, slice(COUNT_ROWS + k)
        slopes = np.linalg.solve(covariance[before, before], covariance[before, row])
        given = mean[row] + slopes @ (data.observed[before] - mean[before])
        variance = covariance[row, row] - slopes @ covariance[before, row]
        assert term == pytest.approx(step(estimate, given, np.sqrt(variance))[0], rel=1e-7)


def test_covariances_are_those_of_patients_added_up_one_by_one() -> None:
    data = arrays_of(SHORT, LONG, EVERYBODY, RESPONDERS)
    assert_allclose(_covariance(outcomes_of(data), data, Special.of(np)), moments(data)[1], rtol=ALGEBRA, atol=1e-15)


def test_covariances_are_those_of_simulated_cohorts() -> None:
    data, cohorts = arrays_of(SHORT, LONG, EVERYBODY, RESPONDERS), 100_000
    course = simulate_course(PATHWAY, X, shape=(cohorts, X.size), rng=np.random.default_rng(20230701))
    responded, alive = course.response_day <= DAY, course.death_day > DAY
    indicators = np.stack([responded, responded & alive, ~responded & alive], axis=-1).astype(float)
    by_group = np.stack([indicators[:, :4].sum(axis=1), indicators[:, 4:].sum(axis=1)], axis=1)
    rows = by_group.reshape(cohorts, -1) @ data.rows.T
    deviation = rows - rows.mean(axis=0)
    products = deviation[:, :, None] * deviation[:, None, :]
    error = products.std(axis=0) / np.sqrt(cohorts)
    difference = products.mean(axis=0) - _covariance(outcomes_of(data), data, Special.of(np))
    np.testing.assert_array_less(np.abs(difference), FALSE_ALARM_Z * error + 1e-12)


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_the_quadratic_form_is_the_sum_over_groups(groups: int) -> None:
    rng = np.random.default_rng(groups)
    rows = rng.normal(size=(5, groups, 3))
    half = rng.normal(size=(groups, 3, 3))
    covariances = half @ half.swapaxes(-1, -2)
    expected = sum(rows[:, g] @ covariances[g] @ rows[:, g].T for g in range(groups))
    found = covariances.reshape(-1) @ quadratic_form(rows.reshape(5, -1), groups)
    assert_allclose(found.reshape(5, 5), expected, rtol=ALGEBRA, atol=1e-12)


@pytest.mark.parametrize("counts", [None, (5.0, 0.0)])
def test_without_overlap_every_estimate_stands_alone(counts: tuple[float, float] | None) -> None:
    estimates = (SHORT, EVERYBODY, RESPONDERS)
    together = terms_of(arrays_of(*estimates, counts=counts, overlap=0.0))
    alone = [terms_of(arrays_of(one))[0] for one in estimates]
    assert_allclose(together, alone, rtol=ALGEBRA)


def test_with_overlap_the_same_patients_are_not_counted_twice() -> None:
    print_of = arrays_of(EVERYBODY, EVERYBODY)
    rounded = replace(print_of, noise=print_of.noise + np.array([0.0, 0.0, 0.0, 1e-8]))
    once = terms_of(arrays_of(EVERYBODY)).sum()
    independent = terms_of(replace(print_of, overlap=np.float64(0.0))).sum()
    assert terms_of(rounded).sum() == pytest.approx(once, abs=1e-6)
    assert independent == pytest.approx(2.0 * once, rel=ALGEBRA)


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_an_estimate_that_is_not_there_has_a_zero_term_and_tells_the_others_nothing(left_out: int) -> None:
    estimates = [SHORT, LONG, RESPONDERS]
    full = arrays_of(*estimates, counts=(5.0, 0.0))
    noise, known = full.noise.copy(), full.known.copy()
    noise[COUNT_ROWS + left_out], known[left_out] = NEVER_KNOWN, 0.0
    found = terms_of(replace(full, noise=noise, known=known))
    del estimates[left_out]
    assert found[left_out] == 0.0
    assert_allclose(np.delete(found, left_out), terms_of(arrays_of(*estimates, counts=(5.0, 0.0))), rtol=1e-7)


def test_leaving_out_the_last_estimate_leaves_the_others_as_they_were() -> None:
    three = terms_of(arrays_of(EVERYBODY, RESPONDERS, LONG, counts=(5.0, 0.0)))
    assert_allclose(three[:2], terms_of(arrays_of(EVERYBODY, RESPONDERS, counts=(5.0, 0.0))), rtol=ALGEBRA)


@pytest.mark.parametrize(("lost", "printed", "factor"), [(0.4, 0.0, None), (0.4, 1.7, 1.7), (0.0, 0.0, 1.0)])
def test_censoring_widens_by_what_is_printed_or_else_by_follow_up(
    lost: float, printed: float, factor: float | None
) -> None:
    follow_up, data = (
        FollowUp(lost_by_one_year=np.array([lost])),
        replace(arrays_of(SHORT), printed_factor=np.array([printed])),
    )
    mean, covariance = moments(data)
    by_chance = np.exp(FACTOR_FALL * (SHORT.value - mean[2]))
    lost_to = follow_up.variance_inflation(mean[2], DAY, np) - 1.0 if factor is None else (factor - 1.0) * by_chance
    widening = 1.0 + SMALL_SAMPLE * lost_to
    deviation = np.sqrt(covariance[2, 2] * widening)
    assert_allclose(terms_of(data, follow_up), step(SHORT, mean[2], deviation), rtol=ALGEBRA)


def test_rounding_of_the_print_adds_its_variance() -> None:
    data = arrays_of(SHORT)
    rounded = replace(data, noise=data.noise + np.array([0.0, 0.0, 0.01]))
    mean, covariance = moments(data)
    deviation = np.sqrt(covariance[2, 2] + 0.01)
    assert_allclose(terms_of(rounded), step(SHORT, mean[2], deviation), rtol=ALGEBRA)
