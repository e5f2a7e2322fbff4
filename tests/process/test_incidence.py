"""What the hazards imply: occupancies, incidence, and the likelihood's outcomes."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from hscb_bayes.process.exits import exit_probabilities
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.incidence import (
    OutcomeNodes,
    Outcomes,
    cumulative_incidence,
    event_free,
    outcome_nodes,
    outcome_probabilities,
    responded_alive,
    state_occupancy,
    states_over_time,
    survival,
)
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.quadrature import day_rule

ALGEBRA = 1e-10
QUADRATURE = 1e-8
IN_PANELS = 1e-5  # several days tabulated at once: six nodes between two of them
IN_DAYS = 1e-5
EDGES = np.array([28.0, 120.0, 365.0, 730.0])  # of the outcomes: some before their day, and one after it
IN_STATES = 5e-4  # six nodes for the responses before each edge
DAYS = np.array([0.5, 3.0, 9.0, 14.0, 38.0, 120.0, 365.0])
X = np.array([-1.5, 0.0, 0.7, 2.0])
Evaluate = Callable[[Sequence[Any]], list[np.ndarray]]


def constant(rate: float) -> Weibull:
    """The hazard that is ``rate`` per day at all times."""
    return Weibull(shape=1.0, log_scale=-np.log(rate))


EXPONENTIAL = Pathway(
    response=constant(0.06),
    death_without_response=constant(0.004),
    death_after_response=constant(0.0015),
    log_hazard_ratio=(-0.4, 0.3, 0.2),
    study_effect=(0.1, -0.2, 0.05),
    logit_never=-2.0,
    logit_never_slope=0.5,
)
WEIBULL = replace(
    EXPONENTIAL,
    response=Weibull(shape=1.4, log_scale=np.log(15.0)),
    death_without_response=Weibull(shape=0.7, log_scale=np.log(250.0)),
    death_after_response=Weibull(shape=0.6, log_scale=np.log(900.0)),
)
PATHWAYS = {
    "constant hazards": EXPONENTIAL,
    "weibull": WEIBULL,
    "since the boost": replace(WEIBULL, clock="forward"),
    "everybody responds": replace(WEIBULL, logit_never=-float("inf"), logit_never_slope=0.0),
    "infinite at zero": replace(WEIBULL, response=Weibull(shape=0.5, log_scale=np.log(30.0))),
    "early and sharp": replace(WEIBULL, response=Weibull(shape=3.0, log_scale=np.log(6.0))),
}
over_pathways = pytest.mark.parametrize("pathway", PATHWAYS.values(), ids=PATHWAYS)
over_clocks = pytest.mark.parametrize("clock", ["reset", "forward"])


class Closed:
    """Three constant hazards a, b, c per day and a share pi who never respond, in closed form; (covariate, day)."""

    def __init__(self, pathway: Pathway) -> None:
        linear = np.outer(X, pathway.log_hazard_ratio) + np.array(pathway.study_effect)
        self.a, self.b, self.c = (np.array([0.06, 0.004, 0.0015]) * np.exp(linear)).T[:, :, None]
        self.never = 1.0 / (1.0 + np.exp(-(pathway.logit_never + pathway.logit_never_slope * X)))[:, None]

    def event_free(self, t: np.ndarray) -> np.ndarray:
        return np.asarray(self.never * np.exp(-self.b * t) + (1 - self.never) * np.exp(-(self.a + self.b) * t))

    def incidence(self, t: np.ndarray) -> np.ndarray:
        both = self.a + self.b
        return np.asarray((1 - self.never) * self.a / both * -np.expm1(-both * t))

    def responded_alive(self, t: np.ndarray) -> np.ndarray:
        both = self.a + self.b
        return np.asarray((1 - self.never) * self.a * (np.exp(-self.c * t) - np.exp(-both * t)) / (both - self.c))


@over_clocks
def test_constant_hazards_have_their_closed_form(clock: Any) -> None:
    pathway, closed = replace(EXPONENTIAL, clock=clock), Closed(EXPONENTIAL)
    assert_allclose(event_free(pathway, X, np.log(DAYS), np), closed.event_free(DAYS), rtol=ALGEBRA)
    assert_allclose(cumulative_incidence(pathway, X, DAYS), closed.incidence(DAYS), atol=IN_PANELS)
    assert_allclose(responded_alive(pathway, X, DAYS), closed.responded_alive(DAYS), atol=QUADRATURE)
    expected = closed.event_free(DAYS) + closed.responded_alive(DAYS)
    assert_allclose(survival(pathway, X, DAYS), expected, atol=QUADRATURE)


def test_with_one_shape_for_all_hazards_days_since_the_boost_are_a_change_of_time() -> None:
    shape, rates = 0.6, (0.06, 0.004, 0.0015)
    response, early, late = (Weibull(shape=shape, log_scale=-np.log(rate) / shape) for rate in rates)
    pathway = replace(
        EXPONENTIAL, clock="forward", response=response, death_without_response=early, death_after_response=late
    )
    assert_allclose(
        responded_alive(pathway, X, DAYS), Closed(EXPONENTIAL).responded_alive(DAYS**shape), atol=QUADRATURE
    )


@over_pathways
def test_occupancies_are_probabilities_that_sum_to_one(pathway: Pathway) -> None:
    occupancy = state_occupancy(pathway, X, DAYS)
    assert_allclose(occupancy.sum(axis=-1), 1.0, rtol=ALGEBRA)
    assert np.all(occupancy >= 0.0)
    assert np.all(np.diff(occupancy[..., 2], axis=-1) > 0.0)


@over_pathways
def test_response_first_death_first_and_neither_make_one(pathway: Pathway) -> None:
    def death_first(x: float, day: float) -> float:
        """int S1 (-dS2), over s with t = day s^4."""

        def value(s: float) -> float:
            log_t = np.log(np.array([day * s**4]))
            hazard = np.exp(pathway.death_without_response.log_hazard(log_t, np)) * np.exp(
                pathway.log_relative_hazard(1, at)
            )
            return float((event_free(pathway, at, log_t, np) * hazard)[0, 0] * 4.0 * day * s**3)

        at = np.array([x])
        return float(quad(value, 1e-12, 1.0, epsabs=1e-12, epsrel=1e-10, limit=200)[0])

    died = np.array([[death_first(x, day) for day in DAYS[2::2]] for x in X])
    total = cumulative_incidence(pathway, X, DAYS) + event_free(pathway, X, np.log(DAYS), np)
    assert_allclose(total[:, 2::2] + died, 1.0, atol=IN_PANELS)


@over_pathways
def test_without_deaths_incidence_is_what_has_responded(pathway: Pathway) -> None:
    immortal = replace(pathway, death_without_response=constant(1e-15), death_after_response=constant(1e-15))
    responded = 1.0 - immortal.not_responded(X, np.log(DAYS), np)
    assert_allclose(cumulative_incidence(immortal, X, DAYS), responded, atol=QUADRATURE)
    assert_allclose(responded_alive(immortal, X, DAYS), responded, atol=QUADRATURE)


def test_a_share_that_becomes_nothing_changes_nothing() -> None:
    nobody = PATHWAYS["everybody responds"]
    hardly = replace(nobody, logit_never=-40.0)
    assert_allclose(state_occupancy(hardly, X, DAYS), state_occupancy(nobody, X, DAYS), atol=ALGEBRA)


def test_where_nobody_can_respond_survival_is_that_without_response() -> None:
    nobody = replace(WEIBULL, logit_never=50.0, logit_never_slope=0.0)
    assert_allclose(survival(nobody, X, DAYS), nobody.not_dead_before_response(X, np.log(DAYS), np), atol=ALGEBRA)


@over_pathways
def test_many_draws_are_each_of_them(pathway: Pathway) -> None:
    other = replace(pathway, log_hazard_ratio=(0.2, 0.0, -0.5), logit_never=-1.0)
    ratios = [
        np.array(pair)[:, None, None] for pair in zip(pathway.log_hazard_ratio, other.log_hazard_ratio, strict=True)
    ]
    never = np.array([pathway.logit_never, other.logit_never])[:, None, None]
    both = replace(pathway, log_hazard_ratio=(ratios[0], ratios[1], ratios[2]), logit_never=never)
    found = state_occupancy(both, X, DAYS)
    assert_allclose(found[0], state_occupancy(pathway, X, DAYS), rtol=ALGEBRA, atol=1e-14)
    assert_allclose(found[1], state_occupancy(other, X, DAYS), rtol=ALGEBRA, atol=1e-14)


def nodes_about(cuts: Sequence[float], day: float) -> OutcomeNodes:
    """Panels between the cuts and the day."""
    ends = np.array([*cuts, day])
    return outcome_nodes(ends, rule=day_rule(ends), edges=EDGES)


NODES = nodes_about([7.0, 9.0, 14.0], 365.0)


@pytest.mark.parametrize("name", ["constant hazards", "weibull", "since the boost", "everybody responds"])
def test_outcomes_of_the_likelihood_are_those_of_predictions(name: str) -> None:
    pathway, year = PATHWAYS[name], np.array([365.0])
    outcomes = outcome_probabilities(pathway, X, NODES, FollowUp(lost_by_one_year=0.0), np)
    expected = [cumulative_incidence(pathway, X, year)[:, 0], event_free(pathway, X, np.log(year), np)[:, 0]]
    assert_allclose(outcomes.by_day, np.stack(expected, axis=-1), atol=1e-6)
    by_cut = np.diff(cumulative_incidence(pathway, X, np.array([7.0, 9.0, 14.0, 365.0])), prepend=0.0)
    assert_allclose(outcomes.seen, by_cut, atol=1e-6)
    assert_allclose(outcomes.responses, by_cut, atol=1e-6)


@over_pathways
def test_survival_at_the_edges_is_that_of_predictions(pathway: Pathway) -> None:
    outcomes = outcome_probabilities(pathway, X, NODES, FollowUp(lost_by_one_year=0.3), np)
    assert_allclose(outcomes.survival, survival(pathway, X, EDGES), atol=IN_STATES)


def test_exits_of_the_outcomes_are_those_of_their_edges() -> None:
    follow_up = FollowUp(lost_by_one_year=0.3)
    outcomes = outcome_probabilities(WEIBULL, X, NODES, follow_up, np)
    states = states_over_time(WEIBULL, X, np.log(EDGES), np)
    expected = exit_probabilities(states, follow_up.still_followed(EDGES, np), np)
    assert_allclose(outcomes.exits, expected, rtol=ALGEBRA)


def test_responses_are_seen_only_while_patients_are_followed() -> None:
    follow_up = FollowUp(lost_by_one_year=0.6)
    outcomes = outcome_probabilities(EXPONENTIAL, X, NODES, follow_up, np)
    closed, rate = Closed(EXPONENTIAL), follow_up.rate(np)
    total = closed.a + closed.b + rate
    expected = (1 - closed.never) * closed.a / total * -np.expm1(-total * 365.0)
    assert_allclose(outcomes.seen.sum(axis=-1), expected[:, 0], atol=1e-6)
    complete = outcome_probabilities(EXPONENTIAL, X, NODES, FollowUp(lost_by_one_year=0.0), np)
    assert_allclose(outcomes.responses, complete.seen, rtol=ALGEBRA)


def test_patients_are_lost_while_neither_response_nor_death_has_happened() -> None:
    follow_up = FollowUp(lost_by_one_year=0.6)
    closed, rate = Closed(EXPONENTIAL), follow_up.rate(np)
    parts = ((closed.never, closed.b + rate), (1 - closed.never, closed.a + closed.b + rate))
    expected = sum(share * rate * -np.expm1(-total * 365.0) / total for share, total in parts)
    outcomes = outcome_probabilities(EXPONENTIAL, X, NODES, follow_up, np)
    _, _, deaths, losses = np.split(outcomes.course, 4, axis=-1)
    assert_allclose(losses.sum(axis=-1), np.asarray(expected)[:, 0], atol=1e-6)
    died = sum(share * closed.b * -np.expm1(-total * 365.0) / total for share, total in parts)
    assert_allclose(deaths.sum(axis=-1), np.asarray(died)[:, 0], atol=1e-6)


@over_pathways
def test_numpy_and_pytensor_give_the_same_outcomes(pathway: Pathway, evaluated: Evaluate) -> None:
    symbolic = OutcomeNodes(**{name: pt.constant(value) for name, value in vars(NODES).items()})
    follow_up = FollowUp(lost_by_one_year=np.float64(0.3))
    graph = outcome_probabilities(pathway, pt.constant(X), symbolic, follow_up, pt)
    number = outcome_probabilities(pathway, X, NODES, follow_up, np)
    names = [field.name for field in fields(Outcomes)]
    for name, value in zip(names, evaluated([getattr(graph, name) for name in names]), strict=True):
        assert_allclose(value, getattr(number, name), rtol=1e-7, atol=ALGEBRA, err_msg=name)
