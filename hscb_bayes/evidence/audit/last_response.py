"""The last response beside the share that had responded by an earlier day, and the count in all."""

from __future__ import annotations

import math
from fractions import Fraction

from hscb_bayes.evidence.audit.arithmetic.rounding import counts_in, window
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.sizes import group_sizes
from hscb_bayes.evidence.audit.wording import sentence
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.item import among_in_words, event_in_words
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.evidence.study import Study

RULE = "last_response"


def last_response(study: Study) -> list[Finding]:
    """Compare every incidence of response among all with the last response."""
    medians = (item for item in study.items if isinstance(item, MedianTime) and item.event == "response")
    last = next(((item, item.highest) for item in medians if item.highest is not None), None)
    of_all = [item for item in study.items if isinstance(item, Incidence) and item.among == EVERYBODY]
    days = [(item, item.at) for item in of_all if item.at is not None]
    return [] if last is None else [_compare(study, item, day, *last) for item, day in days]


def _compare(study: Study, item: Incidence, day: Printed, median: MedianTime, last: Printed) -> Finding:
    event = event_in_words(item.event, study.labels)
    subject = (
        f"{event} by {day} {among_in_words(item.among, study.labels)}, {item.value}, and a last response at {last}"
    )
    items: tuple[str, ...] = (item.id, median.id)
    total = _total(study)
    size = group_sizes(study, item.among).exact or study.n
    by_then = max(math.floor(item.value.exact * size + Fraction(1, 2)), *counts_in(window(item.value), size), 0)
    severity: Severity = "ok"
    if window(last).low <= day.exact:
        words = f"{subject} agree: no response is later"
    else:
        words = f"{subject} mean about {by_then} of {size} by then and at least 1 later"
        if total is not None and total.count < by_then + 1:
            severity, words = "note", f"{words}, and {total.count} responded in all"
            items = (*items, total.id)
    arithmetic = f"{item.value} x {size} = {float(item.value.exact * size):.1f}; {last} against {day}"
    return Finding(rule=RULE, severity=severity, items=items, sentence=sentence(words), arithmetic=arithmetic)


def _total(study: Study) -> Count | None:
    counts = (item for item in study.items if isinstance(item, Count))
    totals = (item for item in counts if item.among == EVERYBODY and item.event == "response" and item.is_total)
    return next(totals, None)
