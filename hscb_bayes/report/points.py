"""Printed numbers as points on curves: where they stand, how far their printed interval reaches, whether fitted.

Columns ``label``, ``whom``, ``day``, ``share``, ``day_lower``, ``day_upper``, ``share_lower``, ``share_upper``
(NaN where none is printed), ``held_out``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.subgroups import subgroup_of
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.report.groups_in_words import ALL, groups_by_duration

NOWHERE = {"day_lower": np.nan, "day_upper": np.nan, "share_lower": np.nan, "share_upper": np.nan}
COLUMNS = ("label", "whom", "day", "share", *NOWHERE, "held_out")


def survival_points(analysis: Member) -> pd.DataFrame:
    """Printed survival of everybody, of groups by duration and of groups by response (by their ids).

    Of the patients of the analysis: what is printed of others has no place on its curves.
    """
    names, among = {id: name for name, id in groups_by_duration(analysis).items()}, analysis.cohort.among
    rows = []
    for item in analysis.study.items:
        subgroup = subgroup_of(analysis.study, item.among, among)
        if isinstance(item, Survival) and subgroup is not None:
            group = item.among if subgroup.duration is None else subgroup.duration.id
            whom = ALL if subgroup.is_everybody else names.get(group, item.among)
            arms = _arms("share", item.lower, item.upper)
            row = {"label": f"printed: {item.value}", "whom": whom, "day": item.day}
            held_out = item.id not in analysis.fit.items
            rows.append(NOWHERE | row | arms | {"share": item.value.value, "held_out": held_out})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def response_points(analysis: Member) -> pd.DataFrame:
    """Printed median times to response, one point a reading.

    Of all patients a median is where half of all have responded; of the responders, where half of the printed share of
    responders have. A reading among responders has no place where that share is not printed.
    """
    return pd.DataFrame(list(_medians(analysis)), columns=list(COLUMNS))


def share_points(analysis: Member) -> pd.DataFrame:
    """Printed counts, shares and incidences of responses by a day, of all patients of the analysis."""
    rows = []
    for item in analysis.study.items:
        subgroup = subgroup_of(analysis.study, item.among, analysis.cohort.among)
        if not isinstance(item, Count | Share | Incidence) or subgroup is None or not subgroup.is_everybody:
            continue
        if item.at is None or item.event != "response":
            continue
        share = item.count / item.n if isinstance(item, Count) else item.value.value
        limits = {} if isinstance(item, Count) else _arms("share", item.lower, item.upper)
        where = {"whom": ALL, "day": item.at.value, "share": share, "held_out": item.id not in analysis.fit.items}
        rows.append(NOWHERE | where | limits | {"label": "printed response"})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def printed_response(analysis: Member) -> tuple[float, str]:
    """The printed share of the analysis's patients with a response, and as it is printed; NaN where none is."""
    for item in analysis.study.items:
        if not isinstance(item, Count | Share) or item.event != "response" or not item.is_total:
            continue
        subgroup = subgroup_of(analysis.study, item.among, analysis.cohort.among)
        if subgroup is not None and subgroup.is_everybody:
            if isinstance(item, Share):
                return item.value.value, str(item.value)
            return item.count / item.n, f"{item.count} of {item.n}" if item.percent is None else str(item.percent)
    return float("nan"), ""


def _medians(analysis: Member) -> Iterator[Mapping[str, object]]:
    fitted = analysis.fit.items
    for item in (item for item in analysis.study.items if isinstance(item, MedianTime) and item.event == "response"):
        for reading in item.groups:
            subgroup = subgroup_of(analysis.study, reading, analysis.cohort.among)
            if subgroup is None or not item.value.is_reached:
                continue
            of_responders = printed_response(analysis)[0] if subgroup.response == "yes" else float("nan")
            share = 0.5 if subgroup.is_everybody else 0.5 * of_responders
            where = {"whom": ALL, "day": item.value.value, "share": share}
            held_out = not {item.id, item.id_among(reading)} & set(fitted)
            words = f"printed median, read as of {analysis.study.labels[reading]}"
            yield NOWHERE | where | _arms("day", item.lower, item.upper) | {"label": words, "held_out": held_out}


def _arms(axis: str, lower: Printed | None, upper: Printed | None) -> dict[str, float]:
    return {} if lower is None or upper is None else {f"{axis}_lower": lower.value, f"{axis}_upper": upper.value}
