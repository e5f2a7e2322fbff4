"""Patients as one labelled table, and the conventions by which their numbers are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hscb_bayes.estimators.sample_quantiles import Definition
from hscb_bayes.evidence.printed import Printed

EVERYBODY = "all"  # the group that every study has
RESPONSE, DEATH = "response", "death"  # the events that every study has

IntervalScale = Literal["plain", "log", "log-log", "logit", "arcsin"]
ShareInterval = Literal["clopper-pearson", "wilson"]
IncidenceEstimator = Literal["aalen_johansen", "kaplan_meier"]
TestName = Literal["log-rank", "cox", "fine-gray", "spearman", "fisher"]
Direction = Literal["increases", "decreases"]
DurationScale = Literal["log2", "days"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cohort:
    """Patients of one study or of many replicates of it. Every array has shape (..., patient).

    Parameters
    ----------
    duration
        Days of the condition before time zero.
    response_day
        Recorded day of response, days since time zero; inf when no response was seen.
    last_day
        Day of death or of the end of follow-up, days since time zero.
    died
        Whether ``last_day`` is a death.
    groups
        Who is in each group, by group id.
    grades
        Who responded with each grade, by the grade's event.
    """

    duration: np.ndarray
    response_day: np.ndarray
    last_day: np.ndarray
    died: np.ndarray
    groups: Mapping[str, np.ndarray] = field(default_factory=dict)
    grades: Mapping[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def joined(cls, cohorts: Sequence[Cohort]) -> Cohort:
        """The patients of several cohorts, one after the other, in the groups of all of them."""

        def together(name: str) -> np.ndarray:
            return np.concatenate([getattr(cohort, name) for cohort in cohorts], axis=-1)

        def by_name(kind: str) -> dict[str, np.ndarray]:
            names = dict.fromkeys(name for cohort in cohorts for name in getattr(cohort, kind))
            nobody = [np.zeros(cohort.died.shape, dtype=bool) for cohort in cohorts]
            parts = [getattr(cohort, kind) for cohort in cohorts]
            return {
                name: np.concatenate([part.get(name, none) for part, none in zip(parts, nobody, strict=True)], axis=-1)
                for name in names
            }

        each = {name: together(name) for name in ("duration", "response_day", "last_day", "died")}
        return cls(**each, groups=by_name("groups"), grades=by_name("grades"))

    @property
    def responded(self) -> np.ndarray:
        """Who was ever seen to respond."""
        return np.isfinite(self.response_day)

    def seen_by(self, event: str, at: Printed | None) -> np.ndarray:
        """Who was seen to have an event, by a time or, where none is given, by the end of follow-up."""
        had, day = self.outcome(event)
        return had if at is None else had & (day <= at.value)

    def outcome(self, event: str) -> tuple[np.ndarray, np.ndarray]:
        """Who was seen to have an event, and on which day.

        Raises
        ------
        KeyError
            When the event is neither response, nor a grade of it, nor death.
        """
        if event in self.grades:
            return self.grades[event], np.where(self.grades[event], self.response_day, np.inf)
        return {RESPONSE: (self.responded, self.response_day), DEATH: (self.died, self.last_day)}[event]

    @property
    def first_day(self) -> np.ndarray:
        """Day of the first of response, death and end of follow-up."""
        return np.minimum(self.response_day, self.last_day)

    @property
    def first_cause(self) -> np.ndarray:
        """What happened on ``first_day``: 1 response, 2 death without response, 0 end of follow-up."""
        cause: np.ndarray = np.where(self.responded, 1, np.where(self.died, 2, 0))
        return cause

    def group(self, id: str) -> np.ndarray:
        """Who is in a group.

        Raises
        ------
        KeyError
            When the cohort has no such group.
        """
        return np.ones(self.died.shape, dtype=bool) if id == EVERYBODY else self.groups[id]


def recorded_days(days: np.ndarray, steps_per_day: int) -> np.ndarray:
    """Days as patients' records have them: to the nearest of so many steps a day."""
    recorded: np.ndarray = np.round(days * steps_per_day) / steps_per_day
    return recorded


class AssumedTest(BaseModel):
    """Which test a P value is taken to come from, where the paper does not say."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    test: TestName = Field(description="the test")
    direction: Direction | None = Field(
        default=None, description="whether the hazard of the outcome increases or decreases; left out: not known"
    )


class Conventions(BaseModel):
    """How the authors are taken to compute what they print, where the paper does not say. Part of an analysis."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    survival_interval: IntervalScale = Field(
        default="plain", description="scale of the confidence interval of a survival"
    )
    median_interval: IntervalScale = Field(
        default="log", description="scale of the interval that a median's limits invert"
    )
    share_interval: ShareInterval = Field(
        default="clopper-pearson", description="method of the confidence interval of a share of patients"
    )
    incidence: IncidenceEstimator = Field(
        default="aalen_johansen", description="death without response competes, or is treated as censoring"
    )
    quartiles: Definition | None = Field(
        default=None, description="definition of quartiles, 'type 2', 'type 6' or 'type 7'; left out: any of the three"
    )
    level: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(
        default=0.95, description="level of an interval whose level is not printed"
    )
    duration_scale: DurationScale = Field(
        default="log2", description="scale on which duration enters a Cox or Fine-Gray test"
    )
    tests: dict[str, AssumedTest] = Field(default_factory=dict, description="by item id, the test of a P value")
