"""A median time to response needs responses in half of the patients that it is the median of."""

from __future__ import annotations

from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.sizes import group_sizes
from hscb_bayes.evidence.audit.wording import label, listed, sentence
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.item import event_in_words
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.study import Study

RULE = "median_reached"


def median_reached(study: Study) -> list[Finding]:
    """Compare every median time to response, in each of its readings, with the count of responders."""
    counts = (item for item in study.items if isinstance(item, Count))
    totals = (item for item in counts if item.among == EVERYBODY and item.event == "response" and item.is_total)
    total = next(totals, None)
    medians = [item for item in study.items if isinstance(item, MedianTime) and item.event == "response"]
    return [] if total is None else [_compare(study, item, total) for item in medians]


def _compare(study: Study, item: MedianTime, total: Count) -> Finding:
    halves, reached = [], True
    for group in item.groups:
        size = group_sizes(study, group).exact
        if size is None:
            continue
        half = (size + 1) // 2
        reached = reached and half <= total.count
        people = f"all {size} patients" if group == EVERYBODY else f"the {size} {label(group, study)}"
        halves.append(f"{half} responses by then among {people}")
    event = event_in_words(item.event, study.labels)
    needs = listed(halves, "or") if halves else "as many responses as half of its group"
    words = f"a median time to {event} of {item.value} means {needs}, and {total.count} responded in all"
    severity: Severity = "ok"
    if not reached:
        severity, words = "note", f"{words}: the median is not reached unless those who left or died count as censored"
    elif item.readings is not None:
        places = listed([f"{label(group, study)} ({place})" for place, group in item.readings.items()], "or")
        severity, words = "note", f"{words}: it is printed of {places}"
    return Finding(
        rule=RULE,
        severity=severity,
        items=(item.id, total.id),
        sentence=sentence(words),
        arithmetic="; ".join([*halves, f"{total.count} of {total.n} responded"]),
    )
