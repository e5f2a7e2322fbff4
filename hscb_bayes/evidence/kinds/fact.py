"""A plain fact that is kept and shown, not modelled: "30 autologous boosts"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.item import NO_LABELS, Item, Line, PrintedNumber, among_in_words


class Fact(Item):
    """Anything printed that no number of the model stands for."""

    describes_outcomes = False

    kind: Literal["fact"] = Field(description="which kind of number this is")
    label: Line = Field(description="what it is")
    value: Line = Field(description="as printed, with its unit")

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """None: a fact is text."""
        return ()

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """Nothing: facts are not modelled."""
        return {}

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "autologous boosts among all patients: 30, abstract"."""
        return f"{self.label} {among_in_words(self.among, labels)}: {self.value}, {self.place}"
