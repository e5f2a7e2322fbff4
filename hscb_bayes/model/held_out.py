"""What a fit leaves out: numbers, studies, or patients."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.model.known_patients import tables_of


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
        Who of all who are known one by one, in the order of the analysis' tables, shape (patient,); nobody if left out.
        Who is inside a print goes back into it: the print is then that of more patients who are not known.
    """

    numbers: Mapping[str, Collection[str]] = field(default_factory=dict)
    studies: Collection[str] = ()
    patients: np.ndarray | None = None

    def check(self, analysis: Analysis) -> None:
        """Refuse what an analysis does not have.

        Raises
        ------
        ValueError
            When a study is not there, or the patients are not as many as the analysis knows.
        """
        known = sum(len(table.patients) for table in tables_of(analysis).values())
        if self.patients is not None and len(self.patients) != known:
            raise ValueError(
                f"{analysis.path}: required to say of each of {known} patients whether to leave him out, found "
                f"{len(self.patients)}"
            )
        unknown = {*self.studies, *self.numbers} - set(analysis.studies)
        if unknown:
            raise ValueError(f"{analysis.path}: there is no study {min(unknown)!r} to leave out")

    def patients_by_study(self, analysis: Analysis) -> dict[str, np.ndarray]:
        """Who of each table is left out, shape (patient,) each, by the study that it belongs to."""
        tables, first = tables_of(analysis), 0
        found = dict[str, np.ndarray]()
        for study, table in tables.items():
            size = len(table.patients)
            own = None if self.patients is None else self.patients[first : first + size]
            found[study] = np.full(size, study in self.studies) if own is None or study in self.studies else own
            first += size
        return found

    def members_of(self, analysis: Analysis) -> list[Any]:
        """The studies with a print, each with the known patients who stay."""
        gone, found = self.patients_by_study(analysis), []
        for member in analysis.members:
            out = gone.get(member.study.id)
            if self.patients is not None and out is not None and out.any():
                known = replace(member.known, patients=member.known.patients.of(~out)) if not out.all() else None
                member = replace(member, known=known)
            found.append(member)
        return found

    def items_of(self, analysis: Analysis) -> dict[str, Collection[str]]:
        """Fitted items that are left out, by study id; of a study that is left out all of them."""
        return {
            member.study.id: member.table.fit.items
            if member.study.id in self.studies
            else self.numbers.get(member.study.id, ())
            for member in analysis.members
        }


NOTHING = HeldOut()
