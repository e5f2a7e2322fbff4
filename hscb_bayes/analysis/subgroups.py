"""Whom a printed number is about, among the patients of an analysis: all of them, those who responded, or a group.

An analysis may be about one group of a study. Then a number of another group, or of the whole study, is not one of its
numbers, whatever the number is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.group import Group, group_masks, size_of_parts
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.study import Study


@dataclass(frozen=True, kw_only=True)
class Subgroup:
    """A part of the patients of an analysis, by what defines it beside being one of them.

    Parameters
    ----------
    parts
        Groups in all of which they are; none for all patients of the analysis.
    """

    parts: tuple[Group, ...]

    @property
    def is_everybody(self) -> bool:
        """Whether they are all patients of the analysis."""
        return not self.parts

    @property
    def response(self) -> Literal["yes", "no"] | None:
        """Whether they are those ever seen to respond, or the others; None where they are not divided by that alone."""
        only = self.parts[0] if len(self.parts) == 1 else None
        return None if only is None or only.by != "response" else only.value

    @property
    def duration(self) -> Group | None:
        """The group by duration that they are; None where they are not divided by that alone."""
        only = self.parts[0] if len(self.parts) == 1 else None
        return None if only is None or only.by != "duration" else only


def subgroup_of(study: Study, group: str, patients: str) -> Subgroup | None:
    """A group as a part of the patients of an analysis; None where it is no part of them.

    Parameters
    ----------
    group
        Id of the group, or "all".
    patients
        Id of the group that the analysis is about, or "all".
    """
    own, whole = _parts(study, group), _parts(study, patients)
    if not set(whole) <= set(own):
        return None
    return Subgroup(parts=tuple(study.groups[id] for id in own if id not in whole))


def is_about(study: Study, item: Item, group: str, patients: str) -> bool:
    """Whether a number of an item that is printed of ``group`` is one about patients of the analysis.

    A comparison is where the patients whom it compares are, or where those whom it compares are divided by response or
    duration: by a characteristic of the whole study it is not known how many of the analysis's patients have it.
    """
    is_inside = subgroup_of(study, group, patients) is not None
    if not item.compared_groups:
        return is_inside
    compared = [study.groups[id] for id in item.compared_groups if id != EVERYBODY]
    if is_inside and all(one.by in ("response", "duration") for one in compared):
        return True
    return all(subgroup_of(study, id, patients) is not None for id in item.compared_groups)


def subgroup_masks(
    study: Study, patients: str, *, duration: np.ndarray, responded: np.ndarray, sizes: Mapping[str, int]
) -> dict[str, np.ndarray]:
    """Who of the patients of an analysis is in each group of the study, by id, shape (..., patient).

    Nobody is in a group that is no part of them. Arguments as of ``group_masks``; sizes of groups by duration are those
    among the patients of the analysis.
    """
    if patients == EVERYBODY:
        return group_masks(study.groups, duration=duration, responded=responded, sizes=sizes)
    found = ((id, subgroup_of(study, id, patients)) for id in study.groups)
    inside = {id: subgroup for id, subgroup in found if subgroup is not None}
    groups = {id: group for id, group in study.groups.items() if group.by in ("response", "duration")}
    held = {id: size for id, size in sizes.items() if id in groups}
    for id, subgroup in inside.items():
        group, at_zero = study.groups[id], [part for part in subgroup.parts if part.by != "response"]
        size = size_of_parts(group, study.groups, sizes)
        groups |= {part.id: part for part in subgroup.parts}
        if len(subgroup.parts) > 1:
            groups[id] = group.model_copy(update={"all_of": tuple(part.id for part in subgroup.parts)})
        if size is not None and at_zero:
            held.setdefault(at_zero[0].id if len(at_zero) == 1 else id, size)
    masks = group_masks(groups, duration=duration, responded=responded, sizes=held)
    everybody = np.ones(duration.shape, dtype=bool)
    for id in study.groups:
        parts = inside[id].parts if id in inside else None
        if parts is None:
            masks.setdefault(id, ~everybody)
        elif len(parts) < 2:
            masks[id] = masks[parts[0].id] if parts else everybody
    return masks


def _parts(study: Study, group: str) -> tuple[str, ...]:
    return () if group == EVERYBODY else study.groups[group].parts
