"""Predictions from a posterior of patients: of whom, from which state, and what they add up to."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import hscb_bayes as hb
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.profile import Profile, subjects_of
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.process.simulate import simulate_course
from tests.posteriors import made

DATA = Path(__file__).parents[1] / "data"
DRAWS = 6
DAYS = [14.0, 28.0, 100.0, 365.0]


def drawn(
    analysis: Member,
    *,
    correlated: bool = False,
    chains: int = 1,
    draws: int = DRAWS,
    spread: float = 0.2,
) -> Posterior:
    """A posterior, drawn near the priors."""
    rng, (mean, deviation) = np.random.default_rng(4), prior_normals(analysis)
    shape, transitions = (chains, draws), len(TRANSITIONS)
    parameters = mean + spread * deviation * rng.normal(size=(*shape, mean.size))
    ratios = 0.3 * rng.normal(size=(*shape, transitions, len(analysis.terms)))
    further: dict[str, Any] = {"log_hazard_ratio": (("transition", "term"), ratios)}
    if correlated and analysis.table.centres is not None:
        said = analysis.table.centres.model_copy(update={"correlated": True})
        analysis = replace(analysis, table=analysis.table.model_copy(update={"centres": said}))
    if analysis.centres:
        between = np.abs(rng.normal(size=(*shape, transitions)))
        effects = np.swapaxes(0.3 * rng.normal(size=(*shape, transitions, len(analysis.centres))), -1, -2)
        further["between_centres"] = (("transition",), between)
        further["centre_effect"] = (("centre", "transition"), effects)
        if correlated:
            matrix = np.broadcast_to(0.999 + 0.001 * np.eye(3), (*shape, 3, 3))
            further["centre_correlation"] = (("transition", "other_transition"), matrix)
    return made(analysis, parameters, seed=4, **further)


@pytest.fixture(scope="module")
def bmt() -> Member:
    return load_patients(DATA / "bmt.toml")


@pytest.fixture(scope="module")
def posterior(bmt: Member) -> Posterior:
    return drawn(bmt)


@pytest.fixture(scope="module")
def of_trial() -> Posterior:
    """Two arms, no centres, a share who never respond."""
    return drawn(load_patients(DATA / "myeloid.toml"))


def test_the_average_is_that_of_the_patients(bmt: Member, posterior: Posterior) -> None:
    whole = hb.survival(posterior, days=DAYS)
    assert whole.dims == ("chain", "draw", "day")
    own, patients = bmt.patients.covariates, []
    for centre in bmt.centres:
        rows = own["hospital"] == centre
        who = {"disease": own["disease"][rows], "age": own["age"][rows]}
        patients.append(hb.survival(posterior.of(centre=centre), days=DAYS, covariates=who))
    assert patients[0].dims == ("chain", "draw", "patient", "day")
    each = np.concatenate([found.values for found in patients], axis=2)
    assert each.shape[2] == len(bmt.patients)
    assert_allclose(whole, each.mean(axis=2), rtol=1e-10)


def test_a_prediction_names_its_patients(posterior: Posterior) -> None:
    of_one = posterior.of(centre="Alfred")
    found = hb.survival(of_one, days=[365], covariates={"age": [28, 48]})
    assert found["age"].values.tolist() == [28, 48]
    assert of_one.centres == ("Alfred",)


def test_a_hazard_ratio_is_what_it_says(of_trial: Posterior) -> None:
    free = hb.state_occupancy(of_trial, days=[200.0], covariates={"arm": ["A", "B"]}).sel(state="no_response")
    subjects = subjects_of(of_trial, {"covariates": {"arm": ["A", "B"]}})
    ratio = np.exp(of_trial.dataset["log_hazard_ratio"].sel(term="arm[B]").values[0])
    pathway = subjects.pathway(slice(None))
    log_day, zero = np.log(np.array([200.0])), np.zeros(2)
    hazard = [pathway.cumulative_hazard(k, zero, log_day, np)[..., 0] for k in (0, 1)]
    for k in (0, 1):
        assert_allclose(hazard[k][:, 1] / hazard[k][:, 0], ratio[:, k], rtol=1e-10)
    never = pathway.never_share(zero, np)[..., 0]
    expected = (never + (1.0 - never) * np.exp(-hazard[0])) * np.exp(-hazard[1])
    assert_allclose(free.values[0, ..., 0], expected, rtol=1e-10)


@pytest.mark.parametrize("clock", ["reset", "forward"])
def test_from_a_state_as_simulated_patients_go_on(bmt: Member, clock: str) -> None:
    table = bmt.table.model_copy(update={"hazards": bmt.table.hazards.model_copy(update={"clock": clock})})
    analysis = replace(bmt, table=table, text=table.model_dump_json(by_alias=True, exclude_none=True))
    tree = drawn(analysis).of(centre="Alfred")
    who: Profile = {"covariates": {"age": [40.0]}}
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


def test_from_the_boost_on_it_is_the_occupancy(posterior: Posterior) -> None:
    soon = hb.transition_probabilities(posterior, days=DAYS, at=1e-6)
    assert_allclose(soon, hb.state_occupancy(posterior, days=DAYS), atol=1e-4)


def test_a_new_centre_is_drawn_from_the_spread(bmt: Member) -> None:
    tree = drawn(bmt, correlated=True)
    who: Profile = {"covariates": {"age": [28.0]}}
    effects = np.concatenate(
        [
            np.stack(subjects_of(tree.next(seed=seed), who).pathway(slice(None)).study_effect, axis=-1)[:, 0, 0]
            for seed in range(400)
        ]
    )
    spread = np.tile(tree.dataset["between_centres"].values[0], (400, 1))
    standard = effects / spread
    assert_allclose(standard.std(axis=0), 1.0, atol=0.06)
    assert np.all(np.corrcoef(standard.T) > 0.99)


@pytest.mark.parametrize(
    ("centre", "whom", "message"),
    [
        ("Alfred", {"covariates": {"weight": [70]}}, "there is no covariate 'weight'"),
        ("Alfred", {"covariates": {"disease": ["AML"]}}, "disease: required one of the levels"),
        (None, {"covariates": {"age": [50]}}, "has several centres; required the posterior of one: .of(centre=...)"),
        ("Alfredo", {"covariates": {"age": [50]}}, "there is no centre 'Alfredo'; did you mean 'Alfred'?"),
        ("new", {"covariates": {"age": [50]}}, "there is no centre 'new'; "),
        (None, {"duration": [14]}, "has no such patients; required one of ['covariates', 'groups', 'standardised']"),
    ],
)
def test_whom_it_cannot_be_for(posterior: Posterior, centre: str | None, whom: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        hb.survival(posterior.of(centre=centre), days=[365], **whom)
    assert message in str(caught.value)


def test_centres_that_are_not_told_apart_cannot_be_asked_for(of_trial: Posterior) -> None:
    with pytest.raises(InputError, match=r"there is no centre 'Alfred'; .*centres are not told apart"):
        of_trial.of(centre="Alfred")
    with pytest.raises(InputError, match="required studies around an average one, to tell of a next study"):
        of_trial.next(seed=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": 14.0, "days": [7.0]}, "days: required days not before 14, found [7.0]"),
        ({"at": 0.0, "days": [7.0]}, "at: required a day after time zero, found 0"),
        ({"at": 14.0, "days": [20.0], "start": "dead"}, "start: required 'no_response' or 'responded', found 'dead'"),
        (
            {"at": 14.0, "days": [20.0], "start": "responded"},
            "response_day: required a day after time zero and not after 14, found None",
        ),
    ],
)
def test_from_where_it_cannot_go(posterior: Posterior, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        hb.transition_probabilities(posterior, **options)
    assert str(caught.value) == message
