"""Median follow-up by the reverse Kaplan-Meier estimator: "median follow-up 14 months (95% CI 10-19)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.estimators import kaplan_meier
from hscb_bayes.evidence.cohort import DEATH, Cohort, Conventions
from hscb_bayes.evidence.item import (
    NO_LABELS,
    Identifier,
    Item,
    Level,
    PrintedNumber,
    among_in_words,
    check_interval,
    interval_in_words,
)
from hscb_bayes.evidence.printed import Days


class FollowUpTime(Item):
    """Median follow-up, where deaths end it as losses end a survival curve: the reverse Kaplan-Meier estimator.

    A median of the survivors' follow-up, or of all patients' last days, is another number, and so may be one whose
    estimator is not named: these are facts. To read one as another costs 15 points of coverage.
    """

    kind: Literal["follow_up"] = Field(description="which kind of number this is")
    event: Identifier = Field(default=DEATH, description="the event that ends follow-up: of which curve it is")
    value: Days = Field(description="the median")
    estimator: Literal["reverse_kaplan_meier"] = Field(description="how the paper says that it was estimated")
    lower: Days | None = Field(default=None, description="lower confidence limit, if printed")
    upper: Days | None = Field(default=None, description="upper confidence limit, if printed")
    level: Level | None = Field(default=None, description="level of the interval as a fraction, if printed")

    @model_validator(mode="after")
    def _interval_around_estimate(self) -> FollowUpTime:
        check_interval(self.value, self.lower, self.upper, self.level, self.place)
        return self

    @property
    def about_an_end(self) -> bool:
        """Yes: a patient who had the event is followed no longer."""
        return True

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The median, and the two limits when they are printed."""
        parts = [("", "median follow-up", self.value), (".lower", "median follow-up, lower limit", self.lower)]
        parts += [(".upper", "median follow-up, upper limit", self.upper)]
        return tuple(self.number(part, words, printed) for part, words, printed in parts if printed is not None)

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Median of the Kaplan-Meier curve in which the end of follow-up is the event, with its limits."""
        level = conventions.level if self.level is None else self.level
        value, lower, upper = kaplan_meier.quantile(
            cohort.last_day, ~cohort.died, cohort.group(self.among), level=level, scale=conventions.median_interval
        )
        found = {self.id: self.value.round(value)}
        if self.lower is not None and self.upper is not None:
            found |= {f"{self.id}.lower": self.lower.round(lower), f"{self.id}.upper": self.upper.round(upper)}
        return found

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "median follow-up among all patients: 14 months (reverse Kaplan-Meier), abstract"."""
        interval = interval_in_words(self.lower, self.upper, self.level)
        people = among_in_words(self.among, labels)
        return f"median follow-up {people}: {self.value}{interval} (reverse Kaplan-Meier), {self.place}"
