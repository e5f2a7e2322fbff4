"""What a printed number may stand for: every number that rounds to it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from hscb_bayes.evidence.printed import Printed

Number = Fraction | float

TIE = 1e-9  # what a computed (floating-point) number may be off; counts over patients are rational and need none


@dataclass(frozen=True)
class Window:
    """The numbers from ``low`` to ``high``; a half may have been rounded either way, so both ends belong to it."""

    low: Number
    high: Number

    def holds(self, number: Number) -> bool:
        """Whether ``number`` may be printed so: exactly for a rational number, up to ``TIE`` for a computed one."""
        slack = TIE if isinstance(number, float) else 0
        return self.low - slack <= number <= self.high + slack

    def overlaps(self, other: Window) -> bool:
        """Whether one number can be in both."""
        return self.low <= other.high and other.low <= self.high

    def __add__(self, other: Window) -> Window:
        return Window(self.low + other.low, self.high + other.high)


def window(printed: Printed) -> Window:
    """All numbers that are rounded to ``printed``, as rational numbers; proportions and P values are from 0 to 1."""
    low, high = printed.exact - printed.exact_half_width, printed.exact + printed.exact_half_width
    if printed.unit in ("proportion", "p"):
        return Window(max(low, Fraction(0)), min(high, Fraction(1)))
    return Window(low, high)


def is_cut_off(number: Fraction, printed: Printed) -> bool:
    """Whether ``number`` is printed so when its further digits are cut off instead of rounded."""
    return printed.exact <= number < printed.exact + 2 * printed.exact_half_width


def neighbours(printed: Printed, n: int) -> tuple[Fraction, Fraction]:
    """The counts over n just below (or at) a printed proportion and just above it."""
    below = math.floor(printed.exact * n)
    return Fraction(below, n), Fraction(below + 1, n)


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
    return range(max(math.ceil(n * share.low), 0), min(math.floor(n * share.high), n) + 1)


def counts_cut_off(printed: Printed, n: int) -> range:
    """All k with k / n printed so when its further digits are cut off.

    Examples
    --------
    >>> list(counts_cut_off(Printed("56%"), 100))
    [56]
    """
    end = printed.exact + 2 * printed.exact_half_width
    return range(math.ceil(n * printed.exact), min(math.ceil(n * end) - 1, n) + 1)
