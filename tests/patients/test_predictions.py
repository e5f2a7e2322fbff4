"""Predictions from a posterior of patients: of whom, from which state, and what they add up to."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

import hscb_bayes as hb
from hscb_bayes.analysis.patient_spec import PatientAnalysis, load_patients
from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.profile import subjects_of
from hscb_bayes.posterior.stored import provenance
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.process.simulate import simulate_course

DATA = Path(__file__).parents[1] / "data"
DRAWS = 6
DAYS = [14.0, 28.0, 100.0, 365.0]


def drawn(
    analysis: PatientAnalysis,
    *,
    correlated: bool = False,
    chains: int = 1,
    draws: int = DRAWS,
    spread: float = 0.2,
) -> xr.DataTree:
    """A tree like a posterior's, drawn near the priors."""
    rng, (mean, deviation) = np.random.default_rng(4), prior_normals(analysis)
    dims, shape = ("chain", "draw"), (chains, draws)
    variables: dict[str, Any] = {
        "parameters": ((*dims, "parameter"), mean + spread * deviation * rng.normal(size=(*shape, mean.size))),
        "log_hazard_ratio": (
            (*dims, "transition", "term"),
            0.3 * rng.normal(size=(*shape, len(TRANSITIONS), len(analysis.terms))),
        ),
    }
    if analysis.centres:
        size = (*shape, len(TRANSITIONS))
        variables["between_centres"] = ((*dims, "transition"), np.abs(rng.normal(size=size)))
        variables["centre_effect"] = (
            (*dims, "transition", "centre"),
            0.3 * rng.normal(size=(*size, len(analysis.centres))),
        )
        if correlated:
            matrix = np.broadcast_to(0.999 + 0.001 * np.eye(3), (*shape, 3, 3))
            variables["centre_correlation"] = ((*dims, "transition", "other_transition"), matrix)
    coords = {
        "chain": np.arange(chains), "draw": np.arange(draws), "parameter": list(analysis.parameter_ids),
        "transition": list(TRANSITIONS), "term": list(analysis.terms), "centre": list(analysis.centres),
    }  # fmt: skip
    made = with_natural_scales(xr.Dataset(variables, coords), analysis.parameters)
    tree = xr.DataTree.from_dict({"posterior": made})
    tree.attrs.update(provenance(analysis, {"seed": 4}))
    return tree


@pytest.fixture(scope="module")
def bmt() -> PatientAnalysis:
    return load_patients(DATA / "bmt.toml")


@pytest.fixture(scope="module")
def posterior(bmt: PatientAnalysis) -> xr.DataTree:
    return drawn(bmt)


@pytest.fixture(scope="module")
def of_trial() -> xr.DataTree:
    """Two arms, no centres, a share who never respond."""
    return drawn(load_patients(DATA / "myeloid.toml"))


def test_the_average_is_that_of_the_patients(bmt: PatientAnalysis, posterior: xr.DataTree) -> None:
    whole = hb.survival(posterior, days=DAYS)
    assert whole.dims == ("chain", "draw", "day")
    own, patients = bmt.patients.covariates, []
    for centre in bmt.centres:
        rows = own["hospital"] == centre
        who = {"disease": own["disease"][rows], "age": own["age"][rows]}
        patients.append(hb.survival(posterior, days=DAYS, covariates=who, centre=centre))
    assert patients[0].dims == ("chain", "draw", "patient", "day")
    each = np.concatenate([found.values for found in patients], axis=2)
    assert each.shape[2] == len(bmt.patients)
    assert_allclose(whole, each.mean(axis=2), rtol=1e-10)


def test_a_prediction_names_its_patients(posterior: xr.DataTree) -> None:
    found = hb.survival(posterior, days=[365], covariates={"age": [28, 48]}, centre="Alfred")
    assert found["age"].values.tolist() == [28, 48]
    assert found["centre"].item() == "Alfred"


def test_a_hazard_ratio_is_what_it_says(of_trial: xr.DataTree) -> None:
    free = hb.state_occupancy(of_trial, days=[200.0], covariates={"arm": ["A", "B"]}).sel(state="neutropenic")
    subjects = subjects_of(of_trial, {"covariates": {"arm": ["A", "B"]}})
    ratio = np.exp(of_trial["posterior"]["log_hazard_ratio"].sel(term="arm[B]").values[0])
    pathway = subjects.pathway(slice(None))
    log_day, zero = np.log(np.array([200.0])), np.zeros(2)
    hazard = [pathway.cumulative_hazard(k, zero, log_day, np)[..., 0] for k in (0, 1)]
    for k in (0, 1):
        assert_allclose(hazard[k][:, 1] / hazard[k][:, 0], ratio[:, k], rtol=1e-10)
    never = pathway.never_share(zero, np)[..., 0]
    expected = (never + (1.0 - never) * np.exp(-hazard[0])) * np.exp(-hazard[1])
    assert_allclose(free.values[0, ..., 0], expected, rtol=1e-10)


@pytest.mark.parametrize("clock", ["reset", "forward"])
def test_from_a_state_as_simulated_patients_go_on(bmt: PatientAnalysis, clock: str) -> None:
    table = bmt.table.model_copy(update={"hazards": bmt.table.hazards.model_copy(update={"clock": clock})})
    analysis = replace(bmt, table=table, text=table.model_dump_json(by_alias=True, exclude_none=True))
    tree = drawn(analysis)
    who = {"covariates": {"age": [40.0]}, "centre": "Alfred"}
    at, days, size = 14.0, np.array([20.0, 60.0, 300.0]), 200_000
    pathway = subjects_of(tree, who).pathway(slice(0, 1))
    course = simulate_course(pathway, np.zeros(1), shape=(size, 1), rng=np.random.default_rng(1))
    response, death = course.response_day[:, 0], course.death_day[:, 0]

    waiting = (response > at) & (death > at)
    found = hb.transition_probabilities(tree, days=days, at=at, **who)[0, 0, 0]
    alive = (death[waiting, None] > days).mean(axis=0)
    neutropenic = ((response[waiting, None] > days) & (death[waiting, None] > days)).mean(axis=0)
    expected = np.stack([neutropenic, alive - neutropenic, 1.0 - alive], axis=-1)
    assert_allclose(found, expected, atol=5.0 * np.sqrt(0.25 / waiting.sum()))

    early = (np.abs(response - 9.0) < 0.5) & (death > at)
    found = hb.transition_probabilities(tree, days=days, at=at, start="responded", response_day=9.0, **who)[0, 0, 0]
    alive = (death[early, None] > days).mean(axis=0)
    assert_allclose(found.sel(state="responded"), alive, atol=5.0 * np.sqrt(0.25 / early.sum()) + 0.002)
    assert_allclose(found.sum("state"), 1.0, rtol=1e-12)


def test_from_the_boost_on_it_is_the_occupancy(posterior: xr.DataTree) -> None:
    soon = hb.transition_probabilities(posterior, days=DAYS, at=1e-6)
    assert_allclose(soon, hb.state_occupancy(posterior, days=DAYS), atol=1e-4)


def test_a_new_centre_is_drawn_from_the_spread(bmt: PatientAnalysis) -> None:
    tree = drawn(bmt, correlated=True)
    who = {"covariates": {"age": [28.0]}, "centre": "new"}
    effects = np.concatenate(
        [
            np.stack(subjects_of(tree, who | {"seed": seed}).pathway(slice(None)).study_effect, axis=-1)[:, 0, 0]
            for seed in range(400)
        ]
    )
    spread = np.tile(tree.dataset["between_centres"].values[0], (400, 1))
    standard = effects / spread
    assert_allclose(standard.std(axis=0), 1.0, atol=0.06)
    assert np.all(np.corrcoef(standard.T) > 0.99)


@pytest.mark.parametrize(
    ("whom", "message"),
    [
        ({"covariates": {"weight": [70]}, "centre": "new", "seed": 1}, "there is no covariate 'weight'"),
        ({"covariates": {"disease": ["AML"]}, "centre": "Alfred"}, "disease: required one of the levels"),
        ({"covariates": {"age": [50]}}, "centre: required where covariates are given"),
        ({"covariates": {"age": [50]}, "centre": "Alfredo"}, "centre: there is no 'Alfredo'; did you mean 'Alfred'?"),
        ({"covariates": {"age": [50]}, "centre": "new"}, "seed: required for a new centre"),
        ({"duration": [14]}, "duration: required a posterior of a paper"),
    ],
)
def test_whom_it_cannot_be_for(posterior: xr.DataTree, whom: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        hb.survival(posterior, days=[365], **whom)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": 14.0, "days": [7.0]}, "days: required days not before 14, found [7.0]"),
        ({"at": 0.0, "days": [7.0]}, "at: required a day after the boost, found 0"),
        ({"at": 14.0, "days": [20.0], "start": "dead"}, "start: required 'neutropenic' or 'responded', found 'dead'"),
        (
            {"at": 14.0, "days": [20.0], "start": "responded"},
            "response_day: required a day after the boost and not after 14, found None",
        ),
    ],
)
def test_from_where_it_cannot_go(posterior: xr.DataTree, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        hb.transition_probabilities(posterior, **options)
    assert str(caught.value) == message
