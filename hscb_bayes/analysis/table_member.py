"""A table of patients as a member of a pool: a study of which nothing is printed, and everybody is known one by one.

A pool takes from the table's own analysis its patients and, where it has one, the duration of neutropenia before the
boost. Hazards and beliefs are those of the pool. Other covariates, and centres, have no part in a pool.
"""

from __future__ import annotations

from hashlib import sha256
from types import MappingProxyType
from typing import Literal

from hscb_bayes.analysis.known import DURATION, Known, KnownTable
from hscb_bayes.analysis.member import AnalysisTable, CohortAssumptions, Fit, Member
from hscb_bayes.analysis.patient_analysis import PatientAnalysis
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import Conventions
from hscb_bayes.evidence.study import Study
from hscb_bayes.sentences import quote


def member_of_table(analysis: PatientAnalysis, first: Member) -> Member:
    """The member of a pool that a table of patients is.

    Parameters
    ----------
    first
        The first member of the pool, which says the beliefs.

    Raises
    ------
    InputError
        When the analysis has other hazards or beliefs than the first, or covariates or centres that a pool cannot have.
    """
    _check(analysis, first)
    table, patients = analysis.table, analysis.patients
    column = table.covariates[DURATION].column if DURATION in table.covariates else None
    why = f"nothing is printed of this study: {len(patients)} patients are known one by one"
    said = KnownTable.model_construct(
        **dict(table.patients), inside=False, duration=column, published_until=None, hazard_ratio_rarely_above=None
    )
    form: Literal["log2", "none"] = "none" if column is None else "log2"
    return Member(
        name=analysis.name,
        path=analysis.path,
        sources=analysis.sources,
        text=analysis.text,
        study=_study(analysis),
        known=Known(said=said, patients=patients, address=analysis.path),
        of_table=analysis,
        table=AnalysisTable.model_construct(
            schema_=table.schema_,
            title=table.title,
            question=table.question,
            study=analysis.path,
            fit=Fit.model_construct(items=(), overlap=True, why=why),
            cohort=CohortAssumptions(reference=first.table.cohort.reference, form=form, why=why),
            hazards=first.table.hazards,
            follow_up=first.table.follow_up,
            conventions=Conventions(),
            prior=first.table.prior,
            between_studies=None,
            known_patients=said,
            handled={},
            report=first.table.report,
        ),
    )


def _study(analysis: PatientAnalysis) -> Study:
    """A study of which nothing is printed."""
    table = analysis.table
    return Study(
        id=analysis.name,
        title=table.title,
        citation=table.title,
        n=len(analysis.patients),
        time_zero=table.endpoints.time_zero,
        design="a table of patients",
        read=table.patients.why,
        groups=MappingProxyType({}),
        items=(),
        path=analysis.path,
        sha256=sha256(analysis.text.encode()).hexdigest(),
        text=analysis.text,
        population=table.population,
        definition=table.definition,
        definition_words=table.endpoints.response,
    )


def _check(analysis: PatientAnalysis, first: Member) -> None:
    table, others = analysis.table, [id for id in analysis.table.covariates if id != DURATION]
    if others or table.centres is not None:
        found = f"covariates.{others[0]}" if others else "centres"
        raise InputError(
            f"{analysis.path}: {found}: a pool takes a table with no covariate but {quote(DURATION)}, and without "
            "centres; remove it from the analysis that is pooled"
        )
    if table.hazards != first.table.hazards:
        raise InputError(
            f"{analysis.path}: hazards: required those of the first member of the pool, {first.name!r}, such as base"
        )
    for id, belief in table.prior.items():
        if first.table.prior.get(id) != belief:
            raise InputError(
                f"{analysis.path}: prior.{id}: required the belief of the first member of the pool, {first.name!r}"
            )
    duration, cohort = table.covariates.get(DURATION), first.table.cohort
    if duration is not None and (duration.form, duration.reference, cohort.form) != ("log2", cohort.reference, "log2"):
        raise InputError(
            f"{analysis.path}: covariates.{DURATION}: required form = 'log2' and reference = {cohort.reference:g}, as "
            f"the first member of the pool has them, found {duration.form!r} and {duration.reference:g}"
        )
