"""A pooled analysis: which analyses of single studies it joins, and how studies are believed to differ.

Every member is an analysis file of its own (``models/rejeski2022.toml``), which can be run alone: it says what of its
study is fitted and what is assumed of its patients. The pool says only what stands between studies.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.layers import file_inside, find_analysis, layers_of, names_in
from hscb_bayes.analysis.level import EFFECTS, STUDY, Level
from hscb_bayes.analysis.member import Member, analysis_from_text, load_analysis
from hscb_bayes.analysis.patient_analysis import is_of_patients, load_patients, patients_from_text
from hscb_bayes.analysis.pool_table import Difference, PoolTable, validated
from hscb_bayes.analysis.priors import Belief, Parameter
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.analysis.shift import Shift
from hscb_bayes.analysis.table_member import member_of_table
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.stored import text_of_patients
from hscb_bayes.sentences import nearest, quote
from hscb_bayes.toml_file import tables_of_json

SHARED = ("hazards", "prior")  # what all members must say alike


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool(Analysis):
    """An analysis of several printed studies.

    Parameters
    ----------
    members
        The analyses of single studies, in the file's order.
    pooling
        "partial": studies are around an average one; "none": each is on its own, from its print and the same beliefs.
    """

    table: PoolTable
    members: tuple[Member, ...]  # type: ignore[misc]
    pooling: Literal["partial", "none"] = "partial"

    @property
    def has_hierarchy(self) -> bool:
        """Whether studies share an average one."""
        return self.pooling == "partial"

    @property
    def each_alone(self) -> bool:
        """Whether each study has parameters of its own."""
        return self.pooling == "none"

    @property
    def hazards(self) -> Hazards:
        """Families, shapes and clock, of all members."""
        return self.members[0].hazards

    @property
    def prior(self) -> Mapping[str, Belief]:
        """Beliefs about the average study, by id."""
        return self.members[0].prior

    @property
    def is_complete(self) -> bool:
        """Whether everybody was followed to one year or death."""
        return self.members[0].is_complete

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Parameters of the average study by id, in the order of the draws."""
        return self.members[0].parameters

    @property
    def parameter_ids(self) -> tuple[str, ...]:
        """Parameters of the average study, in the order of the draws."""
        return self.members[0].parameter_ids

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Names of the pools beside it that the report compares, itself not among them."""
        return tuple(name for name in self.table.report.alternatives if name != self.name)

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        """That of studies, where they are around an average one."""
        if self.each_alone:
            return {}
        table, borrowing = self.table, self.table.borrowing
        widest = {effect: table.between_studies.deviation(effect) for effect in EFFECTS}
        apart = table.exchangeable.apart(widest)
        by_shifts = {effect for shift in self._of_kinds for effect, width in shift.deviations.items() if width > 0.0}
        between = {effect: width for effect, width in widest.items() if width > 0.0 or effect in by_shifts}
        level = Level(
            name="study",
            units=self.studies,
            between=between,
            weights={study: table.exchangeable.weight_of(study) for study in self.studies},
            apart={effect: apart[effect] for effect in between},
            correlated=table.between_studies.correlated,
            average=self.studies[0] if borrowing is not None and borrowing.commensurate else None,
        )
        return {STUDY: level}

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """Those of populations and definitions where studies are around an average one, and those of known patients."""
        return (() if self.each_alone else self._of_kinds) + super().shifts

    @cached_property
    def _of_kinds(self) -> tuple[Shift, ...]:
        found = []
        for kind, said in (("population", self.table.populations), ("definition", self.table.definitions)):
            for id, difference in said.items():
                studies = tuple(m.study.id for m in self.members if getattr(m.study, kind) == id)
                deviations = {effect: difference.deviation(effect) for effect in EFFECTS}
                if any(deviations.values()):
                    found.append(Shift(name=f"{kind}:{id}", studies=studies, deviations=deviations))
        return tuple(found)

    @property
    def powers(self) -> Mapping[str, float]:
        """Of each study's likelihood, by id."""
        given = {} if self.table.borrowing is None else self.table.borrowing.power
        return {study: given.get(study, 1.0) for study in self.studies}

    def member(self, study: str) -> Member:
        """The analysis of one study.

        Raises
        ------
        InputError
            When there is none of that id.
        """
        for member in self.members:
            if member.study.id == study:
                return member
        raise InputError(f"{self.path}: there is no study {quote(study)}; {nearest(study, self.studies)}")


def is_pool(path: str | Path) -> bool:
    """Whether an analysis file, or the name of a shipped one, is a pooled analysis.

    Raises
    ------
    InputError
        When the file cannot be read.
    """
    return "studies" in layers_of(find_analysis(path))[0][-1][1]


def load_pool(path: str | Path) -> Pool:
    """Read a pooled analysis, the analyses that it joins, and their studies.

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
        members.append(_member(beside, members))
    return _checked(
        Pool(
            name=file.stem,
            table=table,
            members=tuple(members),
            path=str(file),
            sources=sources,
            text=json.dumps(data),
        )
    )


def _member(path: Path, before: Sequence[Member]) -> Member:
    """A member from its file; of a table of patients, one of which nothing is printed."""
    if not is_of_patients(path):
        return load_analysis(path)
    table = load_patients(path)
    if not before:
        raise InputError(
            f"{path}: patients: required a printed study as the first of a pool, found a table of patients"
        )
    return member_of_table(table, before[0])


def pool_from_text(*, name: str, path: str, text: str, members: str, sources: Mapping[str, str]) -> Pool:
    """A pooled analysis from the provenance of its posterior; raises what ``load_pool`` raises."""
    table = validated(tables_of_json(text, path), path)
    parts = tables_of_json(members, path)
    loaded = list[Member]()
    for part in parts.values():
        named = {key: str(part[key]) for key in ("name", "path", "text")} | {"sources": part["sources"]}
        known = str(part.get("known_patients", ""))
        if "study_text" in part:
            loaded.append(analysis_from_text(**named, study_text=str(part["study_text"]), known_text=known))
        else:
            loaded.append(member_of_table(patients_from_text(**named, table=known), loaded[0]))
    return _checked(Pool(name=name, table=table, members=tuple(loaded), path=path, sources=sources, text=text))


def texts_of_members(pool: Pool) -> str:
    """The members as JSON, for provenance."""
    return json.dumps(
        {
            member.study.id: {
                "name": member.name,
                "path": member.path,
                "text": member.text,
                "sources": dict(member.sources),
                "known_patients": "" if member.known is None else text_of_patients(member.known.patients),
            }
            | ({} if member.of_table is not None else {"study_text": member.study.text})
            for member in pool.members
        }
    )


def _checked(pool: Pool) -> Pool:
    """Find before anything is compiled what does not go together."""
    _check_members(pool)
    _check_shapes(pool)
    _check_kinds(pool, "population")
    _check_kinds(pool, "definition")
    _check_shared_patients(pool)
    powers = {} if pool.table.borrowing is None else pool.table.borrowing.power
    for key, named in (("exchangeable.weights", pool.table.exchangeable.weights), ("borrowing.power", powers)):
        for id in named:
            if id not in pool.studies:
                hint = nearest(id, pool.studies)
                raise InputError(f"{pool.path}: {key}: unknown study {quote(id)}; {hint}")
    return pool


def _check_members(pool: Pool) -> None:
    first = pool.members[0]
    for one, other in itertools.combinations(pool.members, 2):
        if one.study.id == other.study.id:
            raise InputError(
                f"{pool.path}: studies: {one.name!r} and {other.name!r} are both about {one.study.id!r}; "
                "required each study once"
            )
    for member in pool.members:
        for key in SHARED:
            if getattr(member.table, key) != getattr(first.table, key):
                raise InputError(
                    f"{pool.path}: studies: {member.name!r} says another {key} than {first.name!r}; required the same, "
                    f"such as base = {first.name!r}"
                )
        _check_assumptions(member, first, pool.path)
        if member.table.between_studies is not None:
            raise InputError(f"{member.path}: between_studies: the pool {pool.path} says it; remove it")
        if fitted_p_values(member):
            item = fitted_p_values(member)[0].id
            raise InputError(f"{member.path}: fit.items: a P value is not fitted in a pool; remove {item!r}")


def _check_shapes(pool: Pool) -> None:
    """Studies differ in the shape of response only where its hazard has one."""
    if "response" in pool.hazards.cuts and pool.table.between_studies.response_shape > 1.0:
        raise InputError(
            f"{pool.path}: between_studies.response_shape: required 1, as the response hazard of "
            f"{pool.members[0].name!r} has steps and no shape, found {pool.table.between_studies.response_shape:g}"
        )


def _check_assumptions(member: Member, first: Member, address: str) -> None:
    """One meaning of follow-up, and of the covariate where there is one: the model has one of each."""
    if member.table.follow_up.complete != first.table.follow_up.complete:
        raise InputError(
            f"{address}: studies: {member.name!r} says follow_up.complete = "
            f"{str(member.table.follow_up.complete).lower()} and {first.name!r} does not; required the same"
        )
    own, other = member.table.cohort, first.table.cohort
    if own.form != "none" and (own.form, own.reference) != (other.form, other.reference):
        raise InputError(
            f"{address}: studies: {member.name!r} has cohort.form {own.form!r} at {own.reference:g} days and "
            f"{first.name!r} {other.form!r} at {other.reference:g}; required the same, or form = 'none'"
        )


def _check_kinds(pool: Pool, kind: Literal["population", "definition"]) -> None:
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


def _check_shared_patients(pool: Pool) -> None:
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
