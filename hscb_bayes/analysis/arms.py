"""Arms: groups of one study that an analysis compares, each with hazards of its own around those of a reference."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hscb_bayes.analysis.exchangeable import Ratio
from hscb_bayes.analysis.level import EFFECTS
from hscb_bayes.analysis.ratios import deviation_of
from hscb_bayes.analysis.shift import Shift
from hscb_bayes.evidence.item import Identifier, Line, Table
from hscb_bayes.process.pathway import TRANSITIONS

MOST_COMPARED = 5


class Arms(Table):
    """Groups of a study that are compared: a reference, and others whose hazards are multiplied by ratios of their own.

    A ratio has a normal prior on the log scale around no difference. There is no spread between arms, and no next one.
    """

    reference: Identifier = Field(description="group that the others are compared with")
    compared: tuple[Identifier, ...] = Field(
        description="groups that are compared with the reference", strict=False, min_length=1, max_length=MOST_COMPARED
    )
    hazard_ratio_rarely_above: Annotated[float, Field(gt=1.0, le=1000.0)] = Field(
        description="95% of the hazard ratios, of each transition, are below, and above its inverse"
    )
    odds_ratio_rarely_above: Ratio | None = Field(
        default=None, description="the same of the odds of never responding; left out: that of the hazards"
    )
    responders: dict[Identifier, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict, description="by group its patients with a response, where the study does not print them"
    )
    why: Line = Field(description="where the beliefs come from")

    @model_validator(mode="after")
    def _each_once(self) -> Arms:
        twice = [name for name in self.names if self.names.count(name) > 1]
        if twice:
            raise ValueError(f"{twice[0]!r} is named twice; required different groups")
        unknown = [name for name in self.responders if name not in self.names]
        if unknown:
            raise ValueError(f"responders names {unknown[0]!r}, which is not compared; required one of {self.names}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The reference, and the others."""
        return (self.reference, *self.compared)

    @property
    def odds_ratio(self) -> float:
        """Below which 95% of the odds ratios of never responding are."""
        return self.odds_ratio_rarely_above or self.hazard_ratio_rarely_above

    def shifts(self, *, never_respond: bool) -> tuple[Shift, ...]:
        """By what each compared arm differs from the reference.

        Parameters
        ----------
        never_respond
            Whether the hazards have a share who never respond.
        """
        of_hazards = deviation_of(self.hazard_ratio_rarely_above)
        of_odds = deviation_of(self.odds_ratio)
        deviations = dict.fromkeys(EFFECTS, 0.0) | dict.fromkeys(TRANSITIONS, of_hazards)
        deviations["never_respond"] = of_odds if never_respond else 0.0
        return tuple(Shift(name=f"arm:{arm}", studies=(arm,), deviations=deviations) for arm in self.compared)
