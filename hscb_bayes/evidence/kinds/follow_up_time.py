"""Median follow-up by the reverse Kaplan-Meier estimator: "median follow-up 14 months (95% CI 10-19)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from hscb_bayes.estimators import kaplan_meier
from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.item import NO_LABELS, PrintedNumber, among_in_words, interval_in_words
from hscb_bayes.evidence.kinds.curve_median import CurveMedian


class FollowUpTime(CurveMedian):
    """Median follow-up, where deaths end it as losses end a survival curve: the reverse Kaplan-Meier estimator.

    A median of the survivors' follow-up, or of all patients' last days, is another number, and so may be one whose
    estimator is not named: these are facts. To read one as another costs 15 points of coverage.
    """

    kind: Literal["follow_up"] = Field(description="which kind of number this is")
    estimator: Literal["reverse_kaplan_meier"] = Field(description="how the paper says that it was estimated")

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The median, and the two limits when they are printed."""
        return self.with_limits("median follow-up", self.value, self.lower, self.upper)

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Median of the Kaplan-Meier curve in which the end of follow-up is the event, with its limits."""
        level, scale = self.level_by(conventions), conventions.median_interval
        among = cohort.group(self.among)
        return self.rounded(kaplan_meier.quantile(cohort.last_day, ~cohort.died, among, level=level, scale=scale))

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "median follow-up among all patients: 14 months (reverse Kaplan-Meier), abstract"."""
        interval = interval_in_words(self.lower, self.upper, self.level)
        people = among_in_words(self.among, labels)
        return f"median follow-up {people}: {self.value}{interval} (reverse Kaplan-Meier), {self.place}"
