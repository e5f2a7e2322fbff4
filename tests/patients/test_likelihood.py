"""The exact likelihood: against flexsurv, against numerical integration, and in every form that must not matter."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime

from hscb_bayes.evidence.patients.columns import WideColumns
from hscb_bayes.evidence.patients.file import read_table
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.risk import AtRisk, at_cuts, gathered, times_at_risk
from hscb_bayes.evidence.patients.wide import from_wide
from hscb_bayes.process.hazards import PiecewiseExponential, Weibull
from tests.validation.against_flexsurv import CASES, TRANSITIONS, at, bmt, estimates_of, of_rows

DATA = Path(__file__).parents[1] / "data"
FLEXSURV = 1e-4


def ebmt3(folder: Path) -> tuple[Patients, np.ndarray]:
    columns = WideColumns(response_day="prtime", response_seen="prstat", last_day="rfstime", died="rfsstat")
    names = ["dissub", "age", "drmatch", "tcd"]
    patients = from_wide(read_table(folder / "data" / "ebmt3.csv"), columns, units="days", covariates=names)
    own = patients.covariates
    levels = [("dissub", "ALL"), ("dissub", "CML"), ("age", "20-40"), ("age", ">40"), ("drmatch", "Gender mismatch")]
    return patients, np.column_stack([own[name] == level for name, level in [*levels, ("tcd", "TCD")]]).astype(float)


@pytest.mark.parametrize(("transition", "clock", "family"), CASES)
@pytest.mark.parametrize("table", ["kmbmt", "ebmt3"])
def test_at_the_estimates_of_flexsurv(
    table: str, transition: str, clock: str, family: str, request: pytest.FixtureRequest
) -> None:
    folder = DATA / "r_reference"
    if table == "kmbmt":
        patients, covariates = bmt()
    else:
        folder = request.getfixturevalue("shared") / "oracles"
        patients, covariates = ebmt3(folder.parent)
    values, expected = estimates_of(table, transition, clock, family, folder)
    rows = gathered(times_at_risk(patients, clock=clock)[TRANSITIONS.index(transition)], covariates)

    def log_likelihood(point: np.ndarray) -> float:
        return at(rows, family, point)

    assert_allclose(log_likelihood(values), expected, atol=FLEXSURV)
    scale = np.maximum(np.abs(values), 1e-3)
    slope = approx_fprime(np.zeros(values.size), lambda step: log_likelihood(values + step * scale), 1e-6)
    assert_allclose(slope, 0.0, atol=0.05)
    for direction in np.eye(values.size):
        for step in (-0.02, 0.02):
            assert log_likelihood(values + step * scale * direction) < log_likelihood(values)


def patients_of(**columns: Any) -> Patients:
    table = pd.DataFrame({"id": range(len(columns["last_day"]))} | columns)
    known = WideColumns(entry_day="entry_day" if "entry_day" in columns else None)
    return from_wide(table, known, units="days")


@pytest.mark.parametrize("clock", ["reset", "forward"])
def test_the_rows_of_five_patients(clock: str) -> None:
    patients = patients_of(
        entry_day=[0.0, 0.0, 4.0, 4.0, 20.0],
        response_day=[9.0, np.nan, 9.0, np.nan, 9.0],
        last_day=[30.0, 25.0, 30.0, 25.0, 30.0],
        died=[1, 1, 0, 0, 1],
    )
    response, before, after = times_at_risk(patients, clock=clock)

    def weights(rows: AtRisk) -> list[tuple[float, ...]]:
        return sorted(zip(rows.who, rows.time, rows.event, rows.exposed, strict=True))

    leaves = [(0, 9.0), (1, 25.0), (2, 9.0), (3, 25.0)]
    enters = [(2, 4.0, 0.0, -1.0), (3, 4.0, 0.0, -1.0)]
    assert weights(response) == sorted([*((*row, float(row[0] in (0, 2)), 1.0) for row in leaves), *enters])
    assert weights(before) == sorted([*((*row, float(row[0] == 1), 1.0) for row in leaves), *enters])
    if clock == "reset":
        expected = [(0, 21.0, 1.0, 1.0), (2, 21.0, 0.0, 1.0), (4, 11.0, 0.0, -1.0), (4, 21.0, 1.0, 1.0)]
    else:
        expected = [(0, 9.0, 0.0, -1.0), (0, 30.0, 1.0, 1.0), (2, 9.0, 0.0, -1.0), (2, 30.0, 0.0, 1.0)]
        expected += [(4, 20.0, 0.0, -1.0), (4, 30.0, 1.0, 1.0)]
    assert weights(after) == expected


def test_rows_that_are_equal_are_added_up() -> None:
    rows = AtRisk(
        time=np.array([3.0, 5.0, 3.0, 3.0, 7.0, 7.0]),
        event=np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0]),
        exposed=np.array([1.0, 1.0, 1.0, 1.0, 1.0, -1.0]),
        who=np.array([0, 0, 2, 1, 1, 1]),
    )
    found = gathered(rows, np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 1.0]]))
    expected = [[np.log(3.0), 2.0, 2.0, 0.0, 1.0], [np.log(5.0), 0.0, 1.0, 0.0, 1.0], [np.log(3.0), 0.0, 1.0, 1.0, 1.0]]
    assert sorted(found.tolist()) == sorted(expected)


def test_gathering_changes_nothing() -> None:
    patients, covariates = bmt()
    rounded = np.column_stack([covariates[:, :2], np.round(covariates[:, 2])])
    hazard, coefficients = Weibull(shape=0.8, log_scale=4.0), np.array([0.3, -0.2, 0.1])
    for rows in times_at_risk(patients, clock="forward"):
        single = np.column_stack([np.log(rows.time), rows.event, rows.exposed, rounded[rows.who]])
        few = gathered(rows, rounded)
        assert len(few) < len(single)
        assert_allclose(of_rows(few, hazard, coefficients), of_rows(single, hazard, coefficients), rtol=1e-12)


def test_rows_of_a_piecewise_hazard_are_few_and_exact() -> None:
    patients, covariates = bmt()
    groups, cuts = covariates[:, :2], (10.0, 25.0, 100.0, 400.0)
    hazard = PiecewiseExponential(cuts=cuts, log_rates=(-6.0, -3.0, -4.0, -6.0, -8.0))
    coefficients = np.array([0.3, -0.2])
    for rows in times_at_risk(patients, clock="forward"):
        few = gathered(at_cuts(rows, cuts), groups)
        assert len(few) <= 3 * 2 * (len(cuts) + 1)
        whole = of_rows(gathered(rows, groups), hazard, coefficients)
        assert_allclose(of_rows(few, hazard, coefficients), whole, rtol=1e-12)


def test_an_event_on_a_cut_is_of_the_piece_before() -> None:
    rows = AtRisk(time=np.array([10.0]), event=np.ones(1), exposed=np.ones(1), who=np.zeros(1, dtype=int))
    hazard = PiecewiseExponential(cuts=(10.0, 20.0), log_rates=(-1.0, -2.0, -3.0))
    none = np.zeros((1, 0))
    few, whole = (of_rows(gathered(part, none), hazard, np.zeros(0)) for part in (at_cuts(rows, (10.0, 20.0)), rows))
    assert_allclose(few, whole, rtol=1e-12)
    assert_allclose(whole, -1.0 - 10.0 * np.exp(-1.0), rtol=1e-12)
