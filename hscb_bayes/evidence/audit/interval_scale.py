"""On which scale an interval was computed: the one that reproduces it."""

from __future__ import annotations

from collections.abc import Mapping

from hscb_bayes.evidence.audit.arithmetic.precision import TRANSFORMS, WILSON, PrintedInterval, sizes_by_scale
from hscb_bayes.evidence.audit.arithmetic.whole_counts import CLOPPER_PEARSON, fitting_counts
from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.parts import interval_of, survivals
from hscb_bayes.evidence.audit.wording import listed, sentence, survival_of
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

RULE = "interval_scale"
WORDS = {WILSON: "Wilson's interval", CLOPPER_PEARSON: "the Clopper-Pearson interval"}


def interval_scale(study: Study) -> list[Finding]:
    """Name the scales that reproduce every interval, and the intervals that no scale reproduces."""
    intervals = printed_intervals(study)
    unexplained = [_unexplained(study, item) for item, interval in intervals if not methods(study, interval)]
    if not intervals or unexplained:
        return unexplained
    each = {item.id: methods(study, interval) for item, interval in intervals}
    shared = [WORDS.get(method, f"the {method} scale") for method in next(iter(each.values())) if _by_all(method, each)]
    count = f"all {len(intervals)} intervals of survival" if len(intervals) > 1 else "the one interval of survival"
    verb = "is" if len(intervals) == 1 else "are"
    words = f"{count} {verb} reproduced by {listed(shared, 'or')}" if shared else ""
    return [
        Finding(
            rule=RULE,
            severity="ok" if shared else "note",
            items=tuple(item.id for item, _ in intervals),
            sentence=sentence(words or f"no one scale reproduces {count}, though each has one"),
            arithmetic="; ".join(f"{id}: {', '.join(methods)}" for id, methods in each.items()),
        )
    ]


def printed_intervals(study: Study) -> list[tuple[Survival, PrintedInterval]]:
    """Every survival with limits whose estimate is neither 0 nor 1."""
    found = ((item, interval_of(item)) for item in survivals(study))
    return [(item, interval) for item, interval in found if interval is not None and interval.is_inside]


def methods(study: Study, interval: PrintedInterval) -> tuple[str, ...]:
    """Scales that reproduce an interval for some size, and Clopper-Pearson if it does for some count."""
    fits = fitting_counts(interval, range(1, study.n + 1))
    exact = any(CLOPPER_PEARSON in fit.methods for fit in fits)
    return (*sizes_by_scale(interval), *([CLOPPER_PEARSON] if exact else []))


def shared_scales(study: Study) -> tuple[str, ...]:
    """Scales of ``TRANSFORMS`` that reproduce all intervals of the study."""
    intervals = [interval for _, interval in printed_intervals(study)]
    return tuple(scale for scale in TRANSFORMS if all(scale in sizes_by_scale(part) for part in intervals))


def preferred_scale(study: Study, interval: PrintedInterval) -> str | None:
    """The scale on which to state an effective size: one that reproduces all intervals, or this one at least."""
    own = [scale for scale in TRANSFORMS if scale in sizes_by_scale(interval)]
    shared = shared_scales(study)
    return next((scale for scale in own if scale in shared), next(iter(own), None))


def _by_all(method: str, each: Mapping[str, tuple[str, ...]]) -> bool:
    return all(method in methods for methods in each.values())


def _unexplained(study: Study, item: Survival) -> Finding:
    return Finding(
        rule=RULE,
        severity="note",
        items=(item.id,),
        sentence=sentence(f"{survival_of(item, study)} has limits that no known scale gives"),
        arithmetic=f"{item.value} - {item.lower} and {item.upper} - {item.value} on the scales "
        f"{', '.join((*TRANSFORMS, 'wilson'))}, and Clopper-Pearson of k of n",
    )
