"""Laws of the one build: whatever form an analysis has, print and patients are observed, drawn, and left out alike."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.analysis.level import EFFECTS
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.analysis.read_pool import load_pool
from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.checking.replicate_patients import replicated_tables
from hscb_bayes.errors import InputError
from hscb_bayes.model.build import OBSERVED, build
from hscb_bayes.model.compiled import Compiled, with_data
from hscb_bayes.model.data import layout_of, model_data
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.sample import with_p_values
from hscb_bayes.posterior.stored import load_posterior, save
from hscb_bayes.software import files_of_the_package
from tests.pool.beliefs import beliefs_of

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
FORMS: dict[str, Callable[[], Any]] = {
    "paper": lambda: load_analysis("main"),
    "table": lambda: load_patients(DATA / "myeloid.toml"),
    "table with centres": lambda: load_patients(DATA / "bmt.toml"),
    "print and table inside": lambda: load_analysis("with_centre"),
    "print and table beside": lambda: load_analysis("with_other_centre"),
    "pool": lambda: load_pool("pooled"),
    "pool with weights": lambda: load_pool("pooled_weight_50"),
    "pool with a table": lambda: load_pool("pooled_with_centre"),
    "studies of a pool, each alone": lambda: replace(load_pool("pooled_with_centre"), pooling="none"),
}
DRAWS = 30
quiet = pytest.mark.filterwarnings("ignore:Numba will use object mode:UserWarning")


@pytest.fixture(params=FORMS)
def analysis(request: pytest.FixtureRequest) -> Any:
    return FORMS[request.param]()


class Program:
    """Stands for a compiled program: it takes data."""

    def with_data(self, data: np.ndarray) -> np.ndarray:
        return data


def called(attribute: str) -> list[str]:
    """Files of the package in which a function of PyMC is called."""
    files = sorted((ROOT / "hscb_bayes").rglob("*.py"))
    calls = ((file, node) for file in files for node in ast.walk(ast.parse(file.read_text())))
    return [
        file.name
        for file, node in calls
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == attribute
    ]


def test_there_is_one_model_and_no_potential() -> None:
    assert called("Model") == ["build.py"]
    assert called("Potential") == []


def test_what_is_observed_is_print_and_patients(analysis: Any) -> None:
    model = build(analysis).model
    expected = ["print"] * analysis.has_print + ["patients"] * analysis.has_patients
    assert [variable.name for variable in model.observed_RVs] == expected
    assert model.potentials == []


@quiet
def test_pymc_draws_what_is_observed_from_the_prior(analysis: Any) -> None:
    model = build(analysis).model
    with model:
        drawn = pm.sample_prior_predictive(draws=DRAWS, random_seed=1, compile_kwargs={"mode": "FAST_COMPILE"})
    found = drawn["prior_predictive"].to_dataset()
    assert set(found.data_vars) == {variable.name for variable in model.observed_RVs}
    if "print" in found:
        assert found["print"].dims == ("chain", "draw", "number")
        assert found.sizes["number"] == model["print"].eval(mode="FAST_COMPILE").size
    if "patients" in found:
        day, last, died = np.moveaxis(found["patients"].values, -1, 0)
        assert np.all((day <= last) | np.isinf(day))
        assert np.all(np.isin(died, (0.0, 1.0)))
        assert np.all(last > 0.0)
        assert 0.05 < died.mean() < 0.95


@quiet
def test_courses_that_pymc_draws_are_those_of_replicated_tables() -> None:
    """Both of the prior: shares who respond and die, over 300 tables, within four standard errors of a draw."""
    analysis, draws = load_patients(DATA / "bmt.toml"), 300
    with build(analysis).model:
        drawn = pm.sample_prior_predictive(draws=draws, random_seed=2)["prior_predictive"]["patients"].values[0]
    tables = replicated_tables(draw_prior(analysis, draws=draws, chains=1, seed=3), seed=4, replicates=draws)
    mine = {name: drawn[..., OBSERVED.index(name)] for name in OBSERVED}
    for one, other in (
        (np.isfinite(mine["response_day"]), np.isfinite(tables.response_day)),
        (mine["died"], tables.died),
        (np.minimum(mine["last_day"], 365.0), np.minimum(tables.last_day, 365.0)),
    ):
        means = np.asarray(one, dtype=float).mean(axis=-1), np.asarray(other, dtype=float).mean(axis=-1)
        error = np.sqrt(sum(values.var() / draws for values in means))
        assert abs(means[0].mean() - means[1].mean()) < 4.0 * error


@quiet
def test_standard_effects_are_a_mixture_where_studies_may_be_on_their_own() -> None:
    """N(0, 1) with probability 1/2, else N(0, 1 / r): variances of 4,000 draws within 12%."""
    pool = load_pool("pooled_weight_50")
    beliefs, weight = beliefs_of(pool), 0.5
    drawn = pm.draw(build(pool).model["standard_study_effect"], draws=4000, random_seed=1, mode="FAST_COMPILE")
    expected = weight + (1.0 - weight) / beliefs.drawn_apart**2
    assert_allclose(drawn.var(axis=(0, 1)), expected, rtol=0.12)
    assert drawn.shape == (4000, len(pool.studies), len(EFFECTS))


@quiet
def test_nothing_new_is_drawn_under_a_power() -> None:
    with (
        build(load_pool("pooled_power")).model,
        pytest.raises(InputError, match=r"borrowing\.power: required 1 where new data are drawn, found 0\.5"),
    ):
        pm.sample_prior_predictive(draws=2, random_seed=1, compile_kwargs={"mode": "FAST_COMPILE"})


def held_out(analysis: Any) -> HeldOut:
    """Something of an analysis: the first number, the last study of several, or the first three patients."""
    if not analysis.has_print:
        return HeldOut(patients=np.arange(len(analysis.patients)) < 3)
    if len(analysis.members) == 1:
        return HeldOut(numbers={analysis.studies[0]: analysis.fit.items[:1]})
    first = analysis.members[0]
    return HeldOut(studies=[analysis.studies[-1]], numbers={first.study.id: first.fit.items[:1]})


def test_a_program_takes_the_data_without_what_is_left_out(analysis: Any) -> None:
    built = build(analysis)
    whole = Compiled(analysis=analysis, program=Program(), shapes=built.shapes)  # type: ignore[arg-type]
    left = with_data(whole, analysis, without=held_out(analysis))
    assert left.program.shape == with_data(whole, analysis).program.shape  # type: ignore[attr-defined]
    assert not np.array_equal(left.program, with_data(whole, analysis).program)  # type: ignore[arg-type]


def test_a_study_that_is_left_out_has_no_weight_with_its_patients() -> None:
    """Patients of whom it is not known to the day when they responded counted on; they have no weight now."""
    pool = load_pool("pooled_with_centre")
    member = next(member for member in pool.members if member.known is not None)
    known = member.known
    assert known is not None
    vague = replace(known.patients, unresponded_until=np.maximum(known.patients.unresponded_until - 3.0, 0.0))
    beside = replace(known, patients=vague, said=known.said.model_copy(update={"inside": False}))
    members = tuple(replace(each, known=beside) if each is member else each for each in pool.members)
    data = model_data(replace(pool, members=members), without=HeldOut(studies=[member.study.id]))
    counted = data[f"{member.study.id}.unwatched_counted"]
    assert counted.size > 0
    assert not counted.any()


def test_a_posterior_says_what_it_was_made_without(tmp_path: Path) -> None:
    pool = load_pool("pooled")
    without = held_out(pool)
    save(replace(draw_prior(pool, draws=5, chains=2, seed=1), without=without), tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc").without
    assert list(again.studies) == list(without.studies)
    ids = [{study: set(ids) for study, ids in one.items_of(pool).items()} for one in (without, again)]
    assert ids[0] == ids[1]
    assert ids[0][pool.studies[-1]] == set(pool.members[-1].fit.items)


def test_a_share_who_never_respond_is_a_variable_where_it_has_a_part() -> None:
    """Without one the model has no such variable, and another program."""
    for name in ("main", "with_centre"):
        analysis = load_analysis(name)
        hazards = analysis.table.hazards.model_copy(update={"never_respond": False})
        other = replace(analysis, table=analysis.table.model_copy(update={"hazards": hazards}))
        assert layout_of(analysis) != layout_of(other)
        assert ["never_respond" in build(each).model.named_vars for each in (analysis, other)] == [True, False]


@pytest.mark.parametrize(
    ("form", "without", "found"),
    [
        (
            "paper",
            {"patients": np.ones(31, dtype=bool)},
            "required to say of each of 0 patients",
        ),
        ("pool", {"studies": ["liu"]}, "there is no study 'liu' to leave out"),
        ("table", {"numbers": {"gagelmann2023": ["os_1y"]}}, "there is no study 'gagelmann2023' to leave out"),
    ],
)
def test_what_is_not_there_cannot_be_left_out(form: str, without: dict[str, Any], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        model_data(FORMS[form](), without=HeldOut(**without))


def test_patients_for_whom_a_program_has_no_place_are_refused() -> None:
    """A program of courses known to the day takes no visits: these patients would be lost without a word."""
    analysis = load_patients(DATA / "bmt.toml")
    whole = Compiled(analysis=analysis, program=Program(), shapes=build(analysis).shapes)  # type: ignore[arg-type]
    vague = replace(analysis.patients, unresponded_until=np.maximum(analysis.patients.unresponded_until - 7.0, 0.0))
    with pytest.raises(ValueError, match="unwatched_log_day: required room for"):
        with_data(whole, analysis.with_patients(vague))


def test_a_posterior_of_studies_each_alone_says_so() -> None:
    alone = replace(load_pool("pooled"), pooling="none")
    posterior = draw_prior(alone, draws=5, chains=2, seed=1)
    assert posterior.analysis.pooling == "none"
    own = posterior.of(study="liu2024")
    for id in own.analysis.believed:
        assert np.array_equal(own.dataset[id], posterior.dataset[id].sel(study="liu2024"))


def test_a_posterior_with_p_values_says_what_it_was_made_without() -> None:
    """Draws that were taken by their weights are still of other data."""
    main, without = load_analysis("p_value_cox"), HeldOut(numbers={"gagelmann2023": ["os_1y"]})
    posterior = replace(draw_prior(load_analysis("main"), draws=100, chains=2, seed=1), without=without)
    weighted = with_p_values(posterior, main, seed=1)
    assert weighted.without.numbers == {"gagelmann2023": ["os_1y"]}
    assert weighted.analysis is main


def test_work_by_other_code_is_told_apart_by_all_files_of_the_package() -> None:
    names = {str(file.relative_to(ROOT / "hscb_bayes")) for file in files_of_the_package()}
    assert {"model/build.py", "process/pathway.py", "evidence/joint.py", "checking/methods/recorded.py"} <= names
