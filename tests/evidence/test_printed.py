"""Printed numbers: value, digits, unit and what rounding hides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscb_bayes.evidence.printed import Printed

READ = [
    ("59%", "proportion", 0.59, 0, 0.005, "exact"),
    ("59.3%", "proportion", 0.593, 1, 0.0005, "exact"),
    ("100 %", "proportion", 1.0, 0, 0.005, "exact"),
    ("all", "proportion", 1.0, 0, 0.0, "exact"),
    ("9 days", "days", 9.0, 0, 0.5, "exact"),
    ("1 day", "days", 1.0, 0, 0.5, "exact"),
    ("1.5 weeks", "days", 10.5, 1, 0.35, "exact"),
    ("12 months", "days", 365.0, 0, 365 / 24, "exact"),
    ("1 year", "days", 365.0, 0, 182.5, "exact"),
    (".007", "number", 0.007, 3, 0.0005, "exact"),
    ("< .001", "p", 0.001, 3, 0.0, "below"),
    ("<0.05", "p", 0.05, 2, 0.0, "below"),
    ("26", "count", 26.0, 0, 0.5, "exact"),
]
SPELLED = [
    ("33·0%", "33.0%"),
    ("33,0%", "33.0%"),
    ("0,85", "0.85"),
    ("0,855", "0.855"),
    (",007", ".007"),
    ("12,5 wk", "12.5 weeks"),
    ("12 mo", "12 months"),
    ("12 mths", "12 months"),
    ("2 yr", "2 years"),
    ("28 d", "28 days"),
    ("28d", "28 days"),
    ("day 28", "28 days"),
    ("Day +28", "28 days"),
    ("D28", "28 days"),
    ("month 6", "6 months"),
    ("week 1.5", "1.5 weeks"),
    ("P < .001", "< .001"),
    ("p<,05", "<.05"),
    ("≤ .05", "< .05"),
    ("≥ .05", "> .05"),
]
PRINTED_LIKE = [
    ("12 mo", 400.0, "13 mo"),
    ("9 days", 1.2, "1 day"),
    ("1 day", 9.0, "9 days"),
    ("day 28", 41.7, "day 42"),
    ("Day +28", 3.0, "Day +3"),
    ("33·0%", 0.412, "41.2%"),
    ("100 %", 0.412, "41 %"),
    ("P = .007", 0.0214, "0.021"),
    ("-5%", 0.12, "12%"),
]
UNREADABLE = [
    "",
    " ",
    ".",
    "%",
    "-3 days",
    "59 percent",
    "1e3",
    "1,000",
    "9 days ",
    "٣%",
    "NaN",
    "9 day s",
    "< ",
    "5" * 25,
    "12,345 days",
    "day",
    "day -3",
    "day 28 days",
    "P =",
    "1..2",
    "reached",
]
ROUNDED = [
    ("59%", 0.584999, 0.58),
    ("59%", 0.585, 0.59),
    ("59%", 0.125, 0.13),
    ("59%", 29 / 200, 0.15),
    ("59%", 1.0, 1.0),
    ("59.3%", 0.58049, 0.58),
    ("9 days", 10.5, 11.0),
    ("9 days", 10.49, 10.0),
    ("1 year", 500.0, 365.0),
    (".007", 0.02849, 0.028),
    ("26", 25.5, 26.0),
    ("< .001", 0.01234567, 0.01234567),
    ("all", 2 / 3, 2 / 3),
]


@pytest.mark.parametrize(("text", "unit", "value", "digits", "half_width", "bound"), READ)
def test_a_printed_number_is_read(
    text: str, unit: str, value: float, digits: int, half_width: float, bound: str
) -> None:
    printed = Printed(text)
    assert (printed.unit, printed.digits, printed.bound) == (unit, digits, bound)
    assert printed.value == value
    assert printed.half_width == pytest.approx(half_width, rel=1e-12)


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_not_a_printed_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^required .* found '"):
        Printed(text)


@pytest.mark.parametrize(("text", "plain"), SPELLED)
def test_every_journal_spells_in_its_own_way(text: str, plain: str) -> None:
    unit = "difference" if text.startswith("-") else "number"
    printed, same = Printed(text, unit), Printed(plain, unit)
    for name in ("unit", "value", "word", "digits", "half_width", "bound", "exact", "exact_half_width"):
        assert getattr(printed, name) == getattr(same, name), name
    assert str(printed) == text


def test_p_values_may_stand_behind_their_letter() -> None:
    assert Printed("P = .007", "p").exact == Printed(".007", "p").exact


def test_a_comma_that_may_mark_thousands_is_asked_about() -> None:
    with pytest.raises(ValueError, match=r"without a comma before three digits, which may mark .* found '1,000'"):
        Printed("1,000")


@pytest.mark.parametrize(("text", "value", "like"), PRINTED_LIKE)
def test_a_value_is_written_as_the_number_was_printed(text: str, value: float, like: str) -> None:
    assert (
        Printed(text, "p" if text.startswith("P") else "difference" if text[0] == "-" else "number").in_digits(value)
        == like
    )


@pytest.mark.parametrize("text", ["NR", "ne", "NA", "not reached", "Not estimable"])
def test_a_time_may_be_not_reached(text: str) -> None:
    printed = Printed(text)
    assert (printed.unit, printed.value, printed.half_width, printed.is_reached) == ("days", np.inf, 0.0, False)
    np.testing.assert_array_equal(printed.round(np.array([3.2, np.inf])), [3.2, np.inf])


def test_a_bare_number_takes_the_unit_that_is_expected() -> None:
    assert (Printed(".59", "proportion").unit, Printed("59%", "p").unit) == ("proportion", "proportion")


@pytest.mark.parametrize(("text", "value", "rounded"), ROUNDED)
def test_values_are_rounded_as_printed_with_halves_up(text: str, value: float, rounded: float) -> None:
    assert Printed(text).round(np.array(value)) == rounded


@pytest.mark.parametrize("text", ["59%", "9 days", ".007", "26"])
def test_undefined_and_not_reached_stay(text: str) -> None:
    np.testing.assert_array_equal(Printed(text).round(np.array([np.nan, np.inf])), [np.nan, np.inf])


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_a_rounded_share_is_within_half_a_percent_and_rounds_to_itself(count: int, n: int) -> None:
    printed, share = Printed("59%"), count / n
    rounded = printed.round(np.array(share))
    assert abs(rounded - share) <= printed.half_width + 1e-9
    assert printed.round(rounded) == rounded


@given(st.integers(0, 100))
def test_rounding_a_printed_value_gives_the_same_number(percent: int) -> None:
    printed = Printed(f"{percent}%")
    assert printed.round(np.array(printed.value)) == printed.value
