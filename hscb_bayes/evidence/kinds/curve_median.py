"""What the kinds that print where a curve crosses one half, which ends with the follow-up, share."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.evidence.cohort import DEATH, Conventions
from hscb_bayes.evidence.item import Identifier, Item, Level, check_interval
from hscb_bayes.evidence.printed import DaysIfReached


class CurveMedian(Item):
    """A median time, and its confidence interval where one is printed, of an event that ends follow-up. Abstract."""

    event: Identifier = Field(default=DEATH, description="the event that ends follow-up: of which curve it is")
    value: DaysIfReached = Field(description="the median, or `NR` if it was not reached")
    lower: DaysIfReached | None = Field(default=None, description="lower confidence limit, if printed")
    upper: DaysIfReached | None = Field(default=None, description="upper confidence limit, if printed, or `NR`")
    level: Level | None = Field(default=None, description="level of the interval as a fraction, if printed")

    @model_validator(mode="after")
    def _interval_around_estimate(self) -> Self:
        check_interval(self.value, self.lower, self.upper, self.level, self.place)
        return self

    @property
    def about_an_end(self) -> bool:
        """Yes: a patient who had the event is followed no longer."""
        return True

    def level_by(self, conventions: Conventions) -> float:
        """Level of the interval: as printed, or as the conventions have it."""
        return conventions.level if self.level is None else self.level

    def rounded(self, quantiles: tuple[np.ndarray, np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
        """A median and its limits as printed, by number id."""
        parts = {"": self.value, ".lower": self.lower, ".upper": self.upper}
        return {
            f"{self.id}{part}": printed.round(values)
            for (part, printed), values in zip(parts.items(), quantiles, strict=True)
            if printed is not None
        }
