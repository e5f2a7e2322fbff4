"""Group sizes that give both percentages as whole counts, beside the sizes that the median allows."""

from __future__ import annotations

from collections.abc import Mapping

from hscb_bayes.evidence.audit.arithmetic.rounding import counts_in, window
from hscb_bayes.evidence.audit.arithmetic.whole_counts import MOST_COUNTED
from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.parts import MOST_SPLITS, Parts, all_parts, whole_splits
from hscb_bayes.evidence.audit.sizes import duration_summary, group_sizes, size_at_relation
from hscb_bayes.evidence.audit.wording import from_to, label, listed, percent, sentence
from hscb_bayes.evidence.group import Relation
from hscb_bayes.evidence.study import Study

RULE = "splits"
TIES_RULE = "cut_ties"
OTHER_SIDE: Mapping[Relation, Relation] = {"<=": "<", "<": "<=", ">": ">=", ">=": ">"}


def splits(study: Study) -> list[Finding]:
    """List the splits that print both percentages without censoring, for groups whose sizes are not printed."""
    return [_list(study, parts, whole_splits(study, parts)) for parts in _open_parts(study)]


def cut_ties(study: Study) -> list[Finding]:
    """Look for splits that only another side of the cut allows: '<' for '<=', with patients at the median itself."""
    findings = []
    for parts in _open_parts(study):
        relation, found = parts.groups[0].relation, whole_splits(study, parts)
        if relation is not None and len(found) <= MOST_SPLITS and not _allowed(study, parts):
            for split in found:
                bounds = size_at_relation(study, parts.groups[0], OTHER_SIDE[relation])
                if bounds is not None and bounds.hold(split[0]):
                    findings.append(_other_side(study, parts, split, relation))
    return findings


def _open_parts(study: Study) -> list[Parts]:
    if study.n > MOST_COUNTED:
        return []
    return [parts for parts in all_parts(study) if group_sizes(study, parts.groups[0].id).exact is None]


def _allowed(study: Study, parts: Parts) -> list[tuple[int, int]]:
    bounds = group_sizes(study, parts.groups[0].id).bounds
    return [split for split in whole_splits(study, parts) if bounds.hold(split[0])]


def _list(study: Study, parts: Parts, found: tuple[tuple[int, int], ...]) -> Finding:
    one, other = parts.survival
    both = f"{one.value} among {label(one.among, study)} and {other.value} among {label(other.among, study)}"
    group, allowed = group_sizes(study, one.among), _allowed(study, parts)
    shown = [f"{first} / {second}" for first, second in (allowed or found)[:MOST_SPLITS]]
    more = "" if len(allowed or found) <= MOST_SPLITS else f" and {len(allowed or found) - MOST_SPLITS} more"
    if not found:
        words = f"without censoring no split of {study.n} patients gives {both}"
    elif allowed:
        words = f"without censoring {both} are given by the split {listed(shown, 'or')}{more}"
    else:
        words = (
            f"without censoring the only split of {study.n} patients that gives {both} is {listed(shown, 'or')}{more}, "
            f"but the first group holds {from_to(group.bounds)} ({group.because})"
        )
    return Finding(
        rule=RULE,
        severity="ok" if allowed else "note",
        items=parts.items if group.item is None else (*parts.items, group.item),
        sentence=sentence(words),
        arithmetic="; ".join(_counts(parts, split) for split in (allowed or found)[:MOST_SPLITS])
        or f"every split of {study.n} tried",
    )


def _counts(parts: Parts, split: tuple[int, int]) -> str:
    words = []
    for item, size in zip(parts.survival, split, strict=True):
        count = counts_in(window(item.value), size)[0]
        words.append(f"{count} / {size} = {percent(count / size)}")
    return ", ".join(words)


def _other_side(study: Study, parts: Parts, split: tuple[int, int], relation: Relation) -> Finding:
    cut, summary = parts.groups[0].cut, duration_summary(study)
    below = split[0] if relation in ("<", "<=") else split[1]
    if relation in ("<=", ">"):
        middle, ties = (study.n + 1) // 2, (study.n + 1) // 2 - below
        arithmetic = f"at least {middle} of {study.n} are at or below the median; {middle} - {below} = {ties}"
    else:
        middle, ties = study.n // 2, below - study.n // 2
        arithmetic = f"at most {middle} of {study.n} are below the median; {below} - {middle} = {ties}"
    return Finding(
        rule=TIES_RULE,
        severity="note",
        items=parts.items if summary is None else (*parts.items, summary.id),
        sentence=sentence(
            f"a cut of '{OTHER_SIDE[relation]} {cut}' instead of '{relation} {cut}' would explain {split[0]} / "
            f"{split[1]}, if at least {ties} patients had exactly {cut}"
        ),
        arithmetic=arithmetic,
        case=f"{split[0]}/{split[1]}",
    )
