"""Survival never rises, and half of a group is dead after its median survival."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from hscb_bayes.evidence.audit.arithmetic.rounding import window
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.parts import survivals
from hscb_bayes.evidence.audit.wording import label, sentence
from hscb_bayes.evidence.item import event_in_words, survival_in_words
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

RULE = "survival_falls"


def survival_falls(study: Study) -> list[Finding]:
    """Compare survival of one group on different days, and with the group's median time to death."""
    return [*_days(study), *_medians(study)]


def _days(study: Study) -> Iterator[Finding]:
    for one, other in combinations(sorted(survivals(study), key=lambda item: item.at.exact), 2):
        if one.among == other.among and one.at.exact < other.at.exact:
            rises = window(other.value).low > window(one.value).high
            severity: Severity = "conflict" if rises else "ok"
            verdict = "survival cannot rise" if rises else "it does not rise"
            survival = survival_in_words(one.event, study.labels)
            words = (
                f"{survival} among {label(one.among, study)} is {one.value} at {one.at} and {other.value} at {other.at}"
            )
            yield _finding(severity, (one.id, other.id), f"{words}: {verdict}", f"{one.value} then {other.value}")


def _medians(study: Study) -> Iterator[Finding]:
    for median in study.items:
        if isinstance(median, MedianTime) and median.event == "death":
            for item in survivals(study):
                if item.among in median.groups:
                    yield from _beside_median(study, median, item)


def _beside_median(study: Study, median: MedianTime, item: Survival) -> Iterator[Finding]:
    alive = window(item.value)
    if not median.value.is_reached:
        wrong, words = alive.high < 0.5, "and the median is not reached, so that at least half are alive"
    elif item.at.exact < window(median.value).low:
        wrong, words = alive.high < 0.5, "before the median, when at least half are alive"
    elif item.at.exact > window(median.value).high:
        wrong, words = alive.low > 0.5, "after the median, when at most half are alive"
    else:
        return
    survival, event = survival_in_words(item.event, study.labels), event_in_words(median.event, study.labels)
    words = (
        f"{survival} at {item.at} among {label(item.among, study)} is {item.value}, {words} "
        f"(median time to {event} {median.value})"
    )
    yield _finding("conflict" if wrong else "ok", (median.id, item.id), words, f"{item.value} against 50%")


def _finding(severity: Severity, items: tuple[str, ...], words: str, arithmetic: str) -> Finding:
    return Finding(rule=RULE, severity=severity, items=items, sentence=sentence(words), arithmetic=arithmetic)
