"""A number with its interval, as a table or a sentence has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hscb_bayes.report.words import UNDEFINED, estimate, number, span


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number with its interval, whether it is marked, and what else is to be said of it."""

    median: str
    interval: str
    is_marked: bool = False
    note: str = ""

    @property
    def text(self) -> str:
        """ "59% (42% to 74%)", or "undefined"."""
        return self.median if self.median == UNDEFINED else f"{self.median} ({self.interval})"


def cell(row: Mapping[Any, Any], unit: str, prefix: str = "", *, is_marked: bool = False, note: str = "") -> Cell:
    """The cell of a row with ``median``, ``lower`` and ``upper``, or such columns with a prefix."""
    median, lower, upper = _limits(row, prefix)
    return Cell(median=number(median, unit), interval=span(lower, upper, unit), is_marked=is_marked, note=note)


def estimate_of(row: Mapping[Any, Any], unit: str | None = None, prefix: str = "") -> str:
    """ "59% (42% to 74%)", or "undefined", of such a row; its own unit where none is given."""
    return estimate(*_limits(row, prefix), str(row["unit"]) if unit is None else unit)


def _limits(row: Mapping[Any, Any], prefix: str) -> tuple[float, float, float]:
    median, lower, upper = (float(row[f"{prefix}{name}"]) for name in ("median", "lower", "upper"))
    return median, lower, upper
