"""By how much a share of one group exceeds that of another: of survival at a day, or of patients with an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.estimators.intervals import normal_quantile
from hscb_bayes.estimators.kaplan_meier import survival_at
from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.item import (
    NO_LABELS,
    PrintedNumber,
    among_in_words,
    check_interval,
    event_in_words,
    interval_in_words,
    survival_in_words,
)
from hscb_bayes.evidence.kinds.compared import ComparedItem
from hscb_bayes.evidence.printed import DaysAfterZero, Difference

Estimate = tuple[np.ndarray, np.ndarray]


class DifferenceItem(ComparedItem):
    """Survival of the first group at a day less that of the second; or the same of the patients seen to have an event.

    The interval is normal: Greenwood's variance for survival, the binomial one for shares.
    """

    kind: Literal["difference"] = Field(description="which kind of number this is")
    of: Literal["survival", "share"] = Field(
        description="of survival without the event, or of the share of patients seen to have it"
    )
    at: DaysAfterZero | None = Field(
        default=None, description="when, counted from time zero; of shares left out: by the end of follow-up"
    )
    value: Difference = Field(description="the estimate")
    lower: Difference | None = Field(default=None, description="lower confidence limit, if printed")
    upper: Difference | None = Field(default=None, description="upper confidence limit, if printed")

    @model_validator(mode="after")
    def _as_printed(self) -> Self:
        if self.at is None and self.of == "survival":
            raise ValueError("at is missing; a difference of survival is at a time")
        check_interval(self.value, self.lower, self.upper, self.level, self.place)
        return self

    @property
    def about_an_end(self) -> bool | None:
        """Survival is without an event that ends follow-up; a share may be of either."""
        return True if self.of == "survival" else None

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The estimate, and the two limits when they are printed."""
        return self.with_limits(self._words(NO_LABELS), self.value, self.lower, self.upper)

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """The difference and its limits; NaN where nobody is in one of the groups."""
        among = cohort.group(self.among)
        parts = [self._estimate(cohort, cohort.group(id) & among) for id in self.groups_compared]
        (first, of_first), (second, of_second) = parts
        found = {self.id: self.value.round(first - second)}
        if self.lower is None or self.upper is None:
            return found
        half = normal_quantile(conventions.level if self.level is None else self.level) * np.hypot(of_first, of_second)
        found[f"{self.id}.lower"] = self.lower.round(first - second - half)
        found[f"{self.id}.upper"] = self.upper.round(first - second + half)
        return found

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "difference of survival at 100 days, defibrotide less controls: 23% (95% CI 5.2% to 40.8%), abstract"."""
        interval = interval_in_words(self.lower, self.upper, self.level)
        return f"{self._words(labels)} {among_in_words(self.among, labels)}: {self.value}{interval}, {self.place}"

    def _estimate(self, cohort: Cohort, group: np.ndarray) -> Estimate:
        """Estimate and standard error of one group."""
        if self.of == "survival" and self.at is not None:
            return survival_at(cohort.last_day, cohort.died, self.at.value, group)
        size = group.sum(axis=-1)
        share = (cohort.seen_by(self.event, self.at) & group).sum(axis=-1) / np.maximum(size, 1)
        return np.where(size > 0, share, np.nan), np.sqrt(share * (1.0 - share) / np.maximum(size, 1))

    def _words(self, labels: Mapping[str, str]) -> str:
        first, second = (labels.get(id, id.replace("_", " ")) for id in self.groups_compared)
        if self.of == "survival":
            what = f"{survival_in_words(self.event, labels)} at {self.at}"
        else:
            what = event_in_words(self.event, labels) + ("" if self.at is None else f" by {self.at}")
        return f"difference of {what}, {first} less {second}{self.as_adjusted}"
