"""By when counts and shares were counted: what is not printed, and what falls with time."""

from __future__ import annotations

import math
from fractions import Fraction

from hscb_bayes.evidence.audit.arithmetic.rounding import Number, Window, window
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.wording import listed, sentence
from hscb_bayes.evidence.item import among_in_words
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.count import by_when as by_a_time
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.study import Study

RULE = "by_when"
RISE_RULE = "counts_rise"


def by_when(study: Study) -> list[Finding]:
    """Name the counts and shares without a time: they are read as of the end of follow-up."""
    found = [item for item in study.items if isinstance(item, Count | Share) and item.at is None]
    if not found:
        return []
    items = listed([_words(item, study) for item in found])
    words = f"by when is not printed of {items}: it is read as by the end of follow-up"
    return [
        Finding(
            rule=RULE,
            severity="note",
            items=tuple(item.id for item in found),
            sentence=sentence(words),
            arithmetic="nothing to compute",
        )
    ]


def counts_rise(study: Study) -> list[Finding]:
    """By a later time, or by the end of follow-up, at least as many patients have had an event."""
    counted = [item for item in study.items if isinstance(item, Count | Share)]
    whole = [item for item in counted if not isinstance(item, Count) or item.evaluable is None]
    return [
        _compare(study, early, late)
        for early in whole
        for late in whole
        if (early.among, early.event) == (late.among, late.event) and _day(early) < _day(late)
    ]


def _compare(study: Study, early: Count | Share, late: Count | Share) -> Finding:
    falls = _share(early).low > _share(late).high
    verdict = "is more than" if falls else "is no more than"
    severity: Severity = "conflict" if falls else "ok"
    return Finding(
        rule=RISE_RULE,
        severity=severity,
        items=(early.id, late.id),
        sentence=sentence(f"{_words(early, study)} {verdict} {_words(late, study)}"),
        arithmetic=f"{_printed(early)} against {_printed(late)}",
    )


def _day(item: Count | Share) -> Number:
    return math.inf if item.at is None else item.at.exact


def _share(item: Count | Share) -> Window:
    if isinstance(item, Share):
        return window(item.value)
    return Window(Fraction(item.count, item.n), Fraction(item.count, item.n))


def _printed(item: Count | Share) -> str:
    return f"{item.count} of {item.n}" if isinstance(item, Count) else str(item.value)


def _words(item: Count | Share, study: Study) -> str:
    printed = _printed(item) if isinstance(item, Count) else f"{_printed(item)} of the"
    event = by_a_time(item.event, item.at, study.labels)
    return f"{printed} patients with {event} {among_in_words(item.among, study.labels)}"
