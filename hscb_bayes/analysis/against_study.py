"""What an analysis says about a study, held against the study: a mistake is found before anything is compiled.

The likelihood takes one count of responders, one median time to response, one survival among those who never responded
and any number of survival estimates at one day; its draws can be weighted by one P value of response by duration. What
could not be used is refused here, never dropped in silence.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import EVERYBODY, Conventions
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.covariate_summary import CovariateSummary
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
    "median time to response",
    "survival among non-responders",
    "survival",
    "P value",
]

MOST_PATIENTS = 10_000  # every one of them is simulated, thousands of times
EARLIEST_DAY = 28.0  # of a fitted survival: the quadrature needs room between the usual days of response


@dataclass(frozen=True, kw_only=True)
class Fittable:
    """What an analysis can name in ``fit.items``: the part it has in the likelihood, and whom it is about."""

    item: Item
    role: Role
    among: str
    needs_count: bool


def fittable(study: Study, patients: str = EVERYBODY) -> dict[str, Fittable]:
    """Everything in a study that the likelihood has a place for, by the id that ``fit.items`` calls it.

    ``patients`` is the group that the analysis is about.
    """
    found: dict[str, Fittable] = {}
    for item in study.items:
        if isinstance(item, MedianTime):
            found |= {item.id_among(group): _median(item, group, study) for group in item.groups}
        elif isinstance(item, Survival):
            never = _response(study, item.among) == "no"
            role: Role = "survival among non-responders" if never else "survival"
            among_responders = _response(study, item.among) is not None
            found[item.id] = Fittable(item=item, role=role, among=item.among, needs_count=among_responders)
        elif isinstance(item, Count | Share):
            found[item.id] = Fittable(item=item, role="count of responders", among=item.among, needs_count=False)
        elif isinstance(item, Incidence):
            found[item.id] = Fittable(item=item, role="response by a day", among=item.among, needs_count=False)
        elif isinstance(item, PValue):
            found[item.id] = Fittable(item=item, role="P value", among=item.among, needs_count=False)
    return {id: one for id, one in found.items() if _has_a_place(one, study, patients)}


def _median(item: MedianTime, group: str, study: Study) -> Fittable:
    counted = _response(study, group) == "yes" or item.lowest is not None or item.highest is not None
    return Fittable(item=item, role="median time to response", among=group, needs_count=counted)


def _has_a_place(one: Fittable, study: Study, patients: str) -> bool:
    among_these = one.among == patients
    if isinstance(one.item, Survival):
        group = study.groups.get(one.among)
        return among_these or (group is not None and group.by != "characteristic" and patients == EVERYBODY)
    if isinstance(one.item, PValue):
        return _is_of_response(one.item)
    about_response = isinstance(one.item, Count | Share | Incidence | MedianTime) and one.item.event == "response"
    of_responders = isinstance(one.item, MedianTime) and _response(study, one.among) == "yes"
    return about_response and (among_these or of_responders)


def _is_of_response(item: PValue) -> bool:
    """Whether it tells about the hazard ratio of response, and how much."""
    return item.comparison == "response by duration" and item.value.bound == "exact"


def _response(study: Study, group: str) -> str | None:
    return None if group == EVERYBODY else study.groups[group].value


def check_patients(among: str, responders: int | None, items: Sequence[str], study: Study, address: str) -> None:
    """Refuse an analysis of patients whose number is not printed, and a number of responders beside a printed one.

    Raises
    ------
    InputError
        With the sentence.
    """
    if among != EVERYBODY:
        known = [id for id, group in study.groups.items() if group.by == "characteristic" and group.n is not None]
        if among not in known:
            hint = nearest(among, [EVERYBODY, *known])
            raise InputError(
                f"{address}: cohort.among: required all patients or a group by characteristic of printed size, "
                f"found {quote(among)}; {hint}"
            )
    n = study.n if among == EVERYBODY else study.groups[among].n or 0
    if responders is None:
        return
    if responders > n:
        raise InputError(f"{address}: cohort.responders: required at most the {n} patients, found {responders}")
    _check_incidence(responders, items, n, study, address)
    printed = {id for id, one in fittable(study, among).items() if one.role == "count of responders"}
    for id in items:
        if id in printed:
            raise InputError(f"{address}: cohort.responders is given, but {id!r} is fitted, which says it; remove one")


def _check_incidence(responders: int, items: Sequence[str], n: int, study: Study, address: str) -> None:
    """As many responders as had responded by a printed day, and one more where a response is later."""
    last = [item.highest.value for item in study.items if isinstance(item, MedianTime) and item.highest is not None]
    for item in study.items:
        if isinstance(item, Incidence) and item.id in items:
            least = int(item.value.value * n + 0.5) + int(any(day > item.day for day in last))
            if responders < least:
                raise InputError(
                    f"{address}: cohort.responders: required at least {least}, since {item.value} of {n} had responded "
                    f"by {item.at}, found {responders}"
                )


def check_items(
    items: Sequence[str], study: Study, address: str, *, among: str = EVERYBODY, has_responders: bool = False
) -> None:
    """Refuse fitted items that the study does not have, or that the likelihood has no place for.

    Raises
    ------
    InputError
        With the sentence.
    """
    known = fittable(study, among)
    for id in items:
        if items.count(id) > 1:
            raise InputError(f"{address}: fit.items: {quote(id)} is named twice")
        if id not in known:
            raise InputError(f"{address}: fit.items: {_no_place(id, study, list(known))}")
    fitted = {id: known[id] for id in items}
    _check_roles(fitted, f"{address}: fit.items", has_responders=has_responders)
    days = {one.item.day: id for id, one in fitted.items() if isinstance(one.item, Survival)}
    if len(days) > 1:
        words = ", ".join(f"{id!r} at day {day:g}" for day, id in sorted(days.items()))
        raise InputError(f"{address}: fit.items: required survival at one day, found {words}")
    for day, id in days.items():
        if day <= EARLIEST_DAY:
            raise InputError(f"{address}: fit.items: required survival after day 28, found {id!r} at day {day:g}")
    _check_days_of_response(fitted, next(iter(days), YEAR), f"{address}: fit.items")


def _check_days_of_response(fitted: Mapping[str, Fittable], last: float, address: str) -> None:
    """Everything fitted about response lies before the day up to which patients are followed."""
    for id, one in fitted.items():
        if isinstance(one.item, Incidence):
            days = [one.item.at]
        elif isinstance(one.item, MedianTime):
            days = [number.printed for number in one.item.numbers if number.among == one.among]
        else:
            continue
        for printed in days:
            if printed.value >= last:
                raise InputError(
                    f"{address}: required days of response before day {last:g}, up to which response is looked for, "
                    f"found {printed} in {id!r}"
                )


def _no_place(id: str, study: Study, known: list[str]) -> str:
    item = next((item for item in study.items if item.id == id), None)
    if isinstance(item, MedianTime) and item.readings is not None:
        readings = [item.id_among(group) for group in item.groups if item.id_among(group) in known]
        return f"{id!r} is printed of more than one group; required one of {listed(readings)}"
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
        part = f"{one.role} among {one.among!r}" if one.role == "survival" else one.role
        if part in taken:
            raise InputError(f"{address}: {taken[part]!r} and {id!r} are both a {part}; required one of them")
        taken[part] = id
    for id, one in fitted.items():
        if one.needs_count and not has_responders and "count of responders" not in taken:
            raise InputError(f"{address}: {id!r} is about {one.among!r}; required the count of responders beside it")


def check_fitted_p_values(
    items: Sequence[str], conventions: Conventions, study: Study, address: str, *, form: str
) -> None:
    """A P value can be fitted where it is exact, of response by duration, and its test has a direction.

    Durations must have a part in the analysis, and differ.

    Raises
    ------
    InputError
        With the sentence.
    """
    for item in study.items:
        if not isinstance(item, PValue) or item.id not in items:
            continue
        if not _is_of_response(item):
            raise InputError(
                f"{address}: fit.items: required an exact P value of response by duration to be fitted, "
                f"found {quote(item.id)}, which can only be checked"
            )
        if form == "none" or study.n == 1:
            found = "cohort.form = 'none'" if form == "none" else "one patient"
            raise InputError(
                f"{address}: fit.items: required patients of different durations for {quote(item.id)}, found {found}"
            )
        try:
            name = item.named_test(conventions)
        except InputError as error:
            raise InputError(f"{address}: fit.items: {error}") from None
        if name == "log-rank":
            raise InputError(
                f"{address}: conventions.tests.{item.id}: required a test with a direction for a P value that is "
                "fitted, 'cox', 'fine-gray' or 'spearman', found 'log-rank'"
            )


def check_cohort(
    sizes: Mapping[str, int],
    form: Literal["log2", "step", "none"],
    items: Sequence[str],
    study: Study,
    address: str,
    *,
    among: str = EVERYBODY,
) -> None:
    """Refuse group sizes that the study cannot have, and a missing size where something needs it.

    Raises
    ------
    InputError
        With the sentence.
    """
    if study.n > MOST_PATIENTS:
        raise InputError(f"{study.path}: study.n: required at most {MOST_PATIENTS} patients, found {study.n}")
    sized = [id for id, group in study.groups.items() if group.by != "response"]
    for id, size in sizes.items():
        if id not in sized:
            hint = nearest(id, sized) if sized else "the study has none"
            raise InputError(f"{address}: cohort.sizes: {quote(id)} is no group by duration; {hint}")
        if not 0 < size < study.n:
            required = f"1 to {study.n - 1} of {study.n}" if study.n > 1 else "no size, since one patient has no parts"
            raise InputError(f"{address}: cohort.sizes.{id}: required {required}, found {size}")
    by_duration = {id: size for id, size in sizes.items() if study.groups[id].by == "duration"}
    _check_complements(by_duration, study, f"{address}: cohort.sizes")
    _check_characteristics(sizes, study, f"{address}: cohort.sizes")
    if form == "step" and not by_duration:
        raise InputError(f"{address}: cohort.sizes is missing; form = 'step' divides the patients at a group's size")
    divided = [study.groups[id] for id in by_duration]
    for id in items:
        group = study.groups.get(fittable(study, among)[id].among)
        if group is None or group.by != "duration":
            continue
        if not any(group == other or group.is_complement_of(other) for other in divided):
            raise InputError(f"{address}: cohort.sizes: required the size of {group.id!r}, which {id!r} is about")


def _check_characteristics(sizes: Mapping[str, int], study: Study, address: str) -> None:
    """Every group by characteristic has a size, printed or said here, or its complement has; one of them, not both."""
    groups = [group for group in study.groups.values() if group.by == "characteristic"]
    for group in groups:
        both = [group, *(other for other in groups if group.is_complement_of(other))]
        if group.id in sizes and any(one.n is not None for one in both):
            raise InputError(f"{address}.{group.id}: the study prints how many patients it has; remove it")
        if not any(one.n is not None or one.id in sizes for one in both):
            raise InputError(f"{address}: required the size of {group.id!r}, which the study does not print")


def _check_complements(sizes: Mapping[str, int], study: Study, address: str) -> None:
    for first, second in itertools.pairwise(sizes):
        if not study.groups[first].is_complement_of(study.groups[second]):
            raise InputError(f"{address}: {first!r} and {second!r} do not divide the patients; required one division")
        if sizes[first] + sizes[second] != study.n:
            found = f"{sizes[first]} + {sizes[second]} = {sizes[first] + sizes[second]}"
            raise InputError(f"{address}: {first!r} and {second!r} have all {study.n} patients, found {found}")


def duration_summary(study: Study) -> tuple[float, float, float]:
    """The median, lowest and highest duration of neutropenia of all patients, days.

    Raises
    ------
    InputError
        When the study does not print all three, or one of them is zero.
    """
    for item in study.items:
        if isinstance(item, CovariateSummary) and item.covariate == "duration" and item.among == EVERYBODY:
            printed = (item.median, item.lowest, item.highest)
            days = tuple(number.value for number in printed if number is not None)
            if len(days) == len(printed):
                if min(days) <= 0.0:
                    raise InputError(f"{study.path}: item {item.id!r}: required durations above 0 days, found 0")
                return days[0], days[1], days[2]
    raise InputError(
        f"{study.path}: an analysis needs the patients' durations; required a covariate_summary of 'duration' "
        "among all with median, lowest and highest"
    )


def check_tests(conventions: Conventions, study: Study, address: str) -> None:
    """Refuse a test of no P value, of one whose test is printed, or that cannot test it; and a P value without a test.

    Raises
    ------
    InputError
        With the sentence.
    """
    items = {item.id: item for item in study.items if isinstance(item, PValue)}
    for id in conventions.tests:
        if id not in items:
            hint = nearest(id, items) if items else "the study has none"
            raise InputError(f"{address}: conventions.tests: {quote(id)} is no P value; {hint}")
        named = items[id].test
        if named is not None:
            raise InputError(f"{address}: conventions.tests.{id}: the paper names the test, {named.name!r}; remove it")
    for item in items.values():
        try:
            item.named_test(conventions)
        except InputError as error:
            raise InputError(f"{address if item.test is None else study.path}: {error}") from None
