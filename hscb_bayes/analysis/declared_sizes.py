"""The sizes of groups that an analysis declares, held against the study: all that it needs, none that cannot be."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Literal

from hscb_bayes.analysis.against_study import fittable, patients_of
from hscb_bayes.analysis.subgroups import Subgroup, subgroup_of
from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.group import Group, parts_at_zero, size_of_parts
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.study import Study
from hscb_bayes.sentences import listed, nearest, quote

MOST_PATIENTS = 10_000  # every one of them is simulated, thousands of times


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
        With a sentence for each size that is refused, or else for what is missing.
    """
    if study.n > MOST_PATIENTS:
        raise InputError(f"{study.path}: study.n: required at most {MOST_PATIENTS} patients, found {study.n}")
    _check_each(sizes, study, among, f"{address}: cohort.sizes")
    by_duration = {id: size for id, size in sizes.items() if study.groups[id].by == "duration"}
    refusals = Refusals()
    with refusals.of_a_part():
        _check_complements(by_duration, study, patients_of(study, among), f"{address}: cohort.sizes")
    with refusals.of_a_part():
        _check_characteristics(sizes, study, f"{address}: cohort.sizes")
    with refusals.of_a_part():
        _check_intersections(sizes, study, among, f"{address}: cohort.sizes")
    refusals.say()
    if form == "step" and not by_duration:
        raise InputError(f"{address}: cohort.sizes is missing; form = 'step' divides the patients at a group's size")
    divided = [study.groups[id] for id in by_duration]
    fitted = fittable(study, among)
    for id in (id for id in items if id in fitted):
        group = fitted[id].subgroup.duration
        if group is not None and not any(group == other or group.is_complement_of(other) for other in divided):
            raise InputError(f"{address}: cohort.sizes: required the size of {group.id!r}, which {id!r} is about")
    _check_denominators(sizes, study, among, f"{address}: cohort.sizes", by_duration=form != "none")


def _check_each(sizes: Mapping[str, int], study: Study, among: str, address: str) -> None:
    """Every size is of a group that has one, and is neither nobody nor everybody."""
    sized = [id for id, group in study.groups.items() if len(parts_at_zero(group, study.groups)) == len(group.parts)]
    refusals = Refusals()
    for id, size in sizes.items():
        if id not in sized:
            hint = nearest(id, sized) if sized else "the study has none"
            refusals.add(f"{address}: {quote(id)} is no group by duration; {hint}")
            continue
        n = patients_of(study, among) if study.groups[id].by == "duration" else study.n
        if not 0 < size < n:
            required = f"1 to {n - 1} of {n}" if n > 1 else "no size, since one patient has no parts"
            refusals.add(f"{address}.{id}: required {required}, found {size}")
    refusals.say()


def _check_characteristics(sizes: Mapping[str, int], study: Study, address: str) -> None:
    """Every group by characteristic has a size, printed or said here, or its complement has; one of them, not both."""
    groups = [group for group in study.groups.values() if group.by == "characteristic"]
    refusals, missing = Refusals(), set[str]()
    for group in groups:
        both = [group, *(other for other in groups if group.is_complement_of(other))]
        if group.id in sizes and any(one.n is not None for one in both):
            refusals.add(f"{address}.{group.id}: the study prints how many patients it has; remove it")
        if not any(one.n is not None or one.id in sizes or one.id in missing for one in both):
            refusals.add(f"{address}: required the size of {group.id!r}, which the study does not print")
            missing.add(group.id)
    refusals.say()


def _check_intersections(sizes: Mapping[str, int], study: Study, among: str, address: str) -> None:
    """Every group by groups has the size that it needs, printed or said here; not both."""
    refusals = Refusals()
    for group in study.groups.values():
        subgroup = subgroup_of(study, group.id, among)
        if group.by == "groups" and subgroup is not None:
            with refusals.of_a_part():
                _check_intersection(group, subgroup, sizes, study, among, address)
    refusals.say()


def _check_intersection(
    group: Group, subgroup: Subgroup, sizes: Mapping[str, int], study: Study, among: str, address: str
) -> None:
    if group.id in sizes and group.n is not None:
        raise InputError(f"{address}.{group.id}: the study prints how many patients it has; remove it")
    cut = subgroup.duration
    if cut is not None and group.n is not None and sizes.get(cut.id, group.n) != group.n:
        raise InputError(f"{address}.{cut.id}: required {group.n}, the size of {group.id!r}, found {sizes[cut.id]}")
    at_zero = [part for part in subgroup.parts if part.by != "response"]
    is_open = any(part.by == "characteristic" for part in at_zero) and (len(at_zero) > 1 or among != EVERYBODY)
    if is_open and size_of_parts(group, study.groups, sizes) is None:
        parts = listed(parts_at_zero(group, study.groups))
        raise InputError(
            f"{address}: required how many patients are in all of {parts}, which {group.id!r} is made of and the study "
            "does not print: the size of a group by them"
        )


def _check_denominators(sizes: Mapping[str, int], study: Study, among: str, address: str, *, by_duration: bool) -> None:
    """Counts are out of as many patients as their group is said to have, or of fewer who were evaluable."""
    whole = patients_of(study, among)
    for item in study.items:
        subgroup = subgroup_of(study, item.among, among) if isinstance(item, Count) else None
        if not isinstance(item, Count) or subgroup is None or subgroup.is_everybody:
            continue
        group = subgroup.duration or study.groups[item.among]
        size = sizes.get(group.id)
        for id, other in sizes.items():
            if size is None and study.groups[id].is_complement_of(group):
                size = whole - other
        if size is None and subgroup.duration is not None and by_duration:
            raise InputError(f"{address}: required the size of {group.id!r}, of which {item.id!r} counts {item.n}")
        if size is not None and (item.n > size or (item.n < size and item.evaluable is None)):
            raise InputError(
                f"{address}: {group.id!r} has {size} patients, and {item.id!r} counts {item.n}; required the same "
                "number, or in the study file a word in evaluable why the others are not counted"
            )


def _check_complements(sizes: Mapping[str, int], study: Study, n: int, address: str) -> None:
    for first, second in itertools.pairwise(sizes):
        if not study.groups[first].is_complement_of(study.groups[second]):
            raise InputError(f"{address}: {first!r} and {second!r} do not divide the patients; required one division")
        if sizes[first] + sizes[second] != n:
            found = f"{sizes[first]} + {sizes[second]} = {sizes[first] + sizes[second]}"
            raise InputError(f"{address}: {first!r} and {second!r} have all {n} patients, found {found}")
