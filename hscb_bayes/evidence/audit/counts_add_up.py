"""Counts and denominators must add up to the patients of the study."""

from __future__ import annotations

from collections.abc import Iterator

from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.sizes import size_at_relation
from hscb_bayes.evidence.audit.wording import from_to, label, sentence
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.kinds.count import Count, by_when
from hscb_bayes.evidence.study import Study

RULE = "counts_add_up"


def counts_add_up(study: Study) -> list[Finding]:
    """Compare denominators with the study, with the responders and with the median, and events with their sum."""
    counts = [item for item in study.items if isinstance(item, Count)]
    findings = [*_responders(study, counts), *_by_duration(study, counts)]
    for first in counts:
        for second in counts:
            if _are_parts(study, first, second):
                findings.extend(_pair(study, counts, first, second))
    return findings


def _responders(study: Study, counts: list[Count]) -> Iterator[Finding]:
    """The responders and the others, and the denominators printed among them."""
    totals = (item for item in counts if item.among == EVERYBODY and item.event == "response" and item.is_total)
    total = next(totals, None)
    if total is None:
        return
    others = total.n - total.count
    event = by_when(total.event, None, study.labels)
    words = f"{total.count} patients with {event} leave {others} without, {total.n} in all"
    yield _finding("ok", (total.id,), words, f"{total.n} - {total.count} = {others}")
    for item in counts:
        if item.among == EVERYBODY or study.groups[item.among].by != "response":
            continue
        size = total.count if study.groups[item.among].value == "yes" else others
        words = f"a count among {label(item.among, study)} is out of {item.n}, and {size} of them are counted"
        severity = _compared(item.n, size, some_left_out=item.evaluable is not None)
        yield _finding(severity, (total.id, item.id), words, f"{item.n} against {size}")


def _by_duration(study: Study, counts: list[Count]) -> Iterator[Finding]:
    """Denominators beside what the median allows."""
    for item in counts:
        group = study.groups.get(item.among)
        bounds = None if group is None or group.relation is None else size_at_relation(study, group, group.relation)
        is_part = item.evaluable is not None and bounds is not None and item.n <= bounds.most
        if bounds is not None and not bounds.hold(item.n) and not is_part:
            severity: Severity = "conflict" if item.n > bounds.most else "note"
            words = (
                f"a count among {label(item.among, study)} is out of {item.n}, but the median allows {from_to(bounds)}"
            )
            yield _finding(severity, (item.id,), words, f"{item.n} against {from_to(bounds)}")


def _are_parts(study: Study, first: Count, second: Count) -> bool:
    groups = study.groups
    if first.among not in groups or second.among not in groups or (first.event, first.at) != (second.event, second.at):
        return False
    order = list(groups)
    one, other = groups[first.among], groups[second.among]
    return one.by == other.by and one.is_complement_of(other) and order.index(one.id) < order.index(other.id)


def _pair(study: Study, counts: list[Count], first: Count, second: Count) -> Iterator[Finding]:
    together = first.n + second.n
    names = f"{label(first.among, study)} and {label(second.among, study)}"
    words = f"counts among {names} are out of {first.n} and {second.n}, and the study has {study.n} patients"
    arithmetic = f"{first.n} + {second.n} = {together}"
    some_left_out = first.evaluable is not None or second.evaluable is not None
    severity = _compared(together, study.n, some_left_out=some_left_out)
    yield _finding(severity, (first.id, second.id), words, arithmetic)
    for whole in counts:
        same = (whole.among, whole.event, whole.at) == (EVERYBODY, first.event, first.at) and whole.evaluable is None
        if same and together == study.n:
            events, event = first.count + second.count, by_when(first.event, None, study.labels)
            words = (
                f"{first.count} and {second.count} patients with {event} among {names} are {events}, "
                f"and {whole.count} are counted among all"
            )
            severity = "ok" if events == whole.count else "conflict"
            arithmetic = f"{first.count} + {second.count} = {events}"
            yield _finding(severity, (whole.id, first.id, second.id), words, arithmetic)


def _compared(found: int, allowed: int, *, some_left_out: bool) -> Severity:
    """Fewer may be evaluable than there are, and are where some were left out; more cannot be."""
    return "conflict" if found > allowed else "ok" if found == allowed or some_left_out else "note"


def _finding(severity: Severity, items: tuple[str, ...], words: str, arithmetic: str) -> Finding:
    return Finding(rule=RULE, severity=severity, items=items, sentence=sentence(words), arithmetic=arithmetic)
