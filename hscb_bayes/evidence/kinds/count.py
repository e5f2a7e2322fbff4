"""How many of n patients had an event: "26 of 31 (84%)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.evidence.cohort import EVERYBODY, Cohort, Conventions
from hscb_bayes.evidence.item import NO_LABELS, Item, PrintedNumber, whom
from hscb_bayes.evidence.printed import Printed, Proportion

EVENTS = {"response": "a response", "death": "death"}


class Count(Item):
    """Patients with an event during follow-up, out of n; the percentage beside them is a printed number of its own."""

    kind: Literal["count"] = Field(description="which kind of number this is")
    event: Literal["response", "death"] = Field(description="what happened to the patients that are counted")
    count: Annotated[int, Field(ge=0)] = Field(description="how many patients had the event")
    n: Annotated[int, Field(ge=1)] = Field(description="out of how many patients")
    percent: Proportion | None = Field(default=None, description="the percentage, if it is printed")

    @model_validator(mode="after")
    def _count_within_n(self) -> Count:
        if self.count > self.n:
            raise ValueError(f"count {self.count} is more than n {self.n}; check {self.place}")
        return self

    def check_patients(self, patients: int) -> None:
        """Refuse more patients than the study has, and another number of them among all.

        Raises
        ------
        ValueError
            With the sentence.
        """
        if self.n > patients:
            raise ValueError(f"n {self.n} is more than the {patients} patients of the study; check {self.place}")
        if self.among == EVERYBODY and self.n != patients:
            raise ValueError(
                f"n {self.n} among all differs from the {patients} patients of the study; check {self.place}"
            )

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The count, and the percentage when it is printed."""
        words = f"patients with {EVENTS[self.event]}"
        count = self.number("", words, Printed(str(self.count), "count"))
        if self.percent is None:
            return (count,)
        return count, self.number(".percent", f"share of {words}", self.percent)

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Patients of the group with the event while followed, and their share of the group."""
        among = cohort.group(self.among)
        event = cohort.responded if self.event == "response" else cohort.died
        count = (event & among).sum(axis=-1).astype(float)
        if self.percent is None:
            return {self.id: count}
        size = among.sum(axis=-1)
        share = np.where(size > 0, count / np.maximum(size, 1), np.nan)
        return {self.id: count, f"{self.id}.percent": self.percent.round(share)}

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "26 of 31 patients with a response among all patients (84%), abstract"."""
        percent = "" if self.percent is None else f" ({self.percent})"
        people = whom(self.among, labels)
        return f"{self.count} of {self.n} patients with {EVENTS[self.event]} {people}{percent}, {self.place}"
