"""What an analysis file about a table of patients says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hscb_bayes.analysis.covariate import Covariate
from hscb_bayes.analysis.exchangeable import Exchangeable
from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.level import Level
from hscb_bayes.analysis.priors import BELIEFS, Beliefs, check_beliefs
from hscb_bayes.analysis.ratios import spread_of
from hscb_bayes.analysis.table_source import PatientTable
from hscb_bayes.errors import Refusals
from hscb_bayes.evidence.item import Identifier, Line, Paragraph, SchemaVersion, Table
from hscb_bayes.evidence.patients.columns import Column
from hscb_bayes.evidence.patients.reading import Kind
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.sentences import in_order_of, listed, quote
from hscb_bayes.toml_file import tables_of_file

# What predictions are laid out by.
OF_RESULTS = ("chain", "draw", "study", "day", "state", "patient", "setting", "group", "among")


class Centres(Table):
    """Centres, and how much their hazards differ."""

    column: Column = Field(description="column of the table")
    hazard_ratio_rarely_above: float = Field(
        description="95% of the hazard ratios between two centres are below, were the spread at the scale of its prior",
        gt=1,
        le=1e6,
    )
    correlated: bool = Field(
        default=False, description="true: a centre's three effects are correlated, with an LKJ(2) prior"
    )
    within: Literal["study"] | None = Field(
        default=None,
        description="'study': in an analysis of several studies each table has a spread of its own; left out: all have "
        "one",
    )
    why: Line = Field(description="where the belief comes from")

    exchangeable: Exchangeable | None = Field(
        default=None, description="left out: every centre is taken to be one of a kind"
    )

    def level(self, centres: tuple[str, ...], study: str | None = None) -> Level:
        """The level that these beliefs about some centres make.

        Parameters
        ----------
        study
            That the table is of, among several; the name of each centre then has that of the study before it.
        """
        prefix = "" if study is None else f"{study}:"
        between, own = dict.fromkeys(TRANSITIONS, spread_of(self.hazard_ratio_rarely_above)), self.exchangeable
        return Level(
            name="centre",
            units=tuple(f"{prefix}{centre}" for centre in centres),
            between=between,
            weights={} if own is None else {f"{prefix}{centre}": own.weight_of(centre) for centre in centres},
            apart={} if own is None else own.apart(between),
            mixed_in="prior",
            correlated=self.correlated,
            centred=True,
            within=() if study is None or self.within is None else (study,) * len(centres),
        )


class Endpoints(Table):
    """What the table's times are of, in the words of the report."""

    time_zero: Line = Field(default="time zero", description="what times count from, such as 'the transplant'")
    response: Line = Field(default="response", description="what a response is, as in 'platelet recovery'")
    death: Line = Field(default="death", description="what the other event is, as in 'relapse or death'")


class PatientReport(Table):
    """What the report shows."""

    days: tuple[Annotated[float, Field(gt=0.0)], ...] = Field(
        default=(28.0, 100.0, 365.0), min_length=1, description="days of tables and checks; curves end at the last",
        strict=False,
    )  # fmt: skip

    @model_validator(mode="after")
    def _days_increase(self) -> PatientReport:
        if any(later <= earlier for earlier, later in zip(self.days, self.days[1:], strict=False)):
            raise ValueError(f"days: required increasing days, found {list(self.days)}")
        return self


class PatientAnalysisTable(Table):
    """A whole analysis file about a table of patients, its base merged in."""

    schema_: SchemaVersion = Field(alias="schema", description="version of this format")
    title: Line = Field(description="what this analysis is")
    question: Paragraph = Field(description="what it is asked")
    patients: PatientTable = Field(description="the table")
    covariates: dict[Identifier, Covariate] = Field(default_factory=dict, description="columns that change the hazards")
    centres: Centres | None = Field(default=None, description="left out: all patients are taken to be of one centre")
    population: Identifier | None = Field(
        default=None, description="name of the kind of patients, such as 'after_car_t'; needed to pool studies"
    )
    definition: Identifier | None = Field(
        default=None, description="name of what counts as a response, such as 'neutrophil'; needed to pool studies"
    )
    hazards: Hazards = Field(default_factory=Hazards, description="the hazards")
    prior: Beliefs = Field(description="one belief for every parameter of a baseline")
    endpoints: Endpoints = Field(default_factory=Endpoints, description="the words of the report")
    report: PatientReport = Field(default_factory=PatientReport, description="what the report shows")


def validated(data: dict[str, Any], address: str) -> PatientAnalysisTable:
    """The tables of a file, checked; errors begin with the address."""
    table = tables_of_file(PatientAnalysisTable, data, address)
    with in_order_of(data, address) as refusals:
        with refusals.of_a_part():
            check_beliefs(table.prior, needed_beliefs(table), address)
        with refusals.of_a_part():
            _check_kinds(table, address)
    return table


def kinds_of_columns(table: PatientAnalysisTable) -> dict[str, Kind]:
    """Whether each column that an analysis names is of numbers or of labels."""
    found = {covariate.column: covariate.kind for covariate in table.covariates.values()}
    return found if table.centres is None else found | {table.centres.column: "text"}


def _check_kinds(table: PatientAnalysisTable, path: str) -> None:
    """Refuse a column that is to be numbers in one place and labels in another, and names that results have."""
    kinds, refusals = kinds_of_columns(table), Refusals()
    for id, covariate in table.covariates.items():
        if covariate.kind != kinds[covariate.column]:
            refusals.add(
                f"{path}: covariates.{id}: the column {quote(covariate.column)} is of numbers in one place and of "
                "labels in another; required one of them"
            )
        if id in OF_RESULTS:
            refusals.add(
                f"{path}: covariates.{id}: required another name (the column may keep its own); results have "
                f"dimensions called {listed(list(OF_RESULTS))}"
            )
    refusals.say()


def needed_beliefs(table: PatientAnalysisTable) -> tuple[str, ...]:
    """Beliefs that an analysis of patients needs: those of its baselines."""
    found = ["response_median", *TRANSITIONS[1:], *table.hazards.beliefs.values()]
    return tuple(id for id in BELIEFS if id in found or (id == "never_respond" and table.hazards.never_respond))
