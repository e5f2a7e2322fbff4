"""What a printed number may stand for: every number that rounds to it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from hscb_bayes.evidence.printed import Printed

TIE = 1e-9  # binary fractions of the decimal halves differ by less


@dataclass(frozen=True)
class Window:
    """The numbers from ``low`` to ``high``; a half may have been rounded either way, so both ends belong to it."""

    low: float
    high: float

    def holds(self, number: float) -> bool:
        """Whether ``number`` may be printed so."""
        return self.low - TIE <= number <= self.high + TIE

    def overlaps(self, other: Window) -> bool:
        """Whether one number can be in both."""
        return self.low <= other.high + TIE and other.low <= self.high + TIE

    def __add__(self, other: Window) -> Window:
        return Window(self.low + other.low, self.high + other.high)


def window(printed: Printed) -> Window:
    """All numbers that are printed as ``printed``; proportions stay between 0 and 1."""
    low, high = printed.value - printed.half_width, printed.value + printed.half_width
    if printed.unit == "proportion":
        return Window(max(low, 0.0), min(high, 1.0))
    return Window(low, high)


def hull(windows: Iterable[Window]) -> Window:
    """From the lowest to the highest number of several windows; there must be one."""
    known = list(windows)
    return Window(min(part.low for part in known), max(part.high for part in known))


def counts_in(share: Window, n: int) -> range:
    """All k with k / n in a window.

    Examples
    --------
    >>> list(counts_in(Window(0.835, 0.845), 31))
    [26]
    >>> list(counts_in(Window(0.585, 0.595), 31))
    []
    """
    return range(max(math.ceil(n * share.low - n * TIE), 0), min(math.floor(n * share.high + n * TIE), n) + 1)
