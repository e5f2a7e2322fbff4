"""A pool of prints and of a table: the table is a study of which nothing is printed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytensor
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.read_pool import load_pool
from hscb_bayes.checking.check import check
from hscb_bayes.checking.replicate_patients import check_of_patients
from hscb_bayes.errors import InputError
from hscb_bayes.model.build import build
from hscb_bayes.model.data import model_data, structure_of
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.patient_likelihood import log_likelihood_of_patients
from hscb_bayes.posterior.exchangeable import log_likelihood_of_known, log_likelihood_of_studies
from hscb_bayes.posterior.groups import with_groups
from hscb_bayes.posterior.posterior import tree_of_parameters
from hscb_bayes.posterior.predict import survival
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.stored import load_posterior, save
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report.sections import sections_of
from hscb_bayes.report.sections.centres import centre_table
from tests.pool.levels import at_levels
from tests.pool.tables_in_pools import AGE_AND_CENTRES, ROWS, WITH_CENTRES, write_pool, write_pool_of_one, write_table


@pytest.fixture
def mixed(folder: Path) -> Analysis:
    write_table(folder)
    return load_pool(write_pool(folder))


def test_the_studies_of_a_mixed_pool(mixed: Analysis) -> None:
    assert mixed.studies == ("gagelmann2023", "our_table", "liu2024")
    table = mixed.member("our_table")
    assert table.size == len(ROWS.splitlines()) - 1 == 10
    assert table.study.numbers == ()
    assert table.by_duration


def test_the_table_has_the_likelihood_of_its_own_analysis(mixed: Analysis, folder: Path) -> None:
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


def test_nothing_is_printed_of_it(mixed: Analysis) -> None:
    mean, _ = prior_normals(mixed)
    rng = np.random.default_rng(1)
    of_prints = log_likelihood_of_studies(
        mean + 0.3 * rng.normal(size=(20, 1, mean.size)), 0.3 * rng.normal(size=(20, 3, 6)), mixed
    )
    assert_allclose(of_prints[:, 1], 0.0, atol=1e-6)
    assert np.all(of_prints[:, 0] < -5.0)


@pytest.mark.parametrize("study", ["our_table", "gagelmann2023"])
def test_patients_are_as_likely_in_the_posterior_of_their_study(folder: Path, study: str) -> None:
    """As in that of the whole pool, where the others have no part in what is given."""
    write_table(folder, rows=WITH_CENTRES, more=AGE_AND_CENTRES)
    prior = draw_prior(
        load_pool(write_pool(folder, ("with_centre", "our_table", "liu2024"))), draws=3, chains=1, seed=1
    )
    whole, own = (with_groups(one, seed=1).tree["log_likelihood"]["patients"] for one in (prior, prior.of(study=study)))
    ids = [str(id) for id in whole["patient"].values if str(id).startswith(f"{study}:")]
    assert_allclose(own.values, whole.sel(patient=ids).values, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Numba will use object mode:UserWarning")
def test_the_model_has_the_likelihood_of_its_studies(folder: Path) -> None:
    """At a point drawn around the start: a print with patients, a table with centres, and a print."""
    write_table(folder, rows=WITH_CENTRES, more=AGE_AND_CENTRES)
    pool = load_pool(write_pool(folder, ("with_centre", "our_table", "liu2024")))
    model, rng = build(pool).model, np.random.default_rng(4)
    point = {name: value + 0.3 * rng.standard_normal(value.shape) for name, value in model.initial_point().items()}
    names = ("study_effect", "centre_effect", "log_hazard_ratio", "known_patients_effect")
    of_values = model.replace_rvs_by_values([model[name] for name in names])
    densities = model.logp(vars=[model["print"], model["patients"]], sum=False)
    function = pytensor.function(model.value_vars, [*densities, *of_values], mode="FAST_COMPILE")
    of_print, of_patients, *drawn = function(**point)

    posterior = draw_prior(pool, draws=1, chains=1, seed=1)
    for name, values in zip(names, drawn, strict=True):
        posterior.dataset[name].values[0, 0] = values
    for name, variable in posterior.tree["unconstrained_posterior"].data_vars.items():
        variable.values[...] = point[str(name)]
    effects = posterior.among_effects("study_effect")
    prints = log_likelihood_of_studies(posterior.parameters[:, None], effects, pool)
    assert_allclose(prints.sum(), of_print, rtol=1e-9)
    assert_allclose(log_likelihood_of_known(posterior, effects[:, None]).sum(), of_patients, rtol=1e-9)


def test_the_check_has_the_numbers_of_the_table_as_alone_and_as_the_others_foretell_them(mixed: Analysis) -> None:
    """Of draws from the prior, which are no better with the table than without."""
    prior, other = (draw_prior(mixed, draws=20, chains=2, seed=seed) for seed in (1, 2))
    table = check(prior, seed=1, left_out={"our_table": replace(other, converged=True)})
    own = table[table["study"] == "our_table"].reset_index(drop=True)
    alone = check_of_patients(prior.of(study="our_table"), days=(28.0, 100.0, 365.0), seed=1)
    foretold = check_of_patients(other.of(study="our_table"), days=(28.0, 100.0, 365.0), seed=1)
    for name in ("id", "group", "day", "value", "median", "lower90", "upper90", "tail_probability"):
        assert list(own[name]) == list(alone[name])
    assert list(own["loo_median"]) == list(foretold["median"])
    assert set(own["loo_converged"]) == {1.0}
    assert own["value"].iloc[0] == 8 / 10
    prints = table[table["study"] != "our_table"]
    assert prints["loo_median"].isna().all()
    assert len(prints) == len(check(prior, seed=1)) - len(own)


def test_a_program_leaves_its_patients_out_with_the_study(mixed: Analysis) -> None:
    whole, left = model_data(mixed), model_data(mixed, without=HeldOut(studies=["our_table"]))
    assert {name: value.shape for name, value in whole.items()} == {name: value.shape for name, value in left.items()}
    assert not left["our_table.rows_response"].any()
    assert whole["our_table.rows_response"].any()


def test_predictions_are_of_the_patients_of_the_table(mixed: Analysis) -> None:
    posterior = draw_prior(mixed, draws=20, chains=2, seed=1)
    own = survival(posterior.of(study="our_table"), days=[365.0])
    assert_allclose(survival(posterior, days=[365.0]).sel(study="our_table"), own)
    assert_array_equal(np.sort(mixed.member("our_table").known.duration)[[0, -1]], [10.0, 95.0])


def test_a_mixed_posterior_comes_back_from_a_file(mixed: Analysis, tmp_path: Path) -> None:
    posterior = draw_prior(mixed, draws=5, chains=2, seed=1)
    save(posterior, tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc")
    assert again.analysis.studies == mixed.studies
    assert_array_equal(
        again.analysis.member("our_table").known.patients.last_day, mixed.members[1].known.patients.last_day
    )
    assert set(with_groups(again, seed=1).tree["log_likelihood"].data_vars) == {"print", "patients"}
    assert build(replace(again.analysis, pooling="none")).model["patients"] is not None


def test_the_posterior_of_a_pooled_table_comes_back_from_a_file(mixed: Analysis, tmp_path: Path) -> None:
    own = draw_prior(mixed, draws=5, chains=2, seed=1).of(study="our_table")
    save(own, tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc")
    assert_array_equal(survival(again, days=[365.0], duration=[14.0]), survival(own, days=[365.0], duration=[14.0]))
    assert again.of_whom == "our_table"
    save(mixed_average := draw_prior(mixed, draws=5, chains=2, seed=1).average, tmp_path / "posterior.nc")
    assert load_posterior(tmp_path / "posterior.nc").of_whom == mixed_average.of_whom == "the average study"


@pytest.fixture
def adjusted(folder: Path) -> Analysis:
    """The same with another covariate, and centres, in its table."""
    write_table(folder, rows=WITH_CENTRES, more=AGE_AND_CENTRES)
    return load_pool(write_pool(folder))


@pytest.mark.parametrize(
    "profile", [{}, {"groups": ["all", "centre[our_table:north]"]}, {"standardised": {"age": [0.0, 2.0]}}]
)
def test_covariates_and_centres_of_a_table_count_in_a_pool_as_alone(
    adjusted: Analysis, folder: Path, profile: dict[str, Any]
) -> None:
    """Predictions of the table alone at the hazards that it has in the pool."""
    prior = draw_prior(adjusted, draws=10, chains=2, seed=3)
    own = prior.of(study="our_table")
    alone, named = load(folder / "our_table.toml"), dict(profile)
    if "groups" in named:
        named["groups"] = [name.replace("our_table:", "") for name in named["groups"]]
    levels = at_levels(prior.parameters, prior.among_effects("study_effect")[:, 1])
    by_id = dict(zip(adjusted.parameter_ids, levels.T, strict=True))
    of_duration = np.stack([by_id[f"hazard_ratio_{name}"] for name in TRANSITIONS], axis=-1)
    of_age = own.flat("log_hazard_ratio")[..., 0]
    ratios = {"duration": of_duration, "age": of_age}
    stacked = np.stack([ratios[term] for term in alone.terms], axis=-1)
    of_centres = own.dataset["centre_effect"].assign_coords(centre=list(alone.centres))
    same = replace(
        own,
        analysis=alone,
        tree=tree_of_parameters(
            alone,
            {id: prior.labelled(by_id[id], {}) for id in alone.believed},
            {
                "log_hazard_ratio": prior.labelled(
                    stacked, {"transition": list(TRANSITIONS), "term": list(alone.terms)}
                ),
                "centre_effect": of_centres,
            },
            prior.tree["sample_stats"].to_dataset(),
        ),
    )
    assert own.analysis.terms == ("age",)
    assert_allclose(
        survival(own, days=[30.0, 365.0], **profile), survival(same, days=[30.0, 365.0], **named), rtol=1e-9
    )


def test_centres_of_a_table_have_predictions_in_a_pool(adjusted: Analysis) -> None:
    own = draw_prior(adjusted, draws=10, chains=2, seed=3).of(study="our_table")
    assert own.centres == ("our_table:north", "our_table:south")
    north = survival(own.of(centre="our_table:north"), days=[365.0], duration=[14.0])
    assert north.sizes == {"chain": 2, "draw": 10, "duration": 1, "day": 1}
    assert not np.allclose(north, survival(own.next(seed=1), days=[365.0], duration=[14.0]))
    with pytest.raises(InputError, match=r"duration: .* has several centres; required the posterior of one"):
        survival(own, days=[365.0], duration=[14.0])


def two_tables(folder: Path, within: str) -> Analysis:
    """A pool of prints and of two tables with centres."""
    file = write_table(folder, rows=WITH_CENTRES, more=AGE_AND_CENTRES + within)
    (folder / "their_table.toml").write_text(file.read_text())
    return load_pool(write_pool(folder, ("main", "our_table", "their_table", "liu2024")))


def test_centres_of_all_tables_have_one_spread_or_each_table_its_own(folder: Path) -> None:
    one = draw_prior(two_tables(folder, ""), draws=500, chains=2, seed=2)
    assert one.dataset["between_centres"].dims == ("chain", "draw", "transition")
    each = draw_prior(two_tables(folder, 'within = "study"\n'), draws=500, chains=2, seed=2)
    assert each.dataset["between_centres"].dims == ("chain", "draw", "spread_within", "transition")
    own = {study: each.of(study=study) for study in ("our_table", "their_table")}
    for study, posterior in own.items():
        spread = each.dataset["between_centres"].sel(spread_within=study).values
        standard = posterior.next(seed=1).centre_effects[:, :, 0] / spread.reshape(-1, 3)
        assert_allclose(standard.std(), 1.0, atol=0.05)
    table = centre_table(each)
    assert {"between[our_table]", "between[their_table]", "our_table:north"} <= set(table["centre"])
    assert set(centre_table(one)["centre"]) - set(one.analysis.centres) == {"between"}
    model = build(each.analysis).model
    assert model.named_vars_to_dims["between_centres"] == ("spread_within", "transition")
    assert list(model.coords["spread_within"]) == ["our_table", "their_table"]


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        ("hazard_ratio_rarely_above = 2.0", "hazard_ratio_rarely_above = 5.0",
         r"covariates\.age\.hazard_ratio_rarely_above: required 2\.0, as 'our_table' in .* says, found 5\.0"),
        ("hazard_ratio_rarely_above = 1.5", "hazard_ratio_rarely_above = 1.2",
         r"centres\.hazard_ratio_rarely_above: required 1\.5, as 'our_table' in .* says, found 1\.2"),
    ],
)  # fmt: skip
def test_two_tables_of_other_beliefs_are_refused(folder: Path, ours: str, theirs: str, told: str) -> None:
    file = write_table(folder, rows=WITH_CENTRES, more=AGE_AND_CENTRES)
    (folder / "their_table.toml").write_text(file.read_text().replace(ours, theirs))
    with pytest.raises(InputError, match=told):
        load_pool(write_pool(folder, ("main", "our_table", "their_table", "liu2024")))


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


def test_a_pool_of_one_study_is_that_study(folder: Path) -> None:
    """The same data of the model: the same density; and it comes back from a file."""
    one = load(write_pool_of_one(folder, "main"))
    main = load(folder / "main.toml")
    assert (one.name, one.table.title, one.studies) == ("only", "One study", main.studies)
    ours, theirs = model_data(one), model_data(main)
    assert list(ours) == list(theirs)
    for name, values in ours.items():
        assert_array_equal(values, theirs[name])
    assert structure_of(one) == structure_of(main)
    assert sections_of(one) == sections_of(main)
    save(draw_prior(one, draws=5, chains=2, seed=1), folder / "posterior.nc")
    assert load_posterior(folder / "posterior.nc").analysis.table.title == "One study"


def test_a_pool_of_one_table_is_that_table(folder: Path) -> None:
    write_table(folder)
    one = load(write_pool_of_one(folder, "our_table"))
    assert not one.has_print
    assert one.terms == ("duration",)


@pytest.mark.parametrize(
    ("studies", "more", "told"),
    [
        ('"main"', '[exchangeable]\nwhy = "x"\n', "exchangeable: required at least two studies, found"),
        ('"main", "liu2024"', "", "between_studies is missing; required of 2 studies"),
        ('"liu2024"', "", "population: required that of the only study"),
    ],
)
def test_what_does_not_fit_the_number_of_studies_is_refused(folder: Path, studies: str, more: str, told: str) -> None:
    file = write_pool_of_one(folder, "main")
    file.write_text(file.read_text().replace('"main"', studies) + more)
    with pytest.raises(InputError, match=told):
        load(file)
