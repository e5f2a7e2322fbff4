"""Patients of a table who are left out, since a covariate of theirs is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.reading import Opened, missing_in, of_rows


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """How many patients, and how many of them had a response and died."""

    patients: int = 0
    responses: int = 0
    deaths: int = 0

    def __str__(self) -> str:
        events = f"{_counted(self.responses, 'response')} and {_counted(self.deaths, 'death')}"
        return f"{_counted(self.patients, 'patient')} with {events}"


NOBODY = LeftOut()


def complete(
    table: Opened,
    covariates: Sequence[str],
    *,
    complete_cases: bool,
    address: str,
    events: Callable[[pd.DataFrame], tuple[int, int]],
) -> tuple[Opened, LeftOut]:
    """The rows of patients with a value of every covariate in each of their rows, and who the others are.

    Parameters
    ----------
    events
        Numbers of responses and deaths in some rows.

    Raises
    ------
    InputError
        When values are missing and ``complete_cases`` does not say that their patients are left out, or when nobody is
        left.
    """
    missing = missing_in(table.frame, covariates)
    incomplete = np.isin(table.ids, table.ids[missing.any(axis=1)])
    if not incomplete.any():
        return table, NOBODY
    gone = table.frame[incomplete]
    responses, deaths = events(gone)
    left_out = LeftOut(patients=len(set(table.ids[incomplete])), responses=responses, deaths=deaths)
    if not complete_cases:
        counts = zip(covariates, missing.sum(axis=0), strict=True)
        told = ", ".join(f"{name} in {count}" for name, count in counts if count)
        raise InputError(
            f"{address}: values are missing: {told} of {len(table.frame)} rows; fill them in, or declare "
            f"complete_cases, which leaves out {left_out}"
        )
    if incomplete.all():
        raise InputError(f"{address}: no patient has a value of every covariate; required at least one")
    return of_rows(table.frame[~incomplete], table.ids[~incomplete], table.unit, address), left_out


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
