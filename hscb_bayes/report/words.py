"""Numbers as a reader wants them: shares in percent, times in days, ratios without a unit, intervals beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from hscb_bayes.evidence.printed import Printed

NOT_REACHED = "not reached"
UNDEFINED = "undefined"
INFINITE = "infinite"
IN_PRINTED_DIGITS = ("proportion", "difference", "ratio", "days")
SMALLEST_P = 0.001  # printed; below it "< 0.001"
WHOLE_DAYS_FROM = 20.0  # days; below it one decimal is shown
RATIO_DIGITS = 2
NAMED_ONCE = ("days", "points", "more days")


def number(value: float, unit: str) -> str:
    """A value in words.

    Parameters
    ----------
    unit
        ``"proportion"`` or ``"share"``, ``"points"`` (a difference between shares), ``"days"``, ``"more days"`` (a
        difference between days), ``"count"``, ``"p"``; anything else is a plain number.
    """
    if math.isnan(value):
        return UNDEFINED
    if math.isinf(value):
        return NOT_REACHED
    if unit in ("proportion", "share"):
        return _percent(value)
    if unit == "points":
        return f"{_signed(100.0 * value)} points"
    if unit == "days":
        return f"{_day(value)} days"
    if unit == "more days":
        return f"{_signed(value)} days"
    if unit == "count":
        return f"{value:.0f}"
    if unit == "p":
        return f"< {SMALLEST_P}" if value < SMALLEST_P else f"{value:.2g}"
    return f"{value:.{RATIO_DIGITS}f}" if abs(value) < 10.0 else f"{value:.0f}"


def as_printed(value: float, printed: Printed) -> str:
    """A value in the digits of a printed number, where that is no count or P value; else as ``number`` has it."""
    if printed.unit == "ratio" and math.isinf(value):
        return INFINITE
    is_rounded = printed.unit in IN_PRINTED_DIGITS and printed.half_width > 0.0
    return printed.in_digits(value) if is_rounded and math.isfinite(value) else number(value, printed.unit)


def span_as_printed(lower: float, upper: float, printed: Printed) -> str:
    """ "42% to 74%", in the digits of a printed number; days are named once: "7.1 to 12.0 days"."""
    last = as_printed(upper, printed)
    first = as_printed(lower, printed)
    if printed.unit == "days" and math.isfinite(lower) and math.isfinite(upper):
        first = first.split()[0]
    return f"{first} to {last}"


def span(lower: float, upper: float, unit: str) -> str:
    """ "42% to 74%"; days are named once: "7.1 to 12 days"; "undefined" where both ends are."""
    if math.isnan(lower) and math.isnan(upper):
        return UNDEFINED
    if unit in NAMED_ONCE and math.isfinite(lower) and math.isfinite(upper):
        return f"{number(lower, unit).split()[0]} to {number(upper, unit)}"
    return f"{number(lower, unit)} to {number(upper, unit)}"


def estimate(median: float, lower: float, upper: float, unit: str) -> str:
    """ "59% (42% to 74%)", or "undefined"."""
    if math.isnan(median):
        return UNDEFINED
    return f"{number(median, unit)} ({span(lower, upper, unit)})"


def listing(words: Sequence[str]) -> str:
    """ "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def plural(count: int, noun: str) -> str:
    """ "1 conflict", "2 conflicts", "no conflicts"."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def shortened(text: str, length: int) -> str:
    """The text, cut at a word with an ellipsis where it is longer than ``length`` characters."""
    return text if len(text) <= length else f"{text[: length - 1].rsplit(' ', 1)[0]}\u2026"


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    stripped = text.strip()
    ended = stripped if stripped.endswith((".", "?", "!")) else f"{stripped}."
    return ended[:1].upper() + ended[1:]


def _percent(share: float) -> str:
    percent = round(100.0 * share, 6)
    if 0.0 < percent < 1.0 or 99.0 < percent < 100.0:
        return f"{percent:.1f}%"
    return f"{percent:.0f}%"


def _signed(value: float) -> str:
    return f"{round(value):+d}" if round(value) else "0"


def _day(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= WHOLE_DAYS_FROM else f"{value:.1f}".removesuffix(".0")


def sum_of_densities(logs: Iterable[float]) -> str:
    """The sum of log predictive densities: undefined where one of them is."""
    total = sum(logs)
    return f"{total:.1f}" if math.isfinite(total) else UNDEFINED
