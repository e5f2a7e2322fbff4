"""From a file about several studies, each in an analysis file of its own, to the analysis of all of them.

Every member can be run alone (``models/rejeski2022.toml``): its file says what of its study is fitted and what is
assumed of its patients. The file about several says only what stands between studies.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.layers import file_inside, find_analysis, layers_of, names_in
from hscb_bayes.analysis.level import STUDY
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.pool_table import Difference, PoolTable, validated
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.analysis.read_table import among_studies, is_of_patients, load_patients
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.errors import InputError
from hscb_bayes.sentences import listed, nearest, quote

SHARED = ("hazards", "prior")  # what all members must say alike
OF_COLUMN = ("column", "label", "why", "weight", "weights")  # what beliefs of tables may say differently


def is_pool(path: str | Path) -> bool:
    """Whether an analysis file, or the name of a shipped one, is a pooled analysis.

    Raises
    ------
    InputError
        When the file cannot be read.
    """
    return "studies" in layers_of(find_analysis(path))[0][-1][1]


def load_pool(path: str | Path) -> Analysis:
    """Read a pooled analysis, the analyses that it joins, and their studies; a pool of one study is that study's.

    Raises
    ------
    InputError
        A sentence that says which file and key, what is required and what was found.

    Examples
    --------
    >>> load_pool("models/pooled.toml").studies[:2]
    ('gagelmann2023', 'rejeski2022')
    """
    file = find_analysis(path)
    layers, sources = layers_of(file)
    data = layers[-1][1]
    table = validated(data, str(file))
    members = list[Member]()
    for name in table.studies:
        beside = file_inside(file, f"{name}.toml", "studies")
        if not beside.is_file():
            known = [other for other in names_in(file.parent) if other != file.stem]
            raise InputError(
                f"{file}: studies: there is no analysis {quote(name)} in {file.parent}; {nearest(name, known)}"
            )
        members.append(_member(beside, members, alone=len(table.studies) == 1))
    if len(members) == 1:
        return _the_only(members[0], table, data, file, sources)
    return checked(
        Analysis(
            name=file.stem,
            table=table,
            members=tuple(members),
            path=str(file),
            sources=sources,
            text=json.dumps(data),
        )
    )


def _the_only(member: Member, table: PoolTable, data: dict[str, Any], file: Path, sources: Mapping[str, str]) -> Member:
    """The analysis of the only study of a pool: that of its own file, with the name and the question of the pool."""
    for kind in ("population", "definition"):
        if getattr(table, kind) != getattr(member.study, kind):
            raise InputError(
                f"{file}: {kind}: required that of the only study, {getattr(member.study, kind)!r}, found "
                f"{getattr(table, kind)!r}"
            )
    said = {key: data[key] for key in ("title", "question", "report") if key in data}
    own = {key: getattr(table, key) for key in said}
    if "report" in said and not member.is_printed:
        raise InputError(f"{file}: report: the analysis of the table, {member.path}, says it; remove it")
    return replace(
        member,
        name=file.stem,
        table=member.table.model_copy(update=own),
        path=str(file),
        sources={**sources, **member.sources},
        text=json.dumps(json.loads(member.text) | said),
    )


def _member(path: Path, before: Sequence[Member], *, alone: bool) -> Member:
    """A member from its file; of a table of patients, one of which nothing is printed."""
    if not is_of_patients(path):
        return load_analysis(path)
    table = load_patients(path)
    if alone:
        return table
    if not before:
        raise InputError(
            f"{path}: patients: required a printed study as the first of a pool, found a table of patients"
        )
    return among_studies(table, before[0])


def checked(pool: Analysis) -> Analysis:
    """A pool of which nothing was found, before anything is compiled, that does not go together."""
    _check_members(pool)
    _check_shapes(pool)
    _check_kinds(pool, "population")
    _check_kinds(pool, "definition")
    _check_shared_patients(pool)
    _check_tables(pool)
    powers = {} if pool.table.borrowing is None else pool.table.borrowing.power
    for key, named in (("exchangeable.weights", pool.table.exchangeable.weights), ("borrowing.power", powers)):
        for id in named:
            if id not in pool.studies:
                hint = nearest(id, pool.studies)
                raise InputError(f"{pool.path}: {key}: unknown study {quote(id)}; {hint}")
    return pool


def _check_members(pool: Analysis) -> None:
    first = pool.members[0]
    for one, other in itertools.combinations(pool.members, 2):
        if one.study.id == other.study.id:
            raise InputError(
                f"{pool.path}: studies: {one.name!r} and {other.name!r} are both about {one.study.id!r}; "
                "required each study once"
            )
    for member in pool.members:
        if member.grades:
            of_grades = [
                item.id for item in member.study.items if item.id in member.fit.items and item.about in member.grades
            ]
            raise InputError(
                f"{member.path}: fit.items: grades of a response are fitted of one study alone, not in a pool; remove "
                f"{listed(of_grades)}"
            )
        for key in SHARED:
            if getattr(member, key) != getattr(first, key):
                raise InputError(
                    f"{pool.path}: studies: {member.name!r} says another {key} than {first.name!r}; required the same, "
                    f"such as base = {first.name!r}"
                )
        _check_assumptions(member, first, pool.path)
        if STUDY in member.levels:
            raise InputError(f"{member.path}: between_studies: the pool {pool.path} says it; remove it")
        if fitted_p_values(member):
            item = fitted_p_values(member)[0].id
            raise InputError(f"{member.path}: fit.items: a P value is not fitted in a pool; remove {item!r}")


def _check_shapes(pool: Analysis) -> None:
    """Studies differ in the shape of response only where its hazard has one."""
    if "response" in pool.hazards.cuts and pool.table.between_studies.response_shape > 1.0:
        raise InputError(
            f"{pool.path}: between_studies.response_shape: required 1, as the response hazard of "
            f"{pool.members[0].name!r} has steps and no shape, found {pool.table.between_studies.response_shape:g}"
        )


def _check_assumptions(member: Member, first: Member, address: str) -> None:
    """One event that ends follow-up, one meaning of it, and of the covariate where there is one: the model has one."""
    ends = [one.table.endpoints.end for one in (member, first) if one.is_printed]
    if len(set(ends)) > 1:
        raise InputError(
            f"{address}: studies: {member.name!r} has endpoints.end = {ends[0]!r} and {first.name!r} {ends[1]!r}; "
            "required the same"
        )
    if member.follow_up.complete != first.follow_up.complete:
        raise InputError(
            f"{address}: studies: {member.name!r} says follow_up.complete = "
            f"{str(member.follow_up.complete).lower()} and {first.name!r} does not; required the same"
        )
    own, other = member.cohort, first.cohort
    if own.form != "none" and (own.form, own.reference) != (other.form, other.reference):
        raise InputError(
            f"{address}: studies: {member.name!r} has cohort.form {own.form!r} at {own.reference:g} days and "
            f"{first.name!r} {other.form!r} at {other.reference:g}; required the same, or form = 'none'"
        )


def _check_tables(pool: Analysis) -> None:
    """Covariates of one name, and centres, are believed alike in all tables: the model has one of each."""
    covariates: dict[str, tuple[Member, Any]] = {}
    centres: dict[str, tuple[Member, Any]] = {}
    for member in (member for member in pool.members if not member.is_printed):
        for id, covariate in member.covariates.items():
            _check_alike(covariate, f"covariates.{id}", member, covariates.setdefault(id, (member, covariate)))
        if member.table.centres is not None:
            said = member.table.centres
            _check_alike(said, "centres", member, centres.setdefault("centres", (member, said)))


def _check_alike(said: Any, key: str, member: Member, first: tuple[Member, Any]) -> None:
    """Refuse beliefs of a member that are others than those of the first of its kind."""
    ours, theirs = ({k: v for k, v in one.model_dump().items() if k not in OF_COLUMN} for one in (said, first[1]))
    if ours.get("exchangeable") and theirs.get("exchangeable"):
        for each in (ours, theirs):
            each["exchangeable"] = {k: v for k, v in each["exchangeable"].items() if k not in OF_COLUMN}
    for name, value in ours.items():
        if value != theirs[name]:
            raise InputError(
                f"{member.path}: {key}.{name}: required {theirs[name]!r}, as {first[0].name!r} in the same pool says, "
                f"found {value!r}"
            )


def _check_kinds(pool: Analysis, kind: Literal["population", "definition"]) -> None:
    asked = getattr(pool.table, kind)
    shifts: Mapping[str, Difference] = getattr(pool.table, f"{kind}s")
    found: dict[str, list[str]] = {}
    for member in pool.members:
        value = getattr(member.study, kind)
        if value is None:
            raise InputError(
                f"{member.study.path}: study.{kind} is missing; required to pool {member.study.id!r} with others"
            )
        found.setdefault(value, []).append(member.study.id)
    if asked not in found:
        raise InputError(f"{pool.path}: {kind}: no study is of {quote(asked)}; {nearest(asked, found)}")
    for value, studies in found.items():
        if value != asked and value not in shifts:
            raise InputError(
                f"{pool.path}: {kind}s.{value} is missing; required how far {kind} {value!r} ({', '.join(studies)}) "
                f"may be from {asked!r}, or comparable = true"
            )
    for value, shift in shifts.items():
        if value == asked:
            raise InputError(f"{pool.path}: {kind}s.{value}: it is the {kind} that is asked about; remove it")
        if value not in found:
            raise InputError(f"{pool.path}: {kind}s: no study is of {quote(value)}; {nearest(value, found)}")
        _check_shift(shift, f"{pool.path}: {kind}s.{value}")


def _check_shift(shift: Difference, address: str) -> None:
    ratios = {
        "hazard_ratio_rarely_above": shift.hazard_ratio_rarely_above,
        "odds_ratio_rarely_above": shift.odds_ratio_rarely_above,
    }
    for key, ratio in ratios.items():
        if shift.comparable and ratio is not None:
            raise InputError(f"{address}: {key} is given beside comparable = true; remove one of them")
        if not shift.comparable and ratio is None:
            raise InputError(f"{address}: {key} is missing; required it, or comparable = true")


def _check_shared_patients(pool: Analysis) -> None:
    """Studies that may share patients are either told apart by the analysis or not pooled."""
    needed = set()
    for member in pool.members:
        for other in member.study.may_share_patients_with:
            if other in pool.studies:
                needed.add(frozenset((member.study.id, other)))
    given = {frozenset(key.split("+")): key for key in pool.table.shared_patients}
    for pair in needed:
        one, other = sorted(pair, key=pool.studies.index)
        if pair not in given:
            raise InputError(
                f"{pool.path}: shared_patients.'{one}+{other}' is missing; they may share patients, who would be "
                "counted twice: required why both are in, or leave one out"
            )
    for pair, key in given.items():
        if pair not in needed:
            known = ["+".join(sorted(two, key=pool.studies.index)) for two in needed]
            hint = nearest(key, known) if known else "no two studies say that they may"
            raise InputError(f"{pool.path}: shared_patients: {quote(key)} are no such studies; {hint}")
