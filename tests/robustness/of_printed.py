"""Printed numbers beside exact arithmetic: what a text is, what rounds to it, and a count beside its percentage."""

from __future__ import annotations

import re
from fractions import Fraction
from math import floor

import numpy as np

from hscb_bayes.evidence.audit.arithmetic.rounding import window
from hscb_bayes.evidence.audit.count_percent import count_percent
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.evidence.study import Study
from tests.robustness import hostile
from tests.robustness.documents import changed_number, pick
from tests.robustness.judging import WrongAnswerError, demand

DAYS = {"day": Fraction(1), "week": Fraction(7), "month": Fraction(365, 12), "year": Fraction(365)}
SPELLED = {  # by what a unit begins with
    "d": "day", "w": "week", "m": "month", "y": "year",
}  # fmt: skip
NUMBER = r"([0-9]*)(?:[.,·]([0-9]+))?"
UNIT = r"d|days?|w|wks?|weeks?|mos?|mths?|months?|y|yrs?|years?"
TEXT = re.compile(rf"(?:[Pp]\s*=?\s*)?([<>≤≥]\s*)?{NUMBER}\s*(%|{UNIT}|)", re.ASCII)
ON_A_DAY = re.compile(rf"({UNIT})\s*\+?{NUMBER}", re.ASCII | re.IGNORECASE)
THOUSANDS = re.compile(r".*?(?<![0-9])0*[1-9][0-9]*,[0-9]{3}(?![0-9]).*")
NEVER = ("nr", "ne", "na", "not reached", "not estimable")
ROUNDING = 1e-12
TIE = Fraction(1, 10**8)  # of the last digit: nearer to a half, floats cannot tell


def exact(text: str) -> tuple[Fraction, Fraction]:
    """Value and half a unit of the last digit, by the definition."""
    if text == "all":
        return Fraction(1), Fraction(0)
    if found := TEXT.fullmatch(text):
        bound, whole, decimals, word = found.groups()
    elif found := ON_A_DAY.fullmatch(text):
        bound, (word, whole, decimals) = None, found.groups()
    if found is None or not (whole or decimals):
        raise ValueError(text)
    scale = Fraction(1, 100) if word == "%" else DAYS[SPELLED[word[0].lower()]] if word else Fraction(1)
    last = scale / 10 ** len(decimals or "")
    return Fraction(int((whole or "") + (decimals or ""))) * last, Fraction(0) if bound else last / 2


def texts(rng: np.random.Generator) -> None:
    """A text is refused, or is what it says; values round to it as by exact arithmetic."""
    digits, word = int(rng.integers(4)), pick(rng, ("%", " days", " day", " weeks", " months", " year", ""))
    text = f"{rng.integers(0, pick(rng, (2, 10, 101, 10_000))) / 10**digits:.{digits}f}{word}"
    if rng.random() < 0.5:
        text = pick(rng, (changed_number(rng, text), pick(rng, hostile.PRINTED), pick(rng, hostile.STRINGS)))
    try:
        printed = Printed(text)
    except ValueError as error:
        demand("\n" not in str(error) and "found" in str(error), "sentence about a printed number", str(error))
        return
    demand(THOUSANDS.fullmatch(text) is None, "a comma that may mark thousands", text)
    if text.lower() in NEVER:
        demand(printed.value == np.inf and printed.half_width == 0.0, "a time that is not reached", text, printed.value)
        return
    value, half = exact(text)
    demand(
        abs(printed.value - float(value)) <= ROUNDING * float(value), "value of a printed number", text, printed.value
    )
    demand(
        abs(printed.half_width - float(half)) <= ROUNDING, "last digit of a printed number", text, printed.half_width
    )
    if half and len(text) < 12:
        _rounds(rng, text, printed, 2 * half)


def _rounds(rng: np.random.Generator, text: str, printed: Printed, unit: Fraction) -> None:
    number = Fraction(int(rng.integers(0, 2000)), int(rng.integers(1, 200)))
    steps = number / unit
    if abs((steps - floor(steps)) - Fraction(1, 2)) < TIE and (steps * 2).denominator != 1:
        return
    expected = floor(steps + Fraction(1, 2)) * unit
    found = float(printed.round(np.array(float(number))))
    demand(
        abs(found - float(expected)) <= 1e-9 * max(1.0, float(expected)),
        "rounding as printed",
        text,
        str(number),
        found,
    )


def _judged(count: int, n: int, text: str) -> str:
    """By exact arithmetic: rounded either way at a half is ok, cut off is a note, anything else a conflict."""
    value, half = exact(text)
    share, unit = Fraction(count, n), 2 * half
    if abs(share - value) <= half:
        return "ok"
    return "note" if floor(share / unit) * unit == value else "conflict"


def counts(rng: np.random.Generator) -> None:
    """A count beside its percentage is judged as by exact arithmetic."""
    n = int(rng.integers(1, pick(rng, (10, 101, 1001, 10**6))))
    count, digits = int(rng.integers(0, n + 1)), int(rng.integers(0, 3))
    steps = Fraction(100 * count * 10**digits, n)
    near = pick(
        rng, (floor(steps), floor(steps + Fraction(1, 2)), floor(steps) + 1, floor(steps) - 1, floor(steps) + 2)
    )
    text = f"{min(max(near, 0), 100 * 10**digits) / 10**digits:.{digits}f}%"
    if rng.random() < 0.2:
        text = f"{min(max(near, 0), 100 * 10**digits) / 10 ** (digits + 2):.{digits + 2}f}"
    item = Count.model_validate(
        {"id": "x", "kind": "count", "event": "response", "count": count, "n": n, "percent": text, "place": "here"}
    )
    (finding,) = count_percent(_study(n, item))
    demand(finding.severity == _judged(count, n, text), "count beside its percentage", count, n, text, finding.severity)
    demand(
        window(item.percent).holds(count / n) == (_judged(count, n, text) == "ok"),
        "window of a percentage",
        count,
        n,
        text,
    )


def _study(n: int, item: Count) -> Study:
    words = dict.fromkeys(("id", "title", "citation", "time_zero", "design", "read", "path", "sha256", "text"), "x")
    return Study(n=n, groups={}, items=(item,), **words)


def windows(rng: np.random.Generator) -> None:
    """What is printed of a share lies in the window of the print."""
    n, digits = int(rng.integers(1, 2000)), int(rng.integers(0, 4))
    count = int(rng.integers(0, n + 1))
    rounded = floor(Fraction(count * 10 ** (digits + 2), n) + Fraction(1, 2))
    text = f"{rounded // 10**digits}" + (f".{rounded % 10**digits:0{digits}d}" if digits else "") + "%"
    if exact(text)[0] != Fraction(rounded, 10 ** (digits + 2)):
        raise WrongAnswerError("harness", text)
    demand(window(Printed(text)).holds(count / n), "a rounded share is in its window", count, n, text)
