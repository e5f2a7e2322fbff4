"""Patients as a table: when each responded, died or was last seen, and what else is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from hscb_bayes.evidence.patients.left_out import NOBODY, LeftOut

MISSING = np.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class Patients:
    """Patients of one table. Every array has shape (patient,); days count from time zero.

    Parameters
    ----------
    id
        Text.
    entry_day
        Day from which the patient was followed: patients who die before are not in the table (left truncation). 0
        for a patient who was followed from time zero.
    unresponded_until
        Last day on which the patient was known to be without response.
    response_day
        Day of response. Where ``unresponded_until`` is the same day it is exact; where that is earlier, response came
        between the two (``unresponded_until``, ``response_day``]. Infinite where no response was seen: up to
        ``unresponded_until`` there was none, and from then to ``last_day`` nobody looked.
    last_day
        Day of death or of last contact.
    died
        Whether ``last_day`` is a death.
    covariates
        Other columns by name: floats, or text.
    left_out
        Patients of the table who are not among these, since a covariate of theirs is missing.
    """

    id: np.ndarray
    entry_day: np.ndarray
    unresponded_until: np.ndarray
    response_day: np.ndarray
    last_day: np.ndarray
    died: np.ndarray
    covariates: Mapping[str, np.ndarray] = field(default_factory=dict)
    left_out: LeftOut = NOBODY

    def __len__(self) -> int:
        return len(self.id)

    @property
    def responded(self) -> np.ndarray:
        """Who was seen to have responded."""
        return np.isfinite(self.response_day)

    @property
    def is_exact(self) -> np.ndarray:
        """Whose course is known to the day: the day of response, or that there was none to the end."""
        known_until = np.where(self.responded, self.response_day, self.last_day)
        return self.unresponded_until == known_until

    def of(self, rows: np.ndarray) -> Patients:
        """Some of the patients, by mask or position."""
        arrays = {name: getattr(self, name)[rows] for name in TIMES}
        others = {name: values[rows] for name, values in self.covariates.items()}
        return replace(self, id=self.id[rows], died=self.died[rows], covariates=others, **arrays)


TIMES = ("entry_day", "unresponded_until", "response_day", "last_day")
