"""The groups of patients that a paper compares, and who is in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.item import Identifier, Line, Table
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.sentences import quote

Relation = Literal["<", "<=", ">", ">="]

COMPLEMENT: Mapping[str, str] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_RULE = re.compile(r"(?P<relation><=|>=|<|>)\s*(?P<cut>.+)")


class Group(Table):
    """Patients who are treated as one in a paper.

    A group ``by = "response"`` is the naive one: who was ever seen to respond (``value = "yes"``) or not, although that
    was not known at time zero. A group ``by = "duration"`` holds the patients whose prior neutropenia meets a rule.
    """

    id: Identifier = Field(description="name of the group: the table's own name")
    by: Literal["response", "duration"] = Field(description="what divides the patients")
    value: Literal["yes", "no"] | None = Field(
        default=None, description="by response: those ever seen to respond, or the others"
    )
    rule: Line | None = Field(default=None, description="by duration: `<`, `<=`, `>` or `>=` and a time with its unit")
    label: Line = Field(description="the group in words")

    @model_validator(mode="after")
    def _said_in_one_way(self) -> Group:
        needed, other = ("value", "rule") if self.by == "response" else ("rule", "value")
        given = {"value": self.value, "rule": self.rule}
        if given[needed] is None:
            raise ValueError(f"{needed} is missing; a group by {self.by} needs it")
        if given[other] is not None:
            raise ValueError(f"{other} is given for a group by {self.by}; remove it")
        if self.rule is not None:
            _split_rule(self.rule)
        return self

    @property
    def relation(self) -> Relation | None:
        """How duration compares with the cut; None by response."""
        return None if self.rule is None else _split_rule(self.rule)[0]

    @property
    def cut(self) -> Printed | None:
        """The cut that duration is compared with; None by response."""
        return None if self.rule is None else _split_rule(self.rule)[1]

    def is_complement_of(self, other: Group) -> bool:
        """Whether every patient is in exactly one of the two."""
        if self.cut is None or other.cut is None or self.relation is None:
            return self.by == other.by and self.value != other.value
        return self.cut.value == other.cut.value and COMPLEMENT[self.relation] == other.relation


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
        Days of neutropenia before the boost, shape (..., patient).
    responded
        Who was ever seen to respond, shape (..., patient).
    sizes
        How many patients a group by duration holds, by group id: the shortest durations for ``<`` and ``<=``, the
        longest for ``>`` and ``>=``. Its complement has the rest. A group about which nothing is said follows its rule.

    Returns
    -------
    By group id, shape (..., patient).

    Raises
    ------
    InputError
        When a size is of no group by duration, or is not from 0 to the number of patients.
    """
    patients = duration.shape[-1]
    for id, size in sizes.items():
        if id not in groups or groups[id].by != "duration":
            raise InputError(f"group {id!r}: required the id of a group by duration")
        if not 0 <= size <= patients:
            raise InputError(f"group {id!r}: required a size from 0 to {patients}, found {size}")
    rank = np.argsort(np.argsort(duration, axis=-1, kind="stable"), axis=-1)
    masks = {}
    for id, group in groups.items():
        if group.by == "response":
            masks[id] = responded if group.value == "yes" else ~responded
        else:
            held = _size(group, groups, sizes, patients)
            masks[id] = _by_rule(group, duration) if held is None else _by_rank(group, rank, held)
    return masks


def _size(group: Group, groups: Mapping[str, Group], sizes: Mapping[str, int], patients: int) -> int | None:
    if group.id in sizes:
        return sizes[group.id]
    return next((patients - size for id, size in sizes.items() if groups[id].is_complement_of(group)), None)


def _by_rank(group: Group, rank: np.ndarray, size: int) -> np.ndarray:
    return rank < size if group.relation in ("<", "<=") else rank >= rank.shape[-1] - size


def _by_rule(group: Group, duration: np.ndarray) -> np.ndarray:
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
    if group.cut is None or group.relation is None:
        raise InputError(f"group {group.id!r}: required a rule")
    mask: np.ndarray = compare[group.relation](duration, group.cut.value)
    return mask
