"""The groups of a study file, held against each other: no group twice, none empty, none larger than all."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.event import Event, check_event
from hscb_bayes.evidence.group import Group
from hscb_bayes.sentences import listed, nearest, quote


def check_groups(groups: Mapping[str, Group], patients: int, events: Mapping[str, Event], path: str) -> None:
    """Refuse a group that a study of so many patients and of these declared events cannot have beside the others.

    Raises
    ------
    InputError
        With a sentence for each group that is one that is there already, or cannot be beside the others; or else for
        each that has too many patients.
    """
    refusals, before = Refusals(), list[Group]()
    for group in groups.values():
        with refusals.of_a_part():
            _check_group(group, before, groups, patients, events, f"{path}: group {group.id!r}")
        before.append(group)
    refusals.say()
    for group in groups.values():
        with refusals.of_a_part():
            _check_size(group, groups, patients, f"{path}: group {group.id!r}")
    refusals.say()


def _check_group(
    group: Group,
    before: Sequence[Group],
    groups: Mapping[str, Group],
    patients: int,
    events: Mapping[str, Event],
    address: str,
) -> None:
    """Refuse one group beside those that stand before it in the file."""
    if group.about is not None:
        check_event(group.about, events, ends=False, address=f"{address}: event")
    if group.by == "groups":
        _check_all_of(group, groups, address)
    for one in before:
        if one.definition == group.definition:
            raise InputError(f"{address}: {one.id!r} is the same group, {_in_words(one)}")
        if one.by == "characteristic" and one.of == group.of:
            _check_parts(one, group, patients, address)


def known_size(group: str, groups: Mapping[str, Group], patients: int) -> int | None:
    """How many patients a group has, where the study file says it: all, a printed n, or that of its complement."""
    if group == EVERYBODY:
        return patients
    own = groups[group]
    if own.n is not None:
        return own.n
    others = (other.n for other in groups.values() if other.n is not None and other.is_complement_of(own))
    return next((patients - n for n in others), None)


def _in_words(group: Group) -> str:
    """What defines a group, and of groups by response how their levels are kept."""
    if group.by == "response":
        seen = "patients ever seen to respond" if group.value == "yes" else "patients never seen to respond"
        return f"{seen}; required one of them, or for complete or partial responders the event that they had"
    if group.by == "characteristic":
        return f"{group.of!r} with value {group.value!r}"
    return repr(group.rule) if group.rule is not None else f"all of {listed(group.parts)}"


def _check_parts(one: Group, other: Group, patients: int, address: str) -> None:
    """Two groups by one characteristic, who has it and who does not, have together at most all patients."""
    together = (one.n or 0) + (other.n or 0)
    if one.n is not None and other.n is not None and together > patients:
        raise InputError(
            f"{address}: {one.id!r} and {other.id!r} have {one.n} + {other.n} = {together} patients, "
            f"more than the {patients} of the study"
        )


def _check_all_of(group: Group, groups: Mapping[str, Group], address: str) -> None:
    """Groups that there are, each defined by itself, no two of which exclude or hold one another."""
    for id in group.parts:
        if id == EVERYBODY:
            raise InputError(f"{address}: all_of: everybody is in {EVERYBODY!r}; remove it")
        if id not in groups:
            raise InputError(f"{address}: all_of: unknown group {quote(id)}; {nearest(id, groups)}")
        if groups[id].by == "groups":
            raise InputError(f"{address}: all_of: {id!r} is itself by groups; required the groups that it is made of")
        if group.parts.count(id) > 1:
            raise InputError(f"{address}: all_of: {id!r} is named twice")
    for one, other in itertools.combinations([groups[id] for id in group.parts], 2):
        if one.is_complement_of(other) or _exclude(one, other):
            raise InputError(f"{address}: all_of: nobody is in both {one.id!r} and {other.id!r}")
        if one.cut is not None and other.cut is not None and _is_below(one) == _is_below(other):
            raise InputError(f"{address}: all_of: of {one.id!r} and {other.id!r} one holds the other; required one")
    by_response = [id for id in group.parts if groups[id].by == "response"]
    if group.n is not None and by_response:
        raise InputError(
            f"{address}: n is given, but {by_response[0]!r} is by response; required a count of responses among the "
            "others"
        )


def _is_below(group: Group) -> bool:
    return group.relation in ("<", "<=")


def _exclude(one: Group, other: Group) -> bool:
    """Whether two rules on the duration leave no duration."""
    if one.cut is None or other.cut is None or _is_below(one) == _is_below(other):
        return False
    below, above = (one, other) if _is_below(one) else (other, one)
    highest, lowest = below.cut, above.cut
    if highest is None or lowest is None or lowest.value != highest.value:
        return highest is None or lowest is None or lowest.value > highest.value
    return (below.relation, above.relation) != ("<=", ">=")


def _check_size(group: Group, groups: Mapping[str, Group], patients: int, address: str) -> None:
    """Not more patients than the study has, or than one of the groups that it is made of."""
    if (group.n or 0) > patients:
        raise InputError(f"{address}: n {group.n} is more than the {patients} patients of the study")
    for id in group.all_of or ():
        size = known_size(id, groups, patients)
        if group.n is not None and size is not None and group.n > size:
            raise InputError(f"{address}: n {group.n} is more than the {size} patients of {id!r}")
