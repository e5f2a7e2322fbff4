"""Printed items in words, by what an analysis does with them."""

from __future__ import annotations

from collections.abc import Mapping

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.scope import owner_of
from hscb_bayes.model.print_arrays import interval_uses
from hscb_bayes.model.print_intervals import IntervalUse

WIDTHS: Mapping[IntervalUse, str] = {
    "used": "; its interval is fitted too: it tells how many patients were lost to follow-up",
    "complete": "; its interval is not fitted, as nobody is said to be lost",
    "too narrow": "; the interval is not used, being narrower than the group allows: only the estimate is fitted",
    "no width": "; the interval is not used, as it gives no width: only the estimate is fitted",
}


def items_by_use(analysis: Analysis) -> dict[str, list[str]]:
    """Items that are "fitted", that are only "checked", and that are "outside" of an analysis of one study."""
    study, labels = analysis.members[0].study, analysis.members[0].study.labels
    fitted = [id for member in analysis.members for id in member.fit.items]
    width = {id: WIDTHS[use] for member in analysis.members for id, use in interval_uses(member).items()}
    found: dict[str, list[str]] = {"fitted": [], "checked": [], "outside": []}
    for item in (item for item in study.items if item.describes_outcomes):
        readings = [group for group in item.groups if f"{item.id}.{group}" in fitted]
        if item.id in fitted:
            found["fitted"].append(f"{item.describe(labels)}{width.get(item.id, '')}")
        elif readings:
            found["fitted"].append(f"{item.describe(labels)}; read as of {labels[readings[0]]}")
        else:
            is_of_these = any(owner_of(analysis, one) is not None for one in item.numbers)
            found["checked" if is_of_these else "outside"].append(item.describe(labels))
    whole = (study.whole or study).labels
    found["outside"] += [item.describe(whole) for item in study.other_items if item.describes_outcomes]
    return found
