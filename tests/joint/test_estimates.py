"""The terms of the printed estimates: exact covariances, lattice steps, conditioning on counts, overlap."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binom, norm

from hscb_bayes.evidence.estimates import Moments, estimate_terms, moments
from hscb_bayes.evidence.influence import curve_and_influence
from hscb_bayes.evidence.joint_arrays import COUNT_ROWS, JointArrays, contrasts
from hscb_bayes.evidence.special import Special
from hscb_bayes.model.print_rows import Row
from hscb_bayes.process.exits import CLASSES, places
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.incidence import Outcomes, outcome_nodes, outcome_probabilities
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.quadrature import day_rule
from tests.joint.rows import estimates_of
from tests.joint.test_counts import arrays_of as counts_of

ALGEBRA = 1e-9
DIVERGENCE = 2e-3  # Kullback-Leibler, of a normal probability with the binomial's skewness from the binomial's own
ROUNDING_OF_ROWS = 1e-4  # relative: the least variance of a printed survival's rounding, 1e-6, is in the terms
EARLY, DAY = 40.0, 365.0
EDGES = np.array([10.0, EARLY, 120.0, DAY])
COMPLETE, CENSORED = FollowUp(lost_by_one_year=np.zeros(1)), FollowUp(lost_by_one_year=np.full(1, 0.4))
BOTH, ONLY_RESPONDERS = (1.0, 1.0), (1.0, 0.0)
SPECIAL = Special.of(np)

SIZES = np.array([4.0, 3.0])
X = np.array([-2.0, -1.0, -1.0, 0.0, 0.2, 0.9, 2.0])  # by group: three distinct values each
AVERAGES = np.repeat(np.eye(2), [4, 3], axis=1) / SIZES[:, None]
PATHWAY = Pathway(
    response=Weibull(shape=1.3, log_scale=np.log(20.0)),
    death_without_response=Weibull(shape=0.8, log_scale=np.log(150.0)),
    death_after_response=Weibull(shape=0.7, log_scale=np.log(300.0)),
    log_hazard_ratio=(-0.4, 0.3, 0.2),
    logit_never=-1.0,
)


def estimate(
    groups: tuple[float, float],
    value: float,
    *,
    day: float = DAY,
    classes: tuple[float, float] = BOTH,
    size: float | None = None,
    **said: object,
) -> Row:
    """A survival, unless said otherwise, as one of as many patients as there are in the groups."""
    members = np.array(groups)
    patients = float(members @ SIZES) if size is None else size
    return Row(members=members, classes=classes, size=patients, day=day, start=day, value=value, **said)  # type: ignore[arg-type]


SHORT, LONG = estimate((1.0, 0.0), 0.5), estimate((0.0, 1.0), 1 / 3)
EVERYBODY, AT_FIRST = estimate((1.0, 1.0), 3 / 7), estimate((1.0, 1.0), 5 / 7, day=EARLY)
RESPONDERS = estimate((1.0, 1.0), 0.6, classes=ONLY_RESPONDERS, size=5.0)
DEATHS = estimate((1.0, 1.0), 2 / 7, day=EARLY, what="deaths")
AT_RISK = estimate((1.0, 1.0), 4 / 7, day=120.0, what="at_risk")
OF_ALL_KINDS = (AT_FIRST, EVERYBODY, SHORT, LONG, RESPONDERS, DEATHS, AT_RISK)


def arrays_of(*rows: Row, counts: tuple[float, float] | None = None, overlap: float = 1.0) -> JointArrays:
    """Arrays for seven patients in two groups; no response times, no binomial count."""
    known = (np.nan, np.nan) if counts is None else (counts[0] / SIZES.sum(), counts[1])
    ends = np.array([10.0, 40.0, DAY])
    return replace(
        counts_of(7, [], 0, (0.0, 0.0)),
        nodes=outcome_nodes(ends, rule=day_rule(ends), edges=EDGES),
        x=X,
        averages=AVERAGES,
        sizes=SIZES,
        contrasts=contrasts(X, AVERAGES, SIZES),
        overlap=np.float64(overlap),
        day=np.array([DAY]),
        **vars(estimates_of(list(rows), SIZES, AVERAGES, last=DAY, edges=EDGES, counts=known)),
    )


def outcomes_of(data: JointArrays, follow_up: FollowUp = COMPLETE) -> Outcomes:
    return outcome_probabilities(PATHWAY, data.x, data.nodes, follow_up, np)


def responded(outcomes: Outcomes) -> float:
    return float(outcomes.seen.sum(axis=-1).mean())


def moments_of(data: JointArrays, follow_up: FollowUp = COMPLETE) -> Moments:
    outcomes = outcomes_of(data, follow_up)
    return moments(outcomes, np.array(responded(outcomes)), data, SPECIAL)


def terms_of(data: JointArrays, follow_up: FollowUp = COMPLETE) -> np.ndarray:
    """Log likelihood of the estimates alone."""
    outcomes = outcomes_of(data, follow_up)
    return np.asarray(estimate_terms(outcomes, np.array(responded(outcomes)), data, follow_up, SPECIAL))


def one_by_one(*rows: Row, counts: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the rows, added up patient by patient: what each adds, by the way in which he leaves."""
    exits = outcomes_of(arrays_of(*rows)).exits
    edges = EDGES.size
    until = np.concatenate([EDGES, EDGES, [np.inf]])
    is_death = np.arange(places(edges)) < edges

    def adds(row: Row, group: int) -> np.ndarray:
        """What a patient of a group adds, shape (class, place)."""
        what = {
            "survival": until > row.day,
            "at_risk": until > row.day,
            "deaths": is_death & (until <= row.day),
            "responded": np.ones(places(edges), dtype=bool),
        }[row.what]
        return np.asarray(row.members[group] * np.outer(row.classes, what) / row.size)

    everybody = Row(members=np.ones(2), classes=ONLY_RESPONDERS, size=7.0, day=DAY, start=DAY, what="responded")
    others = Row(members=np.ones(2), classes=(0.0, 1.0), size=7.0 - counts[0], day=DAY, start=DAY)
    all_rows = [everybody, others, *rows]
    mean, covariance = np.zeros(len(all_rows)), np.zeros((len(all_rows), len(all_rows)))
    for patient, probability in enumerate(exits):
        each = np.array([adds(row, int(patient >= SIZES[0])) for row in all_rows]).reshape(len(all_rows), -1)
        own = each @ probability.ravel()
        mean += own
        covariance += (each * probability.ravel()) @ each.T - np.outer(own, own)
    return mean, covariance


def step(row: Row, mean: float, deviation: float) -> np.ndarray:
    """Log probability of the lattice step of an estimate."""
    edges = row.value + np.array([-0.5, 0.5]) / row.size
    return np.log(np.diff(norm.cdf(SPECIAL.binomial_deviate(edges, mean, deviation))))


@pytest.mark.parametrize("row", [SHORT, LONG, EVERYBODY, AT_FIRST])
def test_an_estimate_alone_has_the_probability_of_its_lattice_step(row: Row) -> None:
    alive = outcomes_of(arrays_of(row)).survival[:, row.day == EDGES][:, 0]
    among = np.repeat(row.members, SIZES.astype(int)) > 0
    deviation = np.sqrt(np.sum(alive[among] * (1.0 - alive[among]))) / row.size
    assert_allclose(terms_of(arrays_of(row)), step(row, alive[among].mean(), deviation), rtol=ROUNDING_OF_ROWS)


def test_the_lattice_steps_make_one() -> None:
    steps = [terms_of(arrays_of(replace(SHORT, value=k / 4)))[0] for k in range(5)]
    assert np.exp(steps).sum() == pytest.approx(1.0, abs=ALGEBRA)


@pytest.mark.parametrize("follow_up", [COMPLETE, CENSORED], ids=["complete", "with losses"])
def test_the_lattice_steps_of_the_second_of_two_make_one(follow_up: FollowUp) -> None:
    steps = [terms_of(arrays_of(AT_FIRST, replace(EVERYBODY, value=k / 7)), follow_up)[1] for k in range(-2, 6)]
    assert np.exp(steps).sum() == pytest.approx(1.0, abs=ALGEBRA)


def test_covariances_are_those_of_patients_added_up_one_by_one() -> None:
    """Those of responders, and of the others, as if divided by so many as there are: 5, and 2 of 7."""
    found = moments_of(arrays_of(*OF_ALL_KINDS, counts=(5.0, 0.5)))
    mean, covariance = one_by_one(*OF_ALL_KINDS, counts=(5.0, 0.5))
    assert_allclose(found.covariance, covariance, rtol=1e-7, atol=1e-12)
    assert_allclose(found.value[1:], mean[1:], rtol=1e-7)
    assert found.value[0] == pytest.approx(mean[0], abs=1e-4)  # by the other quadrature


def test_without_losses_nothing_is_widened() -> None:
    curves = [k for k, row in enumerate(OF_ALL_KINDS, start=COUNT_ROWS) if row.is_curve]
    assert_allclose(moments_of(arrays_of(*OF_ALL_KINDS)).widening[curves], 1.0, rtol=1e-9)


@pytest.mark.parametrize("rows", [(SHORT, LONG), (EVERYBODY, SHORT), (RESPONDERS, SHORT), (SHORT, RESPONDERS)])
def test_steps_are_those_given_the_counts_and_the_estimates_before(rows: tuple[Row, ...]) -> None:
    # each given the counts and the estimates before it: mean and variance of a regression, by hand
    data = arrays_of(*rows, counts=(5.0, 0.5))
    mean, covariance = one_by_one(*rows, counts=(5.0, 0.5))
    mean[0] = moments_of(data).value[0]
    covariance = covariance + np.diag(data.noise)
    for k, (row, term) in enumerate(zip(rows, terms_of(data), strict=True)):
        at, before = COUNT_ROWS + k, slice(COUNT_ROWS + k)
        slopes = np.linalg.solve(covariance[before, before], covariance[before, at])
        given = mean[at] + slopes @ (data.observed[before] - mean[before])
        variance = covariance[at, at] - slopes @ covariance[before, at]
        worth = max(0.5 * mean[at] * (1.0 - mean[at]) / one_by_one(*rows, counts=(5.0, 0.5))[1][at, at], 0.5)
        edges = SPECIAL.binomial_deviate(row.value + np.array([-0.5, 0.5]) / row.size, given, np.sqrt(variance), worth)
        assert term == pytest.approx(np.log(np.diff(norm.cdf(edges)))[0], rel=1e-6)


@pytest.mark.parametrize("counts", [None, (5.0, 0.0)])
def test_without_overlap_every_estimate_stands_alone(counts: tuple[float, float] | None) -> None:
    rows = (SHORT, EVERYBODY, RESPONDERS)
    together = terms_of(arrays_of(*rows, counts=counts, overlap=0.0))
    alone = [terms_of(arrays_of(row))[0] for row in rows]
    assert_allclose(together, alone, rtol=ALGEBRA)


def test_with_overlap_the_same_patients_are_not_counted_twice() -> None:
    """The same curve through two groups, and through both of them: nothing is left to say after the first two."""
    whole = replace(EVERYBODY, value=3 / 7)
    parts = arrays_of(replace(SHORT, value=0.5), replace(LONG, value=1 / 3), whole)
    assert terms_of(parts)[2] == pytest.approx(0.0, abs=1e-6)
    alone = terms_of(replace(parts, overlap=np.float64(0.0)))
    assert alone[2] == pytest.approx(terms_of(arrays_of(whole))[0], rel=ALGEBRA)


def test_a_curve_of_responders_counts_by_so_many_as_responded() -> None:
    """Were 4 of those who responded and not 5 printed, each would count for more, expected and spread alike."""
    four, five = (moments_of(arrays_of(replace(RESPONDERS, size=size), counts=(5.0, 0.5))) for size in (4.0, 5.0))
    assert four.value[2] == pytest.approx(five.value[2] * 5.0 / 4.0)
    assert four.covariance[2, 2] == pytest.approx(five.covariance[2, 2] * (5.0 / 4.0) ** 2)
    assert four.curve[2] == pytest.approx(five.curve[2])


@pytest.mark.parametrize("left_out", [0, 1, 2, 3])
def test_an_estimate_that_is_not_there_has_a_zero_term_and_tells_the_others_nothing(left_out: int) -> None:
    rows = [SHORT, LONG, RESPONDERS, DEATHS]
    found = terms_of(arrays_of(*(replace(r, known=k != left_out) for k, r in enumerate(rows)), counts=(5.0, 0.0)))
    del rows[left_out]
    assert found[left_out] == 0.0
    assert_allclose(np.delete(found, left_out), terms_of(arrays_of(*rows, counts=(5.0, 0.0))), rtol=1e-6)


def test_leaving_out_the_last_estimate_leaves_the_others_as_they_were() -> None:
    three = terms_of(arrays_of(EVERYBODY, RESPONDERS, LONG, counts=(5.0, 0.0)))
    assert_allclose(three[:2], terms_of(arrays_of(EVERYBODY, RESPONDERS, counts=(5.0, 0.0))), rtol=ALGEBRA)


def test_rounding_of_the_print_adds_its_variance() -> None:
    rounded = replace(SHORT, half=0.15)
    data = arrays_of(rounded)
    found = moments_of(data)
    deviation = np.sqrt(found.covariance[2, 2] + 0.15**2 / 3.0)
    edges = SPECIAL.binomial_deviate(np.array([0.35, 0.65]), found.value[2], deviation)
    assert_allclose(terms_of(data), np.log(np.diff(norm.cdf(edges))), rtol=ALGEBRA)


@pytest.mark.parametrize("after", [0.0, 0.3])
def test_after_a_curve_that_has_reached_zero_nothing_more_is_said(after: float) -> None:
    found = terms_of(arrays_of(replace(AT_FIRST, value=0.0), replace(EVERYBODY, value=after)))
    assert found[0] < 0.0
    assert found[1] == 0.0


ALIKE = Pathway(
    response=Weibull(shape=1.3, log_scale=np.log(20.0)),
    death_without_response=Weibull(shape=0.8, log_scale=np.log(150.0)),
    death_after_response=Weibull(shape=0.7, log_scale=np.log(300.0)),
    log_hazard_ratio=(0.0, 0.0, 0.0),
    logit_never=-1.0,
)


def of_alike_patients(n: int) -> tuple[JointArrays, Outcomes]:
    """Survival of n patients who are alike on two days, and what is expected of them."""
    rows = [Row(members=np.ones(1), classes=BOTH, size=float(n), day=day, start=day, value=0.5) for day in (EARLY, DAY)]
    ends = np.array([10.0, 40.0, DAY])
    data = replace(
        counts_of(n, [], 0, (0.0, 0.0)),
        nodes=outcome_nodes(ends, rule=day_rule(ends), edges=EDGES),
        day=np.array([DAY]),
        **vars(estimates_of(rows, np.array([float(n)]), np.ones((1, 1)), last=DAY, edges=EDGES)),
    )
    return data, outcome_probabilities(ALIKE, data.x, data.nodes, COMPLETE, np)


@pytest.mark.parametrize("n", [7, 15, 31])
def test_two_survivals_one_after_the_other_are_a_multinomial(n: int) -> None:
    """Kullback-Leibler divergence of their probabilities from those of so many alive on both days."""
    data, outcomes = of_alike_patients(n)
    early, late = outcomes.survival[0, [1, 3]]
    apart, total = 0.0, 0.0
    for alive in itertools.combinations_with_replacement(range(n, -1, -1), 2):
        exact = binom.logpmf(alive[0], n, early) + binom.logpmf(alive[1], alive[0], late / early)
        if exact > np.log(1e-6) and alive[0] > 0:
            shares = np.array([*data.observed[:COUNT_ROWS], *alive]) / np.array([1.0, 1.0, n, n])
            half = 0.5 / n
            print_of = replace(data, observed=shares, lower=shares - half, upper=shares + half)
            found = estimate_terms(outcomes, np.array(responded(outcomes)), print_of, COMPLETE, SPECIAL).sum()
            apart += float(np.exp(exact) * (exact - found))
            total += float(np.exp(found))
    assert apart == pytest.approx(0.0, abs=DIVERGENCE)
    assert total == pytest.approx(1.0, abs=DIVERGENCE)


def test_the_classes_of_a_row_are_those_of_the_exits() -> None:
    assert CLASSES == ("responded", "not_responded")
    everybody = one_by_one(EVERYBODY, counts=(5.0, 0.5))[0][COUNT_ROWS]
    parts = [replace(EVERYBODY, classes=classes) for classes in ((1.0, 0.0), (0.0, 1.0))]
    assert sum(one_by_one(part, counts=(5.0, 0.5))[0][COUNT_ROWS] for part in parts) == pytest.approx(everybody)


def dying(log_scale: float) -> Pathway:
    """Deaths without and after response at the scale e^``log_scale`` days, ten times as steep as constant hazards."""
    death = Weibull(shape=10.0, log_scale=np.array([log_scale]))
    return replace(PATHWAY, death_without_response=death, death_after_response=death)


@pytest.mark.parametrize("last", [0.0, 3e-18, 3e-15, 3e-12, 3e-9])
def test_deaths_of_a_vanishing_part_of_a_patient_move_no_variance(last: float) -> None:
    """They made that of a share 80, where half of the lost are still at risk when all others are dead."""

    def variance(last: float) -> float:
        patients = np.array([0.06, 3.1, 30.2, 0.5, last, 2e-4, 0.007, 0.03, 0.006, 1e-7 * last, 0.0])
        found = curve_and_influence(patients, np.ones(5), 5, np)
        return float(np.exp(2.0 * found.log_value) * (patients * found.influence**2).sum())

    assert_allclose(variance(last), variance(0.0), rtol=1e-3)


@pytest.mark.parametrize("follow_up", [COMPLETE, CENSORED], ids=["complete", "censored"])
@pytest.mark.parametrize("log_scale", np.linspace(3.6, 5.0, 8))
def test_losses_never_narrow_an_interval(log_scale: float, follow_up: FollowUp) -> None:
    data = arrays_of(AT_FIRST, EVERYBODY)
    outcomes = outcome_probabilities(dying(log_scale), data.x, data.nodes, follow_up, np)
    widening = moments(outcomes, np.array(0.5), data, SPECIAL).widening[..., COUNT_ROWS]
    assert widening >= 1.0 - ALGEBRA


@pytest.mark.parametrize("half", [0.005, 0.05])
@pytest.mark.parametrize("log_scale", np.linspace(4.5, 5.6, 12))
def test_a_printed_zero_is_likely_where_hardly_anybody_is_left(log_scale: float, half: float) -> None:
    data = arrays_of(estimate((1.0, 1.0), 0.0, half=half))
    outcomes = outcome_probabilities(dying(log_scale), data.x, data.nodes, CENSORED, np)
    (term,) = np.ravel(estimate_terms(outcomes, np.array(0.5), data, CENSORED, SPECIAL))
    assert term > np.log(0.9)
