"""A posterior of every form: what it holds, the posteriors of single studies and centres in it, and its file."""

import itertools
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import rankdata

from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.level import EFFECTS, ON_HAZARDS
from hscb_bayes.analysis.priors import natural
from hscb_bayes.errors import InputError
from hscb_bayes.model.build import build
from hscb_bayes.model.held_out import NOTHING
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.gate import Verdict
from hscb_bayes.posterior.posterior import DIMS, NEW, UNBOUNDED, Posterior
from hscb_bayes.posterior.predict import survival
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.stored import load_posterior, save
from hscb_bayes.process.pathway import TRANSITIONS
from tests.model.test_build import FORMS, held_out
from tests.pool.beliefs import beliefs_of

CHAINS, DRAWS = 2, 20
STUDY = "liu2024"
WITH_PATIENTS = "gagelmann2023"  # the study of the patients who are known
STILL = Verdict(
    is_converged=False, worst_r_hat=float("nan"), worst_ess_bulk=float("inf"), worst_ess_tail=12.5, divergences=3,
    failures=("required no divergent transition, found 3", "R-hat of x: required below 1.01, found nan"),
)  # fmt: skip


def drawn(form: str, *, draws: int = DRAWS) -> Posterior:
    return draw_prior(FORMS[form](), draws=draws, chains=CHAINS, seed=3)


@pytest.fixture(scope="module", params=FORMS)
def posterior(request: pytest.FixtureRequest) -> Posterior:
    return drawn(request.param)


@pytest.fixture(scope="module")
def pooled() -> Posterior:
    return drawn("pool", draws=400)


@pytest.fixture(scope="module")
def of_centres() -> Posterior:
    return drawn("table with centres", draws=400)


def told(verdict: Verdict | None) -> str:
    """A verdict as text: a diagnostic that is no number is not equal to itself."""
    return "" if verdict is None else repr(astuple(verdict))


def kept_of(posterior: Posterior) -> dict[str, Any]:
    """All but the draws, so that it can be compared."""
    analysis, without = posterior.analysis, posterior.without
    return {
        "analysis": (type(analysis), analysis.name, analysis.path, analysis.text, dict(analysis.sources)),
        "pooling": getattr(analysis, "pooling", None),
        "studies": analysis.studies,
        "settings": dict(posterior.settings),
        "versions": dict(posterior.versions),
        "verdict": told(posterior.verdict),
        "converged": posterior.converged,
        "left out": (sorted(without.studies), {study: sorted(ids) for study, ids in without.numbers.items()}),
        "patients left out": None if without.patients is None else without.patients.tolist(),
        "numbers": dict(posterior.numbers),
    }


def test_a_posterior_comes_back_from_its_file(posterior: Posterior, tmp_path: Path) -> None:
    numbers = {study: {"response": 20.0, "os_1y": 0.1 + 0.2} for study in posterior.analysis.studies[:1]}
    whole = replace(
        posterior, without=held_out(posterior.analysis), numbers=numbers, verdict=STILL, converged=STILL.is_converged
    )
    save(whole, tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc")
    assert again.tree.identical(whole.tree)
    assert kept_of(again) == kept_of(whole)
    assert_array_equal(again.parameters, whole.parameters)


def test_a_posterior_of_which_nothing_more_is_known_says_nothing_more(posterior: Posterior, tmp_path: Path) -> None:
    save(posterior, tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc")
    assert kept_of(again) == kept_of(posterior)
    assert (again.verdict, again.converged) == (None, None)
    assert kept_of(again)["left out"] == ([], {})
    assert posterior.tree.attrs == again.tree.attrs == {}


def test_each_parameter_is_there_once_under_its_name(posterior: Posterior) -> None:
    analysis = posterior.analysis
    assert set(analysis.believed) <= set(posterior.dataset.data_vars)
    assert not (set(analysis.parameter_ids) - set(analysis.believed)) & set(posterior.dataset.data_vars)
    assert "parameters" not in posterior.dataset
    names = [f"{id}_{analysis.parameters[id].scale}__" for id in analysis.believed]
    on_scales = posterior.tree[UNBOUNDED].to_dataset()
    assert list(on_scales.data_vars) == names
    for id, name in zip(analysis.believed, names, strict=True):
        expected = natural(on_scales[name].values, analysis.parameters[id].scale)
        assert_array_equal(posterior.dataset[id], expected)
        assert posterior.dataset[id].attrs["units"] == analysis.parameters[id].unit


def test_no_variable_is_another_one_on_another_scale(posterior: Posterior) -> None:
    """The order of the draws by one is not their order by another, nor its reverse."""
    ranks = {
        str(name): [rankdata(column) for column in posterior.flat(str(name)).reshape(CHAINS * DRAWS, -1).T]
        for name in posterior.dataset.data_vars
    }
    for one, other in itertools.combinations(ranks, 2):
        for first, second in itertools.product(ranks[one], ranks[other]):
            if np.ptp(first) > 0.0:
                assert not np.array_equal(first, second), (one, other)
                assert not np.array_equal(first, CHAINS * DRAWS + 1.0 - second), (one, other)


def test_variables_are_those_of_the_model(posterior: Posterior) -> None:
    """Whoever draws from the prior, or samples, has the same names and dimensions."""
    analysis, model = posterior.analysis, build(posterior.analysis).model
    named = {variable.name for variable in model.unobserved_RVs}
    internal = {name for name in named if name.startswith(("standard_", "partly_centred_", "partial_"))}
    assert set(posterior.dataset.data_vars) == named - internal
    for name, values in posterior.dataset.data_vars.items():
        assert values.dims == (*DIMS, *model.named_vars_to_dims.get(name, ())), name
    for dim in set(posterior.dataset.dims) - set(DIMS):
        assert list(posterior.dataset[dim].values) == list(model.coords[dim] or ()), dim
    assert analysis.each_alone == ("study" in posterior.dataset[analysis.believed[0]].dims)


def test_parameters_are_all_of_the_analysis_in_its_order(posterior: Posterior) -> None:
    analysis = posterior.analysis
    size = (len(analysis.studies),) if analysis.each_alone else ()
    assert posterior.parameters.shape == (CHAINS * DRAWS, *size, len(analysis.parameters))
    constants, on_scales = prior_normals(analysis)[0], posterior.tree[UNBOUNDED].to_dataset()
    for k, (id, one) in enumerate(analysis.parameters.items()):
        column = posterior.parameters[..., k]
        if id in analysis.believed:
            values = on_scales[f"{id}_{one.scale}__"].values
            assert_array_equal(column, values.reshape(-1, *values.shape[2:]))
        else:
            assert (column == constants[k]).all()


def test_chains_are_one_after_the_other(posterior: Posterior) -> None:
    values = posterior.dataset[posterior.analysis.believed[0]]
    flat = posterior.flat(str(values.name))
    assert_array_equal(flat[:DRAWS], values.isel(chain=0))
    again = posterior.labelled(flat, {dim: values[dim].values for dim in map(str, values.dims[len(DIMS) :])})
    assert again.dims == values.dims
    assert_array_equal(again, values)


def test_a_thinned_posterior_is_every_so_many_draws(posterior: Posterior) -> None:
    found = posterior.thinned(10)
    assert found.size == (CHAINS, 5)
    assert_array_equal(found.dataset["draw"], [0, 4, 8, 12, 16])
    assert_array_equal(
        found.parameters.reshape(CHAINS, 5, -1)[:, 1], posterior.parameters.reshape(CHAINS, DRAWS, -1)[:, 4]
    )
    assert posterior.thinned(1000).tree.identical(posterior.tree)


def test_one_study_of_a_pool_is_the_average_with_its_effects(pooled: Posterior) -> None:
    own, place = replace(pooled, verdict=STILL, without=held_out(pooled.analysis)).of(study=STUDY), pooled.analysis
    effects = pooled.among_effects("study_effect")[:, place.studies.index(STUDY)]
    assert own.analysis is place.member(STUDY)
    assert (own.verdict, own.without, own.numbers) == (None, NOTHING, {})
    assert own.settings == pooled.settings
    assert_array_equal(own.effect, effects[:, :ON_HAZARDS])
    for k, id in enumerate(place.parameter_ids):
        if id in own.analysis.believed:
            added = effects[:, EFFECTS.index(id)] if id in EFFECTS[ON_HAZARDS:] else 0.0
            assert_allclose(own.parameters[:, k], pooled.parameters[:, k] + added, rtol=1e-12)
    assert survival(own, days=[365.0]).dims == (*DIMS, "day")


def test_the_average_study_is_without_effects(pooled: Posterior) -> None:
    assert_allclose(pooled.average.parameters, pooled.parameters, rtol=1e-12)
    assert pooled.average.effect is not None
    assert not pooled.average.effect.any()
    assert pooled.average.analysis is pooled.analysis.members[0]


def test_the_next_study_is_drawn_with_the_spread_of_studies(pooled: Posterior) -> None:
    found, again, other = (pooled.next(seed=seed).effect for seed in (1, 1, 2))
    assert found is not None
    assert other is not None
    assert_array_equal(found, again)
    assert not np.isclose(found, other).any()
    standard = found / pooled.among_effects("between_studies")[:, :ON_HAZARDS]
    assert_allclose(standard.std(axis=0), 1.0, atol=0.12)
    assert_allclose(standard.mean(axis=0), 0.0, atol=0.15)


def test_a_next_study_of_no_kind_has_the_spread_of_those_on_their_own(pooled: Posterior) -> None:
    found = pooled.next(seed=1, exchangeable=0.0).effect
    assert found is not None
    assert_allclose((found / beliefs_of(pooled.analysis).apart[:ON_HAZARDS]).std(axis=0), 1.0, atol=0.12)


def test_a_study_of_a_pool_without_a_hierarchy_has_parameters_of_its_own() -> None:
    alone = drawn("studies of a pool, each alone")
    own, other = alone.of(study=WITH_PATIENTS), alone.of(study=STUDY)
    assert own.effect is None
    assert_array_equal(own.dataset["response_median"], alone.dataset["response_median"].sel(study=WITH_PATIENTS))
    assert_array_equal(own.dataset[EFFECT], alone.dataset[EFFECT].sel(patients_of=WITH_PATIENTS))
    assert EFFECT not in other.dataset
    for ask in (lambda: alone.average, lambda: alone.next(seed=1)):
        with pytest.raises(InputError, match="required studies around an average one, to tell of a"):
            ask()


def test_a_paper_is_its_only_study() -> None:
    paper = drawn("paper")
    assert paper.of(study=WITH_PATIENTS) is paper
    assert paper.of() is paper
    with pytest.raises(InputError, match="there is no study 'gagelmann'; did you mean 'gagelmann2023'"):
        paper.of(study="gagelmann")


def test_a_table_has_no_studies(of_centres: Posterior) -> None:
    with pytest.raises(InputError, match=f"there is no study '{STUDY}'"):
        of_centres.of(study=STUDY)


def test_one_centre_has_its_effects_alone(of_centres: Posterior) -> None:
    own = of_centres.of(centre="Alfred")
    place = of_centres.centres.index("Alfred")
    assert (own.centres, own.is_of_one_centre, of_centres.is_of_one_centre) == (("Alfred",), True, False)
    assert_array_equal(own.centre_effects, of_centres.centre_effects[:, :, [place]])
    assert_array_equal(own.parameters, of_centres.parameters)
    assert_array_equal(own.log_hazard_ratios, of_centres.log_hazard_ratios)
    assert own.of(centre="Alfred").tree.identical(own.tree)
    for name in ("Alfredo", "Ohio State"):
        with pytest.raises(InputError, match=f"there is no centre '{name}'"):
            own.of(centre=name)


@pytest.mark.parametrize("correlated", [False, True])
def test_a_new_centre_is_drawn_with_the_spread_of_centres(correlated: bool) -> None:
    analysis = FORMS["table with centres"]()
    said = analysis.table.centres.model_copy(update={"correlated": correlated})
    analysis = replace(analysis, table=analysis.table.model_copy(update={"centres": said}))
    whole = draw_prior(analysis, draws=2000, chains=CHAINS, seed=4)
    found, again = whole.next(seed=1), whole.next(seed=1)
    assert (found.centres, found.is_of_one_centre) == ((NEW,), True)
    assert_array_equal(found.centre_effects, again.centre_effects)
    assert not np.isclose(found.centre_effects, whole.next(seed=2).centre_effects).any()
    standard = found.centre_effects[:, :, 0] / whole.flat("between_centres")
    expected = whole.flat("centre_correlation").mean(axis=0) if correlated else np.eye(len(TRANSITIONS))
    assert_allclose(np.cov(standard.T), expected, atol=0.1)
    if correlated:  # each as its own draw says
        root = np.linalg.cholesky(whole.flat("centre_correlation"))
        assert_allclose(np.cov(np.linalg.solve(root, standard[..., None])[..., 0].T), np.eye(3), atol=0.1)


def test_patients_of_one_centre_are_predicted_with_its_effects(of_centres: Posterior) -> None:
    who, days = {"covariates": {"age": [28.0, 48.0]}}, [100.0]
    alfred, ohio = (survival(of_centres.of(centre=name), days=days, **who) for name in ("Alfred", "Ohio State"))
    assert alfred.dims == (*DIMS, "patient", "day")
    assert not np.isclose(alfred, ohio).all()


def test_a_posterior_of_one_centre_or_study_is_stored_too(pooled: Posterior, tmp_path: Path) -> None:
    for part in (pooled.of(study=STUDY), pooled.average, pooled.next(seed=1)):
        save(part, tmp_path / "posterior.nc")
        again = load_posterior(tmp_path / "posterior.nc")
        assert again.tree.identical(part.tree)
        assert kept_of(again) == kept_of(part)
