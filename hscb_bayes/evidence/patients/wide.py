"""A row is a patient: the form that clinicians keep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hscb_bayes.evidence.patients.columns import WideColumns
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.problems import Problems
from hscb_bayes.evidence.patients.reading import flags, ids_of, opened, times


def from_wide(
    frame: pd.DataFrame,
    columns: WideColumns | None = None,
    *,
    units: str,
    covariates: Sequence[str] = (),
    at_zero: float | None = None,
    complete_cases: bool = False,
    address: str = "patients",
) -> Patients:
    """Patients from a table with one row each.

    Parameters
    ----------
    columns
        Which column holds what; the names of its fields if left out.
    units
        Of all times: days, weeks, months (365.25 / 12 days) or years (365.25 days).
    covariates
        Further columns to keep.
    at_zero
        Days after the boost, or after the response, at which an event recorded at time zero is taken to be; where a
        hazard starts from zero or from infinity the day itself has no likelihood. Left out: such rows are refused.
    complete_cases
        Whether patients without a value of some covariate are left out.
    address
        What errors begin with, such as the path of the table.

    Raises
    ------
    InputError
        A sentence, or one for each kind of row that cannot be, with the ids.
    """
    columns = columns or WideColumns()
    named = {what: name for what, name in columns.model_dump().items() if name is not None}
    frame, others, unit = opened(frame, named, covariates, units=units, complete_cases=complete_cases, address=address)
    ids = ids_of(frame, columns.id, address)
    problems = Problems(address, ids)
    problems.add(pd.Series(ids).duplicated(keep=False).to_numpy(), "there more than once; required one row each")
    last, died = times(frame, columns.last_day, problems, unit=unit), flags(frame, columns.died, problems)
    response = _response(frame, columns, problems, unit=unit)
    entry = _optional(frame, columns.entry_day, problems, unit=unit, otherwise=np.zeros(len(ids)))
    watched = np.where(np.isfinite(response), response, last)
    until = _optional(frame, columns.unresponded_until, problems, unit=unit, otherwise=watched)
    patients = Patients(
        id=ids,
        entry_day=entry,
        unresponded_until=until,
        response_day=response,
        last_day=last,
        died=died,
        covariates=others,
    )
    return checked(patients, problems, at_zero)


def _response(frame: pd.DataFrame, columns: WideColumns, problems: Problems, *, unit: float) -> np.ndarray:
    """Days of response; infinite where none was seen."""
    days = times(frame, columns.response_day, problems, unit=unit, may_be_missing=True)
    if columns.response_seen is None:
        return np.where(np.isnan(days), np.inf, days)
    seen = flags(frame, columns.response_seen, problems)
    problems.add(
        seen & frame[columns.response_day].isna().to_numpy(),
        f"{columns.response_seen} is 1 and {columns.response_day} is missing; required the time of the response",
    )
    return np.where(seen, days, np.inf)


def _optional(
    frame: pd.DataFrame, column: str | None, problems: Problems, *, unit: float, otherwise: np.ndarray
) -> np.ndarray:
    """A column of times that may be left out, or empty in some rows."""
    if column is None:
        return otherwise
    days = times(frame, column, problems, unit=unit, may_be_missing=True)
    return np.where(np.isnan(days), otherwise, days)


def checked(patients: Patients, problems: Problems, at_zero: float | None) -> Patients:
    """The patients, events at time zero moved as declared.

    Raises
    ------
    InputError
        With a line for each kind of row that cannot be.
    """
    responded, last = patients.responded, patients.last_day
    first = np.where(responded, patients.response_day, last)
    problems.add(responded & (patients.response_day > last), "response after the last day")
    problems.add(patients.unresponded_until > first, "known to be without response after the response or the last day")
    problems.add(patients.entry_day > last, "followed only from after the last day")
    problems.add(
        (patients.entry_day == last) & (last > 0.0), "followed from the last day on: no time under observation"
    )
    between = responded & (patients.unresponded_until < patients.response_day)
    problems.add(
        (patients.entry_day > patients.unresponded_until) & (between | ~responded) & (patients.entry_day > 0.0),
        "followed from after the last visit without response; required to know on entry whether there had been one",
    )
    if at_zero is None:
        declare = "declare at_zero, the days after which it is taken to be"
        problems.add(responded & ~between & (patients.response_day == 0.0), f"response on day 0; {declare}")
        problems.add(~responded & patients.died & (last == 0.0), f"death on day 0; {declare}")
        problems.add(
            responded & patients.died & (patients.response_day == last) & (last > 0.0),
            f"death on the day of the response; {declare}",
        )
    problems.raise_if_any()
    return patients if at_zero is None else moved_from_zero(patients, at_zero)


def moved_from_zero(patients: Patients, at_zero: float) -> Patients:
    """Events at time zero in a state, ``at_zero`` days later."""
    response = np.where(patients.response_day == 0.0, at_zero, patients.response_day)
    exact = patients.unresponded_until == patients.response_day
    watched = ~patients.responded & (patients.unresponded_until == patients.last_day)
    start = np.where(patients.responded, response, 0.0)
    late = np.where(patients.died & (patients.last_day <= start), start + at_zero, np.maximum(patients.last_day, start))
    until = np.where(exact, response, np.where(watched, late, patients.unresponded_until))
    return Patients(
        id=patients.id,
        entry_day=patients.entry_day,
        unresponded_until=until,
        response_day=response,
        last_day=late,
        died=patients.died,
        covariates=patients.covariates,
    )


def to_wide(patients: Patients) -> pd.DataFrame:
    """The table that ``from_wide`` reads with its own names, in days; what was left out is empty."""
    frame = pd.DataFrame({"id": patients.id})
    frame["entry_day"] = patients.entry_day
    frame["unresponded_until"] = patients.unresponded_until
    frame["response_day"] = np.where(patients.responded, patients.response_day, np.nan)
    frame["last_day"] = patients.last_day
    frame["died"] = patients.died.astype(int)
    return frame.assign(**patients.covariates)
