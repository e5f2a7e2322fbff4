"""Covariates: columns of patients one by one that change the hazards."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.analysis.ratios import deviation_of
from hscb_bayes.evidence.item import Line, Table
from hscb_bayes.evidence.patients.cells import alike
from hscb_bayes.evidence.patients.columns import Column
from hscb_bayes.evidence.patients.reading import Kind


class Covariate(Table):
    """A column that changes the hazards: a number, or one of some levels."""

    column: Column = Field(description="column of the table")
    label: Line = Field(description="what it is, in words")
    levels: tuple[Line, ...] = Field(
        default=(), description="of a column of categories: all of them, the reference first", strict=False
    )
    reference: float = Field(default=0.0, description="of a column of numbers: the value at which baselines hold")
    per: float = Field(default=1.0, description="of a column of numbers: the difference of a hazard ratio", gt=0)
    form: Literal["linear", "log2"] = Field(
        default="linear", description="log2: a hazard ratio is for every doubling of the number, which is above 0"
    )
    hazard_ratio_rarely_above: float = Field(
        description="95% sure that every hazard ratio of it is below, and above its inverse", gt=1, le=1e6
    )
    why: Line = Field(description="where the belief comes from")

    @model_validator(mode="after")
    def _levels_are_several(self) -> Covariate:
        if len(self.levels) == 1 or len(set(self.levels)) < len(self.levels):
            raise ValueError(f"levels: required at least two, each once, found {list(self.levels)}")
        for level, other in alike(self.levels).items():
            raise ValueError(f"levels: required levels that differ in more than case or spaces, found {[other, level]}")
        if any(level != level.strip() or not level for level in self.levels):
            raise ValueError(f"levels: required text without outer spaces, found {list(self.levels)}")
        if self.form == "log2" and (self.levels or self.per != 1.0 or self.reference <= 0.0):
            raise ValueError("form is 'log2': required a reference above 0, and neither levels nor per")
        return self

    @property
    def kind(self) -> Kind:
        """What the column holds."""
        return "text" if self.levels else "number"

    def numbers(self, values: np.ndarray) -> np.ndarray:
        """A column of numbers as what log hazard ratios multiply."""
        if self.form == "log2":
            return np.log2(values.astype(float) / self.reference)
        return (values.astype(float) - self.reference) / self.per

    def terms(self, id: str) -> tuple[str, ...]:
        """What has a hazard ratio, by the covariate's id: the covariate, or each level but the reference."""
        return tuple(f"{id}[{level}]" for level in self.levels[1:]) or (id,)

    @property
    def deviation(self) -> float:
        """Standard deviation of a log hazard ratio."""
        return deviation_of(self.hazard_ratio_rarely_above)
