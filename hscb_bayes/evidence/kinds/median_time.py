"""Median time to an event: "median time to response 9 days (95% CI 7-14)", "median 15 days (range 6-124)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.estimators import aalen_johansen, kaplan_meier
from hscb_bayes.estimators.sample_quantiles import USUAL, quantile_of_sorted
from hscb_bayes.evidence.cohort import DEATH, Cohort, Conventions
from hscb_bayes.evidence.item import (
    NO_LABELS,
    Identifier,
    Item,
    Level,
    Line,
    PrintedNumber,
    among_in_words,
    check_interval,
    event_in_words,
    interval_in_words,
)
from hscb_bayes.evidence.printed import Days, DaysIfReached, Printed

QUARTILES = ("first_quartile", "third_quartile")
Readings = Annotated[dict[Line, Identifier], Field(min_length=2)]


class MedianTime(Item):
    """Time by which half of a group have had the event.

    Among patients who all responded it is the median of their times. Among others, response competes with death without
    response, and the median is where the cumulative incidence reaches one half: it may never.

    Where the paper says different things in different places about who the median is of, ``readings`` names them all,
    and every reading is a number of its own: ``response_median.all`` and ``response_median.responders``.

    A range is of patients: the first and the last time among those who had the event. Quartiles are theirs too. Neither
    is an interval of the median.
    """

    kind: Literal["median_time"] = Field(description="which kind of number this is")
    event: Identifier = Field(description="the time to what: `response`, `death`, or an event that is declared")
    value: DaysIfReached = Field(description="the estimate, or `NR` if it was not reached")
    lower: DaysIfReached | None = Field(default=None, description="lower confidence limit, if printed")
    upper: DaysIfReached | None = Field(default=None, description="upper confidence limit, if printed, or `NR`")
    level: Level | None = Field(
        default=None, description="level of the interval as a fraction; required with limits, which might be a range"
    )
    lowest: Days | None = Field(
        default=None, description="first time of a patient with the event (a range, no interval), if printed"
    )
    highest: Days | None = Field(
        default=None, description="last time of a patient with the event (a range, no interval), if printed"
    )
    first_quartile: Days | None = Field(
        default=None, description="time by which a quarter of the patients with the event had it, if printed"
    )
    third_quartile: Days | None = Field(
        default=None, description="time by which three quarters of the patients with the event had it, if printed"
    )
    readings: Readings | None = Field(
        default=None, description="place in the paper to group, where the paper is ambiguous; 'among' is then left out"
    )

    @model_validator(mode="after")
    def _interval_around_estimate(self) -> MedianTime:
        check_interval(self.value, self.lower, self.upper, self.level, self.place)
        return self

    @model_validator(mode="after")
    def _range_around_median(self) -> MedianTime:
        if self.lowest is not None and self.lowest.value > self.value.value:
            raise ValueError(f"lowest {self.lowest} is above the median {self.value}; check {self.place}")
        if self.highest is not None and self.value.is_reached and self.highest.value < self.value.value:
            raise ValueError(f"highest {self.highest} is below the median {self.value}; check {self.place}")
        if self.lower is not None and (self.lower, self.upper) == (self.lowest, self.highest):
            raise ValueError(
                f"{self.lower} to {self.upper} are given as an interval and as a range; a range of patients is "
                f"lowest and highest, a confidence interval lower and upper; check {self.place}"
            )
        if self.lower is not None and self.level is None:
            raise ValueError(
                "level is missing beside lower and upper; required the level of the confidence interval, such as 0.95 "
                f"(a range of patients is lowest and highest); check {self.place}"
            )
        return self

    @model_validator(mode="after")
    def _quartiles_around_median(self) -> MedianTime:
        if (self.first_quartile is None) != (self.third_quartile is None):
            there, missing = QUARTILES if self.third_quartile is None else QUARTILES[::-1]
            raise ValueError(
                f"{there} is given and {missing} is missing; required both, or neither; check {self.place}"
            )
        if self.first_quartile is None or self.third_quartile is None:
            return self
        days = [part.value for part in (self.first_quartile, self.value, self.third_quartile)]
        if days != sorted(days):
            raise ValueError(
                f"quartiles {self.first_quartile} and {self.third_quartile} are not around the median {self.value}; "
                f"check {self.place}"
            )
        return self

    @model_validator(mode="after")
    def _one_way_to_say_among_whom(self) -> MedianTime:
        if self.readings is not None and "among" in self.model_fields_set:
            raise ValueError("among and readings are both given; readings says among whom, leave among out")
        if self.readings is not None and len(set(self.readings.values())) < len(self.readings):
            raise ValueError("readings name the same group twice; they are the places that disagree")
        return self

    @property
    def groups(self) -> tuple[str, ...]:
        """The group, or the group of each reading."""
        return (self.among,) if self.readings is None else tuple(self.readings.values())

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """For each reading the estimate, and the two limits when they are printed."""
        return tuple(number for group in self.groups for number in self._numbers_among(group))

    def id_among(self, group: str) -> str:
        """Id of the number of one reading; the id of the item when there is only one."""
        return self.id if self.readings is None else f"{self.id}.{group}"

    def _numbers_among(self, group: str) -> list[PrintedNumber]:
        id, event = self.id_among(group), event_in_words(self.event, NO_LABELS)
        words = f"median time to {event}"
        parts: list[tuple[str, str, Printed | None]] = [
            (id, words, self.value),
            (f"{id}.lower", f"{words}, lower limit", self.lower),
            (f"{id}.upper", f"{words}, upper limit", self.upper),
            (f"{id}.lowest", f"first time to {event}", self.lowest),
            (f"{id}.highest", f"last time to {event}", self.highest),
            (f"{id}.first_quartile", f"first quartile of times to {event}", self.first_quartile),
            (f"{id}.third_quartile", f"third quartile of times to {event}", self.third_quartile),
        ]
        return [
            PrintedNumber(id=part, item=self.id, label=label, among=group, printed=printed)
            for part, label, printed in parts
            if printed is not None
        ]

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Median and limits of every reading, of times as recorded; inf where not reached."""
        statistics: dict[str, np.ndarray] = {}
        for group in self.groups:
            id, (value, lower, upper) = self.id_among(group), self._median(cohort, conventions, group)
            statistics[id] = self.value.round(value)
            if self.lower is not None and self.upper is not None:
                statistics[f"{id}.lower"] = self.lower.round(lower)
                statistics[f"{id}.upper"] = self.upper.round(upper)
            statistics |= self._range(cohort, group) | self._quartiles(cohort, conventions, group)
        return statistics

    def _range(self, cohort: Cohort, group: str) -> dict[str, np.ndarray]:
        """First and last time among those of the group who had the event; NaN where nobody had it."""
        ever, day = cohort.outcome(self.event)
        had = ever & cohort.group(group)
        ends = {"lowest": np.where(had, day, np.inf).min(axis=-1), "highest": np.where(had, day, -np.inf).max(axis=-1)}
        return {
            f"{self.id_among(group)}.{name}": printed.round(np.where(had.any(axis=-1), ends[name], np.nan))
            for name, printed in (("lowest", self.lowest), ("highest", self.highest))
            if printed is not None
        }

    def _quartiles(self, cohort: Cohort, conventions: Conventions, group: str) -> dict[str, np.ndarray]:
        """Quartiles of the times of those of the group who had the event; NaN where nobody had it."""
        if self.first_quartile is None or self.third_quartile is None:
            return {}
        ever, day = cohort.outcome(self.event)
        days = np.where(ever & cohort.group(group), day, np.inf)
        found = {}
        for name, share, printed in zip(
            QUARTILES, (0.25, 0.75), (self.first_quartile, self.third_quartile), strict=True
        ):
            value = quantile_of_sorted(np.sort(days, axis=-1), share, conventions.quartiles or USUAL)
            found[f"{self.id_among(group)}.{name}"] = printed.round(value)
        return found

    def _median(
        self, cohort: Cohort, conventions: Conventions, group: str
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        among, scale = cohort.group(group), conventions.median_interval
        level = conventions.level if self.level is None else self.level
        if self.event == DEATH:
            return kaplan_meier.quantile(cohort.last_day, cohort.died, among, level=level, scale=scale)
        if conventions.incidence == "kaplan_meier":
            return kaplan_meier.quantile(cohort.first_day, cohort.responded, among, level=level, scale=scale)
        return aalen_johansen.quantile(cohort.first_day, cohort.first_cause, among, level=level, scale=scale)

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "median time to response among all patients: 9 days (95% CI 7 days to 14 days), abstract"."""
        people = " or ".join(among_in_words(group, labels) for group in self.groups)
        interval = interval_in_words(self.lower, self.upper, self.level)
        spread = "" if self.lowest is None or self.highest is None else f" (range {self.lowest} to {self.highest})"
        if self.first_quartile is not None and self.third_quartile is not None:
            spread += f" (quartiles {self.first_quartile} and {self.third_quartile})"
        words = f"median time to {event_in_words(self.event, labels)}"
        return f"{words} {people}: {self.value}{interval}{spread}, {self.place}"
