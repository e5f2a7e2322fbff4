"""One cell of a table: missing, a number, a flag, a date or a label.

A cell is what a CSV file holds, which is text, or what a data frame holds, which may be of any type. A function returns
None where the cell is not what the function reads, and never guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd

from hscb_bayes.sentences import LONGEST_FOUND, quote

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
WITH_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]{1,3})?")
PERHAPS_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")  # "1.234" is 1234 to some spreadsheets
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?")
NO_LABEL = frozenset({"#n/a", "#na", "#ref!", "#value!", "#div/0!", "#name?", "#num!", "#null!", "null"})
SECONDS = 86400.0  # of a day
MICROSECONDS = 1e6  # of a second


def cells_of(column: pd.Series) -> list[object]:
    """The cells of a column, text without outer spaces; None where nothing is there, or only spaces."""
    return [_cell(value) for value in column.tolist()]


def _cell(value: object) -> object:
    if isinstance(value, str):
        return str(value.strip()) or None
    if isinstance(value, np.datetime64 | np.timedelta64):
        return _of_pandas(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, Decimal):
        return None if value.is_nan() else value
    return None if isinstance(value, float | np.floating) and np.isnan(value) else value


def _of_pandas(value: np.datetime64 | np.timedelta64) -> object:
    """A date or a length of time of NumPy as one of pandas; itself where pandas has none such."""
    if np.isnat(value):
        return None
    try:
        return pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value)
    except (ValueError, OverflowError):
        return value


def decimal_mark(cells: Iterable[object], *, may_be_comma: bool) -> str:
    """What separates the decimals of a column: "." or ",", or "" where that cannot be told.

    Parameters
    ----------
    may_be_comma
        Whether the file has other separators of cells than commas, as spreadsheets write where decimals have commas.
    """
    if not may_be_comma:
        return "."
    texts = [cell for cell in cells if isinstance(cell, str)]
    commas = [text for text in texts if WITH_COMMA.fullmatch(text)]
    points = [text for text in texts if "." in text and NUMBER.fullmatch(text)]
    told = commas or points
    if told and all(PERHAPS_THOUSANDS.fullmatch(text) for text in told):
        return ""
    return "," if commas else "."


def number_of(cell: object, mark: str = ".") -> float | None:
    """A number; text must be one as a whole, without separators of thousands."""
    if isinstance(cell, str):
        if mark == "," and "." not in cell and WITH_COMMA.fullmatch(cell):
            return float(cell.replace(",", "."))
        is_plain = NUMBER.fullmatch(cell) is not None and (mark == "." or "." not in cell)
        return float(cell) if is_plain else None
    if isinstance(cell, bool | np.bool_) or not isinstance(cell, Real | Decimal):
        return None
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return None


def duration_of(cell: object) -> float | None:
    """A length of time in days."""
    if isinstance(cell, timedelta):
        return cell.total_seconds() / SECONDS
    return None


def date_of(cell: object) -> float | None:
    """A date as days since the first of year 1, the time of the day as a part of one.

    A date is a ``datetime.date`` or ``datetime``, a pandas ``Timestamp``, or ISO text such as "2021-04-30" or
    "2021-04-30 14:05". It has no time zone: days are counted as a calendar counts them.
    """
    if isinstance(cell, str):
        if not ISO.fullmatch(cell):
            return None
        try:
            cell = datetime.fromisoformat(cell)
        except ValueError:
            return None
    if not isinstance(cell, date):
        return None
    if not isinstance(cell, datetime):
        return float(cell.toordinal())
    if cell.tzinfo is not None or not MINYEAR <= cell.year <= MAXYEAR:  # pandas has years beyond these
        return None
    seconds = cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / MICROSECONDS
    return cell.toordinal() + seconds / SECONDS


def flag_of(cell: object) -> bool | None:
    """Whether it is 1 or true; None where it is neither that nor 0 nor false."""
    if isinstance(cell, bool | np.bool_):
        return bool(cell)
    if isinstance(cell, str) and cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    value = number_of(cell)
    return None if value not in (0.0, 1.0) else value == 1.0


def label_of(cell: object) -> str | None:
    """A label as text, which for whole numbers has no decimals: 2 and 2.0 are "2"."""
    if isinstance(cell, str):
        is_label = cell.lower() not in NO_LABEL and "\0" not in cell and not any(map(is_surrogate, cell))
        return cell if is_label else None
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell))
    if isinstance(cell, float | np.floating):
        return str(int(cell)) if float(cell).is_integer() else str(float(cell))
    return str(cell) if isinstance(cell, Real | Decimal) else None


def is_surrogate(character: str) -> bool:
    """Whether it is half a character, which no file can hold."""
    return "\ud800" <= character <= "\udfff"


def spelling(label: str) -> str:
    """What two labels share that differ only in case or spaces."""
    return "".join(label.casefold().split())


def alike(labels: Sequence[str]) -> dict[str, str]:
    """By label that differs from a more frequent one only in case or spaces, that one."""
    counts: dict[str, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    first: dict[str, str] = {}
    for label in sorted(counts, key=lambda label: -counts[label]):
        first.setdefault(spelling(label), label)
    return {label: first[spelling(label)] for label in counts if first[spelling(label)] != label}


def cell_in_words(cell: object) -> str:
    """A cell in a message: text in quotes, a date as ISO writes it, a number as a person does."""
    if isinstance(cell, str):
        is_plain = NUMBER.fullmatch(cell) is not None or date_of(cell) is not None
        is_short = len(cell) <= LONGEST_FOUND and not cell.endswith(".")  # which would end the sentence
        return cell if is_plain and is_short else quote(cell)
    if isinstance(cell, datetime):
        at = date_of(cell)
        return cell.isoformat()[:10] if at is not None and at.is_integer() else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell)).lower()
    if isinstance(cell, float | np.floating) and np.isfinite(cell):
        return f"{float(cell):.15g}"
    return str(int(cell)) if isinstance(cell, np.integer) else quote(cell)
