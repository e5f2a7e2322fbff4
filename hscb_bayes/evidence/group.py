"""The groups of patients that a paper compares, and who is in them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.item import Identifier, Line, Table
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.sentences import quote

Relation = Literal["<", "<=", ">", ">="]

KEYS: Mapping[str, tuple[str, ...]] = {"response": ("value",), "duration": ("rule",), "characteristic": ("of", "value")}
COMPLEMENT: Mapping[str, str] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_RULE = re.compile(r"(?P<relation><=|>=|<|>)\s*(?P<cut>.+)")


class Group(Table):
    """Patients who are treated as one in a paper.

    A group ``by = "response"`` is the naive one: who was ever seen to respond (``value = "yes"``) or not, although that
    was not known at time zero. A group ``by = "duration"`` holds the patients whose prior neutropenia meets a rule. A
    group ``by = "characteristic"`` holds those who have something that was known at time zero (``value = "yes"``), such
    as a sibling donor, or do not have it; the model knows of no effect of it.
    """

    id: Identifier = Field(description="name of the group: the table's own name")
    by: Literal["response", "duration", "characteristic"] = Field(description="what divides the patients")
    value: Literal["yes", "no"] | None = Field(
        default=None,
        description="by response: those ever seen to respond, or the others; by characteristic: who has it, or not",
    )
    of: Identifier | None = Field(default=None, description="by characteristic: its name")
    n: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="by characteristic: patients in the group, if printed"
    )
    rule: Line | None = Field(default=None, description="by duration: `<`, `<=`, `>` or `>=` and a time with its unit")
    label: Line = Field(description="the group in words")

    @model_validator(mode="after")
    def _said_in_one_way(self) -> Group:
        given = {"value": self.value, "rule": self.rule, "of": self.of}
        for key, needed in {key: key in KEYS[self.by] for key in given}.items():
            if needed and given[key] is None:
                raise ValueError(f"{key} is missing; a group by {self.by} needs it")
            if given[key] is not None and not needed:
                raise ValueError(f"{key} is given for a group by {self.by}; remove it")
        if self.n is not None and self.by != "characteristic":
            raise ValueError(f"n is given for a group by {self.by}; counts and the median say how many they are")
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
            return self.by == other.by and self.of == other.of and self.value != other.value
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
        Days of neutropenia before the boost, shape (..., patient).
    responded
        Who was ever seen to respond, shape (..., patient).
    sizes
        How many patients a group by duration holds, by group id: the shortest durations for ``<`` and ``<=``, the
        longest for ``>`` and ``>=``. Its complement has the rest. A group about which nothing is said follows its rule.
        A group by characteristic holds as many as the paper prints, or as are said here; the members are picked by a
        fixed permutation, since they are taken to be like the others.

    Returns
    -------
    By group id, shape (..., patient).

    Raises
    ------
    InputError
        When a size is of no group by duration or characteristic, or is not from 0 to the number of patients; or when
        the size of a group by characteristic is not known.
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
            have = who_has(groups, group.of or "", sizes, patients)
            masks[id] = np.broadcast_to(have if group.value == "yes" else ~have, duration.shape)
        else:
            held = _size(group, groups, sizes, patients)
            masks[id] = _by_rule(group, duration) if held is None else _by_rank(group, rank, held)
    return masks


def who_has(groups: Mapping[str, Group], characteristic: str, sizes: Mapping[str, int], patients: int) -> np.ndarray:
    """Which of the patients have a characteristic, shape (patient,).

    Raises
    ------
    InputError
        When neither the study nor ``sizes`` says how many.
    """
    divided = [group for group in groups.values() if group.of == characteristic]
    for group in divided:
        size = sizes.get(group.id, group.n)
        if size is not None:
            order = np.random.default_rng(zlib.crc32(characteristic.encode())).permutation(patients)
            return order < (size if group.value == "yes" else patients - size)
    raise InputError(
        f"group {divided[0].id!r}: the study does not say how many patients it has; required its size in cohort.sizes"
    )


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
