"""A row is a patient and a transition that he is at risk of: the form of R's mstate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.columns import LongColumns
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.problems import Problems
from hscb_bayes.evidence.patients.reading import flags, ids_of, opened, times
from hscb_bayes.evidence.patients.wide import checked

TRANS = (1, 2, 3)  # response, death without response, death after response


def from_long(
    frame: pd.DataFrame,
    columns: LongColumns | None = None,
    *,
    units: str,
    covariates: Sequence[str] = (),
    at_zero: float | None = None,
    complete_cases: bool = False,
    address: str = "patients",
) -> Patients:
    """Patients from a table with a row for each transition that a patient was at risk of.

    Parameters
    ----------
    columns, units, covariates, at_zero, complete_cases, address
        As ``wide.from_wide`` takes them.

    Raises
    ------
    InputError
        A sentence, or one for each kind of row that cannot be, with the ids.
    """
    columns = columns or LongColumns()
    frame, others, unit = opened(
        frame, columns.model_dump(), covariates, units=units, complete_cases=complete_cases, address=address
    )
    row_ids = ids_of(frame, columns.id, address)
    problems = Problems(address, row_ids)
    rows = _rows(frame, columns, row_ids, problems, unit=unit)
    for name, values in others.items():
        differs = pd.Series(values).groupby(rows["id"]).transform("nunique").to_numpy() > 1
        problems.add(differs, f"{name} differs between the rows; required one value for each patient")
    problems.raise_if_any()
    return _patients(rows, others, address, at_zero)


def _rows(
    frame: pd.DataFrame, columns: LongColumns, ids: np.ndarray, problems: Problems, *, unit: float
) -> pd.DataFrame:
    """The rows with our own names, each by itself possible."""
    trans = pd.to_numeric(frame[columns.trans], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    problems.add(~np.isin(trans, TRANS), f"{columns.trans} is none of 1 response, 2 death without, 3 death after it")
    start, stop = (times(frame, name, problems, unit=unit) for name in (columns.start, columns.stop))
    problems.add(start >= stop, f"{columns.stop} is not after {columns.start}")
    rows = pd.DataFrame(
        {"id": ids, "trans": trans, "start": start, "stop": stop, "event": flags(frame, columns.status, problems)}
    )
    again = rows.duplicated(["id", "trans"], keep=False).to_numpy()
    problems.add(again, "at risk of one transition in more than one row; required one (covariates are fixed in time)")
    return rows


def _patients(rows: pd.DataFrame, others: dict[str, np.ndarray], address: str, at_zero: float | None) -> Patients:
    """A patient from up to three rows."""
    ids = pd.unique(rows["id"])
    problems = Problems(address, ids)
    response, before, after = (rows[rows["trans"] == trans].set_index("id").reindex(ids) for trans in TRANS)
    is_there = [part["stop"].notna().to_numpy() for part in (response, before, after)]
    came, died_before, died_after = ((part["event"] == 1.0).to_numpy() for part in (response, before, after))
    start, stop, again = (values.to_numpy() for values in (response["start"], response["stop"], after["start"]))
    problems.add(~is_there[0], "no row of transition 1; required how long the patient was without response")
    problems.add(
        is_there[0] & (~is_there[1] | (before["start"].to_numpy() != start) | (before["stop"].to_numpy() != stop)),
        "transitions 1 and 2 cover different times; required the same start and stop",
    )
    problems.add(came & died_before, "response and death without response both happened")
    problems.add(is_there[0] & is_there[2] & ~came, "a row of transition 3 without a response")
    problems.add(came & is_there[2] & (again != stop), "transition 3 does not start at the response")
    problems.raise_if_any()
    first = rows.reset_index().groupby("id", sort=False)["index"].first().reindex(ids).to_numpy()
    patients = Patients(
        id=ids,
        entry_day=start,
        unresponded_until=stop,
        response_day=np.where(came, stop, np.inf),
        last_day=np.where(is_there[2], after["stop"].to_numpy(), stop),
        died=died_before | died_after,
        covariates={name: values[first] for name, values in others.items()},
    )
    return checked(patients, problems, at_zero)


def to_long(patients: Patients) -> pd.DataFrame:
    """Rows as mstate keeps them, in days: columns id, from, to, trans, Tstart, Tstop, status and the covariates.

    Raises
    ------
    InputError
        When the day of some response is known only to lie between two visits, when a patient was followed only from
        after the response, or for no time: mstate's form cannot say so.
    """
    problems = Problems("to_long", patients.id)
    problems.add(~patients.is_exact, "response is known only to lie between two visits, or was not looked for")
    problems.add(patients.responded & (patients.entry_day >= patients.response_day), "followed from after the response")
    problems.add(patients.last_day == 0.0, "followed for no time")
    problems.raise_if_any()
    came = patients.responded
    stop = np.where(came, patients.response_day, patients.last_day)
    goes_on = came & (patients.last_day > patients.response_day)
    if np.any(came & ~goes_on & patients.died):
        raise InputError("to_long: a death on the day of the response has no time in mstate's form")
    everybody = np.ones(len(patients), dtype=bool)
    parts = [
        _part(patients, everybody, 1, patients.entry_day, stop, came),
        _part(patients, everybody, 2, patients.entry_day, stop, ~came & patients.died),
        _part(patients, goes_on, 3, stop, patients.last_day, patients.died),
    ]
    rows = pd.concat(parts).sort_values(["position", "trans"], kind="stable")
    return rows.drop(columns="position").reset_index(drop=True)


def _part(
    patients: Patients, who: np.ndarray, trans: int, start: np.ndarray, stop: np.ndarray, event: np.ndarray
) -> pd.DataFrame:
    """The rows of one transition."""
    found = pd.DataFrame({"position": np.flatnonzero(who), "id": patients.id[who]})
    found["from"], found["to"], found["trans"] = (2, 3, 3) if trans == max(TRANS) else (1, trans + 1, trans)
    found["Tstart"], found["Tstop"], found["status"] = start[who], stop[who], event[who].astype(int)
    return found.assign(**{name: values[who] for name, values in patients.covariates.items()})
