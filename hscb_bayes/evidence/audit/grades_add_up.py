"""Who responded with a grade responded; and every response has one of the grades."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from hscb_bayes.evidence.audit.arithmetic.rounding import Window, window
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.wording import label, listed, percents, sentence
from hscb_bayes.evidence.kinds.count import Count, by_when
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.study import Study

RULE = "grades_add_up"
RESPONSE = "response"

Number = Count | Share


def grades_add_up(study: Study) -> list[Finding]:
    """Compare numbers of responders with each grade with that of all, of the same patients by the same time."""
    numbers = [item for item in study.items if isinstance(item, Count | Share)]
    wholes = [item for item in numbers if item.event == RESPONSE]
    return [finding for whole in wholes for finding in _beside(study, whole, numbers)]


def _beside(study: Study, whole: Number, numbers: list[Number]) -> Iterator[Finding]:
    parts = [item for item in numbers if item.event in study.grades and _same_patients(item, whole)]
    if not parts:
        return
    together, printed = sum((_window(item) for item in parts), Window(Fraction(0), Fraction(0))), _window(whole)
    every = {item.event for item in parts} == set(study.grades)
    responses = f"{_printed(whole)} with {by_when(whole.event, whole.at, study.labels)}"
    shown = listed([f"{_printed(item)} with {by_when(item.event, item.at, study.labels)}" for item in parts])
    severity: Severity = "ok"
    be = "is" if len(parts) == 1 else "are"
    if together.low > printed.high:
        severity, verdict = "conflict", f"{be} more than"
    elif every and together.high < printed.low:
        severity, verdict = "conflict", "are all grades, and fewer than"
    else:
        verdict = "are together" if every else f"{be} a part of"
    yield Finding(
        rule=RULE,
        severity=severity,
        items=(*(item.id for item in parts), whole.id),
        sentence=sentence(f"{shown} {verdict} {responses} among {label(whole.among, study)}"),
        arithmetic=f"{percents(together)} against {percents(printed)}",
    )


def _same_patients(one: Number, other: Number) -> bool:
    sizes = {item.n for item in (one, other) if isinstance(item, Count)}
    return (one.among, one.at) == (other.among, other.at) and len(sizes) < 2


def _window(item: Number) -> Window:
    """Shares that are printed so, rounded or cut off."""
    if isinstance(item, Count):
        return Window(Fraction(item.count, item.n), Fraction(item.count, item.n))
    rounded = window(item.value)
    return Window(rounded.low, min(rounded.high + item.value.exact_half_width, Fraction(1)))


def _printed(item: Number) -> str:
    return f"{item.count} of {item.n}" if isinstance(item, Count) else str(item.value)
