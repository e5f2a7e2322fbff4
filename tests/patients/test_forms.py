"""The two forms of a table, and there and back."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.columns import WideColumns
from hscb_bayes.evidence.patients.file import read_table
from hscb_bayes.evidence.patients.long import from_long, to_long
from hscb_bayes.evidence.patients.patients import TIMES, Patients
from hscb_bayes.evidence.patients.wide import from_wide, to_wide

REFERENCE = Path(__file__).parents[1] / "data" / "r_reference"
OF_BMT = WideColumns(response_day="pr_time", response_seen="pr_event", last_day="dfs_time", died="dfs_event")
OWN = WideColumns(entry_day="entry_day", unresponded_until="unresponded_until")


@pytest.fixture(scope="module")
def bmt() -> Patients:
    table = read_table(REFERENCE / "kmsurv_bmt.csv")
    return from_wide(table, OF_BMT, units="days", covariates={"age": "number", "hospital": "text"})


def columns_of(patients: Patients) -> dict[str, list[Any]]:
    """Every array as a list, covariates included: what two tables of the same patients share."""
    arrays = {name: getattr(patients, name) for name in ("id", "died", *TIMES)}
    return {name: values.tolist() for name, values in (arrays | dict(patients.covariates)).items()}


def test_the_transitions_of_bmt(bmt: Patients) -> None:
    first_death = ~bmt.responded & bmt.died
    assert (bmt.responded.sum(), first_death.sum(), (bmt.responded & bmt.died).sum()) == (120, 16, 67)
    assert bmt.is_exact.all()


def test_long_rows_are_those_of_mstate(bmt: Patients) -> None:
    rows = to_long(bmt)
    assert list(rows.columns) == ["id", "from", "to", "trans", "Tstart", "Tstop", "status", "age", "hospital"]
    assert rows.loc[rows["id"] == "1", "from":"status"].to_numpy().tolist() == [
        [1, 2, 1, 0.0, 13.0, 1],
        [1, 3, 2, 0.0, 13.0, 0],
        [2, 3, 3, 13.0, 2081.0, 0],
    ]
    assert rows.groupby("trans")["status"].sum().to_dict() == {1: 120, 2: 16, 3: 67}


def test_there_and_back_through_the_long_form(bmt: Patients) -> None:
    assert columns_of(from_long(to_long(bmt), units="days", covariates=["age", "hospital"])) == columns_of(bmt)


def test_there_and_back_through_the_wide_form(bmt: Patients) -> None:
    assert columns_of(from_wide(to_wide(bmt), OWN, units="days", covariates=["age", "hospital"])) == columns_of(bmt)


def test_rows_of_the_long_form_may_come_in_any_order(bmt: Patients) -> None:
    shuffled = to_long(bmt).sample(frac=1.0, random_state=1)
    back = from_long(shuffled, units="days", covariates=["age", "hospital"])
    order = np.argsort(back.id.astype(int))
    assert columns_of(back.of(order)) == columns_of(bmt)


@pytest.mark.parametrize(("units", "days"), [("weeks", 7.0), ("months", 365.25 / 12), ("years", 365.25)])
def test_times_are_days_whatever_the_unit(bmt: Patients, units: str, days: float) -> None:
    bmt = bmt.of(bmt.last_day < 100.0)
    found = from_wide(to_wide(bmt), OWN, units=units)
    np.testing.assert_allclose(found.last_day, bmt.last_day * days)
    np.testing.assert_allclose(found.response_day, bmt.response_day * days)


def test_a_parquet_file_is_the_csv_file(bmt: Patients, tmp_path: Path) -> None:
    to_wide(bmt).to_parquet(tmp_path / "bmt.parquet")
    to_wide(bmt).to_csv(tmp_path / "bmt.csv", index=False)
    first, second = (
        from_wide(read_table(tmp_path / name), OWN, units="days", covariates={"age": "number", "hospital": "text"})
        for name in ("bmt.parquet", "bmt.csv")
    )
    assert columns_of(first) == columns_of(second)


TABLE = pd.DataFrame(
    {
        "id": ["exact", "between visits", "unseen", "late", "after"],
        "entry_day": [np.nan, 0.0, 0.0, 3.0, 9.0],
        "unresponded_until": [np.nan, 7.0, 7.0, np.nan, np.nan],
        "response_day": [9.0, 14.0, np.nan, np.nan, 5.0],
        "last_day": [30.0, 30.0, 40.0, 20.0, 50.0],
        "died": [0, 1, 1, 0, 1],
    }
)


def test_visits_delayed_entry_and_response_never_seen() -> None:
    patients = from_wide(TABLE, OWN, units="days")
    assert patients.unresponded_until.tolist() == [9.0, 7.0, 7.0, 20.0, 5.0]
    assert patients.response_day.tolist() == [9.0, 14.0, np.inf, np.inf, 5.0]
    assert patients.is_exact.tolist() == [True, False, False, True, True]
    assert columns_of(from_wide(to_wide(patients), OWN, units="days")) == columns_of(patients)


def test_delayed_entry_goes_through_the_long_form() -> None:
    patients = from_wide(TABLE, OWN, units="days").of(np.array([0, 3]))
    rows = to_long(patients)
    assert rows[["trans", "Tstart", "Tstop"]].to_numpy().tolist() == [
        [1, 0.0, 9.0],
        [2, 0.0, 9.0],
        [3, 9.0, 30.0],
        [1, 3.0, 20.0],
        [2, 3.0, 20.0],
    ]
    assert columns_of(from_long(rows, units="days")) == columns_of(patients)


def test_events_at_time_zero_are_where_they_are_declared_to_be() -> None:
    table = pd.DataFrame(
        {
            "id": [1, 2, 3, 4, 5],
            "response_day": [0.0, np.nan, 6.0, 0.0, np.nan],
            "last_day": [10.0, 0.0, 6.0, 0.0, 0.0],
            "died": [0, 1, 1, 1, 0],
        }
    )
    patients = from_wide(table, units="days", at_zero=0.5)
    assert patients.response_day.tolist() == [0.5, np.inf, 6.0, 0.5, np.inf]
    assert patients.last_day.tolist() == [10.0, 0.5, 6.5, 1.0, 0.0]
    assert patients.is_exact.all()


def test_complete_cases_leave_out_and_nothing_else() -> None:
    table = TABLE.assign(age=[50.0, np.nan, 61.0, 47.0, np.nan])
    patients = from_wide(table, OWN, units="days", covariates=["age"], complete_cases=True)
    assert patients.id.tolist() == ["exact", "unseen", "late"]
    assert patients.covariates["age"].tolist() == [50.0, 61.0, 47.0]


@pytest.mark.parametrize("swapped", [False, True])
def test_times_of_a_patient_that_rounding_sets_apart_are_one_time(swapped: bool) -> None:
    """0.1 + 0.2 is above 0.3 by 6e-17: no time under observation, in which nobody can die."""
    response, last = (0.3, 0.1 + 0.2)[:: -1 if swapped else 1]
    table = pd.DataFrame({"id": [1], "response_day": [response], "last_day": [last], "died": [0]})
    patients = from_wide(table, units="days")
    assert patients.response_day.tolist() == patients.last_day.tolist() == [0.3]
    with pytest.raises(InputError, match="death on the day of the response; declare at_zero"):
        from_wide(table.assign(died=1), units="days")
    assert from_wide(table.assign(died=1), units="days", at_zero=0.5).last_day.tolist() == [0.8]


@pytest.mark.parametrize("day", [0.0, 1e-12, 5e-17])
def test_a_time_that_is_zero_but_for_rounding_is_zero(day: float) -> None:
    table = pd.DataFrame({"id": [1], "response_day": [np.nan], "last_day": [day], "died": [1]})
    with pytest.raises(InputError, match="death on day 0; declare at_zero"):
        from_wide(table, units="days")


def test_rows_of_a_patient_meet_where_rounding_sets_them_apart() -> None:
    rows = pd.DataFrame(
        {"id": 1, "trans": [1, 2, 3], "Tstart": [0.0, 0.0, 0.3], "Tstop": [0.1 + 0.2, 0.3, 5.0], "status": [1, 0, 1]}
    )
    patients = from_long(rows, units="days")
    assert (patients.response_day.tolist(), patients.last_day.tolist()) == ([0.3], [5.0])
    exact = from_long(rows.assign(Tstop=[0.3, 0.3, 5.0]), units="days")
    assert columns_of(patients) == columns_of(exact)


@pytest.mark.parametrize("units", ["days", "months"])
def test_times_that_differ_stay_as_they_are(units: str) -> None:
    times = [0.01, 0.1, 0.11, 0.3, 30.0, 30.001]
    table = pd.DataFrame({"id": range(6), "response_day": np.nan, "last_day": times, "died": 0})
    unit = {"days": 1.0, "months": 365.25 / 12.0}[units]
    assert from_wide(table, units=units).last_day.tolist() == [time * unit for time in times]
