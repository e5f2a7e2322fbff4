"""An analysis as the texts that a posterior keeps of it, and back: without its files, on any machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.pool_table import validated
from hscb_bayes.analysis.read_paper import analysis_from_text
from hscb_bayes.analysis.read_pool import checked
from hscb_bayes.analysis.read_table import among_studies, patients_from_text
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.stored import text_of_patients
from hscb_bayes.toml_file import tables_of_json

# Names of the data: one study's tables, patients one by one, or the analyses that a pool joins.
STUDY, PATIENTS, MEMBERS = "study_tables", "patient_table", "member_tables"
KNOWN = "known_patients"  # patients known one by one beside a paper
FIRST = "first_member"  # of a table that is one of several studies: the one whose beliefs it has
POOLING = "pooling"  # whether studies of a pool are around an average one


def texts_of(analysis: Analysis) -> dict[str, str]:
    """Everything that an analysis was read from, by name."""
    told = {
        "analysis": analysis.name,
        "analysis_path": analysis.path,
        "analysis_tables": analysis.text,
        "sources": json.dumps(dict(analysis.sources)),
    }
    if analysis.has_arms:
        return told | {STUDY: analysis.members[0].study.text}
    if not isinstance(analysis, Member):
        members = {member.study.id: _part_of(member) for member in analysis.members}
        return told | {MEMBERS: json.dumps(members), POOLING: analysis.pooling}
    if analysis.is_printed:
        known = {} if analysis.known is None else {KNOWN: text_of_patients(analysis.known.patients)}
        return told | {STUDY: analysis.study.text} | known
    first = {} if analysis.first is None else {FIRST: json.dumps(_part_of(analysis.first))}
    return told | {PATIENTS: text_of_patients(analysis.patients)} | first


def data_of(said: Mapping[str, Any]) -> str:
    """Name of the data that are kept; of a study's tables if there are none."""
    return next((name for name in (MEMBERS, PATIENTS) if name in said), STUDY)


def analysis_of(said: Mapping[str, Any]) -> Analysis:
    """The analysis that texts were made of.

    Raises
    ------
    InputError
        As ``load`` does.
    """
    path = said["analysis_path"]
    told = {
        "name": said["analysis"],
        "path": path,
        "text": said["analysis_tables"],
        "sources": tables_of_json(said["sources"], path),
    }
    data = data_of(said)
    if data == PATIENTS:
        table = patients_from_text(**told, table=said[PATIENTS])
        return among_studies(table, _member_of(tables_of_json(said[FIRST], path))) if FIRST in said else table
    if data == STUDY:
        return analysis_from_text(**told, study_text=said[STUDY], known_text=said.get(KNOWN, ""))
    members = list[Member]()
    for part in tables_of_json(said[MEMBERS], path).values():
        members.append(_member_of(part, *members[:1]))
    pool, pooling = validated(tables_of_json(told["text"], path), path), said.get(POOLING, "partial")
    return checked(Analysis(table=pool, members=tuple(members), pooling=pooling, **told))


def _part_of(member: Member) -> dict[str, Any]:
    """One member as what JSON can hold."""
    return {
        "name": member.name,
        "path": member.path,
        "text": member.text,
        "sources": dict(member.sources),
        "known_patients": "" if member.known is None else text_of_patients(member.known.patients),
    } | ({"study_text": member.study.text} if member.is_printed else {})


def _member_of(part: Mapping[str, Any], first: Member | None = None) -> Member:
    """The member that a part was made of."""
    told = {key: str(part[key]) for key in ("name", "path", "text")} | {"sources": part["sources"]}
    known = str(part.get("known_patients", ""))
    if "study_text" in part:
        found = analysis_from_text(**told, study_text=str(part["study_text"]), known_text=known)
        if not isinstance(found, Member):
            raise InputError(f"{told['path']}: arms: required an analysis of one group of patients, to pool its study")
        return found
    table = patients_from_text(**told, table=known)
    return table if first is None else among_studies(table, first)
