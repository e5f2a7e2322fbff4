"""Median duration of a response: "median duration of response 10.5 months (95% CI 5.3-16.8)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from hscb_bayes.estimators.kaplan_meier import quantile
from hscb_bayes.evidence.cohort import RESPONSE, Cohort, Conventions
from hscb_bayes.evidence.item import NO_LABELS, PrintedNumber, among_in_words, event_in_words, interval_in_words
from hscb_bayes.evidence.kinds.curve_median import CurveMedian


class Duration(CurveMedian):
    """Time from a response to its end, by which half of the patients who responded had it end: Kaplan-Meier.

    The end is the event that ends follow-up: death, or one that includes it, such as progression or death. Days count
    from each patient's own response. Where the response is another event, the group says of which (`among`).
    """

    kind: Literal["duration"] = Field(description="which kind of number this is")

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The median, and the two limits when they are printed."""
        return self.with_limits(self._words(NO_LABELS), self.value, self.lower, self.upper)

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Median of the curve since response, with its limits; inf where not reached, NaN where nobody responded."""
        among = cohort.group(self.among) & cohort.responded
        since = np.where(among, cohort.last_day - np.where(among, cohort.response_day, 0.0), 0.0)
        level, scale = self.level_by(conventions), conventions.median_interval
        return self.rounded(quantile(np.maximum(since, 0.0), cohort.died, among, level=level, scale=scale))

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "median duration of response, to progression or death, among all patients: 10.5 months, abstract"."""
        interval = interval_in_words(self.lower, self.upper, self.level)
        return f"{self._words(labels)} {among_in_words(self.among, labels)}: {self.value}{interval}, {self.place}"

    def _words(self, labels: Mapping[str, str]) -> str:
        return f"median duration of {event_in_words(RESPONSE, labels)}, to {event_in_words(self.event, labels)}"
