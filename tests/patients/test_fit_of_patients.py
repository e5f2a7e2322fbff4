"""From a table to draws: the compiled density, the posterior of real patients, and what is kept of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_allclose
from scipy.stats import halfnorm, norm

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model
from hscb_bayes.model.data import model_data
from hscb_bayes.model.data_vector import Built
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.model.levels import LKJ
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.patient_likelihood import log_likelihood_of_patients
from hscb_bayes.model.patient_rows import events_of_centres
from hscb_bayes.posterior.gate import verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import sample
from hscb_bayes.posterior.stored import load_posterior, save

DATA = Path(__file__).parents[1] / "data"
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("patients")]


@pytest.fixture(scope="module")
def bmt() -> Member:
    """137 transplants in four hospitals; of ten patients recovery is known only to a week."""
    analysis = load_patients(DATA / "bmt.toml")
    until = analysis.patients.unresponded_until.copy()
    until[:10] = np.maximum(until[:10] - 7.0, 0.0)
    return analysis.with_patients(replace(analysis.patients, unresponded_until=until))


@pytest.fixture(scope="module")
def compiled(bmt: Member) -> Compiled:
    return compile_model(build(bmt))


@pytest.fixture(scope="module")
def posterior(compiled: Compiled) -> Posterior:
    return sample(compiled, draws=400, tune=400, chains=2, cores=1, seed=1)


def test_the_compiled_density_is_prior_and_likelihood(bmt: Member, compiled: Compiled) -> None:
    rng = np.random.default_rng(3)
    mean, deviation = prior_normals(bmt)
    scale = np.array(list(bmt.levels["centre"].between.values()))
    parameters = mean + 0.3 * deviation * rng.normal(size=mean.size)
    ratios, standard = 0.3 * rng.normal(size=(3, len(bmt.terms))), rng.normal(size=(3, len(bmt.centres)))
    spread = np.array([0.2, 0.5, 0.4])
    power = model_data(bmt)["centred_centre"].T * np.log(spread)[:, None]
    free = np.log(np.expm1(spread / scale))
    point = np.concatenate([parameters[deviation > 0.0], ratios.ravel(), free, (np.exp(power) * standard).T.ravel()])
    density, gradient = compiled.program.evaluated(point[None])

    values = dict(zip(bmt.parameter_ids, parameters, strict=True))
    expected = log_likelihood_of_patients(bmt, values, ratios, spread[:, None] * standard).sum()
    has_part = deviation > 0.0
    expected += (
        norm.logpdf(parameters[has_part], mean[has_part], deviation[has_part]).sum()
        + norm.logpdf(ratios, 0.0, bmt.term_deviations).sum()
    )
    expected += (halfnorm.logpdf(spread / scale) + np.log(-np.expm1(-spread / scale))).sum()
    expected += (norm.logpdf(standard) - power).sum()
    assert_allclose(density[0], expected, rtol=1e-10)

    step = 1e-5 * np.eye(point.size)
    (above, _), (below, _) = compiled.program.evaluated(point + step), compiled.program.evaluated(point - step)
    assert_allclose(gradient[0], (above - below) / 2e-5, rtol=1e-5, atol=1e-5)


def test_a_centre_with_many_events_is_centred_and_one_with_few_is_not(bmt: Member) -> None:
    """St Vincent: of 23 patients 21 had platelets again, 2 died or relapsed before it and 11 after."""
    assert events_of_centres(bmt)[:, bmt.centres.index("St Vincent")].tolist() == [21.0, 2.0, 11.0]
    centred = model_data(bmt)["centred_centre"]
    assert_allclose(centred[bmt.centres.index("St Vincent")], [21 / 221, 2 / 202, 11 / 211])
    without = bmt.own_centre == bmt.centres.index("St Vincent")
    assert not model_data(bmt, without=HeldOut(patients=without))["centred_centre"][
        bmt.centres.index("St Vincent")
    ].any()


@pytest.fixture(scope="module")
def correlated(bmt: Member) -> Built:
    said = bmt.table.centres
    assert said is not None
    table = bmt.table.model_copy(update={"centres": said.model_copy(update={"correlated": True})})
    return build(replace(bmt, table=table))


@pytest.mark.filterwarnings("ignore:Numba will use object mode:UserWarning")
def test_correlated_effects_are_the_root_of_the_correlation_times_standard_ones(correlated: Built) -> None:
    names = ("centre_effect", "between_centres", "centre_correlation")
    effect, spread, matrix = pm.draw(
        [correlated.model[name] for name in names], draws=3000, random_seed=1, mode="FAST_COMPILE"
    )
    standard = np.linalg.solve(np.linalg.cholesky(matrix), np.swapaxes(effect / spread[:, None], 1, 2))
    pooled = standard.transpose(1, 0, 2).reshape(3, -1)
    assert_allclose(np.cov(pooled), np.eye(3), atol=0.05)
    assert_allclose(pooled.mean(axis=1), 0.0, atol=0.05)
    for j, k in ((0, 1), (0, 2), (1, 2)):  # each is a beta on (-1, 1) with both parameters LKJ + 1/2
        assert_allclose(matrix[:, j, k].std(), 1.0 / np.sqrt(2.0 * LKJ + 2.0), atol=0.02)


def test_correlated_effects_are_sampled(correlated: Built) -> None:
    """As the root of a covariance they had no dims, which the sampler refused; one draw in a hundred diverged."""
    tree = sample(compile_model(correlated), cores=1, seed=2, target_accept=0.98)
    assert tree.tree["sample_stats"]["diverging"].mean() < 0.001
    assert not [each for each in verdict(tree).failures if "divergent" not in each]
    matrix = tree.dataset["centre_correlation"].values
    assert (np.diagonal(matrix, axis1=-2, axis2=-1) == 1.0).all()
    assert_allclose(matrix, np.swapaxes(matrix, -1, -2), atol=1e-12)
    assert 0.2 < matrix[..., 0, 1].std() < 0.6


def test_the_posterior_of_real_patients(posterior: Posterior) -> None:
    draws = posterior.dataset
    assert not posterior.tree["sample_stats"]["diverging"].any()
    low_risk = draws["log_hazard_ratio"].sel(transition="death_after_response", term="disease[AML low risk]")
    assert low_risk.median() < -0.5  # Klein and Moeschberger: least relapse in low risk AML
    assert low_risk.quantile(0.9) < 0.0
    assert 15.0 < draws["response_median"].median() < 40.0  # half had platelets by day 21


def test_a_posterior_keeps_its_patients(bmt: Member, posterior: Posterior, tmp_path: Path) -> None:
    save(posterior, tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc").analysis
    for name in ("entry_day", "unresponded_until", "response_day", "last_day", "died"):
        np.testing.assert_array_equal(getattr(again.patients, name), getattr(bmt.patients, name))
    np.testing.assert_array_equal(again.own_design, bmt.own_design)
    np.testing.assert_array_equal(again.own_centre, bmt.own_centre)
    assert again.table == bmt.table
