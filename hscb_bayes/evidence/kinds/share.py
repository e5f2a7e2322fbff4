"""Share of patients who had an event, without the count: "75% recovered", "29% died (95% CI 8-58)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from hscb_bayes.estimators.intervals import clopper_pearson, wilson
from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.item import NO_LABELS, PrintedNumber, interval_in_words, whom
from hscb_bayes.evidence.kinds.count import EVENTS
from hscb_bayes.evidence.kinds.proportion import ProportionItem

INTERVALS = {"clopper-pearson": clopper_pearson, "wilson": wilson}


class Share(ProportionItem):
    """Share of a group with an event during follow-up, where the paper prints the percentage but not the count.

    Where the count is printed it is a `count`, which says more. The interval is that of a count, by the method of the
    conventions: nobody is censored in a share.
    """

    kind: Literal["share"] = Field(description="which kind of number this is")
    event: Literal["response", "death"] = Field(description="what happened to the patients that are counted")

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The share, and the two limits when they are printed."""
        return self.estimate_and_limits(f"share of patients with {EVENTS[self.event]}")

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Patients of the group with the event while followed, over all of the group; NaN without such patients."""
        among = cohort.group(self.among)
        event = cohort.responded if self.event == "response" else cohort.died
        size = among.sum(axis=-1)
        count = (event & among).sum(axis=-1)
        statistics = {self.id: self.value.round(np.where(size > 0, count / np.maximum(size, 1), np.nan))}
        if self.lower is None or self.upper is None:
            return statistics
        level = conventions.level if self.level is None else self.level
        lower, upper = INTERVALS[conventions.share_interval](count, size, level)
        return statistics | {f"{self.id}.lower": self.lower.round(lower), f"{self.id}.upper": self.upper.round(upper)}

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "share of patients with a response among all patients: 75%, abstract"."""
        interval = interval_in_words(self.lower, self.upper, self.level)
        people = whom(self.among, labels)
        return f"share of patients with {EVENTS[self.event]} {people}: {self.value}{interval}, {self.place}"
