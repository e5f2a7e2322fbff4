"""An analysis of one printed study: which evidence, which priors, which conventions. A file is read into a ``Member``.

An alternative analysis is ``base = "main"`` and what differs from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from hscb_bayes.analysis.against_study import (
    check_fitted_p_values,
    check_items,
    check_patients,
    check_tests,
    duration_summary,
    patients_of,
)
from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.declared_sizes import check_cohort
from hscb_bayes.analysis.hazards import Hazards, check_families
from hscb_bayes.analysis.known import Known, KnownTable, known_from_text, read_known
from hscb_bayes.analysis.layers import file_inside, find_analysis, layers_of, names_in
from hscb_bayes.analysis.level import STUDY, Level
from hscb_bayes.analysis.priors import BELIEFS, PARAMETERS, Belief, Parameter, check_beliefs
from hscb_bayes.analysis.ratios import spread_of
from hscb_bayes.analysis.shift import Shift
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import EVERYBODY, Conventions
from hscb_bayes.evidence.item import Identifier, Line, Paragraph, SchemaVersion, Table
from hscb_bayes.evidence.study import Study, load_study, study_of
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.sentences import explain, nearest, quote
from hscb_bayes.toml_file import TomlFile, tables_of_json

SCHEMA = 1
KINDS = ("shape", "step")  # of parameters of a hazard beside its level
SHORTEST_DURATION, LONGEST_DURATION = 1e-3, 3650.0  # days of neutropenia; a minute and a half, and ten years
MOST_DURATIONS = 12  # that a report can show


class Fit(Table):
    """Which printed numbers the posterior is fitted to; all others that describe outcomes are only checked.

    There is a place for one count of responders, one count or incidence of responses by a day, one median time to
    response (one reading of it), one survival among non-responders, survival of other groups at the same day, and one
    exact P value of response by duration; each of the patients that the analysis is about.
    """

    items: tuple[str, ...] = Field(
        description="ids of items, or of one reading of an ambiguous one (`response_median.all`)",
        strict=False,
        min_length=1,
    )
    overlap: bool = Field(default=True, description="joint likelihood; false treats the numbers as independent")
    why: Line = Field(description="why these and not others")


class CohortAssumptions(Table):
    """What is assumed of the patients' durations of neutropenia."""

    reference: float = Field(
        default=38.0,
        description="duration at which baseline hazards hold, days",
        ge=SHORTEST_DURATION,
        le=LONGEST_DURATION,
    )
    form: Literal["log2", "step", "none"] = Field(
        default="log2",
        description="hazards change with every doubling of duration, once between the two groups, or not: the study's "
        "own hazards are then those at the durations of its patients",
    )
    sizes: dict[Identifier, int] = Field(
        default_factory=dict,
        description="patients in a group by duration, of those that the analysis is about, or by characteristic or "
        "groups; its complement has the rest",
    )
    among: Identifier = Field(
        default=EVERYBODY, description="the patients that the analysis is about, where it is not all of the study"
    )
    responders: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="patients with a response, where the study prints neither a count nor a share"
    )
    why: Line = Field(description="why these sizes, patients and responders")


class FollowUpAssumption(Table):
    """How long patients were followed."""

    complete: bool = Field(default=False, description="everybody was followed to one year or death")
    why: Line = Field(description="what is known about follow-up")


class BetweenStudies(Table):
    """How much hazards differ between studies beyond duration."""

    hazard_ratio_rarely_above: float = Field(description="95% of the hazard ratios between two studies are below", gt=1)
    why: Line = Field(description="where the belief comes from")

    @property
    def deviation(self) -> float:
        """Scale of the half-normal spread of study effects: two studies differ by normal of sqrt(2) times it."""
        return spread_of(self.hazard_ratio_rarely_above)


class ReportRequest(Table):
    """What the report is to show."""

    durations: tuple[Annotated[float, Field(ge=SHORTEST_DURATION, le=LONGEST_DURATION)], ...] = Field(
        default=(14.0, 38.0, 90.0),
        description="days of neutropenia, at most 12 of them",
        strict=False,
        min_length=1,
        max_length=MOST_DURATIONS,
    )
    alternatives: tuple[Identifier, ...] = Field(
        default=(), description="analyses beside this one that the report compares", strict=False
    )

    @field_validator("durations", "alternatives")
    @classmethod
    def _each_once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise ValueError(f"{twice[0]!r} is named twice")
        return values


class AnalysisTable(Table):
    """A whole analysis file, its base merged in."""

    schema_: SchemaVersion = Field(alias="schema", description="version of this format")
    title: Line = Field(description="what this analysis is")
    question: Paragraph = Field(description="what it is asked")
    study: Line = Field(description="study file, relative to this file")
    fit: Fit = Field(description="which numbers are fitted")
    cohort: CohortAssumptions = Field(description="the patients' durations")
    hazards: Hazards = Field(default_factory=Hazards, description="the hazards")
    follow_up: FollowUpAssumption = Field(description="follow-up")
    conventions: Conventions = Field(default_factory=Conventions, description="how the authors computed")
    prior: dict[str, Belief] = Field(description="one belief for every parameter")
    between_studies: BetweenStudies | None = Field(
        default=None, description="left out: the study's own hazards are what is estimated"
    )
    known_patients: KnownTable | None = Field(
        default=None, description="patients known one by one beside the paper; left out: only its print is known"
    )
    handled: dict[str, Line] = Field(default_factory=dict, description="conflict in the print to how it is handled")
    report: ReportRequest = Field(default_factory=ReportRequest, description="what the report shows")


@dataclass(frozen=True, kw_only=True, eq=False)
class Member(Analysis):
    """An analysis of one printed study: on its own, or a member of a pool.

    Parameters
    ----------
    study
        What is printed.
    known
        Patients known one by one beside the print.
    of_table
        The analysis of a table whose patients are all there is of the study: nothing is printed.
    """

    table: AnalysisTable
    study: Study
    known: Known | None = None
    of_table: Any = None

    @property
    def members(self) -> tuple[Member, ...]:
        """The study with a print: this one."""
        return (self,)

    @property
    def is_complete(self) -> bool:
        """Whether everybody was followed to one year or death."""
        return self.table.follow_up.complete

    @property
    def levels(self) -> Mapping[str, Level]:
        """That of studies, where they are said to differ: this one is its only unit."""
        between = self.table.between_studies
        if between is None:
            return {}
        return {STUDY: Level(name="study", units=self.studies, between=dict.fromkeys(TRANSITIONS, between.deviation))}

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """What its patients known one by one differ by from the others."""
        deviation = None if self.known is None else self.known.said.deviation
        if deviation is None:
            return ()
        each = dict.fromkeys(TRANSITIONS, deviation)
        return (Shift(name=f"patients:{self.study.id}", studies=self.studies, deviations=each, applies_to="patients"),)

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The model's parameters by id, in the order of its draws; some may have no part."""
        found = dict(PARAMETERS)
        for transition in TRANSITIONS:
            found |= self.table.hazards.shape_parameters(transition)
        return found

    @property
    def by_duration(self) -> bool:
        """Whether the patients' durations of neutropenia have a part."""
        return self.table.cohort.form != "none"

    @property
    def durations(self) -> tuple[float, ...]:
        """Durations of neutropenia that are reported, in days; none where they have no part."""
        return tuple(self.table.report.durations) if self.by_duration else ()

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Names of the analyses beside it that the report compares, itself not among them."""
        return tuple(name for name in self.table.report.alternatives if name != self.name)

    @property
    def patients(self) -> int:
        """How many patients the analysis is about."""
        return patients_of(self.study, self.table.cohort.among)


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
    table = _validated(data, str(file))
    study = load_study(_study_file(file, table.study))
    _check_against_study(table, study, str(file))
    return table, study


def analysis_from_text(
    *, name: str, path: str, text: str, study_text: str, sources: Mapping[str, str], known_text: str = ""
) -> Member:
    """An analysis from the provenance of its posterior; raises what ``load_analysis`` raises."""
    data = tables_of_json(text, path)
    table = _validated(data, path)
    study_path = next(iter(reversed(list(sources))), "")
    file = TomlFile(
        path=study_path, data=tables_of_json(study_text, study_path), sha256=str(sources.get(study_path, ""))
    )
    study = study_of(file)
    _check_against_study(table, study, path)
    said = table.known_patients
    known = None if said is None else known_from_text(said, known_text, f"{path}: known_patients")
    return Member(name=name, table=table, study=study, path=path, sources=sources, text=text, known=known)


def _study_file(file: Path, study: str) -> Path:
    """The study file that an analysis names: in its own folder or below, wherever links lead."""
    folder, target = file.parent, file_inside(file, study, "study")
    if not target.is_file():
        near = [str(path.relative_to(folder)) for pattern in ("*.toml", "*/*.toml") for path in folder.glob(pattern)]
        raise InputError(f"{file}: study: there is no file {quote(study)} in {folder}; {nearest(study, near)}")
    return target


def _validated(data: dict[str, Any], address: str) -> AnalysisTable:
    try:
        table = AnalysisTable.model_validate(data)
    except ValidationError as error:
        raise explain(error, model=AnalysisTable, address=address) from None
    check_families(table.hazards, address)
    check_beliefs(table.prior, needed_priors(table), address)
    _check_known(table, address)
    return table


def _check_known(table: AnalysisTable, address: str) -> None:
    """Refuse what patients one by one cannot be told beside."""
    if table.known_patients is None:
        return
    if table.cohort.form != "none" and table.known_patients.duration is None:
        raise InputError(
            f"{address}: known_patients.duration: required the column of the duration of neutropenia, by which the "
            "hazards of this analysis differ; it is missing"
        )
    if table.between_studies is not None:
        raise InputError(
            f"{address}: known_patients: required an analysis without between_studies; "
            "known_patients.hazard_ratio_rarely_above says how much these patients may differ from the paper's"
        )
    if table.hazards.never_respond_by_duration:
        raise InputError(
            f"{address}: known_patients: required hazards.never_respond_by_duration = false; of patients one by one "
            "the share who never respond is the same for all"
        )


def needed_priors(table: AnalysisTable) -> tuple[str, ...]:
    """Beliefs that the analysis needs."""
    beliefs = set(table.hazards.beliefs.values())
    unused = {
        "never_respond": not table.hazards.never_respond,
        "odds_ratio_never_respond": not table.hazards.never_respond_by_duration,
        "lost_by_one_year": table.follow_up.complete,
    }
    unused |= {
        f"{transition}_{kind}": f"{transition}_{kind}" not in beliefs for transition in TRANSITIONS for kind in KINDS
    }
    return tuple(id for id in BELIEFS if not unused.get(id, False))


def asked_priors(analysis: Member) -> tuple[str, ...]:
    """Beliefs about what its posterior tells of: without durations, none of theirs."""
    needed = needed_priors(analysis.table)
    return needed if analysis.by_duration else tuple(id for id in needed if not BELIEFS[id].of_duration)


def _check_against_study(table: AnalysisTable, study: Study, address: str) -> None:
    """Find before anything is compiled what the study cannot give."""
    cohort = table.cohort
    check_patients(cohort.among, cohort.responders, table.fit.items, study, address)
    check_fitted_p_values(table.fit.items, table.conventions, study, address, form=cohort.form)
    check_items(table.fit.items, study, address, among=cohort.among, has_responders=cohort.responders is not None)
    check_cohort(cohort.sizes, cohort.form, table.fit.items, study, address, among=cohort.among)
    check_tests(table.conventions, study, address, among=cohort.among)
    if cohort.form != "none":
        duration_summary(study, cohort.among)
