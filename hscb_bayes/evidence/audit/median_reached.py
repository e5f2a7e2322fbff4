"""A median time to response needs responses in half of its patients, and one that is not reached in fewer."""

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
    if total is None:
        return []
    return [
        _compare(study, item, total) if item.value.is_reached else _not_reached(study, item, total) for item in medians
    ]


def _not_reached(study: Study, item: MedianTime, total: Count) -> Finding:
    """A curve is nowhere below the share that had responded in all, so that it reaches one half where that is more."""
    sizes = {group: group_sizes(study, group).exact for group in item.groups}
    more = [group for group, size in sizes.items() if size is not None and 2 * total.count > size]
    is_wrong = bool(more) and len(more) == len(sizes)
    people = listed([_people(group, sizes[group], study) for group in more], "or") if is_wrong else "its patients"
    words = (
        f"a median time to {event_in_words(item.event, study.labels)} that is not reached means responses in fewer "
        f"than half of {people}, and {total.count} responded in all"
    )
    severity: Severity = "conflict" if is_wrong else "ok"
    arithmetic = f"{total.count} of {total.n} responded"
    return Finding(
        rule=RULE, severity=severity, items=(item.id, total.id), sentence=sentence(words), arithmetic=arithmetic
    )


def _people(group: str, size: int | None, study: Study) -> str:
    return f"all {size} patients" if group == EVERYBODY else f"the {size} {label(group, study)}"


def _compare(study: Study, item: MedianTime, total: Count) -> Finding:
    halves, reached = [], True
    for group in item.groups:
        size = group_sizes(study, group).exact
        if size is None:
            continue
        half = (size + 1) // 2
        reached = reached and half <= total.count
        halves.append(f"{half} responses by then among {_people(group, size, study)}")
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
