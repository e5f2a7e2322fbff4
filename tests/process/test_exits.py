"""When and how follow-up ends: probabilities that make one, and are those of simulated patients."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.process import incidence
from hscb_bayes.process.exits import CLASSES, StatesOverTime, exit_probabilities, places
from hscb_bayes.process.follow_up import FollowUp, reach_of
from hscb_bayes.process.hazards import FAMILIES
from hscb_bayes.process.incidence import states_over_time
from hscb_bayes.process.pathway import TRANSITIONS, Clock, Pathway
from hscb_bayes.process.simulate import simulate_course
from tests.process.drawn import draw_of, drawn_pathway

ALGEBRA = 1e-12
FALSE_ALARM_Z = 5.5  # one false alarm in a million among thirty comparisons
WITHIN_INTERVALS = 2e-3  # of a probability: losses and deaths of an interval are taken to fall evenly into it
PATIENTS = 100_000
X = np.array([-1.0, 0.0, 1.5])
REACHES = {"read late": (1.0, 0.0), "read on one day": reach_of(144.0, 816.0), "read early": reach_of(0.0, 200.0)}
EDGES = {
    "one": np.array([365.0]),
    "few": np.array([7.0, 28.0, 365.0]),
    "many": np.linspace(0.5, 28.0, 25) ** 2,
    "one several times": np.array([30.0, 182.0, 365.0, 365.0, 365.0]),
}
over_reaches = pytest.mark.parametrize("reach", REACHES.values(), ids=REACHES)
over_edges = pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES)


def follow_up_of(lost: Any, reach: tuple[float, float]) -> FollowUp:
    return FollowUp(lost_by_one_year=lost, reached=reach[0], reached_per_day=reach[1])


def exits_of(pathway: Pathway, edges: np.ndarray, follow_up: FollowUp, x: np.ndarray = X) -> np.ndarray:
    with np.errstate(over="ignore"):
        states = states_over_time(pathway, x, np.log(edges), np)
    return np.asarray(exit_probabilities(states, follow_up.still_followed(edges, np), np))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("transition", TRANSITIONS)
@pytest.mark.parametrize("clock", ["reset", "forward"])
@pytest.mark.parametrize(("nodes", "error"), [(incidence.STATE_NODES, 0.005), (24, 1e-5)])
def test_the_ways_to_leave_make_one(
    family: str, transition: str, clock: Clock, nodes: int, error: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the error of the states: where more would be alive on a later day nobody dies."""
    monkeypatch.setattr(incidence, "STATE_NODES", nodes)
    pathway = drawn_pathway(transition, family, clock, draws=40, seed=5)
    for edges in EDGES.values():
        for reach in REACHES.values():
            lost = np.linspace(0.0, 0.95, 40)[:, None, None]
            found = exits_of(pathway, edges, follow_up_of(lost, reach))
            assert found.shape == (40, X.size, len(CLASSES), places(edges.size))
            assert np.all(found >= 0.0)
            assert_allclose(found.sum(axis=(-2, -1)), 1.0, atol=error)


def random_states(rng: np.random.Generator, edges: int) -> StatesOverTime:
    """Any course that can be: who responds and dies in each interval is drawn."""
    moves = rng.dirichlet(np.ones(3), size=(7, edges))  # waiting, responding, dying without
    free = np.cumprod(moves[..., 0], axis=-1)
    before = np.concatenate([np.ones((7, 1)), free[..., :-1]], axis=-1)
    new, alive = before * moves[..., 1], np.zeros((7, edges))
    living = rng.uniform(size=(7, edges))
    for k in range(edges):
        alive[:, k] = living[:, k] * ((alive[:, k - 1] if k else 0.0) + new[:, k])
    return StatesOverTime(free=free, responded=np.cumsum(new, axis=-1), alive=alive)


@pytest.mark.parametrize("edges", [1, 2, 5, 30])
def test_the_ways_to_leave_make_one_whatever_happens(edges: int) -> None:
    rng = np.random.default_rng(edges)
    followed = np.cumprod(rng.uniform(size=(7, edges)), axis=-1)
    found = exit_probabilities(random_states(rng, edges), followed, np)
    assert_allclose(found.sum(axis=(-2, -1)), 1.0, atol=ALGEBRA)


@over_edges
def test_without_losses_exits_are_deaths_by_class_and_survivors(edges: np.ndarray) -> None:
    pathway = drawn_pathway("response", "weibull", "reset", draws=10, seed=2)
    states = states_over_time(pathway, X, np.log(edges), np)
    found, last = exits_of(pathway, edges, follow_up_of(0.0, (1.0, 0.0))), edges.size
    deaths, losses, there = found[..., :last], found[..., last:-1], found[..., -1]
    assert_allclose(losses, 0.0, atol=ALGEBRA)
    assert_allclose(there[..., 0], states.alive[..., -1], rtol=ALGEBRA)
    assert_allclose(there[..., 1], states.free[..., -1], rtol=ALGEBRA)
    assert_allclose(deaths[..., 0, :].sum(axis=-1), (states.responded - states.alive)[..., -1], atol=2e-3)


@over_reaches
def test_an_edge_that_is_there_again_adds_no_exit(reach: tuple[float, float]) -> None:
    pathway, follow_up = drawn_pathway("response", "weibull", "reset", draws=10, seed=2), follow_up_of(0.3, reach)
    once, edges = exits_of(pathway, np.array([30.0, 182.0, 365.0]), follow_up), EDGES["one several times"]
    again = exits_of(pathway, edges, follow_up)
    last = edges.size
    assert_allclose(again[..., :3], once[..., :3], atol=ALGEBRA)
    assert_allclose(again[..., last : last + 3], once[..., 3:6], atol=ALGEBRA)
    assert_allclose(again[..., [3, 4, last + 3, last + 4]], 0.0, atol=ALGEBRA)
    assert_allclose(again[..., -1], once[..., -1], atol=ALGEBRA)


@over_reaches
def test_more_edges_leave_who_is_there_at_the_end_as_it_was(reach: tuple[float, float]) -> None:
    pathway, follow_up = drawn_pathway("response", "weibull", "reset", draws=10, seed=2), follow_up_of(0.3, reach)
    few, many = (exits_of(pathway, edges, follow_up) for edges in (EDGES["few"], np.array([7.0, 28.0, 90.0, 365.0])))
    assert_allclose(many[..., -1], few[..., -1], rtol=ALGEBRA)
    assert_allclose(many[..., :2], few[..., :2], rtol=ALGEBRA)


@over_reaches
@pytest.mark.parametrize("clock", ["reset", "forward"])
@pytest.mark.parametrize("family", FAMILIES)
def test_exits_are_those_of_simulated_patients(family: str, clock: Clock, reach: tuple[float, float]) -> None:
    drawn = drawn_pathway("death_after_response", family, clock, draws=1, seed=8)
    pathway, follow_up = draw_of(drawn, 0, np.float64), follow_up_of(0.3, reach)
    edges = np.linspace(0.7, np.sqrt(730.0), 24) ** 2
    rng = np.random.default_rng(20230701)
    course = simulate_course(pathway, np.zeros(PATIENTS), shape=(PATIENTS,), rng=rng)
    lost = rng.exponential(size=PATIENTS) / follow_up.rate(np)
    if reach[1] > 0.0:
        lost = np.minimum(lost, (reach[0] - rng.uniform(size=PATIENTS)) / reach[1])
    last, died = np.minimum(course.death_day, lost), course.death_day <= lost
    place = np.searchsorted(edges, last) + np.where(died, 0, edges.size)
    place[last > edges[-1]] = 2 * edges.size
    found = np.zeros((len(CLASSES), places(edges.size)))
    responded = course.response_day <= last
    for k, members in enumerate((responded, ~responded)):
        found[k] = np.bincount(place[members], minlength=found.shape[-1]) / PATIENTS
    expected = exits_of(pathway, edges, follow_up, np.zeros(1))[0]
    error = np.sqrt(expected * (1.0 - expected) / PATIENTS)
    np.testing.assert_array_less(np.abs(found - expected), FALSE_ALARM_Z * error + WITHIN_INTERVALS)
