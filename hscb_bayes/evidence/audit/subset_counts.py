"""Who had an event in a group had it among all, who responded is a responder, and where all died nobody is alive."""

from __future__ import annotations

from collections.abc import Iterator

from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.sizes import group_sizes
from hscb_bayes.evidence.audit.wording import label, sentence
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.kinds.count import Count, by_when
from hscb_bayes.evidence.kinds.everybody_died_by import EverybodyDiedBy
from hscb_bayes.evidence.study import Study

RULE = "subset_counts"


def subset_counts(study: Study) -> list[Finding]:
    """Compare counts in a group with those among all, with what defines the group, and with "everybody died"."""
    counts = [item for item in study.items if isinstance(item, Count) and item.is_total]
    wholes = [item for item in counts if item.among == EVERYBODY]
    parts = [item for item in counts if item.among != EVERYBODY]
    findings = [finding for part in parts for whole in wholes for finding in _within(study, part, whole)]
    findings += [finding for part in parts for finding in _by_definition(study, part)]
    deaths = [item for item in counts if item.event == "death"]
    everybody = [item for item in study.items if isinstance(item, EverybodyDiedBy)]
    return findings + [finding for all_died in everybody for item in deaths for finding in _dead(study, all_died, item)]


def _within(study: Study, part: Count, whole: Count) -> Iterator[Finding]:
    """At most as many events, and at most as many patients without, as among all."""
    if part.event != whole.event or whole.n != study.n:
        return
    event, group = by_when(part.event, None, study.labels), label(part.among, study)
    if part.count > whole.count:
        words = f"{part.count} patients with {event} among {group} are more than the {whole.count} among all"
        yield _conflict((part.id, whole.id), words, f"{part.count} against {whole.count}")
    without, without_in_all = part.n - part.count, study.n - whole.count
    if without > without_in_all:
        words = f"{without} patients without {event} among {group} are more than the {without_in_all} among all"
        arithmetic = f"{part.n} - {part.count} = {without} against {study.n} - {whole.count} = {without_in_all}"
        yield _conflict((part.id, whole.id), words, arithmetic)


def _by_definition(study: Study, item: Count) -> Iterator[Finding]:
    group = study.groups[item.among]
    if group.by != "response" or item.event != "response":
        return
    must = item.n if group.value == "yes" else 0
    if item.count != must:
        words = f"{item.count} of {item.n} among {group.label} are said to have responded: of whom it must be {must}"
        yield _conflict((item.id,), words, f"{item.count} against {must}")


def _dead(study: Study, all_died: EverybodyDiedBy, item: Count) -> Iterator[Finding]:
    """Everybody in the group died: all that are counted in it, and at least as many among all."""
    least = group_sizes(study, all_died.among).bounds.least
    must = item.n if item.among == all_died.among else least if item.among == EVERYBODY else 0
    if item.count < must:
        words = (
            f"everybody died by {all_died.by} among {label(all_died.among, study)}, and {item.count} of {item.n} "
            f"deaths are counted among {label(item.among, study)}, where at least {must} are needed"
        )
        yield _conflict((all_died.id, item.id), words, f"{item.count} against {must}")


def _conflict(items: tuple[str, ...], words: str, arithmetic: str) -> Finding:
    return Finding(rule=RULE, severity="conflict", items=items, sentence=sentence(words), arithmetic=arithmetic)
