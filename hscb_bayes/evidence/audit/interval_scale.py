"""On which scale an interval was computed: the one that reproduces it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hscb_bayes.evidence.audit.arithmetic.binomial import BINOMIAL
from hscb_bayes.evidence.audit.arithmetic.precision import (
    SURVIVAL_SCALES,
    TRANSFORMS,
    WILSON,
    Kind,
    PrintedInterval,
    sizes_by_scale,
)
from hscb_bayes.evidence.audit.arithmetic.whole_counts import CLOPPER_PEARSON, fitting_counts
from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.parts import interval_of
from hscb_bayes.evidence.audit.wording import Estimate, estimate_of, listed, sentence
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

RULE = "interval_scale"
WORDS = {
    WILSON: "Wilson's interval",
    CLOPPER_PEARSON: "the Clopper-Pearson interval",
    "agresti-coull": "the Agresti-Coull interval",
    "plain with continuity correction": "the plain interval with continuity correction",
    "wilson with continuity correction": "Wilson's interval with continuity correction",
    "jeffreys": "Jeffreys' interval",
}
SUBJECTS: Mapping[Kind, str] = {"survival": "survival", "incidence": "incidence", "share": "shares"}


def interval_scale(study: Study) -> list[Finding]:
    """Name the scales that reproduce every interval, and the intervals that no scale reproduces."""
    intervals = printed_intervals(study)
    return [
        finding for kind in SUBJECTS for finding in _of_kind(study, kind, [i for i in intervals if i[0].kind == kind])
    ]


def _of_kind(study: Study, kind: Kind, intervals: Sequence[tuple[Estimate, PrintedInterval]]) -> list[Finding]:
    unexplained = [_unexplained(study, item) for item, interval in intervals if not methods(study, interval)]
    if not intervals or unexplained:
        return unexplained
    each = {item.id: methods(study, interval) for item, interval in intervals}
    shared = [WORDS.get(method, f"the {method} scale") for method in next(iter(each.values())) if _by_all(method, each)]
    words = SUBJECTS[kind]
    count = f"all {len(intervals)} intervals of {words}" if len(intervals) > 1 else f"the one interval of {words}"
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


def printed_intervals(study: Study) -> list[tuple[Estimate, PrintedInterval]]:
    """Every survival and incidence with limits whose estimate is neither 0 nor 1, and every share with limits.

    At 0 and 1 software gives a survival limits by several rules, or none; a share is a count, whose limits are defined.
    """
    found = ((item, interval_of(item)) for item in study.items if isinstance(item, Survival | Incidence | Share))
    return [
        (i, interval) for i, interval in found if interval is not None and (interval.is_inside or i.kind == "share")
    ]


def methods(study: Study, interval: PrintedInterval) -> tuple[str, ...]:
    """Scales that reproduce an interval for some size, and methods of counts that do for some count."""
    by_count = [method for fit in fitting_counts(interval, range(1, study.n + 1)) for method in fit.methods]
    of_counts = [method for method in by_count if method in (CLOPPER_PEARSON, *BINOMIAL) or not interval.is_inside]
    return tuple(dict.fromkeys((*sizes_by_scale(interval), *of_counts)))


def shared_scales(study: Study, kind: Kind) -> tuple[str, ...]:
    """Scales that reproduce all intervals of a kind."""
    intervals = [part for _, part in printed_intervals(study) if part.kind == kind and part.is_inside]
    return tuple(scale for scale in TRANSFORMS if all(scale in sizes_by_scale(part) for part in intervals))


def preferred_scale(study: Study, interval: PrintedInterval) -> str | None:
    """The scale on which to state an effective size: one that reproduces all of its kind, or this one at least."""
    own = [scale for scale in TRANSFORMS if scale in sizes_by_scale(interval)]
    shared = shared_scales(study, interval.kind)
    return next((scale for scale in own if scale in shared), next(iter(own), None))


def _by_all(method: str, each: Mapping[str, tuple[str, ...]]) -> bool:
    return all(method in methods for methods in each.values())


def _unexplained(study: Study, item: Estimate) -> Finding:
    scales = SURVIVAL_SCALES if isinstance(item, Survival) else tuple(TRANSFORMS)
    further = f", {', '.join(BINOMIAL)}" if isinstance(item, Share) else ""
    return Finding(
        rule=RULE,
        severity="note",
        items=(item.id,),
        sentence=sentence(f"{estimate_of(item, study)} has limits that no known scale gives"),
        arithmetic=f"{item.value} - {item.lower} and {item.upper} - {item.value} on the scales "
        f"{', '.join((*scales, WILSON))}, and Clopper-Pearson{further} of k of n",
    )
