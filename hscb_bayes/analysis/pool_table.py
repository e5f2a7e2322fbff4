"""What a pool file says: how studies are believed to differ."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from hscb_bayes.analysis.exchangeable import Exchangeable, Ratio
from hscb_bayes.analysis.paper_table import ReportRequest
from hscb_bayes.analysis.ratios import deviation_of, spread_of
from hscb_bayes.evidence.item import Identifier, Line, Paragraph, SchemaVersion, Table
from hscb_bayes.toml_file import tables_of_file

MOST_STUDIES = 100
OF_SEVERAL = ("between_studies", "exchangeable", "borrowing", "populations", "definitions", "shared_patients")


class BetweenStudies(Table):
    """How much studies of one population and one definition differ; 1 where they are taken to be alike.

    "Rarely above" is: 95% of the ratios between two studies are below, were the spread at the scale of its prior. With
    the prior's own uncertainty about the spread it is 93.5%.
    """

    response: Ratio = Field(description="hazard ratio of response rarely above")
    death_without_response: Ratio = Field(description="hazard ratio of death without response rarely above")
    death_after_response: Ratio = Field(description="hazard ratio of death after response rarely above")
    never_respond: Ratio = Field(description="odds ratio of never responding rarely above")
    response_shape: Ratio = Field(default=1.0, description="ratio of shapes of response rarely above")
    lost_by_one_year: Ratio = Field(description="odds ratio of being lost to follow-up rarely above")
    correlated: bool = Field(
        default=False, description="true: a study's effects on the three hazards are correlated, with an LKJ(2) prior"
    )
    why: Line = Field(description="where the beliefs come from")

    def deviation(self, effect: str) -> float:
        """Scale of the half-normal spread of study effects: two studies differ by normal of sqrt(2) times it."""
        return spread_of(getattr(self, effect))


class Difference(Table):
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
        return deviation_of(ratio or 1.0)


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

    schema_: SchemaVersion = Field(alias="schema", description="version of this format")
    title: Line = Field(description="what this analysis is")
    question: Paragraph = Field(description="what it is asked")
    studies: tuple[Identifier, ...] = Field(
        description="names of the analyses that are joined, in the same folder; the first says the priors",
        strict=False,
        min_length=1,
        max_length=MOST_STUDIES,
    )
    population: Identifier = Field(description="the population that the answers are about")
    population_words: Line | None = Field(default=None, description="the same in words, for the report")
    definition: Identifier = Field(description="the definition of response that the answers are about")
    populations: dict[Identifier, Difference] = Field(default_factory=dict, description="how far the others may be")
    definitions: dict[Identifier, Difference] = Field(default_factory=dict, description="how far the others may be")
    between_studies: BetweenStudies | None = Field(
        default=None, description="how much studies of one kind differ; a pool of one study has none"
    )
    exchangeable: Exchangeable | None = Field(
        default=None, description="weights of the studies; a pool of one study has none"
    )
    borrowing: Borrowing | None = Field(default=None, description="left out: every print counts in full")
    shared_patients: dict[str, Line] = Field(
        default_factory=dict,
        description="two study ids joined by '+' to why both are in, where they may share patients",
    )
    report: ReportRequest = Field(default_factory=ReportRequest, description="what the report shows")

    @model_validator(mode="after")
    def _several_differ(self) -> PoolTable:
        for key in ("between_studies", "exchangeable"):
            if len(self.studies) > 1 and getattr(self, key) is None:
                raise ValueError(f"{key} is missing; required of {len(self.studies)} studies")
        told = [key for key in OF_SEVERAL if getattr(self, key)]
        if len(self.studies) == 1 and told:
            raise ValueError(f"{told[0]}: required at least two studies, found {list(self.studies)}")
        return self


def validated(data: dict[str, Any], address: str) -> PoolTable:
    """The tables of a file, checked; errors begin with the address."""
    return tables_of_file(PoolTable, data, address)
