"""Patients one by one of each study of an analysis, and what their hazards are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.known import DURATION
from hscb_bayes.analysis.member import Member
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.model.print_arrays import covariate_at

OWN = "these patients"  # term of patients whose study has effects, or who have some of their own


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownRows:
    """Patients of one study as rows at risk.

    ``terms`` have log hazard ratios: of duration, of being one of these patients, and of all covariates of the
    analysis, if the study has some of them. ``centres`` are those of the whole analysis, none of a study without any.

    Shapes: ``own_design`` (patient, term), ``own_centre`` (patient,).
    """

    hazards: Hazards
    patients: Patients
    by_duration: bool
    with_effect: bool
    covariates: tuple[str, ...]
    centres: tuple[str, ...]
    own_design: np.ndarray
    own_centre: np.ndarray

    @property
    def terms(self) -> tuple[str, ...]:
        """What has a log hazard ratio."""
        return (*((DURATION,) if self.by_duration else ()), *((OWN,) if self.with_effect else ()), *self.covariates)


def known_rows(member: Member, analysis: Analysis | None = None, *, with_effect: bool = False) -> KnownRows | None:
    """Rows of the patients of a study who are known one by one; None where nobody is.

    Parameters
    ----------
    analysis
        Of which the study is a member; the study alone if left out.
    with_effect
        Whether the study has effects although the analysis says nothing of studies: what is known of one of several.
    """
    known, whole = member.known, analysis or member
    if known is None:
        return None
    size, columns = len(known), list[np.ndarray]()
    duration = known.duration if member.by_duration else None
    if duration is not None:
        columns.append(covariate_at(member, duration))
    with_effect = with_effect or whole.has_hierarchy or known.said.deviation is not None
    columns += [np.ones(size)] if with_effect else []
    covariates, centres = whole.terms if member.terms else (), whole.centres if member.centres else ()
    own = dict(zip(member.terms, member.own_design.T, strict=True))
    columns += [own.get(term, np.zeros(size)) for term in covariates]
    first = centres.index(member.centres[0]) if centres else 0
    return KnownRows(
        hazards=member.hazards,
        patients=known.patients,
        by_duration=duration is not None,
        with_effect=with_effect,
        covariates=covariates,
        centres=centres,
        own_design=np.column_stack(columns) if columns else np.zeros((size, 0)),
        own_centre=member.own_centre + first,
    )


def tables_of(analysis: Analysis, *, with_effect: bool = False) -> dict[str, KnownRows]:
    """Patients one by one, by the id of the study that they belong to; ``with_effect`` as of ``known_rows``."""
    found = {member.study.id: known_rows(member, analysis, with_effect=with_effect) for member in analysis.members}
    return {study: rows for study, rows in found.items() if rows is not None}
