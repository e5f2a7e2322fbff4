"""A row is a patient and a transition that he is at risk of: the form of R's mstate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.cells import cell_in_words, cells_of, date_of, flag_of, number_of
from hscb_bayes.evidence.patients.columns import LongColumns
from hscb_bayes.evidence.patients.left_out import LeftOut, complete
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.problems import Problems
from hscb_bayes.evidence.patients.reading import (
    Kinds,
    Opened,
    covariates_of,
    flags,
    joined,
    kinds_of,
    opened,
    times,
    whole_numbers,
)
from hscb_bayes.evidence.patients.wide import checked, refuse_names

OWN = ("id", "from", "to", "trans", "Tstart", "Tstop", "status", "position")
TRANS = (1, 2, 3)  # response, death without response, death after response


def from_long(
    frame: pd.DataFrame,
    columns: LongColumns | None = None,
    *,
    units: str,
    covariates: Sequence[str] | Kinds = (),
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
    named = {what: name for what, name in columns.model_dump().items() if name is not None}
    table = opened(frame, named, list(covariates), units=units, address=address)
    kinds = kinds_of(table.frame, covariates)
    table, left_out = complete(
        table, list(kinds), complete_cases=complete_cases, address=address, events=lambda gone: _events(gone, columns)
    )
    rows = _rows(table, columns, at_zero)
    others = covariates_of(table, kinds, columns.zero)
    for name, values in others.items():
        _refuse_changes(table, name, values, values.tolist())
    if columns.zero is not None:
        dates = cells_of(table.frame[columns.zero])
        _refuse_changes(table, columns.zero, [date_of(date) for date in dates], dates)
    table.problems.raise_if_any()
    return _patients(rows, others, address, at_zero, left_out)


def _events(frame: pd.DataFrame, columns: LongColumns) -> tuple[int, int]:
    """Responses and deaths in some rows, whatever else is wrong with them."""
    pairs = zip(cells_of(frame[columns.trans]), cells_of(frame[columns.status]), strict=True)
    happened = [number_of(trans) for trans, status in pairs if flag_of(status)]
    return happened.count(TRANS[0]), sum(happened.count(death) for death in TRANS[1:])


def _refuse_changes(table: Opened, name: str, values: Iterable[object], cells: Sequence[object]) -> None:
    """Refuse a value that differs between the rows of a patient."""
    differs = pd.Series(list(values)).groupby(table.ids).transform("nunique").to_numpy() > 1
    table.problems.add(
        differs,
        f"{name} differs between the rows; required one value for each patient",
        lambda row: cell_in_words(cells[row]),
    )


def _rows(table: Opened, columns: LongColumns, at_zero: float | None) -> pd.DataFrame:
    """The rows with our own names, each by itself possible."""
    trans = whole_numbers(
        table, columns.trans, TRANS, f"{columns.trans} is none of 1 response, 2 death without, 3 death after it"
    )
    start, stop = (times(table, name, columns.zero) for name in (columns.start, columns.stop))
    starts, stops = (cells_of(table.frame[name]) for name in (columns.start, columns.stop))

    def pair(row: int) -> str:
        return f"{columns.start} {cell_in_words(starts[row])} and {columns.stop} {cell_in_words(stops[row])}"

    table.problems.add(start > stop, f"{columns.stop} is before {columns.start}", pair)
    if at_zero is None:
        table.problems.add(
            start == stop,
            f"{columns.stop} is not after {columns.start}; declare at_zero, the days after which an event at time zero "
            "is taken to be",
            pair,
        )
    happened = flags(table, columns.status)
    rows = pd.DataFrame({"id": table.ids, "trans": trans, "start": start, "stop": stop, "event": happened})
    again = rows.duplicated(["id", "trans"], keep=False).to_numpy()
    table.problems.add(
        again,
        "at risk of one transition in more than one row; required one (covariates are fixed in time)",
    )
    return rows


def _patients(
    rows: pd.DataFrame, others: dict[str, np.ndarray], address: str, at_zero: float | None, left_out: LeftOut
) -> Patients:
    """A patient from up to three rows."""
    ids = pd.unique(rows["id"])
    problems = Problems(address, ids)
    response, before, after = (rows[rows["trans"] == trans].set_index("id").reindex(ids) for trans in TRANS)
    is_there = [part["stop"].notna().to_numpy() for part in (response, before, after)]
    came, died_before, died_after = ((part["event"] == 1.0).to_numpy() for part in (response, before, after))
    start, stop, start_before, stop_before, again, last = joined(
        *(part[name].to_numpy() for part in (response, before, after) for name in ("start", "stop"))
    )
    problems.add(~is_there[0], "no row of transition 1; required how long the patient was without response")
    problems.add(
        is_there[0] & (~is_there[1] | (start_before != start) | (stop_before != stop)),
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
        last_day=np.where(is_there[2], last, stop),
        died=died_before | died_after,
        covariates={name: values[first] for name, values in others.items()},
        left_out=left_out,
    )
    return checked(patients, problems, at_zero)


def to_long(patients: Patients) -> pd.DataFrame:
    """Rows as mstate keeps them, in days: columns id, from, to, trans, Tstart, Tstop, status and the covariates.

    Raises
    ------
    InputError
        When the day of some response is known only to lie between two visits, when a patient was followed only from
        after the response, or for no time, or a covariate has the name of a column: mstate's form cannot say so.
    """
    refuse_names(patients, OWN, "to_long")
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
