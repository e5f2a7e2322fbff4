"""How much each unit of a level is taken to be one of a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from hscb_bayes.analysis.level import RATIOS
from hscb_bayes.analysis.ratios import deviation_of
from hscb_bayes.evidence.item import Line, Table

Ratio = Annotated[float, Field(ge=1.0, le=1000.0)]


class Exchangeable(Table):
    """How much each study, or centre, is taken to be one of a kind: with the rest it is on its own (EXNEX).

    References
    ----------
    Neuenschwander B, Wandel S, Roychoudhury S, Bailey S. Pharm Stat 2016;15:123-134.
    """

    weight: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=1.0, description="prior probability that a study is exchangeable with those of its population"
    )
    weights: dict[Line, Annotated[float, Field(gt=0.0, le=1.0)]] = Field(
        default_factory=dict, description="the same for single studies, by id"
    )
    ratio_apart_rarely_above: Ratio = Field(
        default=100.0,
        description="hazard and odds ratios of a study on its own, beside the average, rarely above; its shape of "
        "response and its follow-up differ as those of others do",
    )
    why: Line = Field(description="where the weights come from")

    def weight_of(self, unit: str) -> float:
        """Of one study, or of one centre."""
        return self.weights.get(unit, self.weight)

    def apart(self, between: Mapping[str, float]) -> dict[str, float]:
        """Standard deviations of the effects of a unit on its own; of shapes and losses as of one of the kind.

        Parameters
        ----------
        between
            Scale of the spread of each effect; 0 where units do not differ.
        """
        wide = deviation_of(self.ratio_apart_rarely_above)
        return {effect: wide if effect in RATIOS and width > 0.0 else width for effect, width in between.items()}
