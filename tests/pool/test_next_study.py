"""What the next study borrows: the mixture is the draws', its worth is known where it is known, R can read it."""

import json
import tomllib
from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.analysis.level import EFFECTS
from hscb_bayes.analysis.member import needed_priors
from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.priors import PARAMETERS, Belief
from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import PARAMETER_IDS
from hscb_bayes.posterior.estimands import estimands
from hscb_bayes.posterior.mixture import Mixture
from hscb_bayes.posterior.next_study import (
    beliefs_toml,
    effective_events,
    effective_patients,
    predictive_prior,
    rbest_json,
    robust,
)
from hscb_bayes.posterior.posterior import Posterior
from tests.pool.levels import at_levels


def normal(mean: float, deviation: float) -> Mixture:
    return Mixture(weight=np.ones(1), mean=np.array([mean]), deviation=np.array([deviation]))


@pytest.fixture(scope="module")
def following(pool: Pool, prior_tree: Callable[[Pool], Posterior]) -> Posterior:
    return prior_tree(pool).next(seed=1)


@pytest.mark.parametrize("patients", [5.0, 20.0, 80.0])
def test_a_normal_prior_is_worth_its_variance_over_that_of_a_patient(patients: float) -> None:
    """At p = 1/2 a patient has information 1/4; a narrow prior around it with variance 4 / n is worth about n."""
    worth = effective_patients(normal(0.0, np.sqrt(4.0 / patients)))
    spread = 4.0 / patients  # E[1 / (p (1 - p))] = 2 + 2 exp(spread / 2) for a normal of that variance
    assert worth == pytest.approx((2.0 + 2.0 * np.exp(spread / 2.0)) / spread, rel=1e-4)
    assert effective_events(normal(0.0, np.sqrt(4.0 / patients))) == pytest.approx(worth / 2.0, rel=1e-6)


def test_a_robust_prior_is_worth_less() -> None:
    prior = normal(1.0, 0.4)
    weaker = robust(prior, weight=0.3)
    assert weaker.weight.sum() == pytest.approx(1.0)
    assert effective_patients(weaker) < effective_patients(prior)


@pytest.mark.parametrize(("weight", "share"), [(0.0, 0.5), (1.0, 0.5), (0.2, 0.0), (0.2, 1.2)])
def test_a_weight_that_is_none_gets_a_sentence(weight: float, share: float) -> None:
    with pytest.raises(InputError, match="required a number between 0 and 1"):
        robust(normal(0.0, 1.0), weight=weight, share=share)


def test_the_predictive_prior_has_the_moments_of_the_draws(following: Posterior) -> None:
    for name in ("response_by_28", "os_1y"):
        share = np.clip(estimands(following)[name].values.ravel(), 1e-9, 1 - 1e-9)
        log_odds = np.log(share / (1.0 - share))
        prior = predictive_prior(following, name)
        mean = float(prior.weight @ prior.mean)
        assert mean == pytest.approx(log_odds.mean(), abs=1e-3)
        second = float(prior.weight @ (prior.mean**2 + prior.deviation**2))
        assert second - mean**2 == pytest.approx(log_odds.var(), rel=0.02)


def test_a_time_has_no_mixture_of_log_odds(following: Posterior) -> None:
    with pytest.raises(InputError, match="required one of"):
        predictive_prior(following, "median_response_responders")


def test_r_reads_weights_means_and_deviations_by_row() -> None:
    mixture = robust(normal(0.7, 0.4))
    told = json.loads(rbest_json(mixture))
    assert told["meta"]["dim"] == [3, 2]
    assert told["meta"]["dimnames"] == [["w", "m", "s"], ["comp1", "comp2"]]
    assert told["meta"]["class"] == ["normMix", "mix"]
    assert_allclose(told["comp"], [mixture.weight, mixture.mean, mixture.deviation], rtol=1e-15)


def test_three_components_are_written_as_four() -> None:
    mixture = Mixture(weight=np.array([0.5, 0.3, 0.2]), mean=np.arange(3.0), deviation=np.ones(3))
    told = json.loads(rbest_json(mixture))
    assert told["meta"]["dim"] == [3, 4]
    assert_allclose(told["comp"], [[0.25, 0.25, 0.3, 0.2], [0.0, 0.0, 1.0, 2.0], [1.0] * 4])


def test_beliefs_of_the_next_study_are_those_of_its_draws(following: Posterior) -> None:
    tables = tomllib.loads(beliefs_toml(following, source="pooled"))["prior"]
    assert following.effect is not None
    effects = np.pad(following.effect, ((0, 0), (0, len(EFFECTS) - following.effect.shape[1])))
    draws = at_levels(following.parameters, effects)
    for id, table in tables.items():
        mean, deviation = Belief.model_validate(table).normal(PARAMETERS[id].scale)
        values = draws[:, PARAMETER_IDS.index(id)]
        assert mean == pytest.approx(np.median(values), abs=1e-4)
        assert mean + 1.6449 * deviation == pytest.approx(np.quantile(values, 0.95), abs=1e-3)
    assert set(tables) == set(needed_priors(following.analysis.table))
