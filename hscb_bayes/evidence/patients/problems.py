"""What is wrong with a table of patients, all of it at once, by patient."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hscb_bayes.errors import InputError
from hscb_bayes.sentences import quote

MOST_IDS = 10  # that are named for one problem


class Problems:
    """Collects sentences about rows that cannot be, and raises them together.

    Parameters
    ----------
    address
        The table: a path, or what the caller calls it.
    ids
        Of the patients, in the order of the rows that masks are about.
    """

    def __init__(self, address: str, ids: Iterable[object]) -> None:
        self.address = address
        self._ids = np.array([_name(id) for id in ids], dtype=object)
        self._found: list[str] = []
        self._rows = np.zeros(len(self._ids), dtype=bool)

    def add(self, where: np.ndarray, sentence: str) -> None:
        """Note a sentence about the rows where a mask is true; nothing if there are none."""
        if not np.any(where):
            return
        self._rows |= where
        names = list(dict.fromkeys(self._ids[where]))
        cut = [*names[:MOST_IDS], *([f"... ({len(names)} in all)"] if len(names) > MOST_IDS else [])]
        self._found.append(f"{'id' if len(names) == 1 else 'ids'} {', '.join(cut)}: {sentence}")

    def raise_if_any(self) -> None:
        """Raise one ``InputError`` with a line for each problem."""
        if not self._found:
            return
        count = int(self._rows.sum())
        rows = f"{count} of {len(self._ids)} rows cannot be"
        raise InputError("\n  ".join([f"{self.address}: {rows}", *self._found]))


def _name(id: object) -> str:
    """An id as a person would write it."""
    if isinstance(id, float | np.floating) and np.isfinite(id) and float(id).is_integer():
        return str(int(id))
    return str(id) if isinstance(id, int | np.integer) else quote(id)
