"""Each centre foretold from the others: who is left out together, and the density of a new centre's patients."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.polynomial.hermite_e import hermegauss
from numpy.testing import assert_allclose, assert_array_equal

from hscb_bayes.analysis.patient_analysis import PatientAnalysis, load_patients
from hscb_bayes.checking.leave_centre_out import folds_of, leave_centres_out, log_densities_in_new
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model, with_data
from hscb_bayes.model.data import model_data
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.model.patient_likelihood import ByPatient, log_likelihood_of_patients
from hscb_bayes.process.pathway import TRANSITIONS
from tests.patients.test_predictions import drawn

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def bmt() -> PatientAnalysis:
    return load_patients(DATA / "bmt.toml")


@pytest.fixture(scope="module")
def compiled(bmt: PatientAnalysis) -> Compiled:
    return compile_model(build(bmt))


def only(analysis: PatientAnalysis, centre: str) -> PatientAnalysis:
    """The analysis with the patients of one centre alone."""
    return replace(analysis, patients=analysis.patients.of(analysis.groups[f"centre[{centre}]"]))


def test_few_centres_are_left_out_one_by_one(bmt: PatientAnalysis) -> None:
    assert folds_of(bmt) == [["Alfred"], ["Hahnemann"], ["Ohio State"], ["St Vincent"]]


def test_many_centres_are_left_out_in_ten_sets_of_about_the_same_size(bmt: PatientAnalysis) -> None:
    rng = np.random.default_rng(1)
    names = np.array(
        [f"C{k:02d}" for k in np.concatenate([np.arange(23), rng.integers(0, 23, size=114)])], dtype=object
    )
    own = replace(bmt.patients, covariates={**bmt.patients.covariates, "hospital": names})
    sets = folds_of(replace(bmt, patients=own))
    assert len(sets) == 10
    assert sorted(itertools.chain(*sets)) == sorted(set(names))
    sizes = [int(np.isin(names, names_of).sum()) for names_of in sets]
    largest = max(int((names == name).sum()) for name in names)
    assert max(sizes) - min(sizes) <= largest


def test_density_in_a_new_centre_is_the_integral_over_its_effects(bmt: PatientAnalysis) -> None:
    """By quadrature over three effects: many draws that differ in their new centre alone."""
    tree = drawn(bmt, chains=1, draws=4000, spread=0.0)
    for name, value in (("log_hazard_ratio", 0.2), ("between_centres", 0.3)):
        tree.dataset[name].values[:] = value
    left = only(bmt, "St Vincent")
    found = log_densities_in_new(tree, left, seed=3)

    position, weight = hermegauss(7)
    each, point = ByPatient(analysis=left), dict(zip(bmt.parameter_ids, tree.parameters[0], strict=True))
    total = np.zeros(len(left.patients))
    for index in np.ndindex(7, 7, 7):
        effect = 0.3 * position[list(index)]
        total += np.prod(weight[list(index)]) * np.exp(each.at(point, tree.log_hazard_ratios[0], effect[:, None]))
    assert_allclose(found, np.log(total / np.sqrt(2.0 * np.pi) ** 3), atol=0.05)


@pytest.mark.slow
@pytest.mark.xdist_group("patients")
def test_one_program_serves_the_table_without_a_centre(bmt: PatientAnalysis, compiled: Compiled) -> None:
    without = bmt.groups["centre[Ohio State]"]
    rng = np.random.default_rng(2)
    points = 0.3 * rng.normal(size=(2, compiled.program.start.size)) + compiled.program.start
    whole = _with_standard_effects(compiled, points, model_data(bmt)["centred_centre"])
    left = with_data(compiled, bmt, without=HeldOut(patients=without))
    exponents = model_data(bmt, without=HeldOut(patients=without))["centred_centre"]
    rest = _with_standard_effects(left, points, exponents)
    terms = [_log_likelihood(only(bmt, "Ohio State"), bmt, point) for point in points]
    assert_allclose(whole - rest, terms, rtol=1e-9)


def _with_standard_effects(compiled: Compiled, points: np.ndarray, centred: np.ndarray) -> np.ndarray:
    """Log density at points that end with log(exp(s / d) - 1) of spreads s with scales d, and standard effects e.

    What is sampled is s^w e.
    """
    effects, scale = centred.size, np.array(list(compiled.analysis.levels["centre"].between.values()))
    spread, standard = points[:, -effects - len(TRANSITIONS) : -effects], points[:, -effects:]
    power = (centred * np.log(scale * np.log1p(np.exp(spread)))[:, None]).reshape(len(points), effects)
    own = np.concatenate([points[:, :-effects], np.exp(power) * standard], axis=1)
    density, _ = compiled.program.evaluated(own)
    return density + power.sum(axis=1)


@pytest.mark.slow
@pytest.mark.xdist_group("patients")
def test_another_model_is_refused(bmt: PatientAnalysis, compiled: Compiled) -> None:
    other = bmt.table.model_copy(update={"covariates": {"disease": bmt.table.covariates["disease"]}})
    with pytest.raises(ValueError, match="required an analysis of the layout that was compiled"):
        with_data(compiled, replace(bmt, table=other))


@pytest.mark.slow
@pytest.mark.xdist_group("patients")
def test_more_patients_than_there_is_room_for_are_refused(bmt: PatientAnalysis, compiled: Compiled) -> None:
    later = bmt.patients.of(np.r_[0:137, 0:137])
    shift = np.arange(274) / 1000.0  # no two rows are equal
    twice = replace(
        later, response_day=later.response_day + shift, unresponded_until=later.unresponded_until + shift,
        last_day=later.last_day + shift,
    )  # fmt: skip
    with pytest.raises(ValueError, match="rows_response: required room for"):
        with_data(compiled, replace(bmt, patients=twice))


@pytest.mark.slow
@pytest.mark.xdist_group("patients")
def test_every_centre_is_foretold(bmt: PatientAnalysis, compiled: Compiled) -> None:
    told: list[tuple[int, int]] = []
    centres, numbers = leave_centres_out(
        compiled, seed=1, target_accept=0.95, step=lambda done, total: told.append((done, total))
    )
    assert told == [(k, 4) for k in (1, 2, 3, 4)]
    assert_array_equal(centres["centre"], bmt.centres)
    assert centres["patients"].sum() == 137
    each = centres["log_predictive_density"] / centres["patients"]
    assert np.all((each > -14.0) & (each < -6.0))  # about log 1/20 a day and log 1/300 a day, or less
    counts = pd.crosstab(numbers["centre"], numbers["statistic"])
    assert np.all(counts == 4)
    alfred = numbers[(numbers["centre"] == "Alfred") & (numbers["day"] == 100) & (numbers["statistic"] == "response")]
    seen = only(bmt, "Alfred").patients.response_day <= 100
    assert_allclose(alfred["value"], seen.mean(), atol=0.03)


def _log_likelihood(left: PatientAnalysis, whole: PatientAnalysis, point: np.ndarray) -> float:
    """Of some patients at a flat point of the model of all."""
    sizes = np.cumsum([len(whole.parameter_ids), 3 * len(whole.terms), len(TRANSITIONS)])
    parameters, ratios, spread, standard = np.split(point, sizes)
    at = whole.centres.index(left.centres[0])
    scale = np.array(list(whole.levels["centre"].between.values()))
    effects = (scale * np.log1p(np.exp(spread)) * standard.reshape(-1, 3)[at])[:, None]
    values = dict(zip(whole.parameter_ids, parameters.tolist(), strict=True))
    return float(log_likelihood_of_patients(left, values, ratios.reshape(3, -1), effects).sum())
