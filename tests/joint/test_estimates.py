"""The terms of the printed estimates: exact covariances, lattice steps, conditioning on counts, overlap."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal, norm

from hscb_bayes.evidence.joint import COUNT_ROWS, JointArrays, _covariance, log_likelihood_terms, quadratic_form
from hscb_bayes.evidence.special import Special
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
    nodes = outcome_nodes(
        ends, interval_of_panel=np.zeros(3, dtype=int), densities=np.empty(0), columns=(1, 0), rule=day_rule(ends)
    )
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
        interval=np.ones(1),
        columns_within=np.ones(1),
        times=np.zeros(1),
        unresponded=np.float64(0.0),
        neutropenic=np.zeros(2),
        rows=rows.reshape(len(rows), -1),
        quadratic=quadratic_form(rows.reshape(len(rows), -1), len(SIZES)),
        observed=np.concatenate([np.zeros(2) if counts is None else np.array(counts), values]),
        noise=np.concatenate([np.full(2, NEVER_KNOWN if counts is None else 0.0), np.zeros(len(estimates))]),
        lower=values - steps,
        upper=values + steps,
        known=np.ones(len(estimates)),
        printed_factor=np.zeros(len(estimates)),
        overlap=np.float64(overlap),
        day=np.float64(DAY),
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


@pytest.mark.parametrize("estimate", [SHORT, LONG, EVERYBODY])
def test_an_estimate_alone_has_the_normal_probability_of_its_lattice_step(estimate: Estimate) -> None:
    alive = outcomes_of(arrays_of(estimate)).by_day[:, 1:].sum(axis=-1)
    among = np.repeat(estimate.groups, SIZES) > 0
    mean = alive[among].mean()
    deviation = np.sqrt(np.sum(alive[among] * (1.0 - alive[among]))) / estimate.size
    steps = norm.cdf((estimate.value + np.array([-1, 1]) * estimate.step - mean) / deviation)
    assert_allclose(terms_of(arrays_of(estimate)), np.log(np.diff(steps)), rtol=ALGEBRA)


def test_the_lattice_steps_make_one() -> None:
    size, open_end = 4, 1e3
    total = 0.0
    for k in range(size + 1):
        data = arrays_of(replace(SHORT, value=k / size))
        lower = np.full(1, -open_end) if k == 0 else data.lower
        upper = np.full(1, open_end) if k == size else data.upper
        total += float(np.exp(terms_of(replace(data, lower=lower, upper=upper)))[0])
    assert total == pytest.approx(1.0, abs=ALGEBRA)


@pytest.mark.parametrize("estimates", [(SHORT, LONG), (EVERYBODY, SHORT), (RESPONDERS, SHORT), (SHORT, RESPONDERS)])
def test_narrow_steps_are_the_joint_density_given_the_counts(estimates: tuple[Estimate, ...]) -> None:
    width = 1e-5
    data = arrays_of(*(replace(one, step=width / 2) for one in estimates), counts=(5.0, 0.5))
    mean, covariance = moments(data)
    joint = multivariate_normal(mean, covariance).logpdf(data.observed)
    of_counts = multivariate_normal(mean[:2], covariance[:2, :2]).logpdf(data.observed[:2])
    expected = joint - of_counts + len(estimates) * np.log(width)
    assert terms_of(data).sum() == pytest.approx(expected, rel=1e-7)


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
    widening = follow_up.variance_inflation(mean[2], DAY, np) if factor is None else factor
    deviation = np.sqrt(covariance[2, 2] * widening)
    expected = np.log(np.diff(norm.cdf((np.array([0.375, 0.625]) - mean[2]) / deviation)))
    assert_allclose(terms_of(data, follow_up), expected, rtol=ALGEBRA)


def test_rounding_of_the_print_adds_its_variance() -> None:
    data = arrays_of(SHORT)
    rounded = replace(data, noise=data.noise + np.array([0.0, 0.0, 0.01]))
    mean, covariance = moments(data)
    deviation = np.sqrt(covariance[2, 2] + 0.01)
    expected = np.log(np.diff(norm.cdf((np.array([0.375, 0.625]) - mean[2]) / deviation)))
    assert_allclose(terms_of(rounded), expected, rtol=ALGEBRA)
