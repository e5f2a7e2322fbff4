"""A sentence that says that everybody in a group died: "all died within the first year"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from hscb_bayes.evidence.cohort import DEATH, Cohort, Conventions
from hscb_bayes.evidence.item import (
    NO_LABELS,
    Identifier,
    Item,
    Line,
    PrintedNumber,
    among_in_words,
    event_in_words,
)
from hscb_bayes.evidence.printed import ALL, DaysAfterZero, Printed


class EverybodyDiedBy(Item):
    """Everybody in a group was seen to die by a time: a share of 1, which no rounding blurs."""

    kind: Literal["everybody_died_by"] = Field(description="which kind of number this is")
    by: DaysAfterZero = Field(description="by when, counted from time zero")
    words: Line = Field(description="the sentence as printed")
    event: Identifier = Field(default=DEATH, description="what everybody had by then: an event that ends follow-up")

    @property
    def about_an_end(self) -> bool:
        """Yes: nobody of the group is followed any longer."""
        return True

    @property
    def day(self) -> float:
        """Days after time zero."""
        return self.by.value

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """One number: the share of the group that was seen to die, printed as "all"."""
        had = "to die" if self.event == DEATH else f"to have {event_in_words(self.event, NO_LABELS)}"
        return (self.number("", f"share seen {had} by {self.by}", Printed(ALL)),)

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Deaths seen by the day over patients in the group, not rounded; NaN without such patients."""
        among = cohort.group(self.among)
        dead = (cohort.died & (cohort.last_day <= self.day) & among).sum(axis=-1)
        size = among.sum(axis=-1)
        return {self.id: np.where(size > 0, dead / np.maximum(size, 1), np.nan)}

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "everybody died by 1 year among non-responders ('all died ...'), abstract"."""
        event, people = event_in_words(self.event, labels), among_in_words(self.among, labels)
        had = "died" if event == DEATH else f"had {event}"
        return f"everybody {had} by {self.by} {people} ({self.words!r}), {self.place}"
