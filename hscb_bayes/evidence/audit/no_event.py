"""What cannot be printed where nobody had the event, and an incidence that falls."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from hscb_bayes.evidence.audit.arithmetic.rounding import window
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.wording import estimate_of, label, sentence
from hscb_bayes.evidence.item import event_in_words
from hscb_bayes.evidence.kinds.count import Count, by_when
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

RULE = "no_event"
RISES_RULE = "incidence_rises"


def no_event(study: Study) -> list[Finding]:
    """Compare every count of 0 with the survival, the incidence and the median of the same patients."""
    nobody = [item for item in study.items if isinstance(item, Count) and item.is_total and item.count == 0]
    return [finding for count in nobody for finding in _needing_events(study, count)]


def _needing_events(study: Study, count: Count) -> Iterator[Finding]:
    for item in study.items:
        if isinstance(item, Survival):
            needs = count.event == "death" and item.among == count.among and window(item.value).high < 1
            words = estimate_of(item, study)
        elif isinstance(item, Incidence):
            needs = count.event == item.event and item.among == count.among and window(item.value).low > 0
            words = estimate_of(item, study)
        elif isinstance(item, MedianTime):
            needs = count.event == item.event and item.groups == (count.among,) and item.value.is_reached
            words = f"the median time to {event_in_words(item.event, study.labels)} of {item.value}"
        else:
            continue
        if needs:
            words = (
                f"{words.rstrip(',')}, needs a patient with {by_when(count.event, None, study.labels)}, and 0 of "
                f"{count.n} are counted among {label(count.among, study)}"
            )
            yield _finding(RULE, "conflict", (count.id, item.id), words, f"0 / {count.n} = 0.0%")


def incidence_rises(study: Study) -> list[Finding]:
    """Compare incidences of one group on different days: none falls."""
    items = sorted((item for item in study.items if isinstance(item, Incidence)), key=lambda item: item.day)
    findings = []
    for one, other in combinations(items, 2):
        if (one.among, one.event) == (other.among, other.event) and one.day < other.day:
            falls = window(other.value).high < window(one.value).low
            event = event_in_words(one.event, study.labels)
            words = (
                f"{event} among {label(one.among, study)} is {one.value} by {one.at} and {other.value} by "
                f"{other.at or 'the end of follow-up'}: {'an incidence cannot fall' if falls else 'it does not fall'}"
            )
            severity: Severity = "conflict" if falls else "ok"
            arithmetic = f"{one.value} then {other.value}"
            findings.append(_finding(RISES_RULE, severity, (one.id, other.id), words, arithmetic))
    return findings


def _finding(rule: str, severity: Severity, items: tuple[str, ...], words: str, arithmetic: str) -> Finding:
    return Finding(rule=rule, severity=severity, items=items, sentence=sentence(words), arithmetic=arithmetic)
