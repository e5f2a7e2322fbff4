"""How many of n patients had an event: "26 of 31 (84%)", "9 of 44 died by day 30"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.evidence.cohort import EVERYBODY, Cohort, Conventions
from hscb_bayes.evidence.group import drawn
from hscb_bayes.evidence.item import (
    NO_LABELS,
    Identifier,
    Item,
    Line,
    PrintedNumber,
    among_in_words,
    event_in_words,
)
from hscb_bayes.evidence.printed import DaysAfterZero, Printed, Proportion

PLAIN = {"response": "a response", "death": "death"}  # words of events that the study does not name


class Count(Item):
    """Patients with an event, out of n; the percentage beside them is a printed number of its own.

    They are counted by a time (``at``) or, where no time is printed, by the end of follow-up. n is the whole group;
    where fewer could be evaluated, n is how many and ``evaluable`` says why the others were not. Who was evaluable is
    taken to be as likely to have the event as the others.
    """

    kind: Literal["count"] = Field(description="which kind of number this is")
    event: Identifier = Field(
        description="what happened to the patients that are counted: `response`, `death`, or an event that is declared"
    )
    at: DaysAfterZero | None = Field(
        default=None, description="by when, counted from time zero; left out: by the end of follow-up"
    )
    count: Annotated[int, Field(ge=0)] = Field(description="how many patients had the event")
    n: Annotated[int, Field(ge=1)] = Field(description="out of how many patients: all of the group, or the evaluable")
    evaluable: Line | None = Field(
        default=None, description="where n is not all of the group: why the others could not be evaluated"
    )
    percent: Proportion | None = Field(default=None, description="the percentage, if it is printed")

    @model_validator(mode="after")
    def _count_within_n(self) -> Count:
        if self.count > self.n:
            raise ValueError(f"count {self.count} is more than n {self.n}; check {self.place}")
        return self

    def check_patients(self, patients: int, size: int | None) -> None:
        """Refuse more patients than there are, and fewer than the group has without a word why.

        Raises
        ------
        ValueError
            With the sentence.
        """
        if self.n > patients:
            raise ValueError(f"n {self.n} is more than the {patients} patients of the study; check {self.place}")
        if size is None:
            return
        whose = f"the {size} patients of " + ("the study" if self.among == EVERYBODY else repr(self.among))
        if self.n > size:
            raise ValueError(f"n {self.n} is more than {whose}; check {self.place}")
        if self.evaluable is not None and self.n == size:
            raise ValueError(f"evaluable is given, but n counts all of {whose}; remove it")
        if self.evaluable is None and self.n < size:
            group = "all" if self.among == EVERYBODY else repr(self.among)
            raise ValueError(
                f"n {self.n} among {group} differs from {whose}; check {self.place}, and where fewer could be "
                "evaluated say in evaluable why the others were not"
            )

    @property
    def is_total(self) -> bool:
        """Whether everybody in the group with the event is counted: none who was not evaluable, or had it later."""
        return self.at is None and self.evaluable is None

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The count, and the percentage when it is printed."""
        words = f"patients with {by_when(self.event, self.at)}"
        count = self.number("", words, Printed(str(self.count), "count"))
        if self.percent is None:
            return (count,)
        return count, self.number(".percent", f"share of {words}", self.percent)

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Evaluable patients of the group seen to have the event, by the time if one is printed, and their share."""
        among = cohort.group(self.among)
        if self.evaluable is not None:
            among = among & drawn([among], self.n, self.id)
        count = (cohort.seen_by(self.event, self.at) & among).sum(axis=-1).astype(float)
        if self.percent is None:
            return {self.id: count}
        size = among.sum(axis=-1)
        share = np.where(size > 0, count / np.maximum(size, 1), np.nan)
        return {self.id: count, f"{self.id}.percent": self.percent.round(share)}

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "26 of 31 patients with a response among all patients (84%), abstract"."""
        percent = "" if self.percent is None else f" ({self.percent})"
        people = among_in_words(self.among, labels)
        patients = "patients" if self.evaluable is None else f"evaluable patients ({self.evaluable})"
        return (
            f"{self.count} of {self.n} {patients} with {by_when(self.event, self.at, labels)} {people}{percent}, "
            f"{self.place}"
        )


def by_when(event: str, at: Printed | None, labels: Mapping[str, str] = NO_LABELS) -> str:
    """ "a response by 30 days", or "a response" where no time is printed."""
    words = event_in_words(event, labels, PLAIN)
    return words if at is None else f"{words} by {at}"
