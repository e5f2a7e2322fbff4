"""Simple slips that would explain an interval which cannot be right: none is chosen.

Tried are every exchange of two digits of the estimate and its limits, and every number of patients that the study
prints or implies as the size that the interval was computed with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from hscb_bayes.evidence.audit.arithmetic.digits import swapped
from hscb_bayes.evidence.audit.arithmetic.precision import (
    PrintedInterval,
    size_as_printed,
    sizes_by_scale,
)
from hscb_bayes.evidence.audit.arithmetic.rounding import window
from hscb_bayes.evidence.audit.arithmetic.whole_counts import MOST_COUNTED, Fit, fitting_counts
from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.interval_scale import methods, preferred_scale, printed_intervals
from hscb_bayes.evidence.audit.interval_size import is_too_precise
from hscb_bayes.evidence.audit.parts import all_parts, whole_splits
from hscb_bayes.evidence.audit.sizes import Sizes, group_sizes
from hscb_bayes.evidence.audit.wording import Estimate, estimate_of, listed, percent, sentence
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.evidence.study import Study

RULE = "repairs"


@dataclass(frozen=True, kw_only=True)
class Repair:
    """One slip that would explain an interval.

    Parameters
    ----------
    interval
        What should have been printed: the interval itself when only the size behind it was wrong.
    words, arithmetic
        For the reader.
    """

    interval: PrintedInterval
    words: str
    arithmetic: str


def repairs(study: Study) -> list[Finding]:
    """Search the slips for every interval that its group cannot give, or that no scale gives."""
    if study.n > MOST_COUNTED:
        return []
    return [_report(study, item, interval) for item, interval in printed_intervals(study) if is_wrong(study, item)]


def is_wrong(study: Study, item: Estimate) -> bool:
    """Whether an interval is too precise for its group, or on no known scale."""
    most = group_sizes(study, item.among).bounds.most
    intervals = [interval for other, interval in printed_intervals(study) if other.id == item.id]
    return any(is_too_precise(interval, most) or not methods(study, interval) for interval in intervals)


def digit_swaps(study: Study, item: Estimate, interval: PrintedInterval) -> Iterator[Repair]:
    """Exchanges of two digits that make the interval that of whole patients, in a size that the group may have."""
    sizes = possible_sizes(study, item)
    for texts in swapped(tuple(number.text for number in item.numbers)):
        value, lower, upper = (Printed(text, "proportion") for text in texts)
        if not lower.exact <= value.exact <= upper.exact <= 1:
            continue
        meant = PrintedInterval(window(value), window(lower), window(upper), interval.level, interval.kind)
        for fit in fitting_counts(meant, sizes):
            yield _swap(study, item, (value, lower, upper), meant, fit)


def other_sizes(study: Study, item: Estimate, interval: PrintedInterval) -> Iterator[Repair]:
    """Numbers of patients of the study, not the group's own, that reproduce the interval as printed."""
    own = group_sizes(study, item.among).bounds
    scale = preferred_scale(study, interval)
    if scale is None:
        return
    found = sizes_by_scale(interval)[scale]
    for size in sorted({study.n, *known_sizes(study)}):
        if not own.hold(size) and found.low <= size <= found.high:
            yield Repair(
                interval=interval,
                words=f"an interval computed with n = {size}",
                arithmetic=_limits(interval, scale, size),
            )


def possible_sizes(study: Study, item: Estimate) -> frozenset[int]:
    """Sizes up to ``MOST_COUNTED`` that the print allows a group, and those of the splits of both percentages."""
    bounds = group_sizes(study, item.among).bounds
    sizes = set(range(max(bounds.least, 1), min(bounds.most, MOST_COUNTED) + 1))
    for parts in all_parts(study):
        if item.id in parts.items:
            sizes.update(split[parts.items.index(item.id)] for split in whole_splits(study, parts))
    return frozenset(sizes)


def known_sizes(study: Study) -> set[int]:
    """Sizes of the groups that are known exactly."""
    exact = (group_sizes(study, group).exact for group in (EVERYBODY, *study.groups))
    return {size for size in exact if size}


def _report(study: Study, item: Estimate, interval: PrintedInterval) -> Finding:
    found = [*digit_swaps(study, item, interval), *other_sizes(study, item, interval)]
    subject = estimate_of(item, study)
    if not found:
        words = f"{subject} is explained by no exchange of two digits and by no other number of patients of the study"
    elif len(found) == 1:
        words = f"{subject} would be explained by {found[0].words}"
    else:
        ways = listed([repair.words for repair in found], "or")
        words = f"{subject} would be explained by {ways}: the print cannot tell which, so none is chosen"
    return Finding(
        rule=RULE,
        severity="note",
        items=(item.id,),
        sentence=sentence(words),
        arithmetic="; ".join(repair.arithmetic for repair in found) or "every exchange of two digits tried",
    )


def _swap(
    study: Study, item: Estimate, texts: tuple[Printed, Printed, Printed], meant: PrintedInterval, fit: Fit
) -> Repair:
    value, lower, upper = texts
    group = group_sizes(study, item.among)
    shown = f"{lower} to {upper}" if value == item.value else f"{value} ({lower} to {upper})"
    words = f"two digits swapped ({shown} is {fit} without censoring{_still_too_precise(study, meant, group)})"
    share = fit.count / fit.n
    half = meant.z * math.sqrt(share * (1.0 - share) / fit.n)
    arithmetic = f"{fit.count} / {fit.n} = {percent(share)}"
    if "plain" in fit.methods:
        arithmetic += f" +- {percent(half)} = {percent(share - half)} to {percent(share + half)}"
    return Repair(interval=meant, words=words, arithmetic=arithmetic)


def _still_too_precise(study: Study, meant: PrintedInterval, group: Sizes) -> str:
    scale = preferred_scale(study, meant)
    if scale is None or not is_too_precise(meant, group.bounds.most):
        return ""
    size = size_as_printed(meant, scale)
    return f", but even that needs about {size:.0f} patients where the group can hold at most {group.bounds.most}"


def _limits(interval: PrintedInterval, scale: str, size: int) -> str:
    p = interval.middle
    if scale != "plain":
        return f"n = {size} against {size_as_printed(interval, scale):.1f} on the {scale} scale"
    half = interval.z * math.sqrt(p * (1.0 - p) / size)
    return f"n = {size}: {percent(p)} +- {percent(half)} = {percent(p - half)} to {percent(p + half)}"
