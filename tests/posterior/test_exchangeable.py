"""Whether a centre is one of a kind: Bayes' rule between two priors, where it has the same effect either way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.checking.leave_centre_out import log_densities_in_new
from hscb_bayes.posterior.exchangeable import exchangeable_probability
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.report.sections.centres import CENTRES
from tests.results_of_draws import fits_of

DATA = Path(__file__).parents[1] / "data"
DRAWS = 4_000


def apart(*, correlated: bool = False) -> Member:
    """Four hospitals, one of a kind with probability 0.8, one of them with 0.5."""
    analysis = load_patients(DATA / "bmt_apart.toml")
    centres = analysis.table.centres.model_copy(update={"correlated": correlated})
    return replace(analysis, table=analysis.table.model_copy(update={"centres": centres}))


@pytest.mark.parametrize("correlated", [False, True])
def test_the_probability_is_bayes_rule_of_two_normals(correlated: bool) -> None:
    analysis = apart(correlated=correlated)
    prior = draw_prior(analysis, draws=20, chains=1, seed=1)
    found, (level,) = exchangeable_probability(prior, "centre"), analysis.levels.values()
    wide = np.diag(np.array(list(level.apart.values())) ** 2)
    for draw in range(20):
        spread = prior.flat("between_centres")[draw]
        correlation = prior.flat("centre_correlation")[draw] if correlated else np.eye(3)
        effects = prior.flat("centre_effect")[draw]
        alike = multivariate_normal.pdf(effects, cov=spread[:, None] * correlation * spread)
        weights = np.array([level.weight_of(centre) for centre in level.units])
        odds = weights * alike / ((1.0 - weights) * multivariate_normal.pdf(effects, cov=wide))
        assert_allclose(found[draw], odds / (1.0 + odds), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("correlated", [False, True])
def test_of_the_prior_it_is_the_weight_on_average(correlated: bool) -> None:
    """Within 4.9 standard errors."""
    analysis = apart(correlated=correlated)
    (level,) = analysis.levels.values()
    found = exchangeable_probability(draw_prior(analysis, draws=DRAWS, chains=1, seed=2), "centre")
    error = found.std(axis=0) / np.sqrt(DRAWS)
    assert np.all(abs(found.mean(axis=0) - list(map(level.weight_of, level.units))) < 4.9 * error)


def test_it_is_certain_where_all_weights_are_1() -> None:
    prior = draw_prior(load_patients(DATA / "bmt.toml"), draws=5, chains=2, seed=3)
    assert_allclose(exchangeable_probability(prior, "centre"), np.ones((10, 4)))
    assert exchangeable_probability(prior).shape == (10, 1)
    assert CENTRES.tables["centre_weights"](fits_of(prior)).empty


def test_the_table_has_what_was_given_and_learned() -> None:
    prior = draw_prior(apart(), draws=50, chains=2, seed=4)
    table = CENTRES.tables["centre_weights"](fits_of(prior))
    assert list(table["centre"]) == list(prior.analysis.centres)
    assert table.set_index("centre")["weight"].to_dict() == {
        "Alfred": 0.5, "Hahnemann": 0.8, "Ohio State": 0.8, "St Vincent": 0.8
    }  # fmt: skip
    assert_allclose(table["probability"], exchangeable_probability(prior, "centre").mean(axis=0))


def test_a_new_centre_is_on_its_own_as_often_as_it_is_said() -> None:
    """Mean squares of effects: of one of the kind, of one on its own, and of what lies between."""
    analysis = apart()
    prior = draw_prior(analysis, draws=DRAWS, chains=1, seed=5)
    (level,) = analysis.levels.values()
    squares = [
        prior.flat("between_centres") ** 2,
        np.broadcast_to(np.array(list(level.apart.values())) ** 2, (DRAWS, 3)),
    ]
    for weight in (1.0, 0.5, 0.0):
        effects = prior.next(seed=6, exchangeable=weight).centre_effects[..., 0]
        expected = weight * squares[0] + (1.0 - weight) * squares[1]
        error = (effects**2 - expected).std(axis=0) / np.sqrt(DRAWS)
        assert np.all(abs((effects**2 - expected).mean(axis=0)) < 4.9 * error)


def test_who_is_foretold_in_a_centre_that_may_be_on_its_own_has_another_density() -> None:
    analysis = apart()
    prior = draw_prior(analysis, draws=50, chains=1, seed=7)
    left = analysis.with_patients(analysis.patients.of(analysis.groups["centre[Alfred]"]))
    alike, mixed = (log_densities_in_new(prior.next(seed=8, exchangeable=weight), left) for weight in (1.0, 0.5))
    assert alike.shape == mixed.shape
    assert not np.allclose(alike, mixed)
