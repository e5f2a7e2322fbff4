"""A number as a paper prints it: its text, its value, and how much the rounding hides.

Proportions are kept as fractions (``"59%"`` is 0.59) and times as days (``"1 year"`` is 365 days, a month 365 / 12, so
that 12 months are a year, and a week 7).
Halves are rounded up, as papers do: 12.5% is printed as 13%.

Journals spell numbers in their own ways, and all of these are read: ``"33·0%"`` and ``"33,0%"`` for 33.0%, ``"12 mo"``
for 12 months, ``"day 28"`` and ``"day +28"`` for 28 days, ``"P = .007"`` for .007, ``"NR"`` for a time that was not
reached.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PlainValidator

from hscb_bayes.sentences import quote

Unit = Literal["proportion", "difference", "ratio", "days", "count", "p", "number"]
Bound = Literal["exact", "below", "above"]

EXACT_DAYS_PER = {"day": Fraction(1), "week": Fraction(7), "month": Fraction(365, 12), "year": Fraction(365)}
DAYS_PER = {word: float(days) for word, days in EXACT_DAYS_PER.items()}
UNITS = {
    spelling: word
    for word, spellings in {
        "day": ("d", "day", "days"),
        "week": ("w", "wk", "wks", "week", "weeks"),
        "month": ("mo", "mos", "mth", "mths", "month", "months"),
        "year": ("y", "yr", "yrs", "year", "years"),
    }.items()
    for spelling in spellings
}
BOUNDS: dict[str, Bound] = {"<": "below", ">": "above", "≤": "below", "≥": "above"}  # a P value is never at its bound
ALL = "all"  # the word that papers print for 100%; nothing is rounded in it
NOT_REACHED = ("nr", "ne", "na", "not reached", "not estimable")  # of a time that no curve came to
DIGITS_OF_THOUSANDS = 3
LONGEST = 24  # characters of a printed number; more is not a number that a paper prints
MINUS = ("-", "−")  # before a difference
NOT_SIGNIFICANT = ("ns", "not significant")
TIE = 1e-9  # of a last digit: 14.5 that binary arithmetic stores as 14.499999999999998 is still a half

_NUMBER = r"(?P<number>(?P<whole>[0-9]*)((?P<mark>[.·,])(?P<decimals>[0-9]+))?)"
_PRINTED = re.compile(rf"([Pp]\s*(=\s*|(?=[<>≤≥])))?((?P<bound>[<>≤≥])\s*)?{_NUMBER}\s*(?P<word>%|[a-z]*)", re.ASCII)
_ON_A_DAY = re.compile(rf"(?P<word>[a-z]+)\s*\+?{_NUMBER}(?P<bound>)", re.ASCII | re.IGNORECASE)  # "day +28"


@dataclass(frozen=True)
class Printed:
    """A printed number.

    Parameters
    ----------
    text
        As printed: ``"59%"``, ``"9 days"``, ``"1 year"``, ``".007"``, ``"< .001"``, ``"> .99"``, ``"26"``, ``"NR"`` for
        a time that was not reached, or ``"all"`` for 100%.
    unit
        What a number without a sign or a word is. Left out, whole numbers are counts, ``"< .001"`` is a P value and
        anything else a plain number. A difference of proportions may be negative: ``"-5%"``.

    Attributes
    ----------
    value
        Fraction for a proportion, days for a time; inf for one that was not reached.
    word
        What stands with the number: "day", "week", "month", "year", "%" or "".
    digits
        Digits printed after the decimal point.
    half_width
        Half a unit of the last printed digit, in the unit of ``value``; 0 for a bound, for the word "all" and for a
        time that was not reached.
    bound
        ``"below"`` for ``"< .001"``: the number is less than ``value``; ``"above"`` for ``"> .99"``.
    exact, exact_half_width
        ``value`` and ``half_width`` as rational numbers, for arithmetic that no binary rounding may touch; a time that
        was not reached has none.

    Raises
    ------
    ValueError
        When the text is none of these.
    """

    text: str
    unit: Unit = "number"
    value: float = field(init=False)
    word: str = field(init=False, default="")
    digits: int = field(init=False, default=0)
    half_width: float = field(init=False, default=0.0)
    bound: Bound = field(init=False, default="exact")
    exact: Fraction = field(init=False)
    exact_half_width: Fraction = field(init=False, default=Fraction(0))

    def __post_init__(self) -> None:
        if self.text == ALL:
            self._set({"unit": "proportion", "value": 1.0, "exact": Fraction(1)})
        elif self.text.lower() in NOT_REACHED:
            self._set({"unit": "days", "value": math.inf})
        else:
            self._read()

    def _read(self) -> None:
        is_negative = self.unit == "difference" and self.text.startswith(MINUS)
        match = _match(self.text[is_negative:])
        if match is None:
            raise ValueError(
                f"required a number as printed, such as '59%', '9 days' or '.007', found {quote(self.text)}"
            )
        decimals = match["decimals"] or ""
        if match["mark"] == "," and len(decimals) == DIGITS_OF_THOUSANDS and match["whole"].strip("0"):
            raise ValueError(
                f"required a number without a comma before three digits, which may mark thousands or decimals, found "
                f"{quote(self.text)}"
            )
        units, digits = int(match["whole"] + decimals) * (-1 if is_negative else 1), len(decimals)
        word = self._word(match["word"].lower())
        unit, times, over = self._scale(word, match)
        bound = BOUNDS.get(match["bound"] or "", "exact")
        last_digit = EXACT_DAYS_PER.get(word, Fraction(1)) / (over * 10**digits)
        self._set(
            {
                "unit": unit,
                "value": units * times / (over * 10**digits),
                "word": word,
                "digits": digits,
                "half_width": 0.0 if bound != "exact" else times / (over * 10**digits) / 2,
                "bound": bound,
                "exact": units * last_digit,
                "exact_half_width": last_digit / 2 if bound == "exact" else Fraction(0),
            }
        )

    def _set(self, attributes: dict[str, object]) -> None:
        for name, attribute in attributes.items():
            object.__setattr__(self, name, attribute)

    def _word(self, printed: str) -> str:
        """The unit by its name, whichever way it is spelled."""
        if printed not in ("", "%", *UNITS):
            raise ValueError(f"required days, weeks, months, years or %, found {quote(self.text)}")
        return UNITS.get(printed, printed)

    def _scale(self, word: str, match: re.Match[str]) -> tuple[Unit, float, int]:
        """Unit, and by what the number is multiplied and divided."""
        if word == "%":
            return "difference" if self.unit == "difference" else "proportion", 1.0, 100
        if word:
            return "days", DAYS_PER[word], 1
        if self.unit != "number":
            return self.unit, 1.0, 1
        return ("p" if match["bound"] else "number" if match["decimals"] else "count"), 1.0, 1

    @property
    def is_reached(self) -> bool:
        """Whether it is a number, and not a time that was not reached."""
        return math.isfinite(self.value)

    def round(self, values: np.ndarray) -> np.ndarray:
        """Round values to the digits that are printed here, halves up.

        A bound, the word "all" and a time that was not reached round nothing. NaN (undefined) and inf (not reached)
        stay what they are.
        """
        if self.half_width == 0.0:
            return np.asarray(values, dtype=float)
        per_unit = 10**self.digits * (100 if self.word == "%" else 1)
        days = DAYS_PER.get(self.word, 1.0)
        last_digits: np.ndarray = np.floor(np.asarray(values, dtype=float) * (per_unit / days) + 0.5 + TIE)
        return last_digits * days / per_unit

    def in_digits(self, value: float) -> str:
        """A finite value as this number would be printed: 0.8246 beside ``"82%"`` is "82%", and beside ``"82.0%"``
        "82.5%". Beside a number that rounds nothing it is written out.
        """
        if self.half_width == 0.0:
            return f"{value:g}"
        times = 100.0 if self.word == "%" else 1.0
        shown = f"{float(self.round(np.asarray(value))) * times / DAYS_PER.get(self.word, 1.0):.{self.digits}f}"
        match = _match(self.text.lstrip("".join(MINUS)))
        before, after = (
            ("", "") if match is None else (self.text[: match.start("number")], match.string[match.end("number") :])
        )
        if after.strip().removesuffix("s") in DAYS_PER:
            after = after.removesuffix("s") + ("" if shown == "1" else "s")
        return f"{before}{shown}" if self.word and not after else f"{shown}{after}"  # "day 28", or "28 days"

    def __str__(self) -> str:
        return self.text


def _match(text: str) -> re.Match[str] | None:
    """Parts of a printed number; None where a text is none."""
    if len(text) > LONGEST:
        return None
    match = _PRINTED.fullmatch(text) or _ON_A_DAY.fullmatch(text)
    return match if match and (match["whole"] or match["decimals"]) else None


def _text(found: object, example: str) -> str:
    if not isinstance(found, str):
        raise ValueError(f"required the number as printed, in quotes, such as {example}, found {quote(found)}")
    return found


def _proportion(found: object) -> Printed:
    example = "'59%' or '0.59'"
    text = _text(found, example)
    required = f"required a proportion such as {example}, found {quote(text)}"
    if text.strip().startswith("-"):
        raise ValueError(f"{required}, which is negative")
    try:
        printed = Printed(text, "proportion")
    except ValueError:
        raise ValueError(required) from None
    if printed.unit != "proportion" or printed.bound != "exact" or text == ALL:
        raise ValueError(required)
    if printed.digits == 0 and not text.endswith("%"):
        raise ValueError(f"{required}; add % if it is a percentage")
    if printed.value > 1.0:
        raise ValueError(f"{required}, which is above 1")
    return printed


def _days(found: object) -> Printed:
    example = "'9 days'"
    text = _text(found, example)
    required = f"required a time with its unit, such as {example}, found {quote(text)}"
    if text.strip().startswith("-"):
        raise ValueError(f"{required}, which is negative")
    try:
        printed = Printed(text)
    except ValueError:
        raise ValueError(required) from None
    if printed.unit != "days" or printed.bound != "exact":
        raise ValueError(required)
    if not printed.is_reached:
        raise ValueError(f"{required}; only a median and its limits may be not reached")
    return printed


def _days_or_not_reached(found: object) -> Printed:
    """A time with its unit, or the word that says that the curve never came to it."""
    return Printed(found) if isinstance(found, str) and found.lower() in NOT_REACHED else _days(found)


def _later_than_zero(found: object) -> Printed:
    printed = _days(found)
    if printed.value == 0.0:
        raise ValueError(f"required a time after 0 days, found {quote(printed.text)}")
    return printed


def _p_value(found: object) -> Printed:
    """A P value: a number rounded to its digits ("1" is 0.5 to 1, ".000" below .0005), or an inequality."""
    example = "'.007' or '< .001'"
    text = _text(found, example)
    required = f"required a P value such as {example}, found {quote(text)}"
    if text.replace(".", "").strip().lower() in NOT_SIGNIFICANT:
        raise ValueError(f"{required}, which gives no number; write '> .05' if the paper says that .05 is its level")
    try:
        printed = Printed(text, "p")
    except ValueError:
        raise ValueError(required) from None
    if printed.unit != "p":
        raise ValueError(required)
    if printed.exact > 1:
        raise ValueError(f"{required}, which is above 1")
    if printed.exact == 0 and (printed.bound == "below" or printed.digits == 0):
        nothing = "no P value is below 0" if printed.bound == "below" else "no P value is 0; to how many digits was it?"
        raise ValueError(f"{required}: {nothing}")
    if printed.exact == 1 and printed.bound == "above":
        raise ValueError(f"{required}: no P value is above 1")
    return printed


def _ratio(found: object) -> Printed:
    example = "'1.25'"
    text = _text(found, example)
    required = f"required a ratio above 0 such as {example}, found {quote(text)}"
    try:
        printed = Printed(text)
    except ValueError:
        raise ValueError(required) from None
    if printed.unit not in ("number", "count") or printed.bound != "exact" or printed.value <= 0.0:
        raise ValueError(required)
    return Printed(text, "ratio")


def _difference(found: object) -> Printed:
    example = "'12%', '-5%' or '0.12'"
    text = _text(found, example)
    required = f"required a difference of proportions such as {example}, found {quote(text)}"
    try:
        printed = Printed(text, "difference")
    except ValueError:
        raise ValueError(required) from None
    if printed.unit != "difference" or printed.bound != "exact":
        raise ValueError(required)
    if printed.digits == 0 and not text.endswith("%"):
        raise ValueError(f"{required}; add % if it is in percentage points")
    if abs(printed.value) > 1.0:
        raise ValueError(f"{required}, which is beyond 1")
    return printed


def _part_of_a_day(found: object) -> Printed:
    printed = _days(found)
    if printed.value <= 0.0 or abs(steps_per_day(printed) * printed.value - 1.0) > TIE:
        raise ValueError(f"required 1 day or a whole part of it, such as '0.1 days', found {quote(printed.text)}")
    return printed


def steps_per_day(resolution: Printed) -> int:
    """How many times a day has that are told apart: 1 for ``"1 day"``, 10 for ``"0.1 days"``."""
    return round(1.0 / resolution.value)


Proportion = Annotated[Printed, PlainValidator(_proportion), Field(json_schema_extra={"example": "59%"})]
Days = Annotated[Printed, PlainValidator(_days), Field(json_schema_extra={"example": "9 days"})]
DaysIfReached = Annotated[Printed, PlainValidator(_days_or_not_reached), Field(json_schema_extra={"example": "9 days"})]
DaysAfterZero = Annotated[Printed, PlainValidator(_later_than_zero), Field(json_schema_extra={"example": "1 year"})]
Resolution = Annotated[Printed, PlainValidator(_part_of_a_day), Field(json_schema_extra={"example": "0.1 days"})]
P = Annotated[Printed, PlainValidator(_p_value), Field(json_schema_extra={"example": "< .001"})]
Ratio = Annotated[Printed, PlainValidator(_ratio), Field(json_schema_extra={"example": "1.25"})]
Difference = Annotated[Printed, PlainValidator(_difference), Field(json_schema_extra={"example": "12%"})]
