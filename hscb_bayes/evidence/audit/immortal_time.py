"""Survival from time zero of groups that are told apart by what happens later (immortal time)."""

from __future__ import annotations

from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.parts import survivals
from hscb_bayes.evidence.audit.wording import label, listed, sentence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.study import Study

RULE = "immortal_time"


def immortal_time(study: Study) -> list[Finding]:
    """Name the items that compare survival by response, counted from time zero."""
    by_response = {group.id for group in study.groups.values() if group.by == "response"}
    groups = [group.id for group in study.groups.values() if by_response & set(group.parts)]
    printed = [item for item in survivals(study) if item.among in groups]
    if not printed:
        return []
    tests = [item for item in study.items if isinstance(item, PValue) and item.comparison == "survival by response"]
    names = listed([label(id, study) for id in dict.fromkeys(item.among for item in printed)])
    words = (
        f"survival of {names} groups patients by the future: it is counted from the {study.time_zero}, when nobody had "
        "responded, and whoever responds has lived until then, so part of the difference is made by the grouping"
    )
    return [
        Finding(
            rule=RULE,
            severity="note",
            items=tuple(item.id for item in (*printed, *tests)),
            sentence=sentence(words),
            arithmetic=_waiting(study),
        )
    ]


def _waiting(study: Study) -> str:
    medians = (item for item in study.items if isinstance(item, MedianTime) and item.event == "response")
    median = next(medians, None)
    if median is None or not median.value.is_reached:
        return "response comes after time zero"
    return f"response comes a median of {median.value} after the {study.time_zero}"
