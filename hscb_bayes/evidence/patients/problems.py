"""What is wrong with a table of patients, all of it at once, by patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.cells import label_of
from hscb_bayes.sentences import quote

MOST_IDS = 10  # that are named for one problem
MOST_VALUES = 5  # that are quoted for one problem


class Problems:
    """Collects sentences about rows that cannot be, and raises them together.

    Parameters
    ----------
    address
        The table: a path, or what the caller calls it.
    ids
        Of the patients, in the order of the rows that masks are about.
    lines
        Of the file, in the same order; left out where there is no file.
    """

    def __init__(self, address: str, ids: Iterable[object], lines: Iterable[int] | None = None) -> None:
        self.address = address
        names = [_name(id) for id in ids]
        if lines is not None:
            names = [f"{name} (line {line})" for name, line in zip(names, lines, strict=True)]
        self._ids = np.array(names, dtype=object)
        self._found: list[str] = []
        self._rows = np.zeros(len(self._ids), dtype=bool)

    def add(self, where: np.ndarray, sentence: str, found: Callable[[int], str] | None = None) -> None:
        """Note a sentence about the rows where a mask is true; nothing if there are none.

        Parameters
        ----------
        found
            What is wrong in a row, by its position: a line is added for each such value, with its ids.
        """
        if not np.any(where):
            return
        self._rows |= where
        by_value: dict[str, list[str]] = {}
        for row in np.flatnonzero(where):
            by_value.setdefault(f", found {found(int(row))}" if found else "", []).append(self._ids[row])
        for value, ids in list(by_value.items())[:MOST_VALUES]:
            self._note(f"{_listed(ids)}: {sentence}{value}")
        if len(by_value) > MOST_VALUES:
            ids = [id for each in list(by_value.values())[MOST_VALUES:] for id in each]
            self._note(f"{_listed(ids)}: {sentence}, found more such values")

    def _note(self, line: str) -> None:
        """Keep a line, once: several columns may be read beside the same one."""
        if line not in self._found:
            self._found.append(line)

    def raise_if_any(self) -> None:
        """Raise one ``InputError`` with a line for each problem."""
        if not self._found:
            return
        count = int(self._rows.sum())
        rows = f"{count} of {len(self._ids)} rows cannot be"
        raise InputError(f"{self.address}: {rows}", *self._found)


def _listed(ids: Iterable[str]) -> str:
    """ "id 1", "ids 1, 2", cut where there are many."""
    names = list(dict.fromkeys(ids))
    cut = [*names[:MOST_IDS], *([f"... ({len(names)} in all)"] if len(names) > MOST_IDS else [])]
    return f"{'id' if len(names) == 1 else 'ids'} {', '.join(cut)}"


def _name(id: object) -> str:
    """An id as a person would write it: a number without quotes, text in quotes."""
    text = label_of(id)
    return text if text is not None and text.isascii() and text.isdigit() else quote(id if text is None else text)
