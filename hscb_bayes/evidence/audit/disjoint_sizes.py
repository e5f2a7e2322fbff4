"""Groups that share no patient cannot together be more precise than all patients, wherever the cut lies."""

from __future__ import annotations

from hscb_bayes.evidence.audit.arithmetic.precision import PrintedInterval, least_size
from hscb_bayes.evidence.audit.arithmetic.rounding import TIE
from hscb_bayes.evidence.audit.arithmetic.whole_counts import fitting_counts
from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.parts import Parts, all_parts, interval_of
from hscb_bayes.evidence.audit.wording import sentence
from hscb_bayes.evidence.study import Study

RULE = "disjoint_sizes"


def disjoint_sizes(study: Study) -> list[Finding]:
    """Add up the fewest patients that two groups' intervals can stand for, on any scale."""
    findings = (_add(study, parts) for parts in all_parts(study))
    return [finding for finding in findings if finding is not None]


def _add(study: Study, parts: Parts) -> Finding | None:
    intervals = [interval_of(item) for item in parts.survival]
    least = []
    for interval in intervals:
        if interval is None or not interval.is_inside:
            return None
        least.append(_least(study, interval))
    together = least[0] + least[1]
    shown = " and ".join(f"{item.value} ({item.lower} to {item.upper})" for item in parts.survival)
    words = (
        f"the intervals of the two groups by {parts.by}, {shown}, stand for at least {together:.1f} patients together"
    )
    if together > study.n + TIE:
        words += f", on the scales that ask for fewest, and the study has {study.n}: impossible wherever the cut lies"
    else:
        words += f", and the study has {study.n}"
    return Finding(
        rule=RULE,
        severity="conflict" if together > study.n + TIE else "ok",
        items=parts.items,
        sentence=sentence(words),
        arithmetic=f"{least[0]:.1f} + {least[1]:.1f} = {together:.1f}",
    )


def _least(study: Study, interval: PrintedInterval) -> float:
    """Fewest patients by any scale, or by a whole count whose interval has none."""
    counts = (float(fit.n) for fit in fitting_counts(interval, range(1, study.n + 1)))
    return min([least_size(interval), *counts])
