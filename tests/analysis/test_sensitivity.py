"""Contraction and power-scaling: what is known exactly, and which way things must go."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from hscb_bayes.analysis.member import Member, needed_priors
from hscb_bayes.model.pathways import PARAMETER_IDS, prior_normals
from hscb_bayes.posterior.by_response import BY_RESPONSE
from hscb_bayes.posterior.headline import headline_quantities, unbounded
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import landmark_survival
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.sensitivity import (
    by_response_contraction,
    contraction,
    power_scaling,
    sensitivity,
)
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.pathway import STATES
from tests.posteriors import headline_of

CHAINS, DRAWS = 2, 500
SENSITIVE = 0.05  # as in the reference of the module
FARTHEST = 2.5  # standard deviations from the prior mean, beyond which nobody's posterior is
SPREAD = 0.15  # of a contraction that is estimated from 1,000 and 2,000 draws: over four standard errors

Maker = Callable[..., Posterior]


@pytest.fixture(scope="module")
def half_as_wide(main: Member, make_posterior: Maker) -> Posterior:
    """A posterior with the prior's means and half its standard deviations."""
    mean, deviation = prior_normals(main)
    draws = np.random.default_rng(5).standard_normal((CHAINS, DRAWS, mean.size))
    return make_posterior(main, mean + 0.5 * deviation * draws)


@pytest.fixture(scope="module")
def table(half_as_wide: Posterior) -> pd.DataFrame:
    return sensitivity(half_as_wide, seed=1).set_index("quantity")


def test_contraction_is_of_variances() -> None:
    prior = np.array([-4.0, 0.0, 4.0])
    assert contraction(prior, prior / 2.0) == pytest.approx(0.75)
    assert contraction(prior, prior) == pytest.approx(0.0)
    assert contraction(prior, 2.0 * prior) == pytest.approx(-3.0)


def test_parameters_half_as_wide_contract_by_three_quarters(main: Member, table: pd.DataFrame) -> None:
    np.testing.assert_allclose(table.loc[list(needed_priors(main.table)), "contraction"], 0.75, atol=SPREAD)


def test_mostly_prior_is_below_one_half(main: Member, make_posterior: Maker, table: pd.DataFrame) -> None:
    """What is as wide as the prior is, all of it; what is half as wide is not."""
    mean, deviation = prior_normals(main)
    draws = np.clip(np.random.default_rng(6).standard_normal((CHAINS, DRAWS, mean.size)), -FARTHEST, FARTHEST)
    same = sensitivity(make_posterior(main, mean + deviation * draws), seed=1)
    assert same["mostly_prior"].all()
    assert not table.loc[table["kind"] == "parameter", "mostly_prior"].any()


def test_by_response_what_is_as_wide_as_the_prior_has_not_contracted(main: Member, make_posterior: Maker) -> None:
    mean, deviation = prior_normals(main)
    draws = np.random.default_rng(7).standard_normal((CHAINS, DRAWS, mean.size))
    wide, narrow = (
        by_response_contraction(posterior, landmark_survival(posterior), seed=1)
        for posterior in (make_posterior(main, mean + share * deviation * draws) for share in (1.0, 0.1))
    )
    assert set(wide) == {(quantity, state) for quantity in BY_RESPONSE for state in STATES[:2]}
    np.testing.assert_allclose(list(wide.values()), 0.0, atol=2.0 * SPREAD)
    assert min(narrow.values()) > 0.9


def test_there_is_a_row_for_each_headline_quantity_and_each_used_parameter(main: Member, table: pd.DataFrame) -> None:
    ratios = {id for id in needed_priors(main.table) if id.startswith("hazard_ratio")}
    expected = [*headline_quantities(main), *(id for id in needed_priors(main.table) if id not in ratios)]
    assert table.index.tolist() == expected
    assert "odds_ratio_never_respond" not in table.index


def test_intervals_are_on_the_scale_of_the_clinic(main: Member, table: pd.DataFrame) -> None:
    """A belief is its best guess and the limit that it is 95% sure of: median and upper end of the 90% interval."""
    row = table.loc["response_median"]
    belief = main.table.prior["response_median"]
    assert row["prior_median"] == pytest.approx(belief.best_guess, rel=0.1)
    assert row["prior_upper"] == pytest.approx(belief.limit, rel=0.2)
    assert (table["lower"] <= table["median"]).all()
    assert (table["median"] <= table["upper"]).all()


def test_a_far_off_parameter_moves_with_the_prior(main: Member, make_posterior: Maker) -> None:
    """Where draws lie far out in the prior, a little more of it pulls hard; what has nothing to do with it stays."""
    mean, deviation = prior_normals(main)
    rng = np.random.default_rng(7)
    draws = mean + 0.1 * deviation * rng.standard_normal((CHAINS, DRAWS, mean.size))
    column = PARAMETER_IDS.index("lost_by_one_year")
    draws[..., column] = mean[column] + deviation[column] * (4.0 + rng.standard_normal((CHAINS, DRAWS)))
    found = power_scaling(
        make_posterior(main, draws),
        {"far": draws[..., column].ravel(), "noise": rng.standard_normal(CHAINS * DRAWS)},
    )
    assert found["far"]["prior_sensitivity"] > SENSITIVE
    assert found["far"]["prior_sensitivity"] > 5 * found["noise"]["prior_sensitivity"]


def test_the_likelihood_moves_what_it_is_about(main: Member, make_posterior: Maker, half_as_wide: Posterior) -> None:
    draws = np.log(half_as_wide.flat("response_median"))
    noise = np.random.default_rng(8).standard_normal(draws.size)
    found = power_scaling(half_as_wide, {"response_median": draws, "noise": noise})
    sensitive = {id: values["likelihood_sensitivity"] for id, values in found.items()}
    assert sensitive["response_median"] > 3 * sensitive["noise"]


def test_study_effects_widen_the_prior_and_are_not_scaled(
    variant: Callable[[str], Member], make_posterior: Maker
) -> None:
    between = variant('[between_studies]\nhazard_ratio_rarely_above = 3.0\nwhy = "a test"')
    prior = draw_prior(between, draws=4000, chains=1, seed=9)
    parameters, effects = prior.parameters, prior.effect
    assert effects is not None
    spread = between.table.between_studies
    assert spread is not None
    assert effects.std() == pytest.approx(spread.deviation, rel=0.1)
    # a half-normal times a normal has kurtosis 3 * 3; 4.5 is over four standard errors
    assert np.mean((effects / spread.deviation) ** 4) == pytest.approx(9.0, abs=4.5)
    wide, narrow = (
        unbounded(headline_of(between, parameters, effect)["os_1y"], "logit").std() for effect in (effects, None)
    )
    assert wide > narrow
    shape = (CHAINS, 20, -1)
    posterior = make_posterior(between, parameters[: CHAINS * 20].reshape(shape), effects[: CHAINS * 20].reshape(shape))
    found = sensitivity(posterior, seed=1)
    assert found["prior_sensitivity"].isna().all()
    assert found["contraction"].notna().all()


def test_an_analysis_without_study_effects_has_none_in_its_prior(main: Member) -> None:
    prior = draw_prior(main, draws=3, chains=1, seed=1)
    assert prior.parameters.shape == (3, len(PARAMETER_IDS))
    assert prior.effect is None


@pytest.mark.parametrize(
    ("values", "scale", "expected"),
    [
        ([0.5, 1.0 / (1.0 + np.e)], "logit", [0.0, -1.0]),
        ([1.0, np.inf], "log", [0.0, np.log(YEAR)]),
        ([-3.0, 2.0], "plain", [-3.0, 2.0]),
    ],
)
def test_scales_without_bounds(values: list[float], scale: str, expected: list[float]) -> None:
    np.testing.assert_allclose(unbounded(np.array(values), scale), expected, atol=1e-12)
