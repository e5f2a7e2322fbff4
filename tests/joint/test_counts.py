"""The terms of the response times and of survival without response, against what can be done by hand."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import binom, multinomial

from hscb_bayes.estimators.kaplan_meier import survival_at
from hscb_bayes.evidence.joint import log_likelihood_terms
from hscb_bayes.evidence.joint_arrays import STEPS, JointArrays, contrasts, lattice
from hscb_bayes.evidence.joint_counts import COURSE, mean_and_slope, unresponded_patients
from hscb_bayes.evidence.special import Special
from hscb_bayes.model.marks import Mark, response_arrays
from hscb_bayes.process.exits import CLASSES, places
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.incidence import Outcomes, outcome_nodes, outcome_probabilities
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.quadrature import day_rule
from tests.joint.rows import estimates_of

BY_HAND = 1e-6  # the floor of probabilities is 1e-9
DAY = 100.0
EDGES = np.array([DAY])  # of estimates, of which there are none
RATE, EARLY_DEATH, LATE_DEATH = 0.03, 0.004, 0.002
LOST = 0.6
SHORT = 1e-4  # of a day: so short that hardly two respond on it
COMPLETE = FollowUp(lost_by_one_year=np.zeros(1))
PATHWAY = Pathway(
    response=Weibull(shape=1.0, log_scale=-np.log(RATE)),
    death_without_response=Weibull(shape=1.0, log_scale=-np.log(EARLY_DEATH)),
    death_after_response=Weibull(shape=1.0, log_scale=-np.log(LATE_DEATH)),
    log_hazard_ratio=(0.0, 0.0, 0.0),
)


def seen_by(t: float, lost: float = 0.0) -> float:
    """Probability that a response is seen by ``t``: constant hazards, and loss before it."""
    total = RATE + EARLY_DEATH - np.log1p(-lost) / 365.0
    return float(RATE / total * -np.expm1(-total * t))


def arrays_of(
    n: int,
    ranks: list[tuple[float, float]],
    responders: int,
    neutropenic: tuple[float, float],
    *,
    of_curve: bool = True,
) -> JointArrays:
    """Arrays for n alike patients with responses of given ranks on given days, and nothing printed of survival."""
    marks = [Mark(count=rank, day=day, of_curve=of_curve) for rank, day in ranks]
    response = response_arrays(marks, marks, np.empty(0), float(responders), n, DAY, max(len(ranks), 1))
    cuts, sizes = np.exp(response.nodes.log_cuts), np.array([float(n)])
    return JointArrays(
        nodes=outcome_nodes(cuts, rule=day_rule(cuts, first=20, middle=20, last=40), edges=EDGES),
        x=np.zeros(1),
        averages=np.ones((1, 1)),
        sizes=sizes,
        contrasts=np.array([[1.0], [0.0]]),
        merge=response.merge,
        interval=response.interval,
        times=response.times,
        agrees=response.agrees,
        final=response.final,
        corrected=np.float64(response.corrected),
        unresponded=np.float64(n - responders),
        neutropenic=np.array(neutropenic),
        lattice=lattice(sum(neutropenic)),
        overlap=np.float64(1.0),
        day=np.array([DAY]),
        reach=np.array([1.0, 0.0]),
        **vars(estimates_of([], sizes, np.ones((1, 1)), last=DAY, edges=EDGES)),
    )


def terms_of(data: JointArrays, lost: float = 0.0) -> np.ndarray:
    follow_up = FollowUp(lost_by_one_year=np.array([lost]))
    outcomes = outcome_probabilities(PATHWAY, data.x, data.nodes, follow_up, np)
    return np.asarray(log_likelihood_terms(outcomes, data, follow_up, np))


def by_hand(n: int, ranks: list[tuple[float, float]], responders: int, lost: float, *, of_curve: bool) -> float:
    """The same added up over all ways to place the patients before, on, between and after the days, and nowhere."""
    edges = [0.0, *(edge for _, day in ranks for edge in (day - 0.5, day + 0.5)), DAY]
    complete = of_curve or lost == 0.0
    cells = np.diff([seen_by(edge, 0.0 if complete else lost) for edge in edges])
    share = seen_by(DAY, lost) / seen_by(DAY) if complete else 1.0
    total = 0.0
    for counts in itertools.product(range(n + 1), repeat=len(cells)):
        sums = np.cumsum(counts)
        right = all(sums[2 * k] < rank <= sums[2 * k + 1] for k, (rank, _) in enumerate(ranks))
        if right and sums[-1] <= n:
            placed = multinomial(n, [*cells, 1.0 - cells.sum()]).pmf([*counts, n - sums[-1]])
            total += float(placed * binom(sums[-1], share).pmf(responders))
    return np.log(total)


@pytest.mark.parametrize("of_curve", [True, False], ids=["read off a curve", "counted"])
@pytest.mark.parametrize("lost", [0.0, LOST])
@pytest.mark.parametrize(
    ("ranks", "responders"),
    [([(2.0, 9.0)], 4), ([(2.0, 9.0)], 2), ([(3.0, 60.0)], 3), ([(1.0, 5.0), (3.0, 6.0)], 4), ([], 3)],
)
def test_printed_days_have_the_probability_of_their_order_statistics(
    ranks: list[tuple[float, float]], responders: int, lost: float, of_curve: bool
) -> None:
    found = terms_of(arrays_of(5, ranks, responders, (0.0, 0.0), of_curve=of_curve), lost)[0]
    expected = by_hand(5, ranks, responders, lost, of_curve=of_curve or not ranks)
    assert found == pytest.approx(expected, abs=BY_HAND)


def test_two_ranks_on_one_day() -> None:
    """The second and the fourth of five, both on day 9: at most one before it, and at least four by its end."""
    found = terms_of(arrays_of(5, [(2.0, 9.0), (4.0, 9.0)], 5, (0.0, 0.0)))[0]
    before, by_end, at_all = seen_by(8.5), seen_by(9.5), seen_by(DAY)
    total = 0.0
    for early in range(2):
        for on_day in range(4 - early, 6 - early):
            cells = [before, by_end - before, at_all - by_end, 1.0 - at_all]
            total += multinomial(5, cells).pmf([early, on_day, 5 - early - on_day, 0])
    assert found == pytest.approx(np.log(total), abs=BY_HAND)


@pytest.mark.parametrize("lost", [0.0, LOST])
def test_over_all_medians_and_counts_the_probabilities_make_one(lost: float) -> None:
    """Of three patients, of whom the second responded on some day, or not by the last."""
    total = 0.0
    for responders in range(4):
        late = [Mark(count=2.0, day=np.inf, of_curve=True)]
        others = response_arrays(late, late, np.empty(0), float(responders), 3, DAY, 1)
        none = replace(arrays_of(3, [(2.0, 50.0)], responders, (0.0, 0.0)), agrees=others.agrees)
        none = replace(none, merge=others.merge, times=others.times, interval=others.interval)
        days = [arrays_of(3, [(2.0, float(day))], responders, (0.0, 0.0)) for day in range(int(DAY) + 1)]
        total += sum(float(np.exp(terms_of(data, lost)[0])) for data in (none, *days))
    assert total == pytest.approx(1.0, abs=1e-4)


def nobody_lost(by_day: np.ndarray, data: JointArrays) -> np.ndarray:
    """A course without losses, of which nothing else is asked."""
    return np.zeros((*by_day.shape[:-1], len(COURSE) * data.nodes.days.shape[-1]))


def outcomes_of(seen: np.ndarray, by_day: np.ndarray, data: JointArrays) -> Outcomes:
    """Outcomes without losses, and without estimates for which it would matter how patients leave."""
    cells, edges = by_day.shape[:-1], EDGES.size
    return Outcomes(
        seen=seen,
        responses=seen,
        by_day=by_day,
        course=nobody_lost(by_day, data),
        survival=np.ones((*cells, edges)),
        responded=np.zeros((*cells, edges)),
        responding=np.zeros((*cells, edges)),
        exits=np.full((*cells, len(CLASSES), places(edges)), 1.0 / len(CLASSES) / places(edges)),
    )


def test_a_count_alone_is_binomial() -> None:
    by_day = np.array([[0.7, 0.1]])
    for responders in range(6):
        data = arrays_of(5, [], responders, (0.0, 0.0))
        outcomes = outcomes_of(np.array([[0.7, 0.0, 0.0]]), by_day, data)
        found = log_likelihood_terms(outcomes, data, COMPLETE, np)[0]
        assert found == pytest.approx(binom(5, 0.7).logpmf(responders), abs=BY_HAND)


def test_a_response_that_has_no_probability_is_unlikely_but_not_impossible() -> None:
    never = replace(PATHWAY, logit_never=float("inf"))
    data = arrays_of(3, [(2.0, 9.0)], 3, (0.0, 0.0))
    outcomes = outcome_probabilities(never, data.x, data.nodes, COMPLETE, np)
    found = log_likelihood_terms(outcomes, data, COMPLETE, np)[0]
    assert np.isfinite(found)
    assert found < terms_of(data)[0] - 20.0


@pytest.mark.parametrize(("alive", "dead"), [(0.0, 5.0), (2.0, 3.0), (5.0, 0.0)])
def test_survival_without_response_is_binomial_given_no_response(alive: float, dead: float) -> None:
    share = np.exp(-(RATE + EARLY_DEATH) * DAY) / (1.0 - seen_by(DAY))
    found = terms_of(arrays_of(31, [(16.0, 9.0)], 26, (alive, dead)))[1]
    assert found == pytest.approx(binom(5, share).logpmf(alive), abs=BY_HAND)


def test_survival_without_response_is_summed_over_groups_of_their_sizes() -> None:
    by_day, sizes = np.array([[0.9, 0.05], [0.5, 0.2]]), np.array([16.0, 15.0])
    data = replace(
        arrays_of(31, [], 28, (1.0, 2.0)),
        averages=np.eye(2),
        sizes=sizes,
        contrasts=np.array([[16.0 / 31.0, 15.0 / 31.0], [0.0, 0.0]]),
        **vars(estimates_of([], sizes, np.eye(2), last=DAY, edges=EDGES)),
    )
    outcomes = outcomes_of(by_day[:, :1] * [1.0, 0.0, 0.0], by_day, data)
    share = (16 * 0.05 + 15 * 0.2) / (16 * 0.1 + 15 * 0.5)
    found = log_likelihood_terms(outcomes, data, COMPLETE, np)[1]
    assert_allclose(found, binom(3, share).logpmf(1), rtol=BY_HAND)


def kaplan_meier_of_nonresponders(lost: float) -> float:
    """What Kaplan-Meier tends to among those never seen to respond."""
    rate = -np.log1p(-lost) / 365.0

    def share_at_risk(t: float) -> float:
        """Event-free and followed at t, and not to be seen to respond from then on."""
        return float(np.exp(-(RATE + EARLY_DEATH + rate) * t)) - seen_by(DAY, lost) + seen_by(t, lost)

    def step(t: float) -> float:
        return EARLY_DEATH * float(np.exp(-(RATE + EARLY_DEATH + rate) * t)) / share_at_risk(t)

    return float(np.exp(-quad(step, 0.0, DAY)[0]))


@pytest.mark.parametrize(("lost", "error"), [(0.0, 1e-6), (0.2, 0.01), (0.6, 0.02)])
def test_with_losses_survival_without_response_is_nearly_what_kaplan_meier_tends_to(lost: float, error: float) -> None:
    data = replace(arrays_of(31, [], 26, (5.0, 0.0)), unresponded=np.float64(1e6))
    follow_up = FollowUp(lost_by_one_year=np.array([lost]))
    outcomes = outcome_probabilities(PATHWAY, data.x, data.nodes, follow_up, np)
    mean, _ = mean_and_slope(outcomes, data, Special.of(np))
    found = unresponded_patients(mean, data, follow_up, Special.of(np)).survival
    assert found == pytest.approx(kaplan_meier_of_nonresponders(lost), abs=error)


@pytest.mark.parametrize("patients", [3, 10, 40])
@pytest.mark.parametrize("shape", [0.3, 1.0, 3.0], ids=["deaths come early", "at all times", "late"])
@pytest.mark.parametrize(("dying", "lost"), [(0.8, 0.0), (0.8, 0.3), (0.8, 0.9), (0.4, 0.9)])
def test_kaplan_meier_of_few_patients_is_carried_on_when_the_last_is_lost(
    patients: int, shape: float, dying: float, lost: float
) -> None:
    """The shares that die and are lost by the day, were there nothing else; nobody responds.

    Where the last is lost, the curve is known in closed form only for deaths and losses in random order: hazards that
    are constant. Otherwise it is an approximation, off by 0.024 where deaths come late to 10 patients and 90% are lost.
    """
    error = 0.02 if shape == 1.0 else 0.03
    death_hazard = Weibull(shape=shape, log_scale=np.log(DAY) - np.log(-np.log1p(-dying)) / shape)
    rng, rate = np.random.default_rng(patients), -np.log1p(-lost) / DAY
    with np.errstate(divide="ignore"):
        leaving = rng.exponential(size=(20_000, patients)) / rate
    death = np.exp(death_hazard.log_time_at(np.log(rng.exponential(size=leaving.shape)), np))
    curve, _ = survival_at(np.minimum(death, leaving), death <= leaving, DAY)
    data = arrays_of(patients, [], 0, (0.0, 0.0))
    follow_up = FollowUp(lost_by_one_year=-np.expm1(-np.full(1, rate) * 365.0))
    pathway = replace(PATHWAY, death_without_response=death_hazard, logit_never=40.0)
    mean, _ = mean_and_slope(outcome_probabilities(pathway, data.x, data.nodes, follow_up, np), data, Special.of(np))
    found = unresponded_patients(mean, data, follow_up, Special.of(np))
    assert found.survival == pytest.approx(curve.mean(), abs=error)
    assert np.exp(found.none_dead) == pytest.approx((curve == 1.0).mean(), abs=0.01)
    assert np.exp(found.none_left) == pytest.approx((curve == 0.0).mean(), abs=error)
    if patients == 40 and lost < 0.9:
        worth = found.survival * (1.0 - found.survival) / curve.var() / patients
        assert found.informative == pytest.approx(worth, rel=0.1)


@pytest.mark.parametrize("lost", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("patients", [2, 5, 31])
def test_what_kaplan_meier_may_say_without_response_has_probability_one(patients: int, lost: float) -> None:
    """A share of n patients counts as one of 1/n steps, whatever the losses."""
    each = [
        terms_of(arrays_of(patients, [], 0, (float(alive), float(patients - alive))), lost)[1]
        for alive in range(patients + 1)
    ]
    assert np.exp(each).sum() == pytest.approx(1.0, abs=1e-6)


def test_more_shares_than_steps_are_taken_together() -> None:
    for patients in (STEPS + 1, STEPS + 2, 100):
        shares, weights = lattice(float(patients))
        assert weights.sum() == pytest.approx(patients - 1)
        assert (weights * shares).sum() == pytest.approx((patients - 1) / 2)
    assert lattice(1.0)[1].sum() == 0.0
    assert_allclose(lattice(4.0)[0][:3], [0.25, 0.5, 0.75], rtol=BY_HAND)


UNLIKE = np.array([-1.5, -0.8, 0.0, 0.6, 1.7])  # five patients of each, log hazards apart by a factor of 25


def unlike_patients(slopes: tuple[float, float]) -> np.ndarray:
    """Probability of each fate, by kind of patient."""
    responded = -np.expm1(-0.8 * np.exp(slopes[0] * UNLIKE))
    alive = (1.0 - responded) * np.exp(-0.9 * np.exp(slopes[1] * UNLIKE))
    return np.stack([responded, alive, 1.0 - responded - alive], axis=-1)


def exact_counts(probability: np.ndarray, n: int) -> np.ndarray:
    """Distribution of (responders, alive without response), patient by patient, shape (n + 1, n + 1)."""
    counts = np.zeros((n + 1, n + 1))
    counts[0, 0] = 1.0
    for responded, alive, dead in np.repeat(probability, n // len(probability), axis=0):
        after = counts * dead
        after[1:] += counts[:-1] * responded
        after[:, 1:] += counts[:, :-1] * alive
        counts = after
    return counts


def log_probability_of_counts(probability: np.ndarray, n: int, responders: int, alive: int) -> float:
    """What the two terms of counts say."""
    kinds = len(probability)
    even = np.full((1, kinds), 1.0 / kinds)
    data = replace(
        arrays_of(n, [], responders, (float(alive), float(n - responders - alive))),
        x=UNLIKE,
        averages=even,
        contrasts=contrasts(UNLIKE, even, np.ones(1)),
        **vars(estimates_of([], np.array([float(n)]), even, last=DAY, edges=EDGES)),
    )
    by_day = probability[:, :2]
    outcomes = outcomes_of(probability[:, :1] * [1.0, 0.0, 0.0], by_day, data)
    return float(log_likelihood_terms(outcomes, data, COMPLETE, np)[:2].sum())


@pytest.mark.parametrize(
    ("slopes", "divergence"), [((0.0, 0.0), 1e-6), ((0.5, -0.5), 5e-4), ((-1.0, 0.3), 2e-3), ((1.5, 1.5), 0.01)]
)
def test_counts_of_unlike_patients_have_nearly_their_own_distribution(
    slopes: tuple[float, float], divergence: float
) -> None:
    n, probability = 25, unlike_patients(slopes)
    exact = exact_counts(probability, n)
    pairs = [(r, a) for r in range(n + 1) for a in range(n + 1 - r) if exact[r, a] > 1e-12]
    found = np.array([log_probability_of_counts(probability, n, *pair) for pair in pairs])
    truth = np.array([exact[pair] for pair in pairs])
    assert float(np.sum(truth * (np.log(truth) - found))) == pytest.approx(0.0, abs=divergence)
    assert float(np.exp(found).sum()) == pytest.approx(1.0, abs=5.0 * divergence)


def test_unlike_patients_are_no_multinomial() -> None:
    probability = unlike_patients((1.5, 1.5))
    mean = probability.mean(axis=0)
    exact = exact_counts(probability, 25)
    multinomial = exact_counts(np.broadcast_to(mean, probability.shape), 25)
    apart = exact[exact > 0] @ np.log(exact[exact > 0] / multinomial[exact > 0])
    assert apart > 0.1


def test_contrasts_take_the_mean_and_the_slope_of_a_standard_deviation() -> None:
    averages = np.array([[0.5, 0.5, 0.0], [0.0, 0.25, 0.75]])
    x, sizes = np.array([-1.0, 0.0, 2.0]), np.array([16.0, 15.0])
    weight = sizes / 31.0 @ averages
    mean = weight @ x
    deviation = np.sqrt(weight @ (x - mean) ** 2)
    assert_allclose(contrasts(x, averages, sizes) @ (3.0 + 2.0 * x), [3.0 + 2.0 * mean, 2.0 * deviation], rtol=1e-12)
    assert_allclose(contrasts(np.ones(3), averages, sizes)[1], np.zeros(3))


def exact_with_a_day(cells: np.ndarray, n: int, before: int, after: int) -> float:
    """Density of ``before`` responses before a day, one on it, ``after`` later and the others none, patient by patient.

    ``cells`` (kind, 4): probability before, density on the day, probability after, probability of none.
    """
    ways = np.zeros((n + 1, 2, n + 1))
    ways[0, 0, 0] = 1.0
    for early, on, late, never in np.repeat(cells, n // len(cells), axis=0):
        following = ways * never
        following[1:] += ways[:-1] * early
        following[:, 1:] += ways[:, :-1] * on
        following[:, :, 1:] += ways[:, :, :-1] * late
        ways = following
    return float(ways[before, 1, after])


def log_densities_with_a_day(cells: np.ndarray, n: int, before: int, after: int) -> tuple[float, float, float]:
    """What the likelihood says, the exact one, and that of alike patients."""
    kinds = len(cells)
    even = np.full((1, kinds), 1.0 / kinds)
    data = replace(
        arrays_of(n, [(before + 1.0, 10.0)], before + 1 + after, (0.0, 0.0)),
        x=UNLIKE, averages=even, contrasts=contrasts(UNLIKE, even, np.ones(1)),
        **vars(estimates_of([], np.array([float(n)]), even, last=DAY, edges=EDGES)),
    )  # fmt: skip
    by_day = np.stack([1.0 - cells[:, 3], cells[:, 3]], axis=-1)
    outcomes = outcomes_of(cells[:, :3] * [1.0, SHORT, 1.0], by_day, data)
    alike = np.broadcast_to(cells.mean(axis=0), cells.shape)
    return (
        float(log_likelihood_terms(outcomes, data, COMPLETE, np)[0] - np.log(SHORT)),
        float(np.log(exact_with_a_day(cells, n, before, after))),
        float(np.log(exact_with_a_day(alike, n, before, after))),
    )


@pytest.mark.parametrize("slope", [0.0, 0.5, -0.5, 1.0])
def test_a_day_of_unlike_patients_has_nearly_its_own_density(slope: float) -> None:
    hazard = 0.5 * np.exp(slope * UNLIKE)
    left, at_end = np.exp(-hazard), np.exp(-3.0 * hazard)
    cells = np.stack([1.0 - left, hazard * left, left - at_end, at_end], axis=-1)
    counts = [(9, 5), (12, 8), (4, 10), (15, 1), (7, 12)]
    found, exact, alike = np.transpose([log_densities_with_a_day(cells, 25, *pair) for pair in counts])
    error, of_alike = np.abs(found - exact), np.abs(alike - exact)
    assert error.max() < 0.02 + 0.6 * slope**2
    assert slope == 0.0 or error.mean() < 0.5 * of_alike.mean()
