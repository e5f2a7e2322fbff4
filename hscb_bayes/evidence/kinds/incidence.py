"""Cumulative incidence by a day, or by the end of follow-up: "82% engrafted by day 30"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from hscb_bayes.estimators import aalen_johansen, kaplan_meier
from hscb_bayes.estimators.intervals import proportion_interval
from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.item import (
    NO_LABELS,
    Identifier,
    PrintedNumber,
    among_in_words,
    event_in_words,
    interval_in_words,
)
from hscb_bayes.evidence.kinds.proportion import ProportionItem
from hscb_bayes.evidence.printed import DaysAfterZero


class Incidence(ProportionItem):
    """Share of a group seen to respond by a time, patients who were lost before it being accounted for.

    Or to have another event that does not end follow-up. Death without response competes, or is treated as the end of
    follow-up, as the conventions say. Where no time is printed it is where the curve ends.
    """

    kind: Literal["incidence"] = Field(description="which kind of number this is")
    event: Identifier = Field(description="the incidence of what: `response`, or an event that does not end follow-up")
    at: DaysAfterZero | None = Field(
        default=None, description="by when, counted from time zero; left out: by the end of follow-up"
    )

    @property
    def about_an_end(self) -> bool:
        """No: of death or what includes it, 1 less survival is printed as survival."""
        return False

    @property
    def day(self) -> float:
        """Days after time zero; inf where the curve ends."""
        return np.inf if self.at is None else self.at.value

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The estimate, and the two limits when they are printed."""
        return self.estimate_and_limits(self.words(NO_LABELS))

    def words(self, labels: Mapping[str, str]) -> str:
        """ "response by 30 days", or "cumulative incidence of response"."""
        event = event_in_words(self.event, labels)
        return f"cumulative incidence of {event}" if self.at is None else f"{event} by {self.at}"

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Aalen-Johansen, or one less Kaplan-Meier, at the day, with an interval on the scale of the conventions."""
        among = cohort.group(self.among)
        if conventions.incidence == "aalen_johansen":
            estimate, error = aalen_johansen.incidence_at(cohort.first_day, cohort.first_cause, self.day, among)
        else:
            free, error = kaplan_meier.survival_at(cohort.first_day, cohort.responded, self.day, among)
            estimate = 1.0 - free
        statistics = {self.id: self.value.round(estimate)}
        if self.lower is None or self.upper is None:
            return statistics
        level = conventions.level if self.level is None else self.level
        free_of = proportion_interval(1.0 - estimate, error, level, scale=conventions.survival_interval)
        statistics[f"{self.id}.lower"] = self.lower.round(1.0 - free_of[1])
        statistics[f"{self.id}.upper"] = self.upper.round(1.0 - free_of[0])
        return statistics

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "response by 30 days among all patients: 82%, letter"."""
        interval = interval_in_words(self.lower, self.upper, self.level)
        return f"{self.words(labels)} {among_in_words(self.among, labels)}: {self.value}{interval}, {self.place}"
