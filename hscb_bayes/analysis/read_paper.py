"""From an analysis file about a paper, and the study that it names, to a member.

An alternative analysis is ``base = "main"`` and what differs from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.held_against import check_against_study
from hscb_bayes.analysis.known import Known, known_from_text, read_known
from hscb_bayes.analysis.layers import file_inside, find_analysis, layers_of, names_in
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.paper_table import AnalysisTable, check_table
from hscb_bayes.analysis.read_arms import tables_by_arm, with_arms
from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.event import check_endpoints
from hscb_bayes.evidence.study import Study, load_study, study_of
from hscb_bayes.sentences import in_order_of, listed, nearest, quote
from hscb_bayes.toml_file import TomlFile, tables_of_file, tables_of_json


def load_analysis(path: str | Path) -> Member:
    """Read an analysis file and the study it names; a bare name such as ``"main"`` means a shipped analysis.

    Raises
    ------
    InputError
        A sentence that says which file and key, what is required and what was found; of an analysis that compares arms
        that ``load`` reads it.
    """
    found = load_paper(path)
    if not isinstance(found, Member):
        raise InputError(f"{found.path}: arms: required an analysis of one group of patients; use load")
    return found


def load_paper(path: str | Path) -> Analysis:
    """As ``load_analysis``; and with arms, where the file compares some."""
    file = find_analysis(path)
    analysis = _load(file)
    refusals = Refusals()
    for name in analysis.table.report.alternatives:
        with refusals.of_a_part():
            _check_alternative(name, analysis, file)
    refusals.say()
    return analysis


def _check_alternative(name: str, analysis: Analysis, file: Path) -> None:
    """Refuse an alternative that is not there, cannot be read, or is about something else."""
    beside = file_inside(file, f"{name}.toml", "report.alternatives")
    if not beside.is_file():
        known = names_in(file.parent)
        raise InputError(
            f"{file}: report.alternatives: there is no analysis {quote(name)} in {file.parent}; {nearest(name, known)}"
        )
    other = analysis if name == analysis.name else _load(beside)
    theirs, own = other.members[0].study, analysis.members[0].study
    if theirs.sha256 != own.sha256:
        raise InputError(
            f"{file}: report.alternatives: {quote(name)} is about another study, {theirs.path}; required {own.path}"
        )
    if other.studies != analysis.studies:
        raise InputError(
            f"{file}: report.alternatives: {quote(name)} is of {listed(other.studies)}; required the same arms, "
            f"{listed(analysis.studies)}"
        )
    if other.table.endpoints != analysis.table.endpoints:
        raise InputError(
            f"{file}: report.alternatives: {quote(name)} has other endpoints, {_in_words(other)}; required "
            f"{_in_words(analysis)}"
        )


def _load(file: Path) -> Analysis:
    """An analysis without a look at its alternatives; what is wrong in its base is said of the base."""
    layers, sources = layers_of(file)
    if "patients" in layers[-1][1]:
        raise InputError(f"{file}: patients: required an analysis of a paper, found one of a table; use load_patients")
    try:
        table, study = _of_file(layers[-1][1], file)
    except InputError:
        for below, data in layers[:-1]:
            _of_file(data, below)
        raise
    known, table_read = (None, {}) if table.known_patients is None else read_known(table.known_patients, file)
    read = {**sources, **table_read, study.path: study.sha256}
    return _made(
        name=file.stem, table=table, study=study, path=str(file), sources=read, text=json.dumps(layers[-1][1]),
        known=known,
    )  # fmt: skip


def _made(
    *,
    name: str,
    table: AnalysisTable,
    study: Study,
    path: str,
    sources: Mapping[str, str],
    text: str,
    known: Known | None,
) -> Analysis:
    """Of one group of patients, or of the arms that the table compares."""
    if table.arms is not None:
        return with_arms(name=name, table=table, study=study, path=path, sources=sources, text=text)
    return Member(name=name, table=table, study=study, path=path, sources=sources, text=text, known=known)


def _of_file(data: dict[str, Any], file: Path) -> tuple[AnalysisTable, Study]:
    return _checked(data, str(file), lambda table: load_study(_study_file(file, table.study)))


def _checked(
    data: dict[str, Any], address: str, read_study: Callable[[AnalysisTable], Study]
) -> tuple[AnalysisTable, Study]:
    """What a file says, and the study as it sees it; all that is wrong with the two is said together."""
    table = tables_of_file(AnalysisTable, data, address)
    with in_order_of(data, address) as refusals:
        with refusals.of_a_part():
            check_table(table, address)
        with refusals.of_a_part():
            study = _seen(table, data, read_study(table), address)
    return table, study


def analysis_from_text(
    *, name: str, path: str, text: str, study_text: str, sources: Mapping[str, str], known_text: str = ""
) -> Analysis:
    """An analysis from the provenance of its posterior; raises what ``load_paper`` raises."""
    study_path = next(iter(reversed(list(sources))), "")
    file = TomlFile(
        path=study_path, data=tables_of_json(study_text, study_path), sha256=str(sources.get(study_path, ""))
    )
    table, study = _checked(tables_of_json(text, path), path, lambda table: study_of(file))
    said = table.known_patients
    known = None if said is None else known_from_text(said, known_text, f"{path}: known_patients")
    return _made(name=name, table=table, study=study, path=path, sources=sources, text=text, known=known)


def _in_words(analysis: Analysis) -> str:
    """The endpoints of an analysis."""
    return f"{analysis.table.endpoints.response!r} and {analysis.table.endpoints.end!r}"


def _study_file(file: Path, study: str) -> Path:
    """The study file that an analysis names: in its own folder or below, wherever links lead."""
    folder, target = file.parent, file_inside(file, study, "study")
    if not target.is_file():
        near = [str(path.relative_to(folder)) for pattern in ("*.toml", "*/*.toml") for path in folder.glob(pattern)]
        raise InputError(f"{file}: study: there is no file {quote(study)} in {folder}; {nearest(study, near)}")
    return target


def _seen(table: AnalysisTable, data: Mapping[str, Any], study: Study, address: str) -> Study:
    """The study as the analysis sees it, held against what the analysis says."""
    check_endpoints(table.endpoints, study.events, address)
    seen = study.seen_by(table.endpoints)
    if table.arms is None:
        check_against_study(table, seen, address)
    else:
        tables_by_arm(data, table.arms, seen, address)
    return seen
