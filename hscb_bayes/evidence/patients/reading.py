"""Columns of a table as numbers, and what is wrong with single values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.columns import DAYS
from hscb_bayes.evidence.patients.problems import Problems
from hscb_bayes.sentences import listed, nearest, quote


def opened(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    covariates: Sequence[str],
    *,
    units: str,
    complete_cases: bool,
    address: str,
) -> tuple[pd.DataFrame, dict[str, np.ndarray], float]:
    """The rows that count, their covariates by name, and the days of a unit of time.

    Parameters
    ----------
    columns
        Column by what it holds.

    Raises
    ------
    InputError
        When a column is not there or is to be two things, the unit is unknown, or covariates are missing.
    """
    required_columns(frame, columns, covariates, address)
    unit = days_per(units, address)
    others, complete = covariates_of(frame, covariates, complete_cases=complete_cases, address=address)
    kept = {name: values[complete] for name, values in others.items()}
    return frame[complete].reset_index(drop=True), kept, unit


def required_columns(frame: pd.DataFrame, columns: Mapping[str, str], covariates: Sequence[str], address: str) -> None:
    """Refuse a table without rows, without a column, or with a column that is to be two things.

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
    used: dict[str, str] = {}
    for what, name in [*columns.items(), *((f"covariate {name}", name) for name in covariates)]:
        if name not in names:
            raise InputError(f"{address}: {what}: there is no column {quote(name)}; {nearest(name, names)}")
        if name in used:
            raise InputError(
                f"{address}: the column {quote(name)} is to be {used[name]} and {what}; required one of them"
            )
        used[name] = what


def days_per(units: str, address: str) -> float:
    """Days of a unit."""
    if units not in DAYS:
        raise InputError(f"{address}: units: required one of {listed(list(DAYS))}, found {quote(units)}")
    return DAYS[units]


def ids_of(frame: pd.DataFrame, column: str, address: str) -> np.ndarray:
    """Ids, none of them missing."""
    missing = frame[column].isna().to_numpy()
    if missing.any():
        rows = ", ".join(str(row + 1) for row in np.flatnonzero(missing)[:10])
        raise InputError(f"{address}: {column} is missing in {missing.sum()} rows: required an id; rows {rows}")
    return frame[column].to_numpy(dtype=object)


def times(
    frame: pd.DataFrame, column: str, problems: Problems, *, unit: float, may_be_missing: bool = False
) -> np.ndarray:
    """A column of times in days; NaN where it is empty, or wrong."""
    values = _numbers(frame, column, problems)
    if not may_be_missing:
        problems.add(frame[column].isna().to_numpy(), f"{column} is missing; required a time")
    problems.add(np.isinf(values), f"{column} is infinite; required a time")
    problems.add(values < 0.0, f"{column} is below 0; required a time since the boost")
    return np.where(np.isinf(values), np.nan, values) * unit


def flags(frame: pd.DataFrame, column: str, problems: Problems) -> np.ndarray:
    """A column of 0 and 1, or true and false."""
    values = _numbers(frame, column, problems)
    problems.add(frame[column].isna().to_numpy(), f"{column} is missing; required 0 or 1")
    problems.add(~np.isnan(values) & (values != 0.0) & (values != 1.0), f"{column} is neither 0 nor 1")
    return values == 1.0


def _numbers(frame: pd.DataFrame, column: str, problems: Problems) -> np.ndarray:
    """A column as numbers; what is none is a problem, and NaN."""
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = np.isnan(values) & frame[column].notna().to_numpy()
    if wrong.any():
        problems.add(
            wrong, f"{column} is no number, found {quote(frame[column].tolist()[int(np.flatnonzero(wrong)[0])])}"
        )
    return values


def as_text(values: np.ndarray) -> np.ndarray:
    """Categories as text: 2 and 2.0 are "2"."""
    return np.array(
        [
            str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
            for value in values.tolist()
        ]
    )


def covariates_of(
    frame: pd.DataFrame, names: Sequence[str], *, complete_cases: bool, address: str
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Covariates by name, and the rows that have them all.

    Raises
    ------
    InputError
        When values are missing and ``complete_cases`` does not say that their patients are left out.
    """
    missing = frame[list(names)].isna().to_numpy() if names else np.zeros((len(frame), 0), dtype=bool)
    complete = ~missing.any(axis=1)
    if not complete.all() and not complete_cases:
        counts = ", ".join(
            f"{name} in {count}" for name, count in zip(names, missing.sum(axis=0), strict=True) if count
        )
        raise InputError(
            f"{address}: values are missing: {counts} of {len(frame)} rows; fill them in, or declare "
            f"complete_cases, which leaves out {int((~complete).sum())}"
        )
    if not complete.any():
        raise InputError(f"{address}: no patient has a value of every covariate; required at least one")
    return {name: frame[name].to_numpy() for name in names}, complete
