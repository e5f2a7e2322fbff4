"""A pool takes hazards of any family: effects of studies act on the log hazards."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.analysis.level import EFFECTS, ON_HAZARDS
from hscb_bayes.analysis.pool import Pool, load_pool
from hscb_bayes.errors import InputError
from hscb_bayes.model.level_arrays import study_parameters
from hscb_bayes.model.marks import columns_needed
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from hscb_bayes.model.print_likelihood import log_likelihood_of_print
from hscb_bayes.posterior.exchangeable import log_likelihood_of_studies
from hscb_bayes.posterior.headline import calibration_quantities
from hscb_bayes.posterior.next_study import beliefs_toml
from hscb_bayes.posterior.predict import survival
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.process.hazards import FAMILIES

STEP = '[prior.{}_step]\nbest_guess = 1.0\nbelow = 3.0\nwhy = "a test"\n\n'
TRANSITIONS = ("response", "death_without_response", "death_after_response")


@pytest.fixture
def pool_of(folder: Path) -> Callable[..., Pool]:
    """The shipped pool with one hazard of another family."""

    def make(transition: str, family: str, shaped: float = 1.0) -> Pool:
        file = folder / "main.toml"
        text = file.read_text().replace(f'\n{transition} = "weibull"', f'\n{transition} = "{family}"')
        pool = folder / "pooled.toml"
        if transition == "response" and FAMILIES[family].HAS_CUTS and shaped == 1.0:
            pool.write_text(pool.read_text().replace("\nresponse_shape = 2.0\n", "\nresponse_shape = 1.0\n"))
        if FAMILIES[family].HAS_CUTS:
            text = text.replace("[prior.response_shape]", STEP.format(transition) + "[prior.response_shape]")
            text = text.replace("[hazards]\n", f"[hazards]\ncuts.{transition} = [30.0, 90.0]\n")
        file.write_text(text)
        return load_pool(folder / "pooled.toml")

    return make


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("transition", TRANSITIONS)
def test_a_study_of_a_pool_has_the_likelihood_of_a_study_with_effects_on_its_hazards(
    transition: str, family: str, pool_of: Callable[..., Pool]
) -> None:
    pool = pool_of(transition, family)
    rng, (mean, deviation) = np.random.default_rng(3), prior_normals(pool)
    parameters = mean + 0.3 * deviation * rng.normal(size=mean.size)
    effects = 0.4 * rng.normal(size=(len(pool.studies), len(EFFECTS)))
    room = max(columns_needed(member) for member in pool.members)  # nodes of quadratures, which studies of a pool share
    together = log_likelihood_of_studies(parameters, effects, pool)
    for k, member in enumerate(pool.members):
        own = study_parameters(parameters, effects[k], pool.parameter_ids, np)
        values = {id: own[j : j + 1] for j, id in enumerate(pool.parameter_ids)}
        arrays = joint_arrays(member, printed_values(member), room=room)
        alone = log_likelihood_of_print(values, effects[k, :ON_HAZARDS], arrays, member, np)
        assert_allclose(together[k], alone.sum(), rtol=1e-9)


@pytest.mark.parametrize("family", ["log_logistic", "piecewise_exponential"])
def test_predictions_and_the_next_study_of_other_families(family: str, pool_of: Callable[..., Pool]) -> None:
    pool = pool_of("death_without_response", family)
    prior = draw_prior(pool, draws=40, chains=2, seed=1)
    one = prior.of(study=pool.studies[1])
    mine = calibration_quantities(one.parameters, one.analysis, one.effect)["os_1y"]
    assert_allclose(survival(prior, days=[365.0]).sel(study=pool.studies[1]).values.ravel(), mine, rtol=1e-12)
    assert "[prior.death_without_response]" in beliefs_toml(prior.next(seed=1), source="a test")


def test_steps_of_response_have_no_shape_to_differ_in(folder: Path, pool_of: Callable[..., Pool]) -> None:
    file = folder / "pooled.toml"
    assert "\nresponse_shape = 2.0\n" in file.read_text()
    with pytest.raises(InputError) as caught:
        pool_of("response", "piecewise_exponential", 2.0)
    assert str(caught.value) == (
        f"{file}: between_studies.response_shape: required 1, as the response hazard of 'main' has steps and no shape, "
        "found 2"
    )
