"""How many patients are at risk at a day, as under a survival curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from hscb_bayes.estimators.kaplan_meier import number_at_risk
from hscb_bayes.evidence.cohort import DEATH, Cohort, Conventions
from hscb_bayes.evidence.item import NO_LABELS, Identifier, Item, PrintedNumber, among_in_words
from hscb_bayes.evidence.printed import DaysAfterZero, Printed


class AtRisk(Item):
    """Patients of a group who are alive and still followed at a day: with survival at that day it says who was lost."""

    kind: Literal["at_risk"] = Field(description="which kind of number this is")
    event: Identifier = Field(default=DEATH, description="the event that ends follow-up: of which curve it is")
    at: DaysAfterZero = Field(description="when, counted from time zero")
    count: Annotated[int, Field(ge=0)] = Field(description="how many patients are at risk")

    def check_patients(self, patients: int, size: int | None) -> None:
        """Refuse more patients than there are.

        Raises
        ------
        ValueError
            With the sentence.
        """
        most = patients if size is None else size
        if self.count > most:
            raise ValueError(f"count {self.count} is more than the {most} patients; check {self.place}")

    @property
    def about_an_end(self) -> bool:
        """Yes: a patient who had the event is followed no longer."""
        return True

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The count."""
        return (self.number("", f"patients at risk at {self.at}", Printed(str(self.count), "count")),)

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Patients of the group whose last day is not before the day."""
        return {self.id: number_at_risk(cohort.last_day, self.at.value, cohort.group(self.among))}

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "12 patients at risk at 1 year among all patients, figure"."""
        return f"{self.count} patients at risk at {self.at} {among_in_words(self.among, labels)}, {self.place}"
