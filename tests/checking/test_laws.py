"""Replicates average to what the model expects, and spread as the joint likelihood claims.

Simulated patients know nothing of the likelihood, so that agreement is evidence for both. Replicated numbers are those
of a paper that prints many decimals; the rounding of the real one would hide small errors.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import binom

from hscb_bayes.evidence.estimates import EXCESS_FALL, Moments, moments
from hscb_bayes.evidence.joint_counts import mean_and_slope
from hscb_bayes.evidence.special import Special
from hscb_bayes.model.pathways import PARAMETER_IDS, follow_up_of, pathway_of, prior_normals
from hscb_bayes.model.print_arrays import baseline, fitted_day, joint_arrays, printed_values
from hscb_bayes.model.print_intervals import width_of
from hscb_bayes.model.print_rows import fitted_estimates
from hscb_bayes.model.simulate import printed_by, simulate_cohort
from hscb_bayes.process.incidence import cumulative_incidence, outcome_probabilities, survival

FALSE_ALARM = 1e-6
Z = NormalDist().inv_cdf(1.0 - FALSE_ALARM / 2.0)
STUDIES, BATCH = 40_000, 20_000
QUADRATURE = 1e-5  # a hundredth of what rounding to a percent hides: six nodes for the responses before a day
KAPLAN_MEIER_BIAS = 0.001  # of survival among 15 patients or more, a third of whom are lost
RATIO_BIAS = 0.001  # of a mean of ratios over the ratio of means, order 1 / n
FIRST_ORDER = 0.03  # relative error of a standard deviation: influences are of first order, and groups of 15
LINEAR_MEAN, LINEAR_SPREAD = 0.005, 0.05  # of a Gaussian given two counts near their expectation, absolute, relative
LOST = 0.3
TRUTH = {
    "response_median": np.log(9.0),
    "response_shape": np.log(1.2),
    "never_respond": -2.0,
    "death_without_response": np.log(-np.log(0.25)),
    "death_after_response": np.log(-np.log(0.7)),
    "hazard_ratio_response": -0.3,
    "hazard_ratio_death_without_response": 0.2,
    "hazard_ratio_death_after_response": 0.3,
}
OTHERS = 31 - 26  # patients without response, as printed
COUNTS = ("responders", "alive_without_response")
BY_DURATION = ("os_1y", "os_1y_short", "os_1y_long")  # sums over groups of known size: no ratio, no count to know first


@dataclass(frozen=True, kw_only=True)
class World:
    """Studies at fixed parameters, and what the likelihood says of them.

    ``rows`` names the rows of the likelihood; ``values`` (study, row) and ``numbers`` are the simulated ones: the share
    of responders, and survivors among the others over so many others as are printed.
    """

    analysis: object
    parameters: np.ndarray
    rows: tuple[str, ...]
    values: np.ndarray
    numbers: dict
    response_day: np.ndarray

    def likelihood(self, **counts) -> Moments:
        """What is expected of the rows, for a paper with these counts."""
        arrays, special = joint_arrays(self.analysis, printed_values(self.analysis) | counts), Special.of(np)
        follow_up = follow_up_of(self.parameters[-1:], np)
        outcomes = outcome_probabilities(self.pathway, arrays.x, arrays.nodes, follow_up, np)
        average, _ = mean_and_slope(outcomes, arrays, special)
        return moments(outcomes, average.seen.sum(axis=-1), arrays, special)

    @property
    def pathway(self):
        return pathway_of({id: self.parameters[k] for k, id in enumerate(PARAMETER_IDS)}, self.analysis, np)

    def position(self, *names):
        return [self.rows.index(name) for name in names]


def world(analysis, *, lost):
    mean, _ = prior_normals(analysis)
    parameters = np.array([TRUTH.get(id, mean[k]) for k, id in enumerate(PARAMETER_IDS)])
    if lost > 0.0:
        parameters[-1] = np.log(lost / (1.0 - lost))
    rng, day = np.random.default_rng(20230701), fitted_day(analysis)
    printed, alive, response_days = [], [], []
    for _ in range(STUDIES // BATCH):
        cohort = simulate_cohort(analysis, np.broadcast_to(parameters, (BATCH, parameters.size)), rng=rng)
        printed.append(printed_by(analysis, cohort))
        alive.append((~cohort.responded & (cohort.last_day > day)).sum(axis=-1))
        response_days.append(cohort.response_day)
    numbers = {id: np.concatenate([batch[id] for batch in printed]) for id in printed[0]}
    ids, patients, without = [item.id for item in fitted_estimates(analysis)], analysis.size, OTHERS
    shares = (numbers["response"] / patients, np.concatenate(alive) / without)
    values = np.column_stack([*shares, *(numbers[id] for id in ids)])
    return World(
        analysis=analysis, parameters=parameters, rows=(*COUNTS, *ids), values=values,
        numbers=numbers, response_day=np.concatenate(response_days),
    )  # fmt: skip


@pytest.fixture(scope="module")
def followed(unrounded):
    return world(unrounded(True), lost=0.0)


@pytest.fixture(scope="module")
def censored(unrounded):
    return world(unrounded(False), lost=LOST)


def excess(sample, expected, bias=0.0):
    """Distance of the mean from what is expected beyond the stated bias, in standard errors."""
    error = sample.std(axis=0, ddof=1) / np.sqrt(len(sample))
    return np.maximum(np.abs(sample.mean(axis=0) - expected) - bias, 0.0) / error


def standard(covariance):
    deviation = np.sqrt(np.diag(covariance))
    return deviation, covariance / np.outer(deviation, deviation)


@pytest.mark.parametrize("row", [*COUNTS, *BY_DURATION])
def test_with_complete_follow_up_a_number_averages_to_what_the_likelihood_expects(followed, row):
    (k,) = followed.position(row)
    assert excess(followed.values[:, k], followed.likelihood().value[k]) < Z


def survival_of_patients(found, id):
    """By the other quadrature, averaged over the patients themselves: not a line is shared with the likelihood."""
    start = baseline(found.analysis)
    short = np.arange(start.x.size) < start.sizes[0]
    members = {"os_1y": short | ~short, "os_1y_short": short, "os_1y_long": ~short}[id]
    return survival(found.pathway, start.x[members], np.array([fitted_day(found.analysis)])).mean()


@pytest.mark.parametrize("id", BY_DURATION)
def test_the_likelihood_expects_the_survival_of_the_pathway(followed, id):
    (k,) = followed.position(id)
    assert followed.likelihood().value[k] == pytest.approx(survival_of_patients(followed, id), abs=QUADRATURE)


@pytest.mark.parametrize("id", BY_DURATION)
def test_with_complete_follow_up_survival_averages_to_that_of_the_pathway(followed, id):
    assert excess(followed.numbers[id], survival_of_patients(followed, id)) < Z


@pytest.mark.parametrize("first", [*COUNTS, *BY_DURATION])
@pytest.mark.parametrize("second", [*COUNTS, *BY_DURATION])
def test_with_complete_follow_up_numbers_vary_together_as_the_likelihood_claims(followed, first, second):
    expected = followed.likelihood()
    i, j = followed.position(first, second)
    deviations = followed.values - expected.value
    assert excess(deviations[:, i] * deviations[:, j], expected.covariance[i, j]) < Z


def test_survival_of_responders_averages_to_the_share_of_responders_alive(followed):
    (k,) = followed.position("os_1y_responders")
    assert excess(followed.numbers["os_1y_responders"], followed.likelihood().curve[k], RATIO_BIAS) < Z


def test_of_patients_without_response_a_binomial_number_lives(followed):
    expected = followed.likelihood().value
    without, alive = 31.0 * (1.0 - followed.values[:, 0]), OTHERS * followed.values[:, 1]
    share = OTHERS * expected[1] / (31.0 * (1.0 - expected[0]))
    assert excess(alive - share * without, 0.0) < Z
    assert excess((alive - share * without) ** 2 - without * share * (1.0 - share), 0.0) < Z


NEAR = [(26, 0), (26, 1), (25, 1), (27, 1)]  # counts within one standard deviation of their expectation


@pytest.mark.parametrize(("responders", "alive"), NEAR)
def test_given_the_counts_estimates_have_the_mean_and_spread_of_the_likelihood(followed, responders, alive):
    without = 31.0 - responders
    found = followed.likelihood(response=float(responders), os_1y_nonresponders=alive / without)
    expected, covariance, n = found.value, found.covariance, len(COUNTS)
    gain = np.linalg.solve(covariance[:n, :n], covariance[:n, n:]).T
    mean = expected[n:] + gain @ (np.array([responders / 31.0, alive / without]) - expected[:n])
    deviation, _ = standard(covariance[n:, n:] - gain @ covariance[:n, n:])
    counts = np.round(followed.values[:, :n] * (31.0, OTHERS))
    sample = followed.values[(counts == (responders, alive)).all(axis=1), n:]
    noise = Z / np.sqrt(2.0 * len(sample))
    assert (excess(sample, mean, LINEAR_MEAN) < Z).all()
    assert (np.abs(sample.std(axis=0, ddof=1) / deviation - 1.0) < LINEAR_SPREAD + noise).all()


@pytest.mark.parametrize("id", BY_DURATION)
def test_censoring_leaves_survival_unbiased(censored, id):
    (k,) = censored.position(id)
    assert excess(censored.values[:, k], censored.likelihood().value[k], KAPLAN_MEIER_BIAS) < Z


@pytest.mark.parametrize("id", BY_DURATION)
def test_censoring_widens_survival_as_the_likelihood_claims(followed, censored, id):
    (k,) = censored.position(id)
    claimed = np.sqrt(np.diag(censored.likelihood().covariance))[k]
    found = censored.values[:, k].std(ddof=1)
    assert found / claimed == pytest.approx(1.0, abs=FIRST_ORDER)
    assert found > (1.0 + FIRST_ORDER) * followed.values[:, k].std(ddof=1)


@pytest.mark.parametrize("first", ["os_1y", "responders"])
@pytest.mark.parametrize("second", ["os_1y_short", "os_1y_long", "os_1y_responders"])
def test_censored_numbers_vary_together_as_the_likelihood_claims(censored, first, second):
    i, j = censored.position(first, second)
    claimed = standard(censored.likelihood().covariance)[1][i, j]
    there = np.isfinite(censored.values[:, j])
    scale = censored.values[there, 0] * 31.0 / 26.0 if second == "os_1y_responders" else 1.0
    found = np.corrcoef(censored.values[there, i], censored.values[there, j] * scale)[0, 1]
    assert found == pytest.approx(claimed, abs=0.02 + Z * (1.0 - claimed**2) / np.sqrt(STUDIES))


@pytest.mark.parametrize("id", ["os_1y_short", "os_1y_long"])
def test_a_survival_that_is_high_by_chance_has_an_interval_that_is_narrow(censored, id):
    """The slope of the excess variance in the estimate, over its mean; that of other truths is in the decisions.

    Of intervals that were not cut off at 100%: with these it is twice as steep.
    """
    (k,) = censored.position(id)
    item = next(item for item in fitted_estimates(censored.analysis) if item.id == id)
    size = float(baseline(censored.analysis).sizes[id == "os_1y_long"])
    studies = range(0, STUDIES, 20)
    values = censored.values[studies, k]
    numbers = [{f"{id}.{limit}": censored.numbers[f"{id}.{limit}"][s] for limit in ("lower", "upper")} for s in studies]
    conventions = censored.analysis.conventions
    widths = [width_of(item, *about, size, conventions) for about in zip(numbers, values, strict=True)]
    usable = np.array(
        [width is not None and about[f"{id}.upper"] < 1.0 for width, about in zip(widths, numbers, strict=True)]
    )
    over = np.array([(width.fewest + width.most) / 2.0 - 1.0 for width in np.array(widths)[usable]])
    slope = np.polyfit(values[usable], over, 1)[0]
    assert -slope / np.mean(over) == pytest.approx(EXCESS_FALL, abs=0.8)


@pytest.mark.parametrize("name", ["followed", "censored"])
def test_responders_are_counted_while_they_are_followed(name, request):
    found = request.getfixturevalue(name)
    assert excess(found.values[:, 0], found.likelihood().value[0]) < Z


MIXTURE = 0.01  # patients differ in duration: a sum of unlike indicators is a little narrower than the binomial
RANKS = {"": 16, ".lower": 11, ".upper": 23}


@pytest.mark.parametrize("day", [4.5, 8.5, 14.5, 28.5])
@pytest.mark.parametrize("part", RANKS)
def test_the_median_and_its_limits_have_the_distribution_of_order_statistics(followed, part, day):
    incidence = cumulative_incidence(followed.pathway, baseline(followed.analysis).x, np.array([day])).mean()
    share = np.mean(followed.numbers[f"response_median.all{part}"] <= day)
    assert share == pytest.approx(binom.sf(RANKS[part] - 1, 31, incidence), abs=MIXTURE)


@pytest.mark.parametrize("part", RANKS)
def test_the_responders_at_the_printed_median_and_limits_average_to_their_rank(followed, part):
    """Patients who respond on the printed day are in random order: half of the others count."""
    day = followed.numbers[f"response_median.all{part}"]
    reached = np.isfinite(day)
    days, day = followed.response_day[reached], day[reached, np.newaxis]
    before, until = (days < day).sum(axis=-1), (days <= day).sum(axis=-1)
    assert ((before < RANKS[part]) & (RANKS[part] <= until)).all()
    assert np.mean((before + until + 1.0) / 2.0) == pytest.approx(RANKS[part], abs=0.5)
