"""Median duration of a response: "median duration of response 10.5 months (95% CI 5.3-16.8)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.estimators.kaplan_meier import quantile
from hscb_bayes.evidence.cohort import DEATH, RESPONSE, Cohort, Conventions
from hscb_bayes.evidence.item import (
    NO_LABELS,
    Identifier,
    Item,
    Level,
    PrintedNumber,
    among_in_words,
    check_interval,
    event_in_words,
    interval_in_words,
)
from hscb_bayes.evidence.printed import Days


class Duration(Item):
    """Time from a response to its end, by which half of the patients who responded had it end: Kaplan-Meier.

    The end is the event that ends follow-up: death, or one that includes it, such as progression or death. Days count
    from each patient's own response. Where the response is another event, the group says of which (`among`).
    """

    kind: Literal["duration"] = Field(description="which kind of number this is")
    event: Identifier = Field(default=DEATH, description="what ends the response: an event that ends follow-up")
    value: Days = Field(description="the median")
    lower: Days | None = Field(default=None, description="lower confidence limit, if printed")
    upper: Days | None = Field(default=None, description="upper confidence limit, if printed")
    level: Level | None = Field(default=None, description="level of the interval as a fraction, if printed")

    @model_validator(mode="after")
    def _interval_around_estimate(self) -> Duration:
        check_interval(self.value, self.lower, self.upper, self.level, self.place)
        return self

    @property
    def about_an_end(self) -> bool:
        """Yes: a response is followed until it ends."""
        return True

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The median, and the two limits when they are printed."""
        words = self._words(NO_LABELS)
        estimate = self.number("", words, self.value)
        if self.lower is None or self.upper is None:
            return (estimate,)
        lower = self.number(".lower", f"{words}, lower limit", self.lower)
        return estimate, lower, self.number(".upper", f"{words}, upper limit", self.upper)

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Median of the curve since response, with its limits; inf where not reached, NaN where nobody responded."""
        among = cohort.group(self.among) & cohort.responded
        since = np.where(among, cohort.last_day - np.where(among, cohort.response_day, 0.0), 0.0)
        level = conventions.level if self.level is None else self.level
        found = quantile(np.maximum(since, 0.0), cohort.died, among, level=level, scale=conventions.median_interval)
        printed = {"": self.value, ".lower": self.lower, ".upper": self.upper}
        return {
            f"{self.id}{part}": one.round(values)
            for (part, one), values in zip(printed.items(), found, strict=True)
            if one is not None
        }

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "median duration of response, to progression or death, among all patients: 10.5 months, abstract"."""
        interval = interval_in_words(self.lower, self.upper, self.level)
        return f"{self._words(labels)} {among_in_words(self.among, labels)}: {self.value}{interval}, {self.place}"

    def _words(self, labels: Mapping[str, str]) -> str:
        return f"median duration of {event_in_words(RESPONSE, labels)}, to {event_in_words(self.event, labels)}"
