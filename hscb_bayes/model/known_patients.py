"""Patients one by one beside a print, or without one: as tables at risk, by study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.known import DURATION
from hscb_bayes.analysis.member import Member
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.model.patient_likelihood import OWN, coefficients, log_likelihood_of_table
from hscb_bayes.model.patient_rows import OneByOne, table_data
from hscb_bayes.model.print_arrays import covariate_at
from hscb_bayes.process.pathway import TRANSITIONS

TABLE = "(patients)"  # stands for the study of a table that is a whole analysis; no id of a study is so


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownRows:
    """The patients as rows at risk. ``terms`` have log hazard ratios: of duration, and of being one of these patients.

    Shapes: ``own_design`` (patient, term), ``own_centre`` (patient,).
    """

    hazards: Hazards
    patients: Patients
    terms: tuple[str, ...]
    own_design: np.ndarray

    @property
    def centres(self) -> tuple[str, ...]:
        """None: what they have in common is a term."""
        return ()

    @property
    def own_centre(self) -> np.ndarray:
        """Zeros, shape (patient,)."""
        return np.zeros(len(self.patients), dtype=int)


def known_rows(analysis: Member, *, with_effect: bool = False) -> KnownRows | None:
    """Rows of the patients that an analysis of a paper knows one by one; None where it knows none.

    Parameters
    ----------
    with_effect
        Whether their study has effects on the log hazards, in which patients of their own have none.
    """
    known = analysis.known
    if known is None:
        return None
    terms, columns = list[str](), list[np.ndarray]()
    if analysis.by_duration and known.duration is not None:
        terms.append(DURATION)
        columns.append(covariate_at(analysis, known.duration))
    if with_effect or known.said.deviation is not None:
        terms.append(OWN)
        columns.append(np.ones(len(known)))
    return KnownRows(
        hazards=analysis.table.hazards,
        patients=known.patients,
        terms=tuple(terms),
        own_design=np.column_stack(columns) if columns else np.zeros((len(known), 0)),
    )


def tables_of(analysis: Analysis) -> dict[str, OneByOne]:
    """Patients one by one, by the id of the study that they belong to; a table that is a whole analysis has no print.

    Parameters
    ----------
    analysis
        Of whatever form: its ``members`` are the studies with a print.
    """
    if not analysis.members:
        whole: Any = analysis  # a table has all that is asked of patients one by one
        return {TABLE: whole}
    found = {member.study.id: known_rows(member, with_effect=analysis.has_hierarchy) for member in analysis.members}
    return {study: rows for study, rows in found.items() if rows is not None}


def effect_deviations(analysis: Analysis) -> dict[str, float]:
    """By study id, the standard deviation of what its known patients add to each log hazard; none where nothing."""
    known = {member.study.id: member.known for member in analysis.members if member.known is not None}
    found = {study: each.said.deviation for study, each in known.items()}
    return {study: deviation for study, deviation in found.items() if deviation is not None}


def known_of(analysis: Analysis, study: str) -> str | None:
    """The study itself where its known patients have effects of their own."""
    return study if study in effect_deviations(analysis) else None


def added_to_known(analysis: Analysis, study: str, of_known: Any, effects: Any) -> Any:
    """What is added to each log hazard of the patients who are known beside a print, shape (transition,).

    Parameters
    ----------
    of_known
        Effects of known patients, shape (table, transition), a row a study whose patients have some.
    effects
        Of their study, shape (effect,).
    """
    with_effect, own = list(effect_deviations(analysis)), effects[: len(TRANSITIONS)]
    return own + of_known[with_effect.index(study)] if study in with_effect else own


def known_terms(parameters: np.ndarray, effect: np.ndarray | None, analysis: Member) -> np.ndarray:
    """Log likelihood of the patients at many points, in NumPy, shape (draw,).

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    effect
        Of being one of them, shape (transition,); None where there is none.
    """
    rows = known_rows(analysis)
    if rows is None:
        return np.zeros(len(parameters))
    data, ids = table_data(rows), analysis.parameter_ids
    points = (coefficients(rows, dict(zip(ids, point[:, None], strict=True)), np, own=effect) for point in parameters)
    return np.array([log_likelihood_of_table(rows, each, data, np) for each in points])
