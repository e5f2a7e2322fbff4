"""An interval cannot be more precise than the patients of its group allow.

Censoring only widens an interval (Greenwood's variance; the proof is in ``arithmetic/precision.py``), so that more
patients than the group can hold are impossible under any follow-up, and fewer mean that some left follow-up early. The
same bound holds for the usual (Greenwood) variance of an incidence. In a share nobody is lost, so that neither can be.
"""

from __future__ import annotations

import math

from hscb_bayes.evidence.audit.arithmetic.precision import (
    PrintedInterval,
    least_size,
    least_size_of_one_limit,
    size_as_printed,
    sizes_by_scale,
)
from hscb_bayes.evidence.audit.arithmetic.rounding import TIE, Window
from hscb_bayes.evidence.audit.arithmetic.whole_counts import MOST_COUNTED, fitting_counts
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.interval_scale import preferred_scale, printed_intervals
from hscb_bayes.evidence.audit.sizes import Sizes, group_sizes
from hscb_bayes.evidence.audit.wording import Estimate, estimate_of, from_to, sentence, sizes
from hscb_bayes.evidence.study import Study

RULE = "interval_size"


def interval_size(study: Study) -> list[Finding]:
    """Compare the number of patients that every interval stands for with its group's."""
    findings = []
    for item, interval in printed_intervals(study):
        scale, group = preferred_scale(study, interval), group_sizes(study, item.among)
        if scale is not None:
            findings.append(_compare(study, item, interval, scale))
        elif is_too_precise(interval, group.bounds.most):
            findings.append(_one_limit(study, item, interval, group))
    return findings


def is_too_precise(interval: PrintedInterval, most: int) -> bool:
    """Whether no group of at most ``most`` patients gives the interval, on any scale and under any follow-up.

    Where no scale gives both limits, whether one of them alone stands for more.
    """
    least = least_size(interval) if sizes_by_scale(interval) else least_size_of_one_limit(interval)
    return most + TIE < least < math.inf and not fitting_counts(interval, range(1, most + 1))


def _one_limit(study: Study, item: Estimate, interval: PrintedInterval, group: Sizes) -> Finding:
    least = least_size_of_one_limit(interval)
    words = (
        f"{estimate_of(item, study)} has a limit that alone is as precise as {least:.1f} patients or more on every "
        f"scale, but the group can hold at most {group.bounds.most} ({group.because})"
    )
    return Finding(
        rule=RULE,
        severity="conflict",
        items=(item.id,) if group.item is None else (item.id, group.item),
        sentence=sentence(words),
        arithmetic=f"the nearer of {item.value} - {item.lower} and {item.upper} - {item.value}: {least:.1f} patients; "
        f"the group holds {from_to(group.bounds)}",
    )


def _compare(study: Study, item: Estimate, interval: PrintedInterval, scale: str) -> Finding:
    group, found = group_sizes(study, item.among), sizes_by_scale(interval)[scale]
    as_printed = size_as_printed(interval, scale)
    severity, verdict = _verdict(interval, group, found)
    about = "any number of patients" if math.isinf(as_printed) else f"about {as_printed:.0f} patients"
    complete = "" if interval.kind == "share" else " without censoring"
    words = f"{estimate_of(item, study)} is as precise as {about}{complete}"
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
        if interval.kind == "share":
            return "conflict", f", but {why}"
        return "conflict", f", but {why}; censoring only widens an interval, so no follow-up explains it"
    if fitting_counts(interval, range(max(least, 1), most + 1)):
        return "ok", f", and the group can hold {from_to(group.bounds)} ({group.because})"
    if found.high < least - TIE:
        return _too_wide(interval, group)
    if found.low > most + TIE:
        return "note", f", and the group holds at most {most} ({group.because}): only on another scale"
    return "ok", f", and the group can hold {from_to(group.bounds)} ({group.because})"


def _too_wide(interval: PrintedInterval, group: Sizes) -> tuple[Severity, str]:
    """Fewer patients than the group holds: early losses, but of a share, where nobody is lost, a contradiction."""
    least = group.bounds.least
    why = f"the group holds {'at least ' if group.exact is None else ''}{least} ({group.because})"
    if interval.kind != "share":
        smaller = ", or the group is smaller" if group.exact is None else ""
        return "note", f", but {why}: some left follow-up early{smaller}"
    most_on_any = max(found.high for found in sizes_by_scale(interval).values())
    if most_on_any < least - TIE and group.bounds.most <= MOST_COUNTED:
        return "conflict", f", but {why}: it is of fewer patients, or misprinted"
    return "note", f", but {why}: only on another scale, or of fewer patients"


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
    if size <= 0.0 or math.isinf(size):
        return f"plain scale: the limits stand for {'any number of' if size > 0.0 else 'no'} patients"
    half = z * math.sqrt(p * (1.0 - p) / size)
    return f"plain scale: {p:.3g} x {1.0 - p:.3g} x ({z:.2f} / {half:.3g})^2 = {size:.1f}"
