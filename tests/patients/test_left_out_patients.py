"""Patients without a covariate are left out whole, and counted with their events; rows of no time in the long form."""

from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hscb_bayes.analysis.patient_analysis import PatientAnalysis, load_patients
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.columns import WideColumns
from hscb_bayes.evidence.patients.long import from_long
from hscb_bayes.evidence.patients.patients import TIMES, Patients
from hscb_bayes.evidence.patients.reading import Kinds
from hscb_bayes.evidence.patients.wide import from_wide
from hscb_bayes.posterior.gate import Verdict
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.stored import load_posterior, save
from hscb_bayes.report.page import render
from tests.patients.tables import analysis_file, number_of
from tests.patients.test_predictions import drawn
from tests.results_of_draws import fits_of, results_from

WIDE = """id,response_day,last_day,died,age
1,9,412,0,31
2,,25,1,60
3,14,200,1,
4,,90,0,
5,21,365,0,50
6,30,300,1,70
"""
LONG = """id,trans,Tstart,Tstop,status,age
1,1,0,9,1,31
1,2,0,9,0,31
1,3,9,412,0,31
2,1,0,25,0,60
2,2,0,25,1,60
3,1,0,14,1,44
3,2,0,14,0,44
3,3,14,200,1,
4,1,0,90,0,
4,2,0,90,0,
5,1,0,21,1,50
5,2,0,21,0,50
5,3,21,365,0,50
6,1,0,30,1,70
6,2,0,30,0,70
6,3,30,300,1,70
"""
GONE = {"patients": 2, "responses": 1, "deaths": 1}


def courses(patients: Patients) -> dict[str, list[object]]:
    return {name: getattr(patients, name).tolist() for name in ("id", "died", *TIMES)}


def read(form: str, table: str, *, complete_cases: bool = False) -> Patients:
    frame, reader = pd.read_csv(StringIO(table), dtype=str), from_wide if form == "wide" else from_long
    kinds: Kinds = {"age": "number"}
    return reader(frame, units="days", covariates=kinds, complete_cases=complete_cases, address="x.csv")


def test_a_death_does_not_vanish_with_a_covariate_of_its_row() -> None:
    """In the long form the covariate is missing only in patient 3's row after the response, where the death stands."""
    found = read("long", LONG, complete_cases=True)
    assert found.id.tolist() == ["1", "2", "5", "6"]
    assert found.died.tolist() == [False, True, False, True]


@pytest.mark.parametrize(("form", "table"), [("wide", WIDE), ("long", LONG)])
def test_what_is_left_out_is_counted_by_patient_and_by_event(form: str, table: str) -> None:
    found = read(form, table, complete_cases=True)
    assert asdict(found.left_out) == GONE
    assert courses(found) == courses(read("wide", WIDE, complete_cases=True))


@pytest.mark.parametrize(("form", "table", "rows"), [("wide", WIDE, "2 of 6"), ("long", LONG, "3 of 16")])
def test_what_would_be_left_out_is_said_before(form: str, table: str, rows: str) -> None:
    with pytest.raises(InputError) as caught:
        read(form, table)
    assert str(caught.value) == (
        f"x.csv: values are missing: age in {rows} rows; fill them in, or declare complete_cases, which leaves out "
        "2 patients with 1 response and 1 death"
    )


def test_a_response_that_was_not_seen_is_not_counted() -> None:
    frame = pd.read_csv(StringIO(WIDE), dtype=str).assign(seen=["1", "0", "0", "0", "1", "1"])
    found = from_wide(
        frame, WideColumns(response_seen="seen"), units="days", covariates={"age": "number"}, complete_cases=True
    )
    assert asdict(found.left_out) == GONE | {"responses": 0}


def test_rows_of_patients_who_are_left_out_are_not_read_otherwise() -> None:
    assert asdict(read("wide", WIDE.replace("3,14,200,1,", "3,unknown,,1,"), complete_cases=True).left_out) == GONE


@pytest.fixture
def analysis(tmp_path: Path) -> PatientAnalysis:
    return load_patients(
        analysis_file(tmp_path, LONG, form="long", options="complete_cases = true", covariates=number_of("age"))
    )


def test_the_count_travels_with_the_posterior(analysis: PatientAnalysis, tmp_path: Path) -> None:
    save(draw_prior(analysis, draws=20, chains=1, seed=1), tmp_path / "posterior.nc")
    assert asdict(load_posterior(tmp_path / "posterior.nc").analysis.patients.left_out) == GONE


def test_the_report_says_who_was_left_out(analysis: PatientAnalysis) -> None:
    good = Verdict(
        is_converged=True, worst_r_hat=1.0, worst_ess_bulk=1e3, worst_ess_tail=1e3, divergences=0, failures=()
    )
    posterior = replace(drawn(analysis, chains=2, draws=100), verdict=good)
    page = render(results_from(fits_of(posterior)))
    assert "2 patients with 1 response and 1 death, without a value of some covariate, are left out" in page


ZERO = """id,trans,Tstart,Tstop,status
1,1,0,0,1
1,2,0,0,0
1,3,0,10,0
2,1,0,0,0
2,2,0,0,1
3,1,0,6,1
3,2,0,6,0
3,3,6,6,1
4,1,0,0,1
4,2,0,0,0
4,3,0,0,1
5,1,0,0,0
5,2,0,0,0
"""


def test_rows_of_no_time_are_read_where_at_zero_is_declared() -> None:
    frame = pd.read_csv(StringIO(ZERO))
    patients = from_long(frame, units="days", at_zero=0.5)
    assert patients.response_day.tolist() == [0.5, np.inf, 6.0, 0.5, np.inf]
    assert patients.last_day.tolist() == [10.0, 0.5, 6.5, 1.0, 0.0]
    assert patients.died.tolist() == [False, True, True, True, False]
    assert patients.is_exact.all()


def test_rows_of_no_time_are_refused_with_what_to_declare_where_it_is_not() -> None:
    with pytest.raises(InputError) as caught:
        from_long(pd.read_csv(StringIO(ZERO)), units="days", address="x.csv")
    first, *lines = str(caught.value).splitlines()
    assert first == "x.csv: 10 of 13 rows cannot be"
    declare = "Tstop is not after Tstart; declare at_zero, the days after which an event at time zero is taken to be"
    assert lines == [
        f"  ids 1, 2, 4, 5: {declare}, found Tstart 0 and Tstop 0",
        f"  id 3: {declare}, found Tstart 6 and Tstop 6",
    ]


def test_a_row_that_ends_before_it_starts_is_refused_though_at_zero_is_declared() -> None:
    frame = pd.read_csv(StringIO(ZERO.replace("3,3,6,6,1", "3,3,6,5,1")))
    with pytest.raises(InputError, match="id 3: Tstop is before Tstart, found Tstart 6 and Tstop 5"):
        from_long(frame, units="days", at_zero=0.5)
