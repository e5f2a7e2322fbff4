"""What a fit leaves out: numbers, studies, or patients."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """What is left out of the data of an analysis.

    Parameters
    ----------
    numbers
        Fitted items, by study id.
    studies
        Study ids: their prints, and the patients who are known one by one beside them or inside.
    patients
        Who of a table that is a whole analysis, shape (patient,); nobody if left out.
    """

    numbers: Mapping[str, Collection[str]] = field(default_factory=dict)
    studies: Collection[str] = ()
    patients: np.ndarray | None = None

    def check(self, analysis: Any) -> None:
        """Refuse what an analysis does not have.

        Raises
        ------
        ValueError
            When patients are to be left out one by one of an analysis with a print, or a study is not there.
        """
        if self.patients is not None and analysis.members:
            raise ValueError(f"{analysis.path}: required patients to leave out of a table alone, found a print")
        unknown = {*self.studies, *self.numbers} - set(analysis.studies)
        if unknown:
            raise ValueError(f"{analysis.path}: there is no study {min(unknown)!r} to leave out")

    def items_of(self, analysis: Any) -> dict[str, Collection[str]]:
        """Fitted items that are left out, by study id; of a study that is left out all of them."""
        return {
            member.study.id: member.table.fit.items
            if member.study.id in self.studies
            else self.numbers.get(member.study.id, ())
            for member in analysis.members
        }


NOTHING = HeldOut()
