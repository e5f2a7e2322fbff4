"""Survival at a day, with its confidence interval: "1-year survival 74% (95% CI 54-94)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from hscb_bayes.estimators.intervals import proportion_interval
from hscb_bayes.estimators.kaplan_meier import survival_at
from hscb_bayes.evidence.cohort import DEATH, Cohort, Conventions
from hscb_bayes.evidence.item import (
    NO_LABELS,
    Identifier,
    PrintedNumber,
    among_in_words,
    interval_in_words,
    survival_in_words,
)
from hscb_bayes.evidence.kinds.proportion import ProportionItem
from hscb_bayes.evidence.printed import DaysAfterZero


class Survival(ProportionItem):
    """Share of a group alive at a time after time zero, estimated by Kaplan-Meier.

    Or of those alive without something: then its event is one that includes death, such as progression or death.
    """

    kind: Literal["survival"] = Field(description="which kind of number this is")
    at: DaysAfterZero = Field(description="when, counted from time zero")
    event: Identifier = Field(default=DEATH, description="survival without what: an event that ends follow-up")

    @property
    def about_an_end(self) -> bool:
        """Yes: a patient who had the event is followed no longer."""
        return True

    @property
    def day(self) -> float:
        """Days after time zero."""
        return self.at.value

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The estimate, and the two limits when they are printed."""
        return self.estimate_and_limits(f"{survival_in_words(self.event, NO_LABELS)} at {self.at}")

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Kaplan-Meier at the day, and Greenwood's interval on the scale of the conventions.

        Where nobody has died the interval is 100% to 100% on every scale; where everybody has it is undefined, as in R.
        """
        estimate, error = survival_at(cohort.last_day, cohort.died, self.day, cohort.group(self.among))
        statistics = {self.id: self.value.round(estimate)}
        if self.lower is None or self.upper is None:
            return statistics
        level = conventions.level if self.level is None else self.level
        lower, upper = proportion_interval(estimate, error, level, scale=conventions.survival_interval)
        statistics[f"{self.id}.lower"] = self.lower.round(lower)
        statistics[f"{self.id}.upper"] = self.upper.round(upper)
        return statistics

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "survival at 1 year among responders: 74% (95% CI 54% to 94%), Figure 1 legend"."""
        interval = interval_in_words(self.lower, self.upper, self.level)
        words = f"{survival_in_words(self.event, labels)} at {self.at}"
        return f"{words} {among_in_words(self.among, labels)}: {self.value}{interval}, {self.place}"
