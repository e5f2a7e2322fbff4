"""Columns of a table as times, flags, numbers and labels, and what is wrong with single values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.estimators.risk_sets import TIE
from hscb_bayes.evidence.patients.cells import (
    alike,
    cell_in_words,
    cells_of,
    date_of,
    decimal_mark,
    duration_of,
    flag_of,
    label_of,
    number_of,
)
from hscb_bayes.evidence.patients.columns import DAYS
from hscb_bayes.evidence.patients.csv_text import LINE, MAY_BE_COMMA
from hscb_bayes.evidence.patients.problems import Problems
from hscb_bayes.sentences import listed, nearest, quote

Kind = Literal["number", "text", "day"]  # of a covariate: a number, a label, or days since time zero
Kinds = Mapping[str, Kind]
MOST_DAYS = 36525.0  # 100 years: nobody is followed longer, and spreadsheets count dates since 1900 in days


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A table whose columns are all there.

    ``frame`` has names that are text; ``ids`` (row,) are text; ``unit`` is the days of a unit of time; ``problems`` is
    about the rows.
    """

    frame: pd.DataFrame
    ids: np.ndarray
    unit: float
    problems: Problems


def opened(
    frame: pd.DataFrame, columns: Mapping[str, str], covariates: Sequence[str], *, units: str, address: str
) -> Opened:
    """The rows of a table.

    Parameters
    ----------
    columns
        Column by what it holds, "id" and perhaps "zero" among them.

    Raises
    ------
    InputError
        When a column is not there or is to be two things, the unit is unknown, or an id is missing.
    """
    frame = required_columns(frame, columns, covariates, address)
    unit = days_per(units, address)
    if "zero" in columns and units != "days":
        raise InputError(f"{address}: units: required 'days' where zero names a column of dates, found {quote(units)}")
    ids = ids_of(frame, columns["id"], address)
    return of_rows(frame, ids, unit, address)


def of_rows(frame: pd.DataFrame, ids: np.ndarray, unit: float, address: str) -> Opened:
    """Rows of a table with their ids."""
    lines = frame.index.tolist() if frame.index.name == LINE else None
    return Opened(frame=frame, ids=ids, unit=unit, problems=Problems(address, ids, lines))


def required_columns(
    frame: pd.DataFrame, columns: Mapping[str, str], covariates: Sequence[str], address: str
) -> pd.DataFrame:
    """The table with names that are text; refuses one without rows, without a column, or with a column for two things.

    Parameters
    ----------
    columns
        Column by what it holds.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{address}: required a table, a pandas DataFrame, found {type(frame).__name__}")
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{address}: the column {quote(twice[0])} is there {names.count(twice[0])} times; required once"
        )
    if frame.empty:
        raise InputError(f"{address}: the table has no rows; required a row for every patient")
    used, refusals = dict[str, str](), Refusals()
    for what, name in [*columns.items(), *((f"covariate {quote(name)}", name) for name in covariates)]:
        if name not in names:
            refusals.add(f"{address}: {what}: there is no column {quote(name)}; {nearest(name, names)}")
        elif name in used:
            refusals.add(f"{address}: the column {quote(name)} is to be {used[name]} and {what}; required one of them")
        used.setdefault(name, what)
    refusals.say()
    return frame.set_axis(names, axis="columns")


def days_per(units: str, address: str) -> float:
    """Days of a unit."""
    if units not in DAYS:
        raise InputError(f"{address}: units: required one of {listed(list(DAYS))}, found {quote(units)}")
    return DAYS[units]


def ids_of(frame: pd.DataFrame, column: str, address: str) -> np.ndarray:
    """Ids as text, none of them missing."""
    cells = cells_of(frame[column])
    ids = [None if cell is None else label_of(cell) for cell in cells]
    wrong = [row for row, id in enumerate(ids) if id is None]
    if wrong:
        is_file = frame.index.name == LINE
        places = ", ".join(str(frame.index[row] if is_file else row + 1) for row in wrong[:10])
        value = cells[wrong[0]]
        what = "is missing" if all(cells[row] is None for row in wrong) else "is no id"
        found = "" if value is None else f", found {cell_in_words(value)}"
        raise InputError(
            f"{address}: {column} {what} in {len(wrong)} rows: required an id{found}; {'lines' if is_file else 'rows'} "
            f"{places}"
        )
    return np.array(ids, dtype=object)


def times(
    table: Opened, column: str, zero: str | None = None, *, unit: float | None = None, may_be_missing: bool = False
) -> np.ndarray:
    """A column of times in days since time zero; NaN where it is empty, or wrong.

    Parameters
    ----------
    zero
        Column of the date of time zero: times are dates then, or lengths of time. Left out: they are numbers in units,
        or lengths of time.
    unit
        Days of a unit, where it is another than the table's.
    """
    cells, problems = cells_of(table.frame[column]), table.problems
    if not may_be_missing:
        problems.add(_is(cells, None), f"{column} is missing; required a time")
    if zero is not None:
        return _days_since(table, column, cells, zero)
    days = _numbers(table, column, cells, unit=table.unit if unit is None else unit, required="a time")
    show = _cells_in_words(cells)
    problems.add(np.isinf(days), f"{column} is infinite; required a time")
    problems.add(days < 0.0, f"{column} is below 0; required a time since time zero", show)
    problems.add(
        np.isfinite(days) & (days > MOST_DAYS), f"{column} is above 100 years; required a time since time zero", show
    )
    return _possible(days)


def joined(*columns: np.ndarray) -> list[np.ndarray]:
    """Columns of days, (patient,) each; those of a patient that rounding alone sets apart, from 0 too, are made equal.

    Else a death at 0.1 + 0.2 would be 6e-17 days after a response at 0.3, where a hazard may be anything.
    """
    days = np.stack([np.zeros(len(columns[0])), *columns])
    order = np.argsort(days, axis=0)
    ordered = np.take_along_axis(days, order, axis=0)
    with np.errstate(invalid="ignore"):
        is_close = np.diff(ordered, axis=0) <= TIE
    for k, close in enumerate(is_close, start=1):
        ordered[k] = np.where(close, ordered[k - 1], ordered[k])
    np.put_along_axis(days, order, ordered, axis=0)
    return list(days[1:])


def _days_since(table: Opened, column: str, cells: list[object], zero: str) -> np.ndarray:
    """Dates as days since the date in another column."""
    starts, problems = cells_of(table.frame[zero]), table.problems
    start = _each(starts, date_of)
    at = _each(cells, date_of)
    lengths = _each(cells, duration_of)
    iso = "as 2021-04-30, without a time zone"
    problems.add(_is(starts, None), f"{zero} is missing; required the date of time zero")
    problems.add(
        np.isnan(start) & ~_is(starts, None), f"{zero} is no date; required one {iso}", _cells_in_words(starts)
    )
    wrong = np.isnan(at) & np.isnan(lengths) & ~_is(cells, None)
    problems.add(wrong, f"{column} is no date; required one {iso}", _cells_in_words(cells))
    days = np.where(np.isnan(lengths), at - start, lengths)
    problems.add(
        days < 0.0,
        f"{column} is before {zero}",
        lambda row: f"{cell_in_words(cells[row])} before {cell_in_words(starts[row])}",
    )
    problems.add(
        days > MOST_DAYS,
        f"{column} is more than 100 years after {zero}",
        lambda row: f"{cell_in_words(cells[row])} after {cell_in_words(starts[row])}",
    )
    return _possible(days)


def _possible(days: np.ndarray) -> np.ndarray:
    """Days, NaN where they cannot be, so that nothing is said of them twice."""
    return np.where((days >= 0.0) & (days <= MOST_DAYS), days, np.nan)


def flags(table: Opened, column: str) -> np.ndarray:
    """A column of 0 and 1, or true and false."""
    cells = cells_of(table.frame[column])
    found = [flag_of(cell) for cell in cells]
    table.problems.add(_is(cells, None), f"{column} is missing; required 0 or 1")
    table.problems.add(_is(found, None) & ~_is(cells, None), f"{column} is neither 0 nor 1", _cells_in_words(cells))
    return np.array([bool(flag) for flag in found], dtype=bool)


def count_of_true(frame: pd.DataFrame, column: str) -> int:
    """How many cells are 1 or true, whatever the others are."""
    return sum(bool(flag_of(cell)) for cell in cells_of(frame[column]))


def whole_numbers(table: Opened, column: str, choices: Sequence[int], sentence: str) -> np.ndarray:
    """A column of one of some numbers; NaN where it is none."""
    cells = cells_of(table.frame[column])
    values = _each(cells, number_of)
    table.problems.add(~np.isin(values, choices), sentence, lambda row: _cell_or_nothing(cells[row]))
    return values


def covariates_of(table: Opened, kinds: Kinds, zero: str | None = None) -> dict[str, np.ndarray]:
    """Covariates by name: floats or text, as declared, shape (row,) each; problems where values are neither."""
    return {name: _covariate(table, name, kind, zero) for name, kind in kinds.items()}


def _covariate(table: Opened, name: str, kind: Kind, zero: str | None) -> np.ndarray:
    if kind == "day":
        return times(table, name, zero, unit=1.0)
    cells = cells_of(table.frame[name])
    if kind == "number":
        required = "a number, or levels in the analysis"
        values = _numbers(table, name, cells, unit=1.0, required=required)
        table.problems.add(np.isinf(values), f"{name} is infinite; required a finite number")
        return values
    labels = [None if cell is None else label_of(cell) for cell in cells]
    wrong = _is(labels, None) & ~_is(cells, None)
    table.problems.add(
        wrong, f"{name} is no label; required text, or nothing where it is missing", _cells_in_words(cells)
    )
    others = alike([label for label in labels if label is not None])
    for label, other in others.items():
        table.problems.add(
            np.array([own == label for own in labels], dtype=bool),
            f"{name} is {quote(label)} here and {quote(other)} elsewhere; required one spelling: they differ only in "
            "case or spaces",
        )
    return np.array(["" if label is None else label for label in labels], dtype=object)


def kinds_of(frame: pd.DataFrame, covariates: Sequence[str] | Kinds) -> dict[str, Kind]:
    """What each covariate is: as declared, or where it is not, numbers if the frame holds them as such, else text."""
    if isinstance(covariates, Mapping):
        return dict(covariates)
    names = {str(name): frame.dtypes.iloc[k] for k, name in enumerate(frame.columns)} if len(covariates) else {}
    return {name: "number" if _is_number(names.get(name)) else "text" for name in covariates}


def _is_number(dtype: object) -> bool:
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)


def missing_in(frame: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Where covariates are missing, shape (row, covariate)."""
    if not names:
        return np.zeros((len(frame), 0), dtype=bool)
    return np.column_stack([_is(cells_of(frame[name]), None) for name in names])


def _numbers(table: Opened, column: str, cells: list[object], *, unit: float, required: str) -> np.ndarray:
    """Cells as numbers times a unit, or lengths of time in days; what is neither is a problem, and NaN."""
    mark = decimal_mark(cells, may_be_comma=bool(table.frame.attrs.get(MAY_BE_COMMA)))
    values = _each(cells, lambda cell: number_of(cell, mark))
    with np.errstate(over="ignore"):
        days = np.where(np.isnan(values), _each(cells, duration_of), values * unit)
    wrong, is_date = np.isnan(days) & ~_is(cells, None), ~np.isnan(_each(cells, date_of))
    declare = (
        "declare zero, the column of the dates that times count from"
        if required == "a time"
        else f"required {required}"
    )
    table.problems.add(wrong & is_date, f"{column} is a date; {declare}", _cells_in_words(cells))
    thousands = "; write decimals with a point, and thousands without one" if not mark else f"; required {required}"
    table.problems.add(wrong & ~is_date, f"{column} is no number{thousands}", _cells_in_words(cells))
    return days


def _each(cells: Sequence[object], function: Callable[[object], float | None]) -> np.ndarray:
    """What a function makes of each cell, NaN where nothing."""
    found = (None if cell is None else function(cell) for cell in cells)
    return np.array([np.nan if value is None else value for value in found], dtype=float)


def _is(cells: Sequence[object], value: object) -> np.ndarray:
    return np.array([cell is value for cell in cells], dtype=bool)


def _cells_in_words(cells: Sequence[object]) -> Callable[[int], str]:
    return lambda row: cell_in_words(cells[row])


def _cell_or_nothing(cell: object) -> str:
    return "nothing" if cell is None else cell_in_words(cell)


def as_text(values: np.ndarray) -> np.ndarray:
    """Categories as text: 2 and 2.0 are "2"."""
    return np.array([str(value) if (text := label_of(value)) is None else text for value in values.tolist()])
