"""A number as a paper prints it: its text, its value, and how much the rounding hides.

Proportions are kept as fractions (``"59%"`` is 0.59) and times as days (``"1 year"`` is 365 days, a month 365 / 12, a
week 7).
Halves are rounded up, as papers do: 12.5% is printed as 13%.
"""

from __future__ import annotations

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
BOUNDS: dict[str, Bound] = {"<": "below", ">": "above"}
ALL = "all"  # the word that papers print for 100%; nothing is rounded in it
LONGEST = 24  # characters of a printed number; more is not a number that a paper prints
MINUS = ("-", "−")  # before a difference
NOT_SIGNIFICANT = ("ns", "not significant")
TIE = 1e-9  # of a last digit: 14.5 that binary arithmetic stores as 14.499999999999998 is still a half

_PRINTED = re.compile(r"((?P<bound>[<>])\s*)?(?P<whole>[0-9]*)(\.(?P<decimals>[0-9]+))?\s*(?P<word>%|[a-z]*)", re.ASCII)


@dataclass(frozen=True)
class Printed:
    """A printed number.

    Parameters
    ----------
    text
        As printed: ``"59%"``, ``"9 days"``, ``"1 year"``, ``".007"``, ``"< .001"``, ``"> .99"``, ``"26"``, or ``"all"``
        for 100%.
    unit
        What a number without a sign or a word is. Left out, whole numbers are counts, ``"< .001"`` is a P value and
        anything else a plain number. A difference of proportions may be negative: ``"-5%"``.

    Attributes
    ----------
    value
        Fraction for a proportion, days for a time.
    digits
        Digits printed after the decimal point.
    half_width
        Half a unit of the last printed digit, in the unit of ``value``; 0 for a bound and for the word "all".
    bound
        ``"below"`` for ``"< .001"``: the number is less than ``value``; ``"above"`` for ``"> .99"``.
    exact, exact_half_width
        ``value`` and ``half_width`` as rational numbers, for arithmetic that no binary rounding may touch.

    Raises
    ------
    ValueError
        When the text is none of these.
    """

    text: str
    unit: Unit = "number"
    value: float = field(init=False)
    digits: int = field(init=False)
    half_width: float = field(init=False)
    bound: Bound = field(init=False)
    exact: Fraction = field(init=False)
    exact_half_width: Fraction = field(init=False)

    def __post_init__(self) -> None:
        if self.text == ALL:
            self._set({"unit": "proportion", "value": 1.0, "digits": 0, "half_width": 0.0, "bound": "exact"})
            self._set({"exact": Fraction(1), "exact_half_width": Fraction(0)})
            return
        is_negative = self.unit == "difference" and self.text.startswith(MINUS)
        match = _PRINTED.fullmatch(self.text[is_negative:]) if len(self.text) <= LONGEST else None
        decimals = (match["decimals"] or "") if match else ""
        if match is None or not (match["whole"] or decimals):
            raise ValueError(
                f"required a number as printed, such as '59%', '9 days' or '.007', found {quote(self.text)}"
            )
        units, digits = int(match["whole"] + decimals) * (-1 if is_negative else 1), len(decimals)
        unit, times, over = self._scale(match)
        bound = BOUNDS.get(match["bound"] or "", "exact")
        self._set(
            {
                "unit": unit,
                "value": units * times / (over * 10**digits),
                "digits": digits,
                "half_width": 0.0 if bound != "exact" else times / (over * 10**digits) / 2,
                "bound": bound,
            }
        )
        last_digit = EXACT_DAYS_PER.get(match["word"].removesuffix("s"), Fraction(1)) / (over * 10**digits)
        half_width = last_digit / 2 if bound == "exact" else Fraction(0)
        self._set({"exact": units * last_digit, "exact_half_width": half_width})

    def _set(self, attributes: dict[str, object]) -> None:
        for name, attribute in attributes.items():
            object.__setattr__(self, name, attribute)

    def _scale(self, match: re.Match[str]) -> tuple[Unit, float, int]:
        """Unit, and by what the number is multiplied and divided."""
        word = match["word"]
        if word == "%":
            return "difference" if self.unit == "difference" else "proportion", 1.0, 100
        if word:
            singular = word.removesuffix("s")
            if singular not in DAYS_PER:
                raise ValueError(f"required days, weeks, months, years or %, found {quote(self.text)}")
            return "days", DAYS_PER[singular], 1
        if self.unit != "number":
            return self.unit, 1.0, 1
        return ("p" if match["bound"] else "number" if match["decimals"] else "count"), 1.0, 1

    def round(self, values: np.ndarray) -> np.ndarray:
        """Round values to the digits that are printed here, halves up.

        A bound and the word "all" round nothing. NaN (undefined) and inf (not reached) stay what they are.
        """
        if self.half_width == 0.0:
            return np.asarray(values, dtype=float)
        per_unit = 10**self.digits * (100 if self.text.endswith("%") else 1)
        days = self._days_per_unit()
        last_digits: np.ndarray = np.floor(np.asarray(values, dtype=float) * (per_unit / days) + 0.5 + TIE)
        return last_digits * days / per_unit

    def in_digits(self, value: float) -> str:
        """A finite value as this number would be printed: 0.8246 beside ``"82%"`` is "82%", and beside ``"82.0%"``
        "82.5%". Beside a bound and the word "all" it is written out.
        """
        if self.half_width == 0.0:
            return f"{value:g}"
        times = 100.0 if self.text.endswith("%") else 1.0
        shown = f"{float(self.round(np.asarray(value))) * times / self._days_per_unit():.{self.digits}f}"
        unit = self.text.lstrip("-−0123456789.")
        if unit.strip().isalpha():
            unit = unit.removesuffix("s") + ("" if shown == "1" else "s")
        return f"{shown}{unit}"

    def _days_per_unit(self) -> float:
        return next((days for word, days in DAYS_PER.items() if word in self.text), 1.0)

    def __str__(self) -> str:
        return self.text


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
    return printed


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
DaysAfterZero = Annotated[Printed, PlainValidator(_later_than_zero), Field(json_schema_extra={"example": "1 year"})]
Resolution = Annotated[Printed, PlainValidator(_part_of_a_day), Field(json_schema_extra={"example": "0.1 days"})]
P = Annotated[Printed, PlainValidator(_p_value), Field(json_schema_extra={"example": "< .001"})]
Ratio = Annotated[Printed, PlainValidator(_ratio), Field(json_schema_extra={"example": "1.25"})]
Difference = Annotated[Printed, PlainValidator(_difference), Field(json_schema_extra={"example": "12%"})]
