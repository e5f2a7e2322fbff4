"""How a covariate is spread over the patients: "median 38 days, range 7-151"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.item import NO_LABELS, Identifier, Item, PrintedNumber, among_in_words
from hscb_bayes.evidence.printed import Days


class CovariateSummary(Item):
    """Median and range of a time that was known at time zero. It describes the cohort, not what became of it."""

    describes_outcomes = False

    kind: Literal["covariate_summary"] = Field(description="which kind of number this is")
    covariate: Identifier = Field(
        description="name of the covariate; 'duration' is that of the study's condition before time zero"
    )
    median: Days = Field(description="the median")
    lowest: Days | None = Field(default=None, description="lower end of the range (not of an interval), if printed")
    highest: Days | None = Field(default=None, description="upper end of the range (not of an interval), if printed")

    @model_validator(mode="after")
    def _range_around_median(self) -> CovariateSummary:
        if self.lowest is not None and self.lowest.value > self.median.value:
            raise ValueError(f"lowest {self.lowest} is above the median {self.median}; check {self.place}")
        if self.highest is not None and self.highest.value < self.median.value:
            raise ValueError(f"highest {self.highest} is below the median {self.median}; check {self.place}")
        return self

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """The median, and the ends of the range when they are printed."""
        parts = [("", "median", self.median), (".lowest", "lowest", self.lowest), (".highest", "highest", self.highest)]
        return tuple(
            self.number(part, f"{words} {self.covariate}", printed) for part, words, printed in parts if printed
        )

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Nothing: replicates take the cohort's covariates as given."""
        return {}

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "median duration among all patients: 38 days (range 7 days to 151 days), abstract"."""
        spread = "" if self.lowest is None or self.highest is None else f" (range {self.lowest} to {self.highest})"
        return f"median {self.covariate} {among_in_words(self.among, labels)}: {self.median}{spread}, {self.place}"
