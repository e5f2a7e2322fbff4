"""From printed estimates to rows of the likelihood: what each is of, when, and what is printed.

A row is a survival at a day; a day on which a curve crosses a level, as a median and its limits are; or a level that a
curve did not reach. How many rows and edges there are depends on the layout alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal, TypeGuard

import numpy as np

from hscb_bayes.analysis.against_study import last_day
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.subgroups import subgroup_of
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.joint_arrays import ABSENT
from hscb_bayes.evidence.kinds.at_risk import AtRisk
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.follow_up_time import FollowUpTime
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.model.limit_levels import level_of_limit
from hscb_bayes.model.print_intervals import width_of
from hscb_bayes.model.remainder import EVERYBODY, RESPONDERS_ONLY, Inside

LEAST_EXCESS = 0.01  # of variance: an interval that is no wider than it can be says that next to nobody was lost
FILL, MORE_FILL = 5, 4  # edges beside those of the printed days, and more where a row is of responders alone
INCIDENCE_FILL = 8  # and more where an incidence is corrected for losses, which come early or late
ORDER = ("incidence", "survival", "deaths", "at_risk", "follow_up")  # in which estimates are given those before them

What = Literal["incidence", "survival", "follow_up", "deaths", "at_risk", "responded"]
Estimate = Survival | Incidence | MedianTime | Count | Share | FollowUpTime | AtRisk


@dataclass(frozen=True, kw_only=True)
class Row:
    """One estimate.

    Parameters
    ----------
    what
        A Kaplan-Meier curve of survival, or of follow-up, in which deaths and losses are exchanged; the cumulative
        incidence of response by the end of follow-up; or the share of patients who were seen to die by the day, were
        at risk after it, or were ever seen to respond.
    members, classes
        Whom it is of: shape (group,), 1 where a group is; and (2,), those seen to respond and the others.
    size
        How many patients these are.
    day, start
        At the end of which day it is, and where the printed day begins, of a crossing.
    value, half
        As printed, and half its last digit.
    excess
        By what its printed interval is too wide, in variance, for so many who are all followed: at the least and at the
        most; None where it says nothing of losses.
    level, reached
        Of a curve that crosses a level on the day: coefficients of ``level_of_limit``, and whether it did before
        follow-up ended; None of a value at a day.
    known
        Whether the number is there.
    """

    members: np.ndarray
    classes: tuple[float, float]
    size: float
    day: float
    start: float
    what: What = "survival"
    value: float = ABSENT
    half: float = 0.0
    excess: tuple[float, float] | None = None
    level: tuple[float, float, float] | None = None
    reached: bool = True
    known: bool = True

    @property
    def whose(self) -> tuple[object, ...]:
        """Rows of the same patients are of one curve."""
        return (self.what, *self.members.tolist(), *self.classes)

    @property
    def is_curve(self) -> bool:
        """Whether it is read off a Kaplan-Meier curve."""
        return self.what in ("survival", "follow_up")

    @property
    def is_whole(self) -> bool:
        """Whether it is of survival of whole groups, whoever responds."""
        return self.what == "survival" and self.classes == (1.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Patients:
    """Whom rows may be of: sizes of groups (group,), how many responded, and who is known one by one.

    ``sizes`` and ``responders`` are of all patients of the paper, ``left`` (group,) those who are not known one by one.
    """

    sizes: np.ndarray
    left: np.ndarray
    responders: float | None
    inside: Inside


def fitted_estimates(analysis: Member) -> tuple[Estimate, ...]:
    """Items that the analysis fits as estimates, rather than as counts of responses and of who lived without one."""
    fitted = [item for item in analysis.study.items if item.id in analysis.fit.items]
    return tuple(item for item in fitted if is_estimate(item) and response_value(analysis, item) != "no")


def is_estimate(item: Item) -> TypeGuard[Estimate]:
    """Whether an item is of a kind that is fitted as an estimate."""
    if isinstance(item, MedianTime | Count | Share):
        return item.event == "death"
    return isinstance(item, Survival | FollowUpTime | AtRisk) or (isinstance(item, Incidence) and item.at is None)


def fits_incidence(analysis: Member) -> bool:
    """Whether the analysis fits a cumulative incidence of response at the end of follow-up."""
    return any(isinstance(item, Incidence) for item in fitted_estimates(analysis))


def response_value(analysis: Member, item: Item) -> str | None:
    """Whether an item is of responders, "yes", or of the others, "no"; None where of both."""
    subgroup = subgroup_of(analysis.study, item.among, analysis.cohort.among)
    return None if subgroup is None else subgroup.response


def rows_of(
    analysis: Member, numbers: Mapping[str, float], fitted: Collection[str], patients: Patients, last: float
) -> list[Row]:
    """All rows of the layout, in the order in which each is given those before it."""
    rows: list[Row] = []
    for item in fitted_estimates(analysis):
        there = item.id in fitted
        members, classes, size = _whose(analysis, item, patients)
        blank = Row(members=members, classes=classes, size=size, day=last, start=last, known=False)
        end = last_followed(analysis, size)
        if isinstance(item, Survival):
            row = _survival(item, float(numbers[item.id]), blank, patients, there=there)
            rows.append(replace(row, excess=_excess(analysis, item, numbers, blank.size)) if row.known else row)
        elif isinstance(item, MedianTime):
            rows += _crossings(analysis, item, numbers, replace(blank, day=end, start=end), there=there)
        elif isinstance(item, FollowUpTime):
            rows += _crossings(
                analysis, item, numbers, replace(blank, day=end, start=end, what="follow_up"), there=there
            )
        elif isinstance(item, Incidence):
            rows.append(_incidence(analysis, item, float(numbers[item.id]), blank, there=there))
        else:
            rows.append(_counted(analysis, item, float(numbers[item.id]), blank, there=there))
    return sorted(rows, key=lambda row: (not row.known, not row.reached, ORDER.index(row.what), row.day))


def _counted(analysis: Member, item: Count | Share | AtRisk, printed: float, blank: Row, *, there: bool) -> Row:
    """How many were seen to die by a day, or to the end of follow-up; or were at risk after it."""
    longest = analysis.follow_up.longest or blank.day
    day = item.at.value if item.at is not None else max(longest, blank.day)
    row = replace(blank, what="at_risk" if isinstance(item, AtRisk) else "deaths", day=day, start=day)
    if not (there and np.isfinite(printed) and blank.size > 0):
        return row
    share = printed if isinstance(item, Share) else printed / blank.size
    half = item.value.half_width if isinstance(item, Share) else 0.0
    return replace(row, value=share, half=half, known=True)


def _incidence(analysis: Member, item: Incidence, printed: float, blank: Row, *, there: bool) -> Row:
    """The cumulative incidence of response when follow-up ends, or when responses are no longer looked for."""
    day = min(blank.day, analysis.follow_up.longest or blank.day)
    row = replace(blank, what="incidence", day=day, start=day)
    return (
        replace(row, value=printed, half=item.value.half_width, known=True) if there and np.isfinite(printed) else row
    )


def size_of(analysis: Member, item: Item, patients: Patients) -> float:
    """Of how many patients an estimate is."""
    return _whose(analysis, item, patients)[2]


def _whose(analysis: Member, item: Item, patients: Patients) -> tuple[np.ndarray, tuple[float, float], float]:
    """Which groups (group,) and which classes an estimate is of, and of how many patients."""
    subgroup = subgroup_of(analysis.study, item.among, analysis.cohort.among)
    everybody = np.ones(patients.sizes.size)
    if subgroup is not None and subgroup.response is not None:
        return everybody, (1.0, 0.0), float(patients.responders or 0.0)
    group = None if subgroup is None else subgroup.duration
    if group is None:
        return everybody, (1.0, 1.0), float(patients.sizes.sum())
    members = np.array([1.0, 0.0]) if group.relation in ("<", "<=") else np.array([0.0, 1.0])
    return members, (1.0, 1.0), float(members @ patients.sizes)


def _survival(item: Survival, printed: float, blank: Row, patients: Patients, *, there: bool) -> Row:
    """A survival at a day; of those who are not known one by one, where some are."""
    blank = replace(blank, day=item.day, start=item.day)
    if not (there and np.isfinite(printed) and blank.size > 0):
        return blank
    inside, half = patients.inside, item.value.half_width
    responders_only = blank.classes[1] == 0.0
    among = inside.responded if responders_only else blank.members[inside.group] > 0.0
    whose = RESPONDERS_ONLY if responders_only else EVERYBODY
    value, left = inside.survival_of_others(printed, blank.size, half, among, whose, item.day, item.id)
    return replace(blank, size=left, value=value, half=half * blank.size / max(left, 1.0), known=left > 0.0)


def _excess(analysis: Member, item: Survival, numbers: Mapping[str, float], size: float) -> tuple[float, float] | None:
    """What the printed interval says of losses; None where nothing, or where nobody is lost."""
    width = width_of(item, numbers, float(numbers[item.id]), size, analysis.conventions)
    if width is None or width.is_too_narrow or analysis.is_complete:
        return None
    return width.fewest - 1.0, max(width.most - 1.0, LEAST_EXCESS)


def last_followed(analysis: Member, patients: float) -> float:
    """The day until which a curve of so many patients goes on: that of the one who is likely to be followed longest."""
    shortest, longest = analysis.follow_up.shortest, analysis.follow_up.longest
    if shortest is None or longest is None:
        return last_day(item for item in analysis.study.items if item.id in analysis.fit.items)
    return longest - (longest - shortest) / (patients + 1.0)


def _crossings(
    analysis: Member, item: MedianTime | FollowUpTime, numbers: Mapping[str, float], blank: Row, *, there: bool
) -> list[Row]:
    """A median, and its limits where they are printed; of those not reached only the first to be reached."""
    z = NormalDist().inv_cdf(0.5 + (item.level or analysis.conventions.level) / 2.0)
    parts = [("", 0.0, item.value), (".lower", z, item.lower), (".upper", -z, item.upper)]
    found, not_reached = [], False
    for suffix, side, printed in parts:
        if printed is None:
            continue
        value = float(numbers.get(item.id + suffix, np.nan))
        level = level_of_limit(side, analysis.conventions.median_interval, round(blank.size)) if blank.size else None
        row = replace(blank, level=level or (0.0, 0.0, 0.0), reached=False)
        if there and blank.size > 0 and level is not None and not np.isnan(value):
            if np.isfinite(value):
                half = max(printed.half_width, 0.5 / analysis.study.steps_per_day)
                row = replace(row, day=value + half, start=max(value - half, 0.5 * value), reached=True, known=True)
            elif not not_reached:
                row, not_reached = replace(row, known=True), True
        found.append(row)
    return _each_once(found)


def _each_once(rows: list[Row]) -> list[Row]:
    """A limit that is printed equal to its median, or to another limit, is not there: it would be no other crossing."""
    found: list[Row] = []
    for row in rows:
        same = [other for other in found if other.known and other.reached and row.reached and other.day == row.day]
        found.append(replace(row, known=False) if same and row.known else row)
    return found


def edges_needed(analysis: Member) -> int:
    """How many edges the layout has: one a printed day, two a time that may lie anywhere, and some others."""
    items = fitted_estimates(analysis)
    times = [item for item in items if isinstance(item, MedianTime | FollowUpTime)]
    days = {_day_of(item) for item in items if not isinstance(item, MedianTime | FollowUpTime)}
    anywhere = sum(part is not None for item in times for part in (item.value, item.lower, item.upper))
    more = MORE_FILL if any(response_value(analysis, item) is not None for item in items) else 0
    more += INCIDENCE_FILL if any(isinstance(item, Incidence) for item in items) else 0
    return 1 + FILL + more + len(days) + 2 * anywhere


def _day_of(item: Survival | Incidence | Count | Share | AtRisk) -> float | None:
    """The printed day of an estimate; None where it is the end of follow-up."""
    if isinstance(item, Survival):
        return item.day
    return None if item.at is None else item.at.value
