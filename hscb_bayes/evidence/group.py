"""The groups of patients that a paper compares, and who is in them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import RESPONSE
from hscb_bayes.evidence.item import Identifier, Line, Table
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.sentences import listed, quote

Relation = Literal["<", "<=", ">", ">="]

KEYS: Mapping[str, tuple[str, ...]] = {
    "response": ("value",),
    "duration": ("rule",),
    "characteristic": ("of", "value"),
    "groups": ("all_of",),
}
COMPLEMENT: Mapping[str, str] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_RULE = re.compile(r"(?P<relation><=|>=|<|>)\s*(?P<cut>.+)")


class Group(Table):
    """Patients who are treated as one in a paper.

    A group ``by = "response"`` is the naive one: who was ever seen to respond (``value = "yes"``) or not, although that
    was not known at time zero; ``event`` names another event than ``response``. A group ``by = "duration"`` holds the
    patients whose prior neutropenia meets a rule. A group ``by = "characteristic"`` holds those who have something that
    was known at time zero (``value = "yes"``), such as a sibling donor, or do not have it; the model knows of no effect
    of it. A group ``by = "groups"`` holds the patients who are in all of several groups, such as the responders of one
    arm.
    """

    id: Identifier = Field(description="name of the group: the table's own name")
    by: Literal["response", "duration", "characteristic", "groups"] = Field(description="what divides the patients")
    value: Literal["yes", "no"] | None = Field(
        default=None,
        description="by response: those ever seen to respond, or the others; by characteristic: who has it, or not",
    )
    event: Identifier | None = Field(
        default=None, description="by response: the event, one that does not end follow-up; left out: `response`"
    )
    of: Identifier | None = Field(default=None, description="by characteristic: its name")
    n: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="by characteristic, or by groups without response: patients in the group, if printed"
    )
    rule: Line | None = Field(default=None, description="by duration: `<`, `<=`, `>` or `>=` and a time with its unit")
    all_of: Annotated[tuple[Identifier, ...], Field(strict=False, min_length=2)] | None = Field(
        default=None, description="by groups: two or more groups, each by something else; who is in all of them"
    )
    label: Line = Field(description="the group in words")

    @model_validator(mode="after")
    def _said_in_one_way(self) -> Group:
        given = {"value": self.value, "rule": self.rule, "of": self.of, "all_of": self.all_of}
        for key, needed in {key: key in KEYS[self.by] for key in given}.items():
            if needed and given[key] is None:
                raise ValueError(f"{key} is missing; a group by {self.by} needs it")
            if given[key] is not None and not needed:
                raise ValueError(f"{key} is given for a group by {self.by}; remove it")
        if self.event is not None and self.by != "response":
            raise ValueError(f"event is given for a group by {self.by}; remove it")
        if self.n is not None and self.by in ("response", "duration"):
            raise ValueError(f"n is given for a group by {self.by}; counts and the median say how many they are")
        if self.rule is not None:
            _split_rule(self.rule)
        return self

    @property
    def about(self) -> str | None:
        """Name of the event that divides the patients; None where none does."""
        return (self.event or RESPONSE) if self.by == "response" else None

    @property
    def relation(self) -> Relation | None:
        """How duration compares with the cut; None by response."""
        return None if self.rule is None else _split_rule(self.rule)[0]

    @property
    def cut(self) -> Printed | None:
        """The cut that duration is compared with; None by response."""
        return None if self.rule is None else _split_rule(self.rule)[1]

    @property
    def parts(self) -> tuple[str, ...]:
        """Ids of the groups in all of which its patients are; its own where it is not by groups."""
        return (self.id,) if self.all_of is None else self.all_of

    @property
    def definition(self) -> tuple[object, ...]:
        """What says who is in it: two groups of one definition are one group."""
        cut = None if self.cut is None else self.cut.exact
        return (self.by, self.of or self.about, self.value, self.relation, cut, frozenset(self.all_of or ()))

    def is_complement_of(self, other: Group) -> bool:
        """Whether every patient is in exactly one of the two."""
        if self.by == "groups" or self.by != other.by:
            return False
        if self.cut is None or other.cut is None or self.relation is None:
            return (self.of, self.about) == (other.of, other.about) and self.value != other.value
        return self.cut.exact == other.cut.exact and COMPLEMENT[self.relation] == other.relation


def _split_rule(rule: str) -> tuple[Relation, Printed]:
    match = _RULE.fullmatch(rule)
    try:
        cut = Printed(match["cut"]) if match else None
    except ValueError:
        cut = None
    if match is None or cut is None or cut.unit != "days" or cut.bound != "exact":
        raise ValueError(f"rule: required '<', '<=', '>' or '>=' and a time, such as '<= 38 days', found {quote(rule)}")
    relations: dict[str, Relation] = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
    return relations[match["relation"]], cut


def group_masks(
    groups: Mapping[str, Group], *, duration: np.ndarray, responded: np.ndarray, sizes: Mapping[str, int]
) -> dict[str, np.ndarray]:
    """Who is in each group.

    Parameters
    ----------
    duration
        Days of the condition before time zero, shape (..., patient).
    responded
        Who was ever seen to respond, shape (..., patient).
    sizes
        How many patients a group by duration holds, by group id: the shortest durations for ``<`` and ``<=``, the
        longest for ``>`` and ``>=``. Its complement has the rest. A group about which nothing is said follows its rule.
        A group by characteristic holds as many as the paper prints, or as are said here; the members are picked by a
        fixed permutation, since they are taken to be like the others. So it is with a group by groups of which two were
        known at time zero.

    Returns
    -------
    By group id, shape (..., patient).

    Raises
    ------
    InputError
        When a size is of no group by duration, characteristic or groups, or is not from 0 to the number of patients; or
        when a size that is needed is not known.
    """
    patients = duration.shape[-1]
    for id, size in sizes.items():
        if id not in groups or groups[id].by == "response":
            raise InputError(f"group {id!r}: required the id of a group by duration or characteristic")
        if not 0 <= size <= patients:
            raise InputError(f"group {id!r}: required a size from 0 to {patients}, found {size}")
    rank = np.argsort(np.argsort(duration, axis=-1, kind="stable"), axis=-1)
    masks = {}
    for id, group in groups.items():
        if group.by == "response":
            masks[id] = responded if group.value == "yes" else ~responded
        elif group.by == "characteristic":
            masks[id] = np.broadcast_to(_by_characteristic(group, groups, sizes, patients), duration.shape)
        elif group.by == "duration":
            held = _size(group, groups, sizes, patients)
            masks[id] = _by_rule(group, duration) if held is None else _by_rank(group, rank, held)
    return masks | {group.id: _in_all(group, groups, masks, sizes) for group in groups.values() if group.by == "groups"}


def _in_all(
    group: Group, groups: Mapping[str, Group], masks: Mapping[str, np.ndarray], sizes: Mapping[str, int]
) -> np.ndarray:
    """Who is in all parts of a group: as many as are known of those known at time zero, and then by response."""
    at_zero = parts_at_zero(group, groups)
    found = [masks[id] for id in at_zero]
    size = size_of_parts(group, groups, sizes) if len(at_zero) > 1 else None
    if size is None and needs_size(group, groups):
        raise InputError(
            f"group {group.id!r}: the study does not say how many patients are in all of {listed(at_zero)}; required "
            "the size of that group, printed or in cohort.sizes"
        )
    if size is not None:
        found = [drawn(found, size, " ".join(sorted(at_zero)))]
    found += [masks[id] for id in group.parts if id not in at_zero]
    return np.asarray(np.logical_and.reduce(found))


def parts_at_zero(group: Group, groups: Mapping[str, Group]) -> tuple[str, ...]:
    """The parts of a group of which it was known at time zero who is in them: those not by response."""
    return tuple(id for id in group.parts if groups[id].by != "response")


def needs_size(group: Group, groups: Mapping[str, Group]) -> bool:
    """Whether the sizes of the parts of a group leave open how many patients are in all of them at time zero."""
    at_zero = parts_at_zero(group, groups)
    return len(at_zero) > 1 and any(groups[id].by == "characteristic" for id in at_zero)


def size_of_parts(group: Group, groups: Mapping[str, Group], sizes: Mapping[str, int]) -> int | None:
    """How many patients are in all parts of a group that were known at time zero, as printed or said in ``sizes``.

    Of a group that is also by response, the size of the group of its other parts says it; None where nothing does.
    """
    at_zero = set(parts_at_zero(group, groups))
    same = (other for other in groups.values() if set(other.parts) == at_zero)
    found = (sizes.get(other.id, other.n) for other in same)
    return next((size for size in found if size is not None), None)


def drawn(masks: Sequence[np.ndarray], size: int, name: str) -> np.ndarray:
    """As many patients as ``size``, those in all of the masks first, by a permutation that the name fixes.

    Parameters
    ----------
    masks
        Who is in each group, one or more of shape (..., patient).

    Returns
    -------
    Shape (..., patient). Where fewer are in all masks, the rest is taken from those in the most of them.
    """
    patients = masks[0].shape[-1]
    order = np.random.default_rng(zlib.crc32(name.encode())).permutation(patients)
    misses = np.sum([~mask for mask in masks], axis=0)
    return np.asarray(np.argsort(np.argsort(order + patients * misses, axis=-1), axis=-1) < size)


def _by_characteristic(
    group: Group, groups: Mapping[str, Group], sizes: Mapping[str, int], patients: int
) -> np.ndarray:
    """Who is in a group by a characteristic, shape (patient,): those who have it come first, those who do not last."""
    size = _size(group, groups, sizes, patients)
    if size is None:
        raise InputError(
            f"group {group.id!r}: the study does not say how many patients it has; required its size in cohort.sizes"
        )
    order = np.random.default_rng(zlib.crc32((group.of or "").encode())).permutation(patients)
    return order < size if group.value == "yes" else order >= patients - size


def _size(group: Group, groups: Mapping[str, Group], sizes: Mapping[str, int], patients: int) -> int | None:
    """Of a group by duration or characteristic: its own, said or printed, or what its complement leaves."""
    own = sizes.get(group.id, group.n)
    if own is not None:
        return own
    others = (sizes.get(other.id, other.n) for other in groups.values() if other.is_complement_of(group))
    return next((patients - size for size in others if size is not None), None)


def _by_rank(group: Group, rank: np.ndarray, size: int) -> np.ndarray:
    return rank < size if group.relation in ("<", "<=") else rank >= rank.shape[-1] - size


def _by_rule(group: Group, duration: np.ndarray) -> np.ndarray:
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
    if group.cut is None or group.relation is None:
        raise InputError(f"group {group.id!r}: required a rule")
    mask: np.ndarray = compare[group.relation](duration, group.cut.value)
    return mask
