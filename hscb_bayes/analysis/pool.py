"""A pooled analysis: which analyses of single studies it joins, and how studies are believed to differ.

Every member is an analysis file of its own (``models/rejeski2022.toml``), which can be run alone: it says what of its
study is fitted and what is assumed of its patients. The pool says only what stands between studies.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from hscb_bayes.analysis.layers import find_analysis, layers_of, names_in
from hscb_bayes.analysis.p_value import fitted_p_values
from hscb_bayes.analysis.spec import Analysis, ReportRequest, analysis_from_text, load_analysis
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.item import Identifier, Line, Paragraph, Table
from hscb_bayes.sentences import explain, nearest, quote
from hscb_bayes.toml_file import tables_of_json

MOST_STUDIES = 100
TWO_SIDED = NormalDist().inv_cdf(0.975)
SHARED = ("hazards", "prior")  # what all members must say alike

Ratio = Annotated[float, Field(ge=1.0, le=1000.0)]


class BetweenStudies(Table):
    """How much studies of one population and one definition differ; 1 where they are taken to be alike.

    "Rarely above" is: 95% of the ratios between two studies are below, were the spread at the scale of its prior. With
    the prior's own uncertainty about the spread it is 93.5%.
    """

    response: Ratio = Field(description="hazard ratio of response rarely above")
    death_without_response: Ratio = Field(description="hazard ratio of death without response rarely above")
    death_after_response: Ratio = Field(description="hazard ratio of death after response rarely above")
    never_respond: Ratio = Field(description="odds ratio of never responding rarely above")
    response_shape: Ratio = Field(default=1.0, description="ratio of Weibull shapes of response rarely above")
    lost_by_one_year: Ratio = Field(description="odds ratio of being lost to follow-up rarely above")
    why: Line = Field(description="where the beliefs come from")

    def deviation(self, effect: str) -> float:
        """Scale of the half-normal spread of study effects: two studies differ by normal of sqrt(2) times it."""
        return math.log(getattr(self, effect)) / (math.sqrt(2.0) * TWO_SIDED)


class Shift(Table):
    """How far another population, or another definition of response, may be from the one that is asked about."""

    comparable: bool = Field(default=False, description="true: no difference at all")
    hazard_ratio_rarely_above: Ratio | None = Field(
        default=None, description="of all three transitions; 95% sure that the ratio is below, and above its inverse"
    )
    odds_ratio_rarely_above: Ratio | None = Field(default=None, description="of never responding, likewise")
    why: Line = Field(description="where the belief comes from")

    def deviation(self, effect: str) -> float:
        """Standard deviation of the log ratio."""
        if self.comparable or effect in ("response_shape", "lost_by_one_year"):
            return 0.0
        ratio = self.odds_ratio_rarely_above if effect == "never_respond" else self.hazard_ratio_rarely_above
        return math.log(ratio or 1.0) / TWO_SIDED


class Exchangeable(Table):
    """How much each study is taken to be one of a kind: with the rest it is on its own (EXNEX).

    References
    ----------
    Neuenschwander B, Wandel S, Roychoudhury S, Bailey S. Pharm Stat 2016;15:123-134.
    """

    weight: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=1.0, description="prior probability that a study is exchangeable with those of its population"
    )
    weights: dict[Identifier, Annotated[float, Field(gt=0.0, le=1.0)]] = Field(
        default_factory=dict, description="the same for single studies, by id"
    )
    ratio_apart_rarely_above: Ratio = Field(
        default=100.0,
        description="hazard and odds ratios of a study on its own, beside the average, rarely above; its shape of "
        "response and its follow-up differ as those of others do",
    )
    why: Line = Field(description="where the weights come from")

    def weight_of(self, study: str) -> float:
        """Of one study."""
        return self.weights.get(study, self.weight)


class Borrowing(Table):
    """Other ways to borrow: a print that counts in part, and a first study that the others are scattered around.

    References
    ----------
    Ibrahim JG, Chen MH. Power prior distributions for regression models. Stat Sci 2000;15:46-60. Hobbs BP, Carlin BP,
    Mandrekar SJ, Sargent DJ. Hierarchical commensurate and power prior models for adaptive incorporation of historical
    information in clinical trials. Biometrics 2011;67:1047-1056.
    """

    power: dict[Identifier, Annotated[float, Field(ge=0.0, le=1.0)]] = Field(
        default_factory=dict,
        description="by study id, the power of its likelihood (power prior): 0.5 counts as half its patients",
    )
    commensurate: bool = Field(
        default=False,
        description="true: the first study is the average one, and the others differ from it (commensurate prior)",
    )
    why: Line = Field(description="where the powers come from, or why the first study is the middle")


class PoolTable(Table):
    """A whole pooled analysis file, its base merged in."""

    schema_: Literal[1] = Field(alias="schema", description="version of this format")
    title: Line = Field(description="what this analysis is")
    question: Paragraph = Field(description="what it is asked")
    studies: tuple[Identifier, ...] = Field(
        description="names of the analyses that are joined, in the same folder; the first says the priors",
        strict=False,
        min_length=2,
        max_length=MOST_STUDIES,
    )
    population: Identifier = Field(description="the population that the answers are about")
    population_words: Line | None = Field(default=None, description="the same in words, for the report")
    definition: Identifier = Field(description="the definition of response that the answers are about")
    populations: dict[Identifier, Shift] = Field(default_factory=dict, description="how far the others may be")
    definitions: dict[Identifier, Shift] = Field(default_factory=dict, description="how far the others may be")
    between_studies: BetweenStudies = Field(description="how much studies of one kind differ")
    exchangeable: Exchangeable = Field(description="weights of the studies")
    borrowing: Borrowing | None = Field(default=None, description="left out: every print counts in full")
    shared_patients: dict[str, Line] = Field(
        default_factory=dict,
        description="two study ids joined by '+' to why both are in, where they may share patients",
    )
    report: ReportRequest = Field(default_factory=ReportRequest, description="what the report shows")


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A frozen pooled analysis.

    Parameters
    ----------
    name
        The file's name without its ending.
    table
        Everything the file says, checked.
    members
        The analyses of single studies, in the file's order.
    sources
        Path to SHA-256 of the pool's own files.
    text
        The merged tables as JSON, for provenance.
    """

    name: str
    table: PoolTable
    members: tuple[Analysis, ...]
    path: str
    sources: Mapping[str, str]
    text: str

    @property
    def studies(self) -> tuple[str, ...]:
        """Ids of the studies."""
        return tuple(member.study.id for member in self.members)

    def member(self, study: str) -> Analysis:
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
    table = _validated(data, str(file))
    members = []
    for name in table.studies:
        beside = file.parent / f"{name}.toml"
        if not beside.is_file():
            known = [other for other in names_in(file.parent) if other != file.stem]
            raise InputError(
                f"{file}: studies: there is no analysis {quote(name)} in {file.parent}; {nearest(name, known)}"
            )
        members.append(load_analysis(beside))
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


def pool_from_text(*, name: str, path: str, text: str, members: str, sources: Mapping[str, str]) -> Pool:
    """A pooled analysis from the provenance of its posterior; raises what ``load_pool`` raises."""
    table = _validated(tables_of_json(text, path), path)
    parts = tables_of_json(members, path)
    loaded = tuple(
        analysis_from_text(
            name=str(part["name"]),
            path=str(part["path"]),
            text=str(part["text"]),
            study_text=str(part["study_text"]),
            sources=part["sources"],
        )
        for part in parts.values()
    )
    return _checked(Pool(name=name, table=table, members=loaded, path=path, sources=sources, text=text))


def texts_of_members(pool: Pool) -> str:
    """The members as JSON, for provenance."""
    return json.dumps(
        {
            member.study.id: {
                "name": member.name,
                "path": member.path,
                "text": member.text,
                "study_text": member.study.text,
                "sources": dict(member.sources),
            }
            for member in pool.members
        }
    )


def _validated(data: dict[str, Any], address: str) -> PoolTable:
    try:
        return PoolTable.model_validate(data)
    except ValidationError as error:
        raise explain(error, model=PoolTable, address=address) from None


def _checked(pool: Pool) -> Pool:
    """Find before anything is compiled what does not go together."""
    _check_members(pool)
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


def _check_assumptions(member: Analysis, first: Analysis, address: str) -> None:
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
    shifts: Mapping[str, Shift] = getattr(pool.table, f"{kind}s")
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


def _check_shift(shift: Shift, address: str) -> None:
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
