"""An interval cannot be more precise than the patients of its group allow.

Censoring only widens an interval (Greenwood's variance; the proof is in ``arithmetic/precision.py``), so that more
patients than the group can hold are impossible under any follow-up, and fewer mean that some left follow-up early.
"""

from __future__ import annotations

import math

from hscb_bayes.evidence.audit.arithmetic.precision import (
    PrintedInterval,
    least_size,
    size_as_printed,
    sizes_by_scale,
)
from hscb_bayes.evidence.audit.arithmetic.rounding import TIE, Window
from hscb_bayes.evidence.audit.arithmetic.whole_counts import fitting_counts
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.interval_scale import preferred_scale, printed_intervals
from hscb_bayes.evidence.audit.sizes import Sizes, group_sizes
from hscb_bayes.evidence.audit.wording import from_to, sentence, sizes, survival_of
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

RULE = "interval_size"


def interval_size(study: Study) -> list[Finding]:
    """Compare the number of patients that every interval stands for with its group's."""
    findings = []
    for item, interval in printed_intervals(study):
        scale = preferred_scale(study, interval)
        if scale is not None:
            findings.append(_compare(study, item, interval, scale))
    return findings


def is_too_precise(interval: PrintedInterval, most: int) -> bool:
    """Whether no group of at most ``most`` patients gives the interval, on any scale and under any follow-up."""
    return least_size(interval) > most + TIE and not fitting_counts(interval, range(1, most + 1))


def _compare(study: Study, item: Survival, interval: PrintedInterval, scale: str) -> Finding:
    group, found = group_sizes(study, item.among), sizes_by_scale(interval)[scale]
    as_printed = size_as_printed(interval, scale)
    severity, verdict = _verdict(interval, group, found)
    words = f"{survival_of(item, study)} is as precise as about {as_printed:.0f} patients without censoring"
    return Finding(
        rule=RULE,
        severity=severity,
        items=(item.id,) if group.item is None else (item.id, group.item),
        sentence=sentence(f"{words}{_whole(found)}{verdict}"),
        arithmetic=f"{_formula(interval, scale, as_printed)}; with rounding {sizes(found)}, on any scale at least "
        f"{least_size(interval):.1f}; the group holds {from_to(group.bounds)}",
    )


def _verdict(interval: PrintedInterval, group: Sizes, found: Window) -> tuple[Severity, str]:
    least, most = group.bounds.least, group.bounds.most
    if is_too_precise(interval, most):
        why = f"the group can hold at most {most} ({group.because})"
        return "conflict", f", but {why}; censoring only widens an interval, so no follow-up explains it"
    if fitting_counts(interval, range(max(least, 1), most + 1)):
        return "ok", f", and the group can hold {from_to(group.bounds)} ({group.because})"
    if found.high < least - TIE:
        if group.exact is None:
            why = f"the group holds at least {least} ({group.because})"
            return "note", f", but {why}: some left follow-up early, or the group is smaller"
        return "note", f", but the group holds {least} ({group.because}): some left follow-up early"
    if found.low > most + TIE:
        return "note", f", and the group holds at most {most} ({group.because}): only on another scale"
    return "ok", f", and the group can hold {from_to(group.bounds)} ({group.because})"


def _whole(found: Window) -> str:
    """ " (18 to 19 with rounding)", or nothing when only one whole number, or none, is meant."""
    low, high = math.ceil(found.low - TIE), math.inf if math.isinf(found.high) else math.floor(found.high + TIE)
    if math.isinf(high):
        return f" (at least {low} with rounding)"
    return f" ({low} to {high} with rounding)" if low < high else ""


def _formula(interval: PrintedInterval, scale: str, size: float) -> str:
    p, z = interval.middle, interval.z
    if scale != "plain":
        return f"{scale} scale: S (1 - S) (z g'(S) / (g(S) - g(limit)))^2 = {size:.1f} with S = {p:.3g}, z = {z:.2f}"
    half = z * math.sqrt(p * (1.0 - p) / size) if size > 0.0 else math.inf
    return f"plain scale: {p:.3g} x {1.0 - p:.3g} x ({z:.2f} / {half:.3g})^2 = {size:.1f}"
