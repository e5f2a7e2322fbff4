"""Printed items in words, by what an analysis does with them."""

from __future__ import annotations

from collections.abc import Mapping

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.scope import speaks_of
from hscb_bayes.model.print_arrays import interval_uses
from hscb_bayes.model.print_intervals import IntervalUse

WIDTHS: Mapping[IntervalUse, str] = {
    "used": "; its interval is fitted too: it tells how many patients were lost to follow-up",
    "complete": "; its interval is not fitted, as nobody is said to be lost",
    "too narrow": "; the interval is not used, being narrower than the group allows: only the estimate is fitted",
    "no width": "; the interval is not used, as it gives no width: only the estimate is fitted",
}


def items_by_use(analysis: Member) -> dict[str, list[str]]:
    """Items that are "fitted", that are only "checked", and that are "outside" of an analysis of one study."""
    fitted, labels = analysis.fit.items, analysis.study.labels
    width = {id: WIDTHS[use] for id, use in interval_uses(analysis).items()}
    found: dict[str, list[str]] = {"fitted": [], "checked": [], "outside": []}
    for item in (item for item in analysis.study.items if item.describes_outcomes):
        readings = [group for group in item.groups if f"{item.id}.{group}" in fitted]
        if item.id in fitted:
            found["fitted"].append(f"{item.describe(labels)}{width.get(item.id, '')}")
        elif readings:
            found["fitted"].append(f"{item.describe(labels)}; read as of {labels[readings[0]]}")
        else:
            is_of_these = any(speaks_of(analysis, one) for one in item.numbers)
            found["checked" if is_of_these else "outside"].append(item.describe(labels))
    whole = (analysis.study.whole or analysis.study).labels
    found["outside"] += [item.describe(whole) for item in analysis.study.other_items if item.describes_outcomes]
    return found
