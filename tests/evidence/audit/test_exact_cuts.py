"""Rounding is exact: a percentage is of a count, cut off from it, or neither, whatever binary fractions say."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.group import Group
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.evidence.study import Study

MakeStudy = Callable[..., Study]


def severity(make_study: MakeStudy, count: int, n: int, percent: str) -> str:
    table = {"id": "a", "kind": "count", "event": "response", "count": count, "n": n, "percent": percent}
    (finding,) = (finding for finding in audit(make_study(n, [table])) if finding.rule == "count_percent")
    return finding.severity


@pytest.mark.parametrize(
    ("count", "n", "percent"), [(29, 100, "28%"), (57, 100, "56%"), (58, 100, "57%"), (3, 5, "59.99%")]
)
def test_a_whole_percentage_is_not_the_one_below_cut_off(make_study: MakeStudy, count: int, n: int, percent: str):
    assert severity(make_study, count, n, percent) == "conflict"


def test_every_percentage_of_every_count_is_told_apart_exactly(make_study: MakeStudy):
    for n in (3, 7, 8, 40, 100):
        for count in range(n + 1):
            share = Fraction(100 * count, n)
            for whole in {max(int(share) - 1, 0), int(share), min(int(share) + 1, 100)}:
                rounded, cut = abs(share - whole) <= Fraction(1, 2), int(share) == whole
                expected = "ok" if rounded else "note" if cut else "conflict"
                assert severity(make_study, count, n, f"{whole}%") == expected


def test_many_digits_are_compared_to_the_last(make_study: MakeStudy):
    assert severity(make_study, 1, 3, "33.333333333333%") == "ok"
    assert severity(make_study, 1, 3, "33.333333333334%") == "conflict"


@pytest.mark.parametrize(
    ("text", "days"), [("8.4 months", "0.7 years"), ("1.1 weeks", "7.7 days"), ("18 months", "1.5 years")]
)
def test_times_in_other_units_are_the_same_time(make_study: MakeStudy, text: str, days: str):
    assert Printed(text).exact == Printed(days).exact
    one, other = (Group(id="a", by="duration", rule=rule, label="a") for rule in (f"<= {text}", f"> {days}"))
    assert one.is_complement_of(other)


def test_what_is_just_below_and_above_a_share_is_counted_exactly(make_study: MakeStudy):
    table = {"id": "a", "kind": "survival", "at": "1 year", "value": "29.4%"}
    (finding,) = (finding for finding in audit(make_study(100, [table])) if finding.rule == "whole_counts")
    assert finding.arithmetic == "29 / 100 = 29.0%, 30 / 100 = 30.0%"
