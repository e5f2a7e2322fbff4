"""A pool of prints and of a table: the table is a study of which nothing is printed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.pool import Pool, load_pool
from hscb_bayes.checking.check import check
from hscb_bayes.errors import InputError
from hscb_bayes.model.build import build
from hscb_bayes.model.data import model_data
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.patient_likelihood import log_likelihood_of_patients
from hscb_bayes.posterior.exchangeable import log_likelihood_of_known, log_likelihood_of_studies
from hscb_bayes.posterior.groups import with_groups
from hscb_bayes.posterior.predict import survival
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.stored import load_posterior, save
from tests.pool.levels import at_levels
from tests.pool.tables_in_pools import ROWS, write_pool, write_table


@pytest.fixture
def mixed(folder: Path) -> Pool:
    write_table(folder)
    return load_pool(write_pool(folder))


def test_the_studies_of_a_mixed_pool(mixed: Pool) -> None:
    assert mixed.studies == ("gagelmann2023", "our_table", "liu2024")
    table = mixed.member("our_table")
    assert table.patients == len(ROWS.splitlines()) - 1 == 10
    assert table.study.numbers == ()
    assert table.by_duration


def test_the_table_has_the_likelihood_of_its_own_analysis(mixed: Pool, folder: Path) -> None:
    """With effects of the study as changed levels, which is the same for Weibull hazards."""
    alone = load(folder / "our_table.toml")
    prior = draw_prior(mixed, draws=5, chains=1, seed=1)
    effects = prior.among_effects("study_effect")
    found = log_likelihood_of_known(prior, effects[:, None])[:, 0, 1]
    ids = mixed.parameter_ids
    for draw in range(5):
        at = dict(zip(ids, at_levels(prior.parameters[draw], effects[draw, 1]), strict=True))
        ratios = (
            np.array([[at[f"hazard_ratio_{name}"]] for name in prior.dataset["transition"].values])
            if "transition" in prior.dataset.coords
            else np.array([[at[id]] for id in ids if id.startswith("hazard_")])
        )
        own = log_likelihood_of_patients(alone, {id: at[id] for id in alone.parameter_ids}, ratios, np.zeros((3, 0)))
        assert_allclose(found[draw], own.sum(), rtol=1e-10)


def test_nothing_is_printed_of_it(mixed: Pool) -> None:
    mean, _ = prior_normals(mixed)
    rng = np.random.default_rng(1)
    of_prints = log_likelihood_of_studies(
        mean + 0.3 * rng.normal(size=(20, 1, mean.size)), 0.3 * rng.normal(size=(20, 3, 6)), mixed
    )
    assert_allclose(of_prints[:, 1], 0.0, atol=1e-6)
    assert np.all(of_prints[:, 0] < -5.0)
    assert not check(draw_prior(mixed, draws=20, chains=2, seed=1), seed=1)["study"].isin(["our_table"]).any()


def test_a_program_leaves_its_patients_out_with_the_study(mixed: Pool) -> None:
    whole, left = model_data(mixed), model_data(mixed, without=HeldOut(studies=["our_table"]))
    assert {name: value.shape for name, value in whole.items()} == {name: value.shape for name, value in left.items()}
    assert not left["our_table.rows_response"].any()
    assert whole["our_table.rows_response"].any()


def test_predictions_are_of_the_patients_of_the_table(mixed: Pool) -> None:
    posterior = draw_prior(mixed, draws=20, chains=2, seed=1)
    own = survival(posterior.of(study="our_table"), days=[365.0])
    assert_allclose(survival(posterior, days=[365.0]).sel(study="our_table"), own)
    assert_array_equal(np.sort(mixed.member("our_table").known.duration)[[0, -1]], [10.0, 95.0])


def test_a_mixed_posterior_comes_back_from_a_file(mixed: Pool, tmp_path: Path) -> None:
    posterior = draw_prior(mixed, draws=5, chains=2, seed=1)
    save(posterior, tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc")
    assert again.analysis.studies == mixed.studies
    assert_array_equal(
        again.analysis.member("our_table").known.patients.last_day, mixed.members[1].known.patients.last_day
    )
    assert set(with_groups(again, seed=1).tree["log_likelihood"].data_vars) == {"print", "patients"}
    assert build(replace(again.analysis, pooling="none")).model["patients"] is not None


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[covariates.age]\ncolumn = "duration"\nlabel = "x"\nhazard_ratio_rarely_above = 2.0\nwhy = "x"\n',
         "covariates.age: a pool takes a table with no covariate but 'duration', and without centres"),
    ],
)  # fmt: skip
def test_what_a_pool_cannot_have_is_refused(folder: Path, more: str, told: str) -> None:
    file = write_table(folder)
    file.write_text(file.read_text() + "\n" + more)
    with pytest.raises(InputError, match=told):
        load_pool(write_pool(folder))


def test_other_beliefs_are_refused(folder: Path) -> None:
    file = write_table(folder)
    file.write_text(
        file.read_text().replace("[prior.never_respond]\nbest_guess = 0.1", "[prior.never_respond]\nbest_guess = 0.2")
    )
    with pytest.raises(InputError, match=r"prior\.never_respond: required the belief of the first member"):
        load_pool(write_pool(folder))


def test_a_table_cannot_be_the_first(folder: Path) -> None:
    write_table(folder)
    with pytest.raises(InputError, match="required a printed study as the first of a pool, found a table"):
        load_pool(write_pool(folder, ("our_table", "main")))
