"""A percentage beside a count must be that count over its denominator."""

from __future__ import annotations

from fractions import Fraction

from hscb_bayes.evidence.audit.arithmetic.rounding import is_cut_off, window
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.wording import sentence
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.evidence.study import Study

RULE = "count_percent"


def count_percent(study: Study) -> list[Finding]:
    """Compare every count k of n with the percentage that is printed beside it."""
    counts = (item for item in study.items if isinstance(item, Count))
    return [_compare(item, item.percent) for item in counts if item.percent is not None]


def _compare(item: Count, printed: Printed) -> Finding:
    share = Fraction(item.count, item.n)
    words = f"{item.count} of {item.n} is {printed.in_digits(float(share))}"
    severity: Severity = "ok"
    if window(printed).holds(share):
        words = f"{words}, printed as {printed}"
    elif is_cut_off(share, printed):
        severity, words = "note", f"{words}, printed as {printed}: cut off, not rounded"
    else:
        severity, words = "conflict", f"{words} and cannot be printed as {printed}"
    return Finding(
        rule=RULE,
        severity=severity,
        items=(item.id,),
        sentence=sentence(words),
        arithmetic=f"{item.count} / {item.n} = {float(share):.4f}",
    )
