"""Shifts: fixed effects with a declared prior, of whatever tells some studies or patients apart from the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, eq=False)
class Shift:
    """What hazards and parameters of some studies, or of their known patients, differ by from the reference.

    Parameters
    ----------
    name
        "population:poor_graft_function", "definition:trilineage" or "patients:gagelmann2023".
    studies
        Whose it is, by id.
    deviations
        By effect the standard deviation of its normal prior around no difference; 0 of an effect that is not named.
    applies_to
        "studies", or "patients": those alone who are known one by one beside the print of the study.
    """

    name: str
    studies: tuple[str, ...]
    deviations: Mapping[str, float]
    applies_to: Literal["studies", "patients"] = "studies"
