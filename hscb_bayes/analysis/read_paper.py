"""From an analysis file about a paper, and the study that it names, to a member.

An alternative analysis is ``base = "main"`` and what differs from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hscb_bayes.analysis.against_study import check_items, check_patients, duration_summary
from hscb_bayes.analysis.declared_sizes import check_cohort
from hscb_bayes.analysis.grades import check_grade_beliefs
from hscb_bayes.analysis.known import known_from_text, read_known
from hscb_bayes.analysis.layers import file_inside, find_analysis, layers_of, names_in
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.paper_table import AnalysisTable, validated
from hscb_bayes.analysis.statistical_tests import check_fitted_p_values, check_tests
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.event import check_endpoints
from hscb_bayes.evidence.study import Study, load_study, study_of
from hscb_bayes.sentences import nearest, quote
from hscb_bayes.toml_file import TomlFile, tables_of_json


def load_analysis(path: str | Path) -> Member:
    """Read an analysis file and the study it names; a bare name such as ``"main"`` means a shipped analysis.

    Raises
    ------
    InputError
        A sentence that says which file and key, what is required and what was found.
    """
    file = find_analysis(path)
    analysis = _load(file)
    for name in analysis.table.report.alternatives:
        beside = file_inside(file, f"{name}.toml", "report.alternatives")
        if not beside.is_file():
            known = names_in(file.parent)
            raise InputError(
                f"{file}: report.alternatives: there is no analysis {quote(name)} in {file.parent}; "
                f"{nearest(name, known)}"
            )
        other = analysis if name == analysis.name else _load(beside)
        if other.study.sha256 != analysis.study.sha256:
            raise InputError(
                f"{file}: report.alternatives: {quote(name)} is about another study, {other.study.path}; "
                f"required {analysis.study.path}"
            )
        if other.table.endpoints != analysis.table.endpoints:
            raise InputError(
                f"{file}: report.alternatives: {quote(name)} has other endpoints, {_in_words(other)}; required "
                f"{_in_words(analysis)}"
            )
    return analysis


def _load(file: Path) -> Member:
    """An analysis without a look at its alternatives; what is wrong in its base is said of the base."""
    layers, sources = layers_of(file)
    if "patients" in layers[-1][1]:
        raise InputError(f"{file}: patients: required an analysis of a paper, found one of a table; use load_patients")
    try:
        table, study = _checked(layers[-1][1], file)
    except InputError:
        for below, data in layers[:-1]:
            _checked(data, below)
        raise
    known, table_read = (None, {}) if table.known_patients is None else read_known(table.known_patients, file)
    return Member(
        name=file.stem,
        table=table,
        study=study,
        path=str(file),
        sources={**sources, **table_read, study.path: study.sha256},
        text=json.dumps(layers[-1][1]),
        known=known,
    )


def _checked(data: dict[str, Any], file: Path) -> tuple[AnalysisTable, Study]:
    table = validated(data, str(file))
    return table, _seen(table, load_study(_study_file(file, table.study)), str(file))


def analysis_from_text(
    *, name: str, path: str, text: str, study_text: str, sources: Mapping[str, str], known_text: str = ""
) -> Member:
    """An analysis from the provenance of its posterior; raises what ``load_analysis`` raises."""
    data = tables_of_json(text, path)
    table = validated(data, path)
    study_path = next(iter(reversed(list(sources))), "")
    file = TomlFile(
        path=study_path, data=tables_of_json(study_text, study_path), sha256=str(sources.get(study_path, ""))
    )
    study = _seen(table, study_of(file), path)
    said = table.known_patients
    known = None if said is None else known_from_text(said, known_text, f"{path}: known_patients")
    return Member(name=name, table=table, study=study, path=path, sources=sources, text=text, known=known)


def _in_words(analysis: Member) -> str:
    """The endpoints of an analysis."""
    return f"{analysis.table.endpoints.response!r} and {analysis.table.endpoints.end!r}"


def _study_file(file: Path, study: str) -> Path:
    """The study file that an analysis names: in its own folder or below, wherever links lead."""
    folder, target = file.parent, file_inside(file, study, "study")
    if not target.is_file():
        near = [str(path.relative_to(folder)) for pattern in ("*.toml", "*/*.toml") for path in folder.glob(pattern)]
        raise InputError(f"{file}: study: there is no file {quote(study)} in {folder}; {nearest(study, near)}")
    return target


def _seen(table: AnalysisTable, study: Study, address: str) -> Study:
    """The study as the analysis sees it, held against what the analysis says."""
    check_endpoints(table.endpoints, study.events, address)
    seen = study.seen_by(table.endpoints)
    check_against_study(table, seen, address)
    return seen


def check_against_study(table: AnalysisTable, study: Study, address: str) -> None:
    """Find before anything is compiled what the study cannot give."""
    cohort = table.cohort
    check_patients(cohort.among, cohort.responders, table.fit.items, study, address)
    check_fitted_p_values(table.fit.items, table.conventions, study, address, form=cohort.form)
    check_items(table.fit.items, study, address, among=cohort.among, responders=cohort.responders)
    check_grade_beliefs(table.grades, table.fit.items, study, address)
    check_cohort(cohort.sizes, cohort.form, table.fit.items, study, address, among=cohort.among)
    check_tests(table.conventions, study, address, among=cohort.among)
    if cohort.form != "none":
        duration_summary(study, cohort.among)
