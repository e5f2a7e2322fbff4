"""Share of patients who had an event, without the count: "75% recovered", "29% died (95% CI 8-58)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from hscb_bayes.estimators.intervals import clopper_pearson, wilson
from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.item import NO_LABELS, Identifier, PrintedNumber, among_in_words, interval_in_words
from hscb_bayes.evidence.kinds.count import by_when
from hscb_bayes.evidence.kinds.proportion import ProportionItem
from hscb_bayes.evidence.printed import DaysAfterZero

INTERVALS = {"clopper-pearson": clopper_pearson, "wilson": wilson}


class Share(ProportionItem):
    """Share of a group with an event, where the paper prints the percentage but not the count.

    It is a share by a time (``at``) or, where no time is printed, by the end of follow-up. Where the count is printed
    it is a `count`, which says more, and so it is where not all of the group were evaluable. The interval is that of a
    count, by the method of the conventions: nobody is censored in a share.
    """

    kind: Literal["share"] = Field(description="which kind of number this is")
    event: Identifier = Field(
        description="what happened to the patients that are counted: `response`, `death`, or an event that is declared"
    )
    at: DaysAfterZero | None = Field(
        default=None, description="by when, counted from time zero; left out: by the end of follow-up"
    )

    @property
    def is_total(self) -> bool:
        """Whether everybody in the group with the event is counted: none who had it later."""
        return self.at is None

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The share, and the two limits when they are printed."""
        return self.estimate_and_limits(f"share of patients with {by_when(self.event, self.at)}")

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Patients seen to have the event, by the time if one is printed, over all of the group; NaN without such."""
        among = cohort.group(self.among)
        size = among.sum(axis=-1)
        count = (cohort.seen_by(self.event, self.at) & among).sum(axis=-1)
        statistics = {self.id: self.value.round(np.where(size > 0, count / np.maximum(size, 1), np.nan))}
        if self.lower is None or self.upper is None:
            return statistics
        level = conventions.level if self.level is None else self.level
        lower, upper = INTERVALS[conventions.share_interval](count, size, level)
        return statistics | {f"{self.id}.lower": self.lower.round(lower), f"{self.id}.upper": self.upper.round(upper)}

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "share of patients with a response among all patients: 75%, abstract"."""
        interval = interval_in_words(self.lower, self.upper, self.level)
        people = among_in_words(self.among, labels)
        words = by_when(self.event, self.at, labels)
        return f"share of patients with {words} {people}: {self.value}{interval}, {self.place}"
