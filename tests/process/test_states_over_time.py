"""Where patients are on many days at once, as the likelihood has it, beside the quadrature of predictions."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.process import incidence
from hscb_bayes.process.exits import StatesOverTime
from hscb_bayes.process.hazards import FAMILIES
from hscb_bayes.process.incidence import cumulative_incidence, event_free, responded_alive, states_over_time
from hscb_bayes.process.pathway import TRANSITIONS, Clock, Pathway
from tests.process.drawn import draw_of, drawn_pathway

ALGEBRA = 1e-10
CONVERGED = 1e-4  # of probabilities, with the nodes below, over all draws
AT_STEPS = 2e-3  # the same where a hazard jumps between two nodes
MANY_NODES = 24
# With the few nodes of the likelihood: of 99 in 100 probabilities, and of the worst, where hardly anybody responds
# before he dies and responses go on for years.
USUAL, WORST = 0.005, 0.05
DRAWS = 40
X = np.array([-1.0, 0.0, 1.5])
DAYS = np.array([1.0, 3.0, 7.0, 14.0, 28.0, 60.0, 182.0, 365.0, 730.0])
Evaluate = Callable[[Sequence[Any]], list[np.ndarray]]
over_families = pytest.mark.parametrize("family", FAMILIES)
over_transitions = pytest.mark.parametrize("transition", TRANSITIONS)
over_clocks = pytest.mark.parametrize("clock", ["reset", "forward"])


def predicted(pathway: Pathway) -> dict[str, np.ndarray]:
    """The same from the functions of predictions, every day with a panel of its own."""
    responded = [cumulative_incidence(pathway, X, np.array([day])) for day in DAYS]
    return {
        "free": event_free(pathway, X, np.log(DAYS), np),
        "responded": np.concatenate(responded, axis=-1),
        "alive": responded_alive(pathway, X, DAYS, nodes=48),
    }


def errors(found: StatesOverTime, expected: dict[str, np.ndarray]) -> np.ndarray:
    return np.stack([np.abs(getattr(found, name) - value) for name, value in expected.items()])


@over_families
@over_transitions
@over_clocks
def test_states_are_those_of_predictions(
    family: str, transition: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pathway = drawn_pathway(transition, family, clock, draws=DRAWS, seed=7)
    expected = predicted(pathway)
    with np.errstate(over="ignore"):
        few = errors(states_over_time(pathway, X, np.log(DAYS), np), expected)
        monkeypatch.setattr(incidence, "STATE_NODES", MANY_NODES)
        many = errors(states_over_time(pathway, X, np.log(DAYS), np), expected)
    assert many.max() < (AT_STEPS if FAMILIES[family].HAS_CUTS else CONVERGED)
    assert np.quantile(few, 0.99) < USUAL
    assert few.max() < WORST


@over_clocks
def test_draws_are_an_axis_in_front(clock: Clock) -> None:
    pathway = drawn_pathway("response", "weibull", clock, draws=5, seed=3)
    together = states_over_time(pathway, X, np.log(DAYS), np)
    for k in range(5):
        alone = states_over_time(draw_of(pathway, k, np.float64), X, np.log(DAYS), np)
        for name, value in vars(alone).items():
            assert_allclose(getattr(together, name)[k], value, rtol=1e-12, err_msg=name)


@over_families
@over_transitions
@over_clocks
def test_numpy_and_pytensor_give_the_same_states(
    family: str, transition: str, clock: Clock, evaluated: Evaluate
) -> None:
    pathway = drawn_pathway(transition, family, clock, draws=1, seed=11)
    number = states_over_time(pathway, X, np.log(DAYS), np)
    symbolic = draw_of(pathway, 0, lambda value: pt.constant(np.float64(value)))
    graph = states_over_time(symbolic, pt.constant(X), pt.constant(np.log(DAYS)), pt)
    for name, value in zip(vars(number), evaluated(list(vars(graph).values())), strict=True):
        assert_allclose(value, getattr(number, name)[0], rtol=1e-7, atol=ALGEBRA, err_msg=name)


def test_covariates_may_have_days_of_their_own() -> None:
    pathway = draw_of(drawn_pathway("response", "weibull", "reset", draws=1, seed=3), 0, np.float64)
    days = DAYS * np.array([1.0, 1.5, 0.7])[:, None]
    together = states_over_time(pathway, X, np.log(days), np)
    for k in range(X.size):
        alone = states_over_time(pathway, X[k : k + 1], np.log(days[k]), np)
        assert_allclose(together.alive[k], alone.alive[0], rtol=1e-12)
        assert_allclose(together.responded[k], alone.responded[0], rtol=1e-12)
