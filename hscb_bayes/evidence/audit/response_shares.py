"""A share of patients is a count over their number: of all, and in two groups that divide them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from hscb_bayes.evidence.audit.arithmetic.rounding import Window, counts_in, window
from hscb_bayes.evidence.audit.arithmetic.whole_counts import MOST_COUNTED
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.sizes import group_sizes
from hscb_bayes.evidence.audit.wording import label, listed, percent, sentence
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.item import whom
from hscb_bayes.evidence.kinds.count import Count, by_when
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.evidence.study import Study

RULE = "response_shares"
PARTS_RULE = "response_parts"
MOST_SHOWN = 4


@dataclass(frozen=True)
class Split:
    """Events of patients in two groups that divide the study: ``count`` of ``n``, and ``other`` of the rest."""

    count: int
    n: int
    other: int
    other_n: int

    def __str__(self) -> str:
        return f"{self.count} of {self.n} and {self.other} of {self.other_n}"


def response_shares(study: Study) -> list[Finding]:
    """Look for the count behind every share and incidence of a group whose size is known."""
    findings = []
    for item in study.items:
        if isinstance(item, Share | Incidence):
            size = group_sizes(study, item.among).exact
            if size and size <= MOST_COUNTED:
                findings.append(_look(study, item, size))
    return findings


def response_parts(study: Study) -> list[Finding]:
    """Look for the counts behind the shares of two groups that divide the patients, beside that of all."""
    pairs = itertools.combinations([item for item in study.items if _in_a_part(study, item)], 2)
    return [
        _parts(study, one, other)
        for one, other in pairs
        if isinstance(one, Share | Count) and isinstance(other, Share | Count) and divide(study, one, other)
    ]


def divide(study: Study, one: Share | Count, other: Share | Count) -> bool:
    """Whether two items are about the same event in two groups by a characteristic that divide the patients."""
    groups = study.groups[one.among], study.groups[other.among]
    return (one.event, one.at) == (other.event, other.at) and groups[0].is_complement_of(groups[1])


def splits_of(study: Study, one: Share | Count, other: Share | Count) -> tuple[Split, ...]:
    """Every pair of counts that prints both shares and, up to a percentage that was cut off, that of all."""
    return tuple(_splits(study, one, other))


def _splits(study: Study, one: Share | Count, other: Share | Count) -> Iterator[Split]:
    whole = _whole(study, one)
    if any(isinstance(item, Count) and item.evaluable is not None for item in (one, other)):
        yield from _of_evaluable(study, one, other)
        return
    bounds, other_bounds = group_sizes(study, one.among).bounds, group_sizes(study, other.among).bounds
    for n in range(1, study.n) if study.n <= MOST_COUNTED else ():
        if bounds.hold(n) and other_bounds.hold(study.n - n):
            for count, more in itertools.product(_counts(one, n), _counts(other, study.n - n)):
                if whole is None or _agrees(whole, count + more, study.n):
                    yield Split(count, n, more, study.n - n)


def _of_evaluable(study: Study, one: Share | Count, other: Share | Count) -> Iterator[Split]:
    """Pairs of counts where some patients were not evaluable; none where a share is of an unknown number."""
    sizes = [item.n if isinstance(item, Count) else group_sizes(study, item.among).exact for item in (one, other)]
    if sizes[0] is not None and sizes[1] is not None and sum(n or 0 for n in sizes) <= study.n:
        for count, more in itertools.product(_counts(one, sizes[0]), _counts(other, sizes[1])):
            yield Split(count, sizes[0], more, sizes[1])


def _counts(item: Share | Count, n: int) -> range:
    if isinstance(item, Count):
        return range(item.count, item.count + 1) if item.n == n else range(0)
    return counts_in(window(item.value), n)


def _agrees(whole: Share | Count, events: int, n: int) -> bool:
    if isinstance(whole, Count):
        return events == whole.count
    return window(whole.value).holds(events / n) or _cut_off(whole.value).holds(events / n)


def _cut_off(printed: Printed) -> Window:
    """Shares that are printed so when their last digits are cut off instead of rounded."""
    return Window(printed.value, printed.value + 2.0 * printed.half_width)


def _in_a_part(study: Study, item: object) -> bool:
    return (
        isinstance(item, Share | Count) and item.among != EVERYBODY and study.groups[item.among].by == "characteristic"
    )


def _whole(study: Study, part: Share | Count) -> Share | Count | None:
    wholes = (item for item in study.items if isinstance(item, Share | Count) and item.among == EVERYBODY)
    same = (item for item in wholes if (item.event, item.at) == (part.event, part.at))
    return next((item for item in same if not isinstance(item, Count) or item.evaluable is None), None)


def _look(study: Study, item: Share | Incidence, size: int) -> Finding:
    words = f"{_words(item)} {whom(item.among, study.labels)}, {item.value},"
    counts, below = counts_in(window(item.value), size), int(item.value.value * size)
    neighbours = f"{below} / {size} = {percent(below / size)}, {below + 1} / {size} = {percent((below + 1) / size)}"
    severity: Severity = "note"
    if counts:
        found = f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"
        severity, verdict = "ok", f"is {found} of {size} patients"
        neighbours = f"{counts[0]} / {size} = {percent(counts[0] / size)}"
    elif isinstance(item, Incidence):
        verdict = f"is no count of {size} patients, so somebody left follow-up before {item.at}, or they are fewer"
    elif cut := counts_in(_cut_off(item.value), size):
        verdict = f"is no count of {size} patients when rounded; {cut[0]} of {size} gives it when cut off"
    else:
        verdict = f"is no count of {size} patients: it is of other patients, or misprinted"
    return Finding(
        rule=RULE, severity=severity, items=(item.id,), sentence=sentence(f"{words} {verdict}"), arithmetic=neighbours
    )


def _words(item: Share | Incidence) -> str:
    if isinstance(item, Incidence):
        return f"response by {item.at}"
    return f"the share of patients with {by_when(item.event, item.at)}"


def _parts(study: Study, one: Share | Count, other: Share | Count) -> Finding:
    splits, whole = splits_of(study, one, other), _whole(study, one)
    shares = " and ".join(f"{_printed(item)} among {label(item.among, study)}" for item in (one, other))
    beside = "" if whole is None else f", beside {_printed(whole)} among all,"
    if not splits:
        words = f"{shares}{beside} are given by no counts of {study.n} patients"
        arithmetic = "every pair of counts tried"
    else:
        shown = listed([str(split) for split in splits[:MOST_SHOWN]], "or")
        more = "" if len(splits) <= MOST_SHOWN else f" and {len(splits) - MOST_SHOWN} more"
        words = f"{shares}{beside} are {shown}{more}"
        arithmetic = "; ".join(_sum(split) for split in splits[:MOST_SHOWN])
        if isinstance(whole, Share) and not any(
            window(whole.value).holds((split.count + split.other) / (split.n + split.other_n)) for split in splits
        ):
            words += f"; {whole.value} among all is then cut off, not rounded"
    return Finding(
        rule=PARTS_RULE,
        severity="ok" if splits else "note",
        items=(one.id, other.id, *([] if whole is None else [whole.id])),
        sentence=sentence(words),
        arithmetic=arithmetic,
    )


def _printed(item: Share | Count) -> str:
    return f"{item.count} of {item.n}" if isinstance(item, Count) else str(item.value)


def _sum(split: Split) -> str:
    events, n = split.count + split.other, split.n + split.other_n
    parts = f"{split.count} / {split.n} = {percent(split.count / split.n)}, "
    parts += f"{split.other} / {split.other_n} = {percent(split.other / split.other_n)}"
    return f"{parts}, together {events} / {n} = {percent(events / n)}"
