"""Which hazard families an analysis takes: of a paper and of patients alike."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from hscb_bayes.analysis.priors import Parameter, shape_parameters
from hscb_bayes.evidence.item import Identifier, Table
from hscb_bayes.process.hazards import FAMILIES
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.sentences import nearest, quote

MOST_CUTS = 12


def _known(family: str) -> str:
    if family not in FAMILIES:
        raise ValueError(f"unknown family {quote(family)}; {nearest(family, FAMILIES)}")
    return family


Family = Annotated[str, AfterValidator(_known)]


class Hazards(Table):
    """Families of the three hazards, and the clock of the last."""

    response: Family = Field(
        default="weibull",
        description="family of the response hazard: weibull, gompertz, log_logistic or piecewise_exponential",
    )
    death_without_response: Family = Field(
        default="weibull",
        description="family of death without response: weibull, gompertz, log_logistic or piecewise_exponential",
    )
    death_after_response: Family = Field(
        default="weibull",
        description="family of death after response: weibull, gompertz, log_logistic or piecewise_exponential",
    )
    never_respond: bool = Field(default=True, description="whether a share of patients never responds")
    never_respond_by_duration: bool = Field(default=False, description="whether that share depends on duration")
    cuts: dict[Identifier, Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False)]] = Field(
        default_factory=dict,
        description="days at which a piecewise exponential hazard changes, increasing, at most 12, by transition; of "
        "`death_after_response` days on its clock",
    )
    clock: Literal["reset", "forward"] = Field(
        default="reset", description="death after response counts days since response, or since time zero"
    )

    @model_validator(mode="after")
    def _a_share_that_depends_on_duration_is_there(self) -> Hazards:
        if self.never_respond_by_duration and not self.never_respond:
            raise ValueError("never_respond_by_duration is true and never_respond is false; required a share to depend")
        return self

    @model_validator(mode="after")
    def _cuts_where_a_family_has_them(self) -> Hazards:
        for transition in TRANSITIONS:
            has_cuts = FAMILIES[self.family(transition)].HAS_CUTS
            if (transition in self.cuts) != has_cuts:
                needs = "required" if has_cuts else f"{self.family(transition)} has none"
                there = "given" if transition in self.cuts else "missing"
                raise ValueError(f"cuts.{transition} are {there}; {needs}")
        for transition, cuts in self.cuts.items():
            if transition not in TRANSITIONS:
                raise ValueError(f"cuts: unknown transition {quote(transition)}; {nearest(transition, TRANSITIONS)}")
            if not 0 < len(cuts) <= MOST_CUTS or list(cuts) != sorted(set(cuts)):
                raise ValueError(f"cuts.{transition}: required 1 to {MOST_CUTS} increasing days, found {list(cuts)}")
        return self

    def family(self, transition: str) -> str:
        """Name of a transition's family."""
        return str(getattr(self, transition))

    def shape_parameters(self, transition: str) -> dict[str, Parameter]:
        """Parameters of a transition's hazard beside its level."""
        return shape_parameters(transition, self.family(transition), self.cuts.get(transition, ()))

    @property
    def beliefs(self) -> dict[str, str]:
        """Which belief a shape parameter has: its own, or that of all steps of its transition."""
        return {
            id: f"{transition}_step" if transition in self.cuts else id
            for transition in TRANSITIONS
            for id in self.shape_parameters(transition)
        }
