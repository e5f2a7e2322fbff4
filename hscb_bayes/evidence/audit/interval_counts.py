"""Which counts give an estimate with both its limits when nobody is censored."""

from __future__ import annotations

from hscb_bayes.evidence.audit.arithmetic.precision import PrintedInterval
from hscb_bayes.evidence.audit.arithmetic.whole_counts import MOST_COUNTED, Fit, fitting_counts
from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.interval_scale import printed_intervals
from hscb_bayes.evidence.audit.sizes import group_sizes
from hscb_bayes.evidence.audit.wording import Estimate, estimate_of, from_to, listed, percent, sentence
from hscb_bayes.evidence.study import Study

RULE = "interval_counts"
MOST_LISTED = 4  # more counts than a reader wants to see


def interval_counts(study: Study) -> list[Finding]:
    """Look for the k of n behind every interval, within the group's size and outside it."""
    if study.n > MOST_COUNTED:
        return []
    return [_look(study, item, interval) for item, interval in printed_intervals(study)]


def _look(study: Study, item: Estimate, interval: PrintedInterval) -> Finding:
    group = group_sizes(study, item.among)
    fits = fitting_counts(interval, range(1, study.n + 1))
    inside = [fit for fit in fits if group.bounds.hold(fit.n)]
    outside = [fit for fit in fits if not group.bounds.hold(fit.n)]
    allowed = f"the group holds {from_to(group.bounds)} ({group.because})"
    complete = "" if interval.kind == "share" else " without censoring"
    if inside:
        words = f"is {_listed(inside)}{complete}"
    elif outside:
        words = f"is {_listed(outside)}{complete} and no other count of at most {study.n}, but {allowed}"
    else:
        words = f"is no count of at most {study.n} patients{complete}; {allowed}"
    return Finding(
        rule=RULE,
        severity="ok" if inside else "note",
        items=(item.id,) if group.item is None else (item.id, group.item),
        sentence=sentence(f"{estimate_of(item, study)} {words}"),
        arithmetic="; ".join(_fit_in_words(fit) for fit in (inside or outside)[:MOST_LISTED])
        or f"every k of n up to {study.n} tried on all scales",
    )


def _listed(fits: list[Fit]) -> str:
    shown = [f"{fit} ({', '.join(fit.methods)})" for fit in fits[:MOST_LISTED]]
    if len(fits) > MOST_LISTED:
        shown.append(f"{len(fits) - MOST_LISTED} more")
    return listed(shown)


def _fit_in_words(fit: Fit) -> str:
    share = fit.count / fit.n
    error = (share * (1.0 - share) / fit.n) ** 0.5
    return f"{fit.count} / {fit.n} = {percent(share)}, standard error {percent(error)}"
