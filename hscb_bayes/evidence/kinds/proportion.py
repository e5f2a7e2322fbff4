"""What the kinds that print a proportion with its interval share."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from hscb_bayes.evidence.item import Item, Level, PrintedNumber, check_interval
from hscb_bayes.evidence.printed import Proportion


class ProportionItem(Item):
    """A proportion, and its confidence interval where one is printed. Abstract."""

    value: Proportion = Field(description="the estimate")
    lower: Proportion | None = Field(default=None, description="lower confidence limit, if printed")
    upper: Proportion | None = Field(default=None, description="upper confidence limit, if printed")
    level: Level | None = Field(default=None, description="level of the interval as a fraction, if printed")

    @model_validator(mode="after")
    def _interval_around_estimate(self) -> Self:
        check_interval(self.value, self.lower, self.upper, self.level, self.place)
        return self

    def estimate_and_limits(self, words: str) -> tuple[PrintedNumber, ...]:
        """The estimate, and the two limits when they are printed; ``words`` say what it is an estimate of."""
        return self.with_limits(words, self.value, self.lower, self.upper)
