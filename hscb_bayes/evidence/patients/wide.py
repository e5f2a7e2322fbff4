"""A row is a patient: the form that clinicians keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.cells import cells_of, flag_of
from hscb_bayes.evidence.patients.columns import WideColumns
from hscb_bayes.evidence.patients.left_out import complete
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.problems import Problems
from hscb_bayes.evidence.patients.reading import (
    Kinds,
    Opened,
    count_of_true,
    covariates_of,
    flags,
    joined,
    kinds_of,
    missing_in,
    opened,
    times,
)
from hscb_bayes.sentences import quote


def from_wide(
    frame: pd.DataFrame,
    columns: WideColumns | None = None,
    *,
    units: str,
    covariates: Sequence[str] | Kinds = (),
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
        Of all times: days, weeks, months (365.25 / 12 days) or years (365.25 days). Lengths of time and dates are
        converted to days and need none.
    covariates
        Further columns to keep, and what each is: a "number", "text", or a "day" since time zero. A list of columns
        leaves them what the frame holds, numbers or text.
    at_zero
        Days after time zero, or after the response, at which an event recorded at time zero is taken to be; where a
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
    table = opened(frame, named, list(covariates), units=units, address=address)
    kinds = kinds_of(table.frame, covariates)
    table, left_out = complete(
        table, list(kinds), complete_cases=complete_cases, address=address, events=lambda gone: _events(gone, columns)
    )
    problems = table.problems
    problems.add(pd.Series(table.ids).duplicated(keep=False).to_numpy(), "there more than once; required one row each")
    last, died = times(table, columns.last_day, columns.zero), flags(table, columns.died)
    response = _response(table, columns)
    watched = np.where(np.isfinite(response), response, last)
    entry = _optional(table, columns.entry_day, columns.zero, otherwise=np.zeros(len(last)))
    until = _optional(table, columns.unresponded_until, columns.zero, otherwise=watched)
    last, response, entry, until = joined(last, response, entry, until)
    patients = Patients(
        id=table.ids,
        entry_day=entry,
        unresponded_until=until,
        response_day=response,
        last_day=last,
        died=died,
        covariates=covariates_of(table, kinds, columns.zero),
        left_out=left_out,
    )
    return checked(patients, problems, at_zero)


def _events(frame: pd.DataFrame, columns: WideColumns) -> tuple[int, int]:
    """Responses and deaths of some rows, whatever else is wrong with them."""
    came = [cell is not None for cell in cells_of(frame[columns.response_day])]
    if columns.response_seen is not None:
        came = [bool(flag_of(cell)) for cell in cells_of(frame[columns.response_seen])]
    return sum(came), count_of_true(frame, columns.died)


def _response(table: Opened, columns: WideColumns) -> np.ndarray:
    """Days of response; infinite where none was seen."""
    days = times(table, columns.response_day, columns.zero, may_be_missing=True)
    if columns.response_seen is None:
        return np.where(np.isnan(days), np.inf, days)
    seen = flags(table, columns.response_seen)
    table.problems.add(
        seen & missing_in(table.frame, [columns.response_day])[:, 0],
        f"{columns.response_seen} is 1 and {columns.response_day} is missing; required the time of the response",
    )
    return np.where(seen, days, np.inf)


def _optional(table: Opened, column: str | None, zero: str | None, *, otherwise: np.ndarray) -> np.ndarray:
    """A column of times that may be left out, or empty in some rows."""
    if column is None:
        return otherwise
    days = times(table, column, zero, may_be_missing=True)
    return np.where(np.isnan(days), otherwise, days)


def checked(patients: Patients, problems: Problems, at_zero: float | None) -> Patients:
    """The patients, events at time zero moved as declared.

    Raises
    ------
    InputError
        With a line for each kind of row that cannot be.
    """
    until, response, last = patients.unresponded_until, patients.response_day, patients.last_day
    entry, responded = patients.entry_day, patients.responded
    first = np.where(responded, response, last)
    problems.add(responded & (response > last), "response after the last day", _days(response, last))
    problems.add(until > first, "known to be without response after the response or the last day", _days(until, first))
    problems.add(entry > last, "followed only from after the last day", _days(entry, last))
    problems.add((entry == last) & (last > 0.0), "followed from the last day on: no time under observation")
    between = responded & (until < response)
    problems.add(
        (entry > until) & (between | ~responded) & (entry > 0.0) & (entry <= last),
        "followed from after the last visit without response; required to know on entry whether there had been one",
        _days(entry, until),
    )
    if at_zero is None:
        declare = "declare at_zero, the days after which it is taken to be"
        problems.add(responded & ~between & (response == 0.0), f"response on day 0; {declare}")
        problems.add(~responded & patients.died & (last == 0.0), f"death on day 0; {declare}")
        problems.add(
            responded & patients.died & (response == last) & (last > 0.0),
            f"death on the day of the response; {declare}",
        )
    problems.raise_if_any()
    return patients if at_zero is None else moved_from_zero(patients, at_zero)


def _days(later: np.ndarray, earlier: np.ndarray) -> Callable[[int], str]:
    return lambda row: f"day {later[row]:.10g} after day {earlier[row]:.10g}"


def moved_from_zero(patients: Patients, at_zero: float) -> Patients:
    """Events at time zero in a state, ``at_zero`` days later."""
    response = np.where(patients.response_day == 0.0, at_zero, patients.response_day)
    exact = patients.unresponded_until == patients.response_day
    watched = ~patients.responded & (patients.unresponded_until == patients.last_day)
    start = np.where(patients.responded, response, 0.0)
    late = np.where(patients.died & (patients.last_day <= start), start + at_zero, np.maximum(patients.last_day, start))
    until = np.where(exact, response, np.where(watched, late, patients.unresponded_until))
    return replace(patients, unresponded_until=until, response_day=response, last_day=late)


def to_wide(patients: Patients) -> pd.DataFrame:
    """The table that ``from_wide`` reads with its own names, in days; what was left out is empty.

    Raises
    ------
    InputError
        When a covariate has the name of such a column.
    """
    own = {
        "id": patients.id,
        "entry_day": patients.entry_day,
        "unresponded_until": patients.unresponded_until,
        "response_day": np.where(patients.responded, patients.response_day, np.nan),
        "last_day": patients.last_day,
        "died": patients.died.astype(int),
    }
    refuse_names(patients, own, "to_wide")
    return pd.DataFrame(own | dict(patients.covariates))


def refuse_names(patients: Patients, own: Iterable[str], address: str) -> None:
    """Refuse covariates with the name of a column that a form has."""
    for name in own:
        if name in patients.covariates:
            raise InputError(f"{address}: required another name for the covariate {quote(name)}: the form has one so")
