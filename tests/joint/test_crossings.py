"""Days on which a curve crosses a level, as a median and its limits do: their probabilities make one, and are right."""

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.stats import binom

from hscb_bayes.estimators import kaplan_meier
from hscb_bayes.evidence.estimates import estimate_terms
from hscb_bayes.evidence.joint_arrays import JointArrays
from hscb_bayes.evidence.special import Special
from hscb_bayes.model.limit_levels import level_of_limit
from hscb_bayes.model.print_rows import Row
from hscb_bayes.model.row_arrays import edges_of
from hscb_bayes.process.follow_up import FollowUp, reach_of
from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.incidence import OutcomeNodes, Outcomes, outcome_nodes, outcome_probabilities
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.quadrature import day_rule
from hscb_bayes.process.simulate import simulate_course
from tests.joint.rows import estimates_of
from tests.joint.test_counts import arrays_of as counts_of

WHOLE = 0.1  # by which the probabilities of all days may add up to another number than one
WHOLE_GIVEN = 0.17  # the same of a crossing that follows an estimate
NEAR = 0.08  # of the probability of some months, from that of simulated curves
OF_BINOMIAL = 0.06  # of a cumulative probability without losses
OF_NEXT_DEATH = 0.2  # the level lies between two steps of the curve
COHORTS = 4000
INTERVALS, EDGES = 40, 13  # EDGES as a layout with a median and its limits has
Z = 1.959964
ONE_SPREAD = (
    "known: the beginning of a day has the spread and the level of its end, which matters where few are left to follow "
    "and next to a printed survival"
)
SIDES = {"median": 0.0, "lower limit": Z, "upper limit": -Z}
READ_LATE, READ_ON_ONE_DAY = (1.0, 0.0), reach_of(144.0, 816.0)
FOLLOWED = {
    "complete": (0.0, READ_LATE),
    "with losses": (0.3, READ_LATE),
    "read on one day": (0.0, READ_ON_ONE_DAY),
    "read on one day, with losses": (0.3, READ_ON_ONE_DAY),
}
PATHWAY = Pathway(
    response=Weibull(shape=1.3, log_scale=np.log(20.0)),
    death_without_response=Weibull(shape=0.8, log_scale=np.log(150.0)),
    death_after_response=Weibull(shape=0.7, log_scale=np.log(500.0)),
    log_hazard_ratio=(0.0, 0.0, 0.0),
    logit_never=-1.0,
)
over_sizes = pytest.mark.parametrize("n", [15, 60])


def last_of(n: int, followed: str) -> float:
    """The day until which a curve of n patients goes on."""
    return 730.0 if FOLLOWED[followed][1] == READ_LATE else 816.0 - 672.0 / (n + 1.0)


def days_of(n: int, followed: str) -> np.ndarray:
    """Days that cut follow-up into intervals, even on the root of time; a curve may cross a level in any of them."""
    return np.asarray(np.linspace(0.7, np.sqrt(last_of(n, followed)), INTERVALS + 1) ** 2)


@cache
def expected(followed: str, edges: tuple[float, ...]) -> tuple[OutcomeNodes, Outcomes]:
    """What is expected of a patient by the last of the edges."""
    cuts = np.array([10.0, 40.0, edges[-1]])
    nodes = outcome_nodes(cuts, rule=day_rule(cuts), edges=np.array(edges))
    lost, reach = FOLLOWED[followed]
    follow_up = FollowUp(lost_by_one_year=lost, reached=reach[0], reached_per_day=reach[1])
    return nodes, outcome_probabilities(PATHWAY, np.zeros(1), nodes, follow_up, np)


def row(n: int, day: float, start: float | None = None, *, side: str | None = None, **said: object) -> Row:
    """A survival on a day, or a crossing within one that begins at ``start``."""
    level = None if side is None else level_of_limit(SIDES[side], "log-log", n)
    begins = day if start is None else start
    return Row(members=np.ones(1), classes=(1.0, 1.0), size=float(n), day=day, start=begins, level=level, **said)  # type: ignore[arg-type]


def probability(n: int, followed: str, *rows: Row) -> float:
    """Of the last of the rows given those before it."""
    last = last_of(n, followed)
    edges = edges_of(rows, last, EDGES, EDGES)
    nodes, outcomes = expected(followed, tuple(edges))
    lost, reach = FOLLOWED[followed]
    estimates = estimates_of(list(rows), np.array([float(n)]), np.ones((1, 1)), last=last, edges=edges)
    data: JointArrays = replace(counts_of(n, [], 0, (0.0, 0.0)), nodes=nodes, day=np.array([last]), **vars(estimates))
    follow_up = FollowUp(lost_by_one_year=np.array([lost]), reached=reach[0], reached_per_day=reach[1])
    terms = estimate_terms(outcomes, outcomes.seen.sum(axis=-1)[0], data, follow_up, Special.of(np))
    return float(np.exp(terms[-1]))


def crossings(n: int, followed: str, side: str, *before: Row) -> tuple[np.ndarray, float]:
    """Probabilities of a crossing in each interval between two edges after those before it, and of none."""
    days, since = days_of(n, followed), max((one.day for one in before), default=0.0)
    each = [
        probability(n, followed, *before, row(n, day, start, side=side))
        for start, day in itertools.pairwise(days)
        if start >= since
    ]
    return np.array(each), probability(n, followed, *before, row(n, days[-1], side=side, reached=False))


def of_one_spread(wrong: bool) -> tuple[pytest.MarkDecorator, ...]:
    """What a case is marked with of which it is known that it fails."""
    return (pytest.mark.xfail(reason=ONE_SPREAD, strict=False),) if wrong else ()


@over_sizes
@pytest.mark.parametrize(
    ("side", "followed"),
    [
        pytest.param(side, name, marks=of_one_spread(side == "upper limit" and reach == READ_ON_ONE_DAY))
        for side, (name, (_, reach)) in itertools.product(SIDES, FOLLOWED.items())
    ],
)
def test_over_all_days_and_never_the_probabilities_make_one(n: int, side: str, followed: str) -> None:
    each, never = crossings(n, followed, side)
    assert each.sum() + never == pytest.approx(1.0, abs=WHOLE)


def before_of(name: str, n: int, followed: str) -> Row:
    """An estimate that a crossing follows."""
    days = days_of(n, followed)
    early, late = int(np.argmin(abs(days - 60.0))), int(np.argmin(abs(days - 182.0)))
    if name == "lower limit":
        return row(n, days[early], days[early - 1], side="lower limit")
    if name == "median":
        return row(n, days[late], days[late - 1], side="median")
    if name == "survival":
        return row(n, days[early], value=round(0.7 * n) / n)
    return row(n, days[late], value=(n // 2 + 1.0) / n)


GIVEN = (
    ("lower limit", "median"),
    ("median", "upper limit"),
    ("survival", "median"),
    ("survival just above", "median"),
    ("survival just above", "upper limit"),
)


@over_sizes
@pytest.mark.parametrize(
    ("before", "side", "followed"),
    [
        pytest.param(
            before,
            side,
            name,
            marks=of_one_spread(
                (side == "upper limit" and reach == READ_ON_ONE_DAY)
                or (before, side) == ("survival just above", "median")
            ),
        )
        for (before, side), (name, (_, reach)) in itertools.product(GIVEN, FOLLOWED.items())
    ],
)
def test_after_another_estimate_of_the_curve_they_make_one(n: int, before: str, side: str, followed: str) -> None:
    each, never = crossings(n, followed, side, before_of(before, n, followed))
    assert each.sum() + never == pytest.approx(1.0, abs=WHOLE_GIVEN)


@pytest.mark.parametrize("n", [15, 31, 61])
def test_without_losses_a_median_is_where_half_of_the_patients_have_died(n: int) -> None:
    """Of an odd number: P(S <= 1/2) is that of as many alive as the lower half at the most."""
    each, _ = crossings(n, "complete", "median")
    survival = expected("complete", tuple(days_of(n, "complete")))[1].survival[0]
    assert np.cumsum(each) == pytest.approx(binom.cdf(n // 2, n, survival)[1:], abs=OF_BINOMIAL)


@pytest.mark.xfail(reason=ONE_SPREAD, strict=True)
def test_a_median_follows_a_survival_one_death_above_it_with_the_next_death() -> None:
    n = 60
    before = before_of("survival just above", n, "complete")
    each, _ = crossings(n, "complete", "median", before)
    days = days_of(n, "complete")
    alive = expected("complete", tuple(days))[1].survival[0][days >= before.day]
    next_death = 1.0 - (alive[1:] / alive[0]) ** (n // 2 + 1)
    assert np.cumsum(each) == pytest.approx(next_death, abs=OF_NEXT_DEATH)


def simulated(n: int, followed: str) -> tuple[np.ndarray, ...]:
    """The median and its limits of simulated cohorts."""
    (lost, reach), last = FOLLOWED[followed], last_of(n, followed)
    rng, shape = np.random.default_rng(20230701), (COHORTS, n)
    course = simulate_course(PATHWAY, np.zeros(n), shape=shape, rng=rng)
    ends = np.full(shape, last if reach == READ_LATE else np.inf)
    if lost > 0.0:
        ends = np.minimum(ends, rng.exponential(size=shape) * 365.0 / -np.log1p(-lost))
    if reach != READ_LATE:
        ends = np.minimum(ends, (reach[0] - rng.uniform(size=shape)) / reach[1])
    died = course.death_day <= ends
    return kaplan_meier.quantile(np.minimum(course.death_day, ends), died, scale="log-log")


@pytest.mark.parametrize(
    "followed",
    [pytest.param(name, marks=of_one_spread(name == "read on one day, with losses")) for name in FOLLOWED],
)
def test_crossings_of_sixty_patients_are_as_likely_as_those_of_simulated_curves(followed: str) -> None:
    n, parts = 60, 6
    days = days_of(n, followed)
    cuts = np.linspace(0, INTERVALS, parts).astype(int)
    for side, found_days in zip(SIDES, simulated(n, followed), strict=True):
        each, never = crossings(n, followed, side)
        reached = found_days[np.isfinite(found_days)]
        found = [*np.add.reduceat(each, cuts[:-1]), never]
        shares = [*(np.histogram(reached, days[cuts])[0] / COHORTS), 1.0 - reached.size / COHORTS]
        assert found == pytest.approx(shares, abs=NEAR), side
