"""From a file about several studies, each in an analysis file of its own, to the analysis of all of them.

Every member can be run alone (``models/rejeski2022.toml``): its file says what of its study is fitted and what is
assumed of its patients. The file about several says only what stands between studies.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
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
from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.sentences import in_order_of, listed, nearest, quote

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
    members = _members(table, file)
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


def _members(table: PoolTable, file: Path) -> list[Member]:
    """The analyses that a pool names; each that cannot be read is said, those after a first that cannot be excepted."""
    files, refusals, members = _files(table, file), Refusals(), list[Member]()
    for position, beside in enumerate(files):
        with refusals.of_a_part():
            members.append(_member(beside, members, alone=len(files) == 1))
        if position == 0:
            refusals.say()  # the others are held against it
    refusals.say()
    return members


def _files(table: PoolTable, file: Path) -> list[Path]:
    """Where the analyses are that a pool names."""
    refusals, found = Refusals(), list[Path]()
    for name in table.studies:
        with refusals.of_a_part():
            found.append(file_inside(file, f"{name}.toml", "studies"))
            if not found[-1].is_file():
                known = [other for other in names_in(file.parent) if other != file.stem]
                raise InputError(
                    f"{file}: studies: there is no analysis {quote(name)} in {file.parent}; {nearest(name, known)}"
                )
    refusals.say()
    return found


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
    with in_order_of(json.loads(pool.text), pool.path) as refusals:
        for check in CHECKS:
            with refusals.of_a_part():
                check(pool)
    return pool


def _check_weights(pool: Analysis) -> None:
    """Weights and powers are of studies of the pool."""
    refusals, powers = Refusals(), {} if pool.table.borrowing is None else pool.table.borrowing.power
    for key, named in (("exchangeable.weights", pool.table.exchangeable.weights), ("borrowing.power", powers)):
        for id in (id for id in named if id not in pool.studies):
            refusals.add(f"{pool.path}: {key}: unknown study {quote(id)}; {nearest(id, pool.studies)}")
    refusals.say()


def _check_members(pool: Analysis) -> None:
    """Each study is in the pool once, says nothing that the pool says, and what the first says."""
    refusals = Refusals()
    for one, other in itertools.combinations(pool.members, 2):
        if one.study.id == other.study.id:
            refusals.add(
                f"{pool.path}: studies: {one.name!r} and {other.name!r} are both about {one.study.id!r}; "
                "required each study once"
            )
    refusals.say()
    for member in pool.members:
        with refusals.of_a_part():
            _check_own(member, pool.path)
    refusals.say()
    for member in pool.members[1:]:  # the first that differs: the others may differ for the same reason
        _check_same(member, pool.members[0], pool.path)


def _check_own(member: Member, address: str) -> None:
    """A member fits what a pool can fit, and says nothing that the pool says."""
    refusals = Refusals()
    if member.grades:
        of_grades = [
            item.id for item in member.study.items if item.id in member.fit.items and item.about in member.grades
        ]
        refusals.add(
            f"{member.path}: fit.items: grades of a response are fitted of one study alone, not in a pool; remove "
            f"{listed(of_grades)}"
        )
    if fitted_p_values(member):
        item = fitted_p_values(member)[0].id
        refusals.add(f"{member.path}: fit.items: a P value is not fitted in a pool; remove {item!r}")
    if STUDY in member.levels:
        refusals.add(f"{member.path}: between_studies: the pool {address} says it; remove it")
    refusals.say()


def _check_same(member: Member, first: Member, address: str) -> None:
    """A member says what the first says."""
    for key in SHARED:
        if getattr(member, key) != getattr(first, key):
            raise InputError(
                f"{address}: studies: {member.name!r} says another {key} than {first.name!r}; required the same, "
                f"such as base = {first.name!r}"
            )
    _check_assumptions(member, first, address)


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
    found, refusals = dict[str, list[str]](), Refusals()
    for member in pool.members:
        value = getattr(member.study, kind)
        if value is None:
            refusals.add(
                f"{member.study.path}: study.{kind} is missing; required to pool {member.study.id!r} with others"
            )
        found.setdefault(value, []).append(member.study.id)
    refusals.say()
    if asked not in found:
        raise InputError(f"{pool.path}: {kind}: no study is of {quote(asked)}; {nearest(asked, found)}")
    for value, studies in found.items():
        if value != asked and value not in shifts:
            refusals.add(
                f"{pool.path}: {kind}s.{value} is missing; required how far {kind} {value!r} ({', '.join(studies)}) "
                f"may be from {asked!r}, or comparable = true"
            )
    refusals.say()
    for value, shift in shifts.items():
        if value == asked:
            refusals.add(f"{pool.path}: {kind}s.{value}: it is the {kind} that is asked about; remove it")
        elif value not in found:
            refusals.add(f"{pool.path}: {kind}s: no study is of {quote(value)}; {nearest(value, found)}")
        with refusals.of_a_part():
            _check_shift(shift, f"{pool.path}: {kind}s.{value}")
    refusals.say()


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
    said = {member.study.id: member.study.may_share_patients_with for member in pool.members}
    pairs = itertools.combinations(pool.studies, 2)
    needed = {
        frozenset((one, other)): f"{one}+{other}" for one, other in pairs if other in said[one] or one in said[other]
    }
    given = {frozenset(key.split("+")): key for key in pool.table.shared_patients}
    refusals = Refusals()
    for pair, key in needed.items():
        if pair not in given:
            refusals.add(
                f"{pool.path}: shared_patients.'{key}' is missing; they may share patients, who would be "
                "counted twice: required why both are in, or leave one out"
            )
    refusals.say()
    for pair, key in given.items():
        if pair not in needed:
            hint = nearest(key, needed.values()) if needed else "no two studies say that they may"
            refusals.add(f"{pool.path}: shared_patients: {quote(key)} are no such studies; {hint}")
    refusals.say()


CHECKS: tuple[Callable[[Analysis], None], ...] = (  # of a pool whose members go together
    lambda pool: _check_kinds(pool, "population"),
    lambda pool: _check_kinds(pool, "definition"),
    _check_shapes,
    _check_weights,
    _check_shared_patients,
    _check_tables,
)
