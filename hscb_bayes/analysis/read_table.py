"""From an analysis file about a table of patients, and the table, to a member of which nothing is printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from hscb_bayes.analysis.covariate import Covariate
from hscb_bayes.analysis.known import DURATION, Known, KnownTable
from hscb_bayes.analysis.layers import find_analysis, layers_of
from hscb_bayes.analysis.member import Member, check_levels
from hscb_bayes.analysis.patient_table import PatientAnalysisTable, kinds_of_columns, validated
from hscb_bayes.analysis.table_source import patients_in, read_source
from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.stored import patients_of_text
from hscb_bayes.evidence.study import Study
from hscb_bayes.sentences import nearest, quote
from hscb_bayes.toml_file import tables_of_json

FEWEST_CENTRES = 2
RESERVED = ("new", "between")  # a centre that is not in the table, and the spread between centres


def is_of_patients(path: str | Path) -> bool:
    """Whether an analysis file is about a table of patients."""
    return "patients" in layers_of(find_analysis(path))[0][-1][1]


def load_patients(path: str | Path) -> Member:
    """Read an analysis file and the table of patients that it names.

    Raises
    ------
    InputError
        A sentence that says which file, column and patient, what is required and what was found.
    """
    file = find_analysis(path)
    layers, sources = layers_of(file)
    data = layers[-1][1]
    table = validated(data, str(file))
    frame, source, read = read_source(table.patients, file, "patients")
    return patient_analysis(
        frame, table, name=file.stem, path=str(file), address=source, text=json.dumps(data), sources={**sources, **read}
    )


def patient_analysis(
    frame: Any,
    table: PatientAnalysisTable,
    *,
    name: str,
    path: str,
    address: str,
    text: str = "{}",
    sources: Mapping[str, str] | None = None,
) -> Member:
    """An analysis of a data frame that is in memory.

    Parameters
    ----------
    frame
        A pandas DataFrame of the form that ``table`` says.
    address
        What errors about it begin with.

    Raises
    ------
    InputError
        As ``load_patients`` does.
    """
    patients = patients_in(frame, table.patients, covariates=kinds_of_columns(table), address=address)
    made = _member(table, patients, name=name, path=path, sources=sources or {}, text=text)
    _check_covariates(made, patients, address)
    return made


def _member(
    table: PatientAnalysisTable, patients: Patients, *, name: str, path: str, sources: Mapping[str, str], text: str
) -> Member:
    """A study of which nothing is printed."""
    said = KnownTable.model_construct(
        **dict(table.patients), inside=False, duration=None, published_until=None, hazard_ratio_rarely_above=None
    )
    study = Study(
        id=name,
        title=table.title,
        citation=table.title,
        n=len(patients),
        time_zero=table.endpoints.time_zero,
        design="a table of patients",
        read=table.patients.why,
        groups=MappingProxyType({}),
        items=(),
        path=path,
        sha256=sha256(text.encode()).hexdigest(),
        text=text,
        population=table.population,
        definition=table.definition,
        definition_words=table.endpoints.response,
    )
    known = Known(said=said, patients=patients, address=path)
    return Member(name=name, table=table, study=study, known=known, path=path, sources=sources, text=text)


def among_studies(member: Member, first: Member) -> Member:
    """A table as a member of an analysis of several studies: its durations have the part that they have in the others.

    Parameters
    ----------
    first
        The first member, which says hazards, beliefs and follow-up.

    Raises
    ------
    InputError
        When the analysis of the table says others, or has other durations.
    """
    table, known = member.table, member.known
    assert isinstance(table, PatientAnalysisTable)
    assert known is not None
    refusals = Refusals()
    if table.hazards != first.hazards:
        refusals.add(
            f"{member.path}: hazards: required those of the first member of the pool, {first.name!r}, such as base"
        )
    for id, belief in table.prior.items():
        if first.prior.get(id) != belief:
            refusals.add(
                f"{member.path}: prior.{id}: required the belief of the first member of the pool, {first.name!r}"
            )
    refusals.say()
    duration, cohort = table.covariates.get(DURATION), first.cohort
    if duration is None:
        return replace(member, first=first)
    if (duration.form, duration.reference, cohort.form) != ("log2", cohort.reference, "log2"):
        raise InputError(
            f"{member.path}: covariates.{DURATION}: required form = 'log2' and reference = {cohort.reference:g}, as "
            f"the first member of the pool has them, found {duration.form!r} and {duration.reference:g}"
        )
    said = known.said.model_copy(update={"duration": duration.column})
    return replace(member, first=first, known=replace(known, said=said))


def patients_from_text(*, name: str, path: str, text: str, table: str, sources: Mapping[str, str]) -> Member:
    """An analysis from the provenance of its posterior; raises what ``load_patients`` raises."""
    said, patients = validated(tables_of_json(text, path), path), patients_of_text(table, path)
    for column, kind in kinds_of_columns(said).items():
        values = patients.covariates.get(column)
        if values is None or (kind == "number") != np.issubdtype(values.dtype, np.number):
            raise InputError(f"{path}: required a column {quote(column)} of type {kind} in the patients that are kept")
    for id, covariate in said.covariates.items():
        if covariate.levels:
            check_levels(patients.covariates[covariate.column], covariate, f"{path}: covariate {id!r}")
    return _member(said, patients, name=name, path=path, sources=sources, text=text)


def _check_covariates(analysis: Member, patients: Patients, address: str) -> None:
    """Numbers that are numbers, levels that are there, columns that differ, centres that are several."""
    refusals = Refusals()
    for id, covariate in analysis.covariates.items():
        with refusals.of_a_part():
            _check_covariate(id, covariate, patients, address)
    with refusals.of_a_part():
        _check_centres(analysis, address)
    refusals.say()


def _check_covariate(id: str, covariate: Covariate, patients: Patients, address: str) -> None:
    values, where = patients.covariates[covariate.column], f"{address}: {covariate.column}"
    if covariate.levels:
        check_levels(values, covariate, f"{address}: covariate {id!r}", patients.id)
        unused = set(covariate.levels) - set(values)
        if unused:
            raise InputError(f"{where}: no patient has the level {quote(min(unused))}; required at least one")
        return
    if covariate.form == "log2" and np.any(values <= 0):
        first = int(np.flatnonzero(values <= 0)[0])
        raise InputError(
            f"{where}: required numbers above 0 for doublings, found {values[first]:g} for patient {patients.id[first]}"
        )
    if np.all(values == values[0]):
        raise InputError(f"{where}: is {values[0]:g} for every patient; a hazard ratio of it cannot be learned")


def _check_centres(analysis: Member, address: str) -> None:
    centres = analysis.table.centres if isinstance(analysis.table, PatientAnalysisTable) else None
    if centres and set(RESERVED) & set(analysis.centres):
        name = min(set(RESERVED) & set(analysis.centres))
        raise InputError(
            f"{address}: {centres.column}: required another name for the centre {quote(name)}; in "
            "predictions and tables it stands for something else"
        )
    if centres and "centre" in analysis.covariates:
        raise InputError(
            f"{analysis.path}: covariates.centre: required another name; groups of [centres] are called so"
        )
    if centres and len(analysis.centres) < FEWEST_CENTRES:
        raise InputError(f"{address}: {centres.column}: required at least two centres, found one")
    refusals = Refusals()
    for name in {} if centres is None or centres.exchangeable is None else centres.exchangeable.weights:
        if name not in analysis.centres:
            hint = nearest(name, analysis.centres)
            refusals.add(f"{analysis.path}: centres.exchangeable.weights: unknown centre {quote(name)}; {hint}")
    refusals.say()
