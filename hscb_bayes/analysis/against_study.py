"""What an analysis says about a study, held against the study: a mistake is found before anything is compiled.

The likelihood takes one count of responders, any number of responses by different days, one median time to response,
one survival among those who never responded, survival of each group at any number of days and its median, each of
patients whom the analysis is about; its draws can be weighted by one P value of response by duration. What could not be
used is refused here, never dropped in silence.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeGuard

from hscb_bayes.analysis.grades import check_fitted_grades, is_of_grade
from hscb_bayes.analysis.statistical_tests import can_be_fitted
from hscb_bayes.analysis.subgroups import Subgroup, is_about, subgroup_of
from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.group import Group
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.kinds.at_risk import AtRisk
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.covariate_summary import CovariateSummary
from hscb_bayes.evidence.kinds.follow_up_time import FollowUpTime
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.sentences import listed, nearest, quote

Role = Literal[
    "count of responders",
    "response by a day",
    "incidence of response",
    "median time to response",
    "survival among non-responders",
    "survival",
    "median survival",
    "deaths",
    "patients at risk",
    "median follow-up",
    "P value",
    "responders of a grade",
]

TOTAL: Role = "count of responders"
# Of these it is known what they are without some patients: beside patients inside the print nothing else is fitted.
EARLIEST_DAY = 28.0  # of the last survival: the quadrature needs room between the usual days of response


@dataclass(frozen=True, kw_only=True)
class Fittable:
    """What an analysis can name in ``fit.items``: the part it has in the likelihood, and whom it is about."""

    item: Item
    role: Role
    among: str
    subgroup: Subgroup
    needs_count: bool


def fittable(study: Study, patients: str = EVERYBODY) -> dict[str, Fittable]:
    """Everything in a study that the likelihood has a place for, by the id that ``fit.items`` calls it.

    ``patients`` is the group that the analysis is about.
    """
    found: dict[str, Fittable] = {}
    for item in study.items:
        for group in item.groups if isinstance(item, MedianTime) else (item.among,):
            subgroup, role = subgroup_of(study, group, patients), _role(item, study)
            if subgroup is None or role is None or not _has_a_place(item, subgroup):
                continue
            is_count = isinstance(item, Survival | MedianTime) and subgroup.response is not None
            found[item.id_among(group) if isinstance(item, MedianTime) else item.id] = Fittable(
                item=item,
                role="survival among non-responders" if role == "survival" and subgroup.response == "no" else role,
                among=group,
                subgroup=subgroup,
                needs_count=is_count or (isinstance(item, MedianTime) and (item.lowest or item.highest) is not None),
            )
    return found


def _role(item: Item, study: Study) -> Role | None:
    """The part that an item of such a kind can have; None where there is none."""
    if is_of_grade(item, study):
        return "responders of a grade"
    if isinstance(item, Count | Share) and item.event == "response":
        return "count of responders" if item.at is None else "response by a day"
    if isinstance(item, Count | Share):
        return "deaths"
    if isinstance(item, AtRisk):
        return "patients at risk"
    if isinstance(item, FollowUpTime):
        return "median follow-up"
    if isinstance(item, Incidence):
        return "incidence of response" if item.at is None else "response by a day"
    if isinstance(item, MedianTime):
        return "median time to response" if item.event == "response" else "median survival"
    if isinstance(item, PValue) and can_be_fitted(item):
        return "P value"
    return "survival" if isinstance(item, Survival) else None


def _has_a_place(item: Item, subgroup: Subgroup) -> bool:
    """Whether the likelihood has a place for an item of its kind among these patients."""
    if isinstance(item, Count) and item.evaluable is not None:
        return False
    if isinstance(item, Survival):
        return subgroup.is_everybody or subgroup.response is not None or subgroup.duration is not None
    if isinstance(item, AtRisk | FollowUpTime) or (isinstance(item, Count | Share) and item.event == "death"):
        return subgroup.is_everybody or subgroup.duration is not None
    if isinstance(item, MedianTime) and item.event == "death":
        return subgroup.is_everybody or subgroup.response == "yes" or subgroup.duration is not None
    return subgroup.is_everybody or (isinstance(item, MedianTime) and subgroup.response == "yes")


def patients_of(study: Study, among: str) -> int:
    """How many patients an analysis about a group is about; 0 where it is not printed."""
    return study.n if among == EVERYBODY else study.groups[among].n or 0


def check_patients(among: str, study: Study, address: str) -> None:
    """Refuse an analysis of patients whose number is not printed.

    Raises
    ------
    InputError
        With the sentence.
    """
    if among != EVERYBODY:
        known = [id for id, group in study.groups.items() if _is_of_printed_size(group, study)]
        if among not in known:
            hint = nearest(among, [EVERYBODY, *known])
            raise InputError(
                f"{address}: cohort.among: required all patients or a group by characteristic of printed size, "
                f"found {quote(among)}; {hint}"
            )


def check_responders(among: str, responders: int | None, items: Sequence[str], study: Study, address: str) -> None:
    """Refuse a number of responders beside a printed one, or that cannot be beside what is fitted.

    Raises
    ------
    InputError
        With the sentence.
    """
    n = patients_of(study, among)
    if responders is None:
        return
    if responders > n:
        raise InputError(f"{address}: cohort.responders: required at most the {n} patients, found {responders}")
    known_items = fittable(study, among)
    last = last_day(known_items[id].item for id in items if id in known_items)
    _check_by_a_day(responders, [known_items[id] for id in items if id in known_items], n, known_items, address)
    for id in items:
        if id in known_items and is_of_all_responders(known_items[id].item, last):
            raise InputError(f"{address}: cohort.responders is given, but {id!r} is fitted, which says it; remove one")


def _is_of_printed_size(group: Group, study: Study) -> bool:
    """Whether a group is by characteristic, or by several, and the study prints how many patients it has."""
    return group.n is not None and all(study.groups[id].by == "characteristic" for id in group.parts)


def _check_by_a_day(
    responders: int, fitted: Sequence[Fittable], n: int, known: Mapping[str, Fittable], address: str
) -> None:
    """As many responders as had responded by a printed day, and one more where a response is later."""
    medians = (one.item for one in known.values() if isinstance(one.item, MedianTime))
    last = [item.highest.value for item in medians if item.highest is not None]
    for one in fitted:
        if not isinstance(one.item, Incidence | Count | Share) or one.item.at is None:
            continue
        counted = one.item.count if isinstance(one.item, Count) else int(one.item.value.value * n + 0.5)
        printed = str(counted) if isinstance(one.item, Count) else str(one.item.value)
        least = counted + int(any(day > one.item.at.value for day in last))
        if responders < least:
            raise InputError(
                f"{address}: cohort.responders: required at least {least}, since {printed} of {n} had responded "
                f"by {one.item.at}, found {responders}"
            )


def check_items(
    items: Sequence[str], study: Study, address: str, *, among: str = EVERYBODY, responders: int | None = None
) -> None:
    """Refuse fitted items that the study does not have, or that the likelihood has no place for.

    Raises
    ------
    InputError
        With a sentence for each item that has no place, or else for what cannot be beside the others.
    """
    known, refusals, times = fittable(study, among), Refusals(), Counter(items)
    for id in items:
        if times[id] > 1:
            refusals.add(f"{address}: fit.items: {quote(id)} is named twice")
        elif id not in known:
            refusals.add(f"{address}: fit.items: {_no_place(id, study, list(known), among)}")
    refusals.say()
    last = last_day(known[id].item for id in items)
    fitted = {
        id: replace(known[id], role=TOTAL) if is_of_all_responders(known[id].item, last) else known[id] for id in items
    }
    with refusals.of_a_part():
        _check_roles(fitted, f"{address}: fit.items", has_responders=responders is not None)
    with refusals.of_a_part():
        _check_days_of_response(fitted, last, f"{address}: fit.items")
    with refusals.of_a_part():
        check_fitted_grades(items, study, last, responders, f"{address}: fit.items")
    refusals.say()


def is_of_all_responders(item: Item, last: float) -> TypeGuard[Count | Share]:
    """Whether it is the number of those who responded by day ``last``, up to which responses are looked for."""
    if not isinstance(item, Count | Share) or item.event != "response":
        return False
    return item.at is None or item.at.value == last


def last_day(items: Iterable[Item]) -> float:
    """Up to which day responses are looked for: the last that is fitted of survival; one year where nothing is.

    Survival among those who never responded is of those without a response by its own day.
    """
    days = [0.0]
    for item in items:
        if isinstance(item, Survival):
            days.append(item.day)
        elif isinstance(item, AtRisk) or (isinstance(item, Count | Share) and item.event == "death" and item.at):
            days.append(item.at.value if item.at is not None else 0.0)
        elif isinstance(item, FollowUpTime) or (isinstance(item, MedianTime) and item.event == "death"):
            days += [
                part.value for part in (item.value, item.lower, item.upper) if part is not None and part.is_reached
            ]
    return max(days) or YEAR


def _check_days_of_response(fitted: Mapping[str, Fittable], last: float, address: str) -> None:
    """Everything fitted about response, but the count of all, lies before the day up to which patients are followed."""
    if last <= EARLIEST_DAY:
        raise InputError(f"{address}: required a number of survival after day 28, found the last at day {last:g}")
    refusals = Refusals()
    for id, one in fitted.items():
        if one.role == TOTAL:
            continue
        if isinstance(one.item, Incidence) or (isinstance(one.item, Count | Share) and one.item.event == "response"):
            days = [] if one.item.at is None else [one.item.at]
        elif isinstance(one.item, MedianTime) and one.item.event == "response":
            days = [number.printed for number in one.item.numbers if number.among == one.among]
        else:
            continue
        for printed in days:
            if last <= printed.value < math.inf:
                refusals.add(
                    f"{address}: required days of response before day {last:g}, up to which response is looked for, "
                    f"found {printed} in {id!r}"
                )
    refusals.say()


def _no_place(id: str, study: Study, known: list[str], among: str) -> str:
    item = next((item for item in study.items if item.id == id), None)
    if isinstance(item, MedianTime) and item.readings is not None:
        readings = [item.id_among(group) for group in item.groups if item.id_among(group) in known]
        if readings:
            return f"{id!r} is printed of more than one group; required one of {listed(readings)}"
    if any(other.id == id for other in study.other_items):
        return f"{id!r} is about another event or group than [endpoints] of this analysis names; {_one_of(known)}"
    if item is not None and not is_about(study, item, item.among, among):
        group = study.groups.get(item.among)
        both = f"[{', '.join(map(repr, (among, item.among)))}]"
        is_open = group is not None and group.by in ("response", "duration")
        hint = f" (a group all_of = {both} is of both)" if is_open else ""
        return f"{id!r} is about {item.among!r}, and this analysis about {among!r}{hint}; {_one_of(known)}"
    if isinstance(item, Count) and item.evaluable is not None:
        return (
            f"{id!r} counts {item.n} evaluable patients, and a count can be fitted where n is all of the group; "
            f"{_one_of(known)}"
        )
    if item is not None:
        return f"the likelihood has no place for {id!r} ({item.kind} among {item.among!r}); {_one_of(known)}"
    number = next((number for number in study.numbers if number.id == id), None)
    if number is not None:
        return f"{id!r} is a part of {number.item!r}; {_one_of(known)}"
    return f"unknown item {quote(id)}; {nearest(id, known)}"


def _one_of(known: Sequence[str]) -> str:
    return f"required one of {listed(known)}" if known else "the study has nothing that can be fitted"


def _check_roles(fitted: Mapping[str, Fittable], address: str, *, has_responders: bool) -> None:
    taken: dict[str, str] = {}
    for id, one in fitted.items():
        part = _part(one)
        if part in taken:
            raise InputError(f"{address}: {taken[part]!r} and {id!r} are both a {part}; required one of them")
        taken[part] = id
    _check_counts(fitted, taken, address)
    for id, one in fitted.items():
        if one.needs_count and not has_responders and "count of responders" not in taken:
            raise InputError(f"{address}: {id!r} is about {one.among!r}; required the count of responders beside it")


def _part(one: Fittable) -> str:
    """What an analysis can fit once: of survival one a group and day, of responses one a day."""
    if isinstance(one.item, Survival) and one.role == "survival":
        return f"survival among {one.among!r} at day {one.item.day:g}"
    if isinstance(one.item, Incidence | Count | Share | AtRisk) and one.item.at is not None and one.role != TOTAL:
        return f"{one.role} among {one.among!r}, day {one.item.at.value:g}"
    if one.role == "responders of a grade":
        return f"{one.role}, {one.item.id}"
    if one.role in ("deaths", "median follow-up"):
        return f"{one.role} among {one.among!r}"
    return f"{one.role} among {one.among!r}" if one.role == "median survival" else one.role


def _check_counts(fitted: Mapping[str, Fittable], taken: Mapping[str, str], address: str) -> None:
    """By a day not more have responded than by a later one, or in all."""
    total = fitted[taken[TOTAL]].item if TOTAL in taken else None
    counts = [one.item for one in fitted.values() if isinstance(one.item, Count) and one.role == "response by a day"]
    in_time = sorted(counts, key=lambda count: count.at.value if count.at else 0.0)
    for early, late in itertools.pairwise([*in_time, *([total] if isinstance(total, Count) else [])]):
        if early.count > late.count:
            when = "in all" if late.at is None else f"by {late.at}"
            raise InputError(
                f"{address}: {early.id!r} counts {early.count} responses by {early.at}, and {late.id!r} {late.count} "
                f"{when}; required one of them"
            )


def duration_summary(study: Study, among: str = EVERYBODY) -> tuple[float, float, float]:
    """The median, lowest and highest duration of the condition of a group of patients, or of all, days.

    Raises
    ------
    InputError
        When the study does not print all three, or one of them is zero.
    """
    for item in study.items:
        if isinstance(item, CovariateSummary) and item.covariate == "duration" and item.among == among:
            printed = (item.median, item.lowest, item.highest)
            days = tuple(number.value for number in printed if number is not None)
            if len(days) == len(printed):
                if min(days) <= 0.0:
                    raise InputError(f"{study.path}: item {item.id!r}: required durations above 0 days, found 0")
                return days[0], days[1], days[2]
    raise InputError(
        f"{study.path}: an analysis needs the patients' durations; required a covariate_summary of 'duration' "
        f"among {among} with median, lowest and highest"
    )
