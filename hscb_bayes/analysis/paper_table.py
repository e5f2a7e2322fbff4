"""What an analysis file about a paper says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from hscb_bayes.analysis.arms import Arms
from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.known import KnownTable
from hscb_bayes.analysis.priors import BELIEFS, Belief, Beliefs, check_beliefs
from hscb_bayes.analysis.ratios import spread_of
from hscb_bayes.errors import Refusals
from hscb_bayes.evidence.cohort import EVERYBODY, Conventions
from hscb_bayes.evidence.event import Endpoints
from hscb_bayes.evidence.item import Identifier, Line, Paragraph, SchemaVersion, Table
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.toml_file import tables_of_file

KINDS = ("shape", "step")  # of parameters of a hazard beside its level
SHORTEST_DURATION, LONGEST_DURATION = 1e-3, 3650.0  # days of neutropenia; a minute and a half, and ten years
NOT_BESIDE_ARMS = ("between_studies", "known_patients", "grades")  # tables of an analysis
MOST_DURATIONS = 12  # that a report can show


class Fit(Table):
    """Which printed numbers the posterior is fitted to; all others that describe outcomes are only checked.

    There is a place for one count of responders, counts, shares or incidences of responses by earlier days, one median
    time to response (one reading of it), survival at any number of days of all patients and of groups, one survival
    among non-responders, deaths, patients at risk, median survival, median follow-up, and one exact P value of response
    by duration; each of the patients that the analysis is about; and one number of responders of each grade, beside
    that of all by the same day. Responders by the day of the last survival are all responders.
    """

    items: tuple[str, ...] = Field(
        description="ids of items, or of one reading of an ambiguous one (`response_median.all`)",
        strict=False,
        min_length=1,
    )
    overlap: bool = Field(default=True, description="joint likelihood; false treats the numbers as independent")
    why: Line = Field(description="why these and not others")


class CohortAssumptions(Table):
    """What is assumed of the patients' durations of the condition."""

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
    shortest: float | None = Field(
        default=None,
        description="days for which the last patient to come can be followed; with `longest`: patients came evenly "
        "over time, and the study was read on one day",
        ge=0,
    )
    longest: float | None = Field(default=None, description="days for which the first patient can be followed", gt=0)
    why: Line = Field(description="what is known about follow-up")

    @model_validator(mode="after")
    def _a_beginning_and_an_end(self) -> FollowUpAssumption:
        if (self.shortest is None) != (self.longest is None):
            there, missing = ("shortest", "longest") if self.longest is None else ("longest", "shortest")
            raise ValueError(f"{there} is given and {missing} is missing; required both, or neither")
        if self.shortest is None or self.longest is None:
            return self
        if self.complete:
            raise ValueError("complete is true and longest is given; required one of them")
        if self.longest <= self.shortest:
            raise ValueError(f"longest {self.longest:g} is not above shortest {self.shortest:g}")
        return self


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
        description="durations in days, at most 12 of them",
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
    endpoints: Endpoints = Field(
        default_factory=Endpoints, description="which events are the response and the end; left out: response and death"
    )
    fit: Fit = Field(description="which numbers are fitted")
    cohort: CohortAssumptions = Field(description="the patients' durations")
    arms: Arms | None = Field(default=None, description="groups that are compared; left out: none are")
    hazards: Hazards = Field(default_factory=Hazards, description="the hazards")
    follow_up: FollowUpAssumption = Field(description="follow-up")
    conventions: Conventions = Field(default_factory=Conventions, description="how the authors computed")
    prior: Beliefs = Field(description="one belief for every parameter")
    grades: dict[Identifier, Belief] = Field(
        default_factory=dict,
        description="belief about the share of a grade among the responses that have none of the grades before it, by "
        "the grade's event; left out: a weak one around equal shares",
    )
    between_studies: BetweenStudies | None = Field(
        default=None, description="left out: the study's own hazards are what is estimated"
    )
    known_patients: KnownTable | None = Field(
        default=None, description="patients known one by one beside the paper; left out: only its print is known"
    )
    handled: dict[str, Line] = Field(default_factory=dict, description="conflict in the print to how it is handled")
    report: ReportRequest = Field(default_factory=ReportRequest, description="what the report shows")


def validated(data: dict[str, Any], address: str) -> AnalysisTable:
    """The tables of a file, checked; errors begin with the address."""
    table = tables_of_file(AnalysisTable, data, address)
    check_table(table, address)
    return table


def check_table(table: AnalysisTable, address: str) -> None:
    """Refuse tables of a file that cannot be beside each other, and a belief that is missing.

    Raises
    ------
    InputError
        With a sentence for each thing that is wrong.
    """
    refusals = Refusals()
    with refusals.of_a_part():
        check_beliefs(table.prior, needed_priors(table), address)
    with refusals.of_a_part():
        _check_known(table, address)
    with refusals.of_a_part():
        _check_arms(table, address)
    refusals.say()


def _check_known(table: AnalysisTable, address: str) -> None:
    """Refuse what patients one by one cannot be told beside."""
    if table.known_patients is None:
        return
    refusals = Refusals()
    if table.cohort.form != "none" and table.known_patients.duration is None:
        refusals.add(
            f"{address}: known_patients.duration: required the column of the duration, by which the "
            "hazards of this analysis differ; it is missing"
        )
    if table.between_studies is not None:
        refusals.add(
            f"{address}: known_patients: required an analysis without between_studies; "
            "known_patients.hazard_ratio_rarely_above says how much these patients may differ from the paper's"
        )
    if table.hazards.never_respond_by_duration:
        refusals.add(
            f"{address}: known_patients: required hazards.never_respond_by_duration = false; of patients one by one "
            "the share who never respond is the same for all"
        )
    refusals.say()


def _check_arms(table: AnalysisTable, address: str) -> None:
    """Refuse what arms cannot be told beside."""
    if table.arms is None:
        return
    beside = {
        **{key: bool(getattr(table, key)) for key in NOT_BESIDE_ARMS},
        "cohort.responders": table.cohort.responders is not None,
        "cohort.among": table.cohort.among != EVERYBODY,
    }
    said = {
        "cohort.responders": "arms.responders says how many responded in each arm",
        "cohort.among": "arms.reference and arms.compared say whom the analysis is about",
    }
    refusals = Refusals()
    for key in (key for key, is_there in beside.items() if is_there):
        refusals.add(f"{address}: {key}: required without it beside arms; {said.get(key, 'remove it')}")
    refusals.say()


def needed_priors(table: AnalysisTable) -> tuple[str, ...]:
    """Beliefs that the analysis needs."""
    beliefs = set(table.hazards.beliefs.values())
    unused = {
        "never_respond": not table.hazards.never_respond,
        "lost_by_one_year": table.follow_up.complete,
    }
    unused |= {id: table.cohort.form == "none" for id, parameter in BELIEFS.items() if parameter.of_duration}
    unused |= {
        f"{transition}_{kind}": f"{transition}_{kind}" not in beliefs for transition in TRANSITIONS for kind in KINDS
    }
    unused["odds_ratio_never_respond"] |= not table.hazards.never_respond_by_duration
    return tuple(id for id in BELIEFS if not unused.get(id, False))
