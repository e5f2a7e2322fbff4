"""Every CSV file that this package writes: a spreadsheet shows what is in it and runs none of it.

A spreadsheet takes text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break for a formula. Such text is
written with an apostrophe before it, and read without. Numbers stay as they are, ``-1.5`` too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

BREAKS = "\t\r\n"
STARTS = "=+-@＝＋－＠"  # the full-width ones too: some spreadsheets read them as the others
APOSTROPHE = "'"
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?%?", re.IGNORECASE)


def inert(text: str) -> str:
    """Text as a cell that a spreadsheet does not run.

    Examples
    --------
    >>> inert("=1+1"), inert("-1.5"), inert("arm A")
    ("'=1+1", '-1.5', 'arm A')
    """
    return APOSTROPHE + text if _could_run(text) else text


def original(cell: str) -> str:
    """The text that ``inert`` made a cell of."""
    return cell[1:] if cell.startswith(APOSTROPHE) and _could_run(cell) else cell


def _could_run(text: str) -> bool:
    """Also with apostrophes before it, so that ``original`` knows which of them are ours."""
    bare = text.lstrip(APOSTROPHE)
    begins = bare[:1] in BREAKS or bare.lstrip()[:1] in STARTS
    return bool(bare.strip()) and begins and NUMBER.fullmatch(bare) is None


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a data frame without its index."""
    safe = table.copy()
    safe.columns = [_safe(name) for name in table.columns]
    for position, name in enumerate(safe.columns):
        if safe.dtypes.iloc[position].kind not in "biufcmM":
            safe[name] = safe[name].astype(object).map(_safe)
    safe.to_csv(path, index=False)


def read_csv(path: Path, **options: Any) -> pd.DataFrame:
    """Read what ``write_csv`` wrote; ``options`` are those of ``pandas.read_csv``, which says what it raises."""
    import pandas as pd

    table = pd.read_csv(path, **options)
    table.columns = [original(name) for name in table.columns]
    for name in table.columns:
        if table[name].dtype.kind not in "biufcmM":
            table[name] = table[name].map(original, na_action="ignore")
    return table


def write_rows(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows under a header, to a temporary name first."""
    temporary = path.with_suffix(".part")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _safe(value) for key, value in row.items()} for row in rows)
    temporary.replace(path)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read what ``write_rows`` wrote; nothing where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{key: original(value) for key, value in row.items()} for row in csv.DictReader(file)]


def _safe(value: Any) -> Any:
    return inert(value) if isinstance(value, str) else value
