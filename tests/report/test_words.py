"""Numbers in words."""

import math

import pytest

from hscb_bayes.report.words import estimate, listing, number, plural, sentence, shortened


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.584, "share", "58%"),
        (0.004, "proportion", "0.4%"),
        (1.0, "share", "100%"),
        (9.26, "days", "9.3 days"),
        (274.4, "days", "274 days"),
        (math.inf, "days", "not reached"),
        (math.nan, "days", "undefined"),
        (0.304, "points", "+30 points"),
        (-0.002, "points", "0 points"),
        (-12.2, "more days", "-12 days"),
        (26.0, "count", "26"),
        (0.0002, "p", "< 0.001"),
        (0.0292, "p", "0.029"),
        (1.699, "ratio", "1.70"),
        (12.4, "ratio", "12"),
    ],
)
def test_a_number_is_written_in_its_unit(value: float, unit: str, words: str) -> None:
    assert number(value, unit) == words


@pytest.mark.parametrize(
    ("values", "unit", "words"),
    [
        ((0.59, 0.42, 0.74), "share", "59% (42% to 74%)"),
        ((9.0, 7.1, 12.0), "days", "9 days (7.1 to 12 days)"),
        ((9.0, 7.1, math.inf), "days", "9 days (7.1 days to not reached)"),
        ((0.3, -0.03, 0.63), "points", "+30 points (-3 to +63 points)"),
    ],
)
def test_an_estimate_names_its_unit_once(values: tuple[float, float, float], unit: str, words: str) -> None:
    assert estimate(*values, unit) == words


def test_words_are_listed() -> None:
    assert [listing(["a"]), listing(["a", "b"]), listing(["a", "b", "c"]), listing([])] == [
        "a",
        "a and b",
        "a, b and c",
        "",
    ]


def test_nouns_agree_with_their_number() -> None:
    assert [plural(n, "conflict") for n in (0, 1, 2)] == ["no conflicts", "1 conflict", "2 conflicts"]


def test_a_sentence_has_a_capital_and_one_full_stop() -> None:
    assert [sentence("as above"), sentence("Why?"), sentence(" so. ")] == ["As above.", "Why?", "So."]


def test_a_long_text_is_cut_at_a_word() -> None:
    assert shortened("patients with more than 38 days", 20) == "patients with more…"
    assert shortened("responders", 20) == "responders"
