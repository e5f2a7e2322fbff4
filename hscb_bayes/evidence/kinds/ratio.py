"""How many times as high in one group as in another: a hazard ratio, an odds ratio or a risk ratio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.estimators import cox
from hscb_bayes.estimators.intervals import normal_quantile
from hscb_bayes.evidence.cohort import DEATH, Cohort, Conventions
from hscb_bayes.evidence.item import (
    NO_LABELS,
    PrintedNumber,
    among_in_words,
    check_interval,
    event_in_words,
    interval_in_words,
)
from hscb_bayes.evidence.kinds.compared import ComparedItem
from hscb_bayes.evidence.printed import DaysAfterZero, Ratio

Measure = Literal["hazard ratio", "odds ratio", "risk ratio"]
Estimate = tuple[np.ndarray, np.ndarray]


class RatioItem(ComparedItem):
    """A hazard ratio of Cox's model (ties after Efron), or a ratio of odds or of shares.

    The hazard of an event that does not end follow-up is that of patients who have not had it, death without it being
    the end of follow-up. Odds and shares are of the patients seen to have the event, by a time if one is printed. The
    interval is normal on the log scale.
    """

    kind: Literal["ratio"] = Field(description="which kind of number this is")
    measure: Measure = Field(description="of what it is the ratio")
    at: DaysAfterZero | None = Field(
        default=None,
        description="of odds and shares: by when, counted from time zero; left out: by the end of follow-up",
    )
    value: Ratio = Field(description="the estimate")
    lower: Ratio | None = Field(default=None, description="lower confidence limit, if printed")
    upper: Ratio | None = Field(default=None, description="upper confidence limit, if printed")

    @model_validator(mode="after")
    def _as_printed(self) -> Self:
        if self.at is not None and self.measure == "hazard ratio":
            raise ValueError("at is given; a hazard ratio is of all of follow-up, required none")
        check_interval(self.value, self.lower, self.upper, self.level, self.place)
        return self

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The estimate, and the two limits when they are printed."""
        return self.with_limits(self._words(NO_LABELS), self.value, self.lower, self.upper)

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """The ratio, its limits; NaN where nobody has the event, 0 or inf, without limits, where one group has none."""
        log_ratio, error = _ESTIMATES[self.measure](self, cohort)
        with np.errstate(over="ignore", invalid="ignore"):
            found = {self.id: self.value.round(np.exp(log_ratio))}
            if self.lower is None or self.upper is None:
                return found
            half = normal_quantile(conventions.level if self.level is None else self.level) * error
            limits = np.exp(log_ratio - half), np.exp(log_ratio + half)
        found[f"{self.id}.lower"], found[f"{self.id}.upper"] = self.lower.round(limits[0]), self.upper.round(limits[1])
        return found

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "hazard ratio of death, defibrotide over controls: 0.62 (95% CI 0.37 to 1.05), abstract"."""
        interval = interval_in_words(self.lower, self.upper, self.level)
        return f"{self._words(labels)} {among_in_words(self.among, labels)}: {self.value}{interval}, {self.place}"

    def _words(self, labels: Mapping[str, str]) -> str:
        first, second = (labels.get(id, id.replace("_", " ")) for id in self.groups_compared)
        when = "" if self.at is None else f" by {self.at}"
        return f"{self.measure} of {event_in_words(self.event, labels)}{when}, {first} over {second}{self.as_adjusted}"

    def _masks(self, cohort: Cohort) -> tuple[np.ndarray, np.ndarray]:
        among = cohort.group(self.among)
        first, second = (cohort.group(id) & among for id in self.groups_compared)
        return first, second


def _hazards(item: RatioItem, cohort: Cohort) -> Estimate:
    first, second = item._masks(cohort)
    had, _ = cohort.outcome(item.event)
    time = cohort.last_day if item.event == DEATH else np.where(had, cohort.response_day, cohort.last_day)
    return cox.two_groups(time, had, first, first | second, ties="efron")


def _counts(item: RatioItem, cohort: Cohort) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each group how many had the event, and how many there are."""
    had = cohort.seen_by(item.event, item.at)
    first, second = item._masks(cohort)
    return (
        (had & first).sum(axis=-1).astype(float), first.sum(axis=-1).astype(float),
        (had & second).sum(axis=-1).astype(float), second.sum(axis=-1).astype(float),
    )  # fmt: skip


def _odds(item: RatioItem, cohort: Cohort) -> Estimate:
    """Woolf's standard error."""
    a, n, c, m = _counts(item, cohort)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(a) - np.log(n - a) - np.log(c) + np.log(m - c), np.sqrt(1 / a + 1 / (n - a) + 1 / c + 1 / (m - c))


def _risks(item: RatioItem, cohort: Cohort) -> Estimate:
    """Katz's standard error."""
    a, n, c, m = _counts(item, cohort)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(a / n) - np.log(c / m), np.sqrt(np.maximum(1 / a - 1 / n + 1 / c - 1 / m, 0.0))


_ESTIMATES: dict[Measure, Callable[[RatioItem, Cohort], Estimate]] = {
    "hazard ratio": _hazards,
    "odds ratio": _odds,
    "risk ratio": _risks,
}
