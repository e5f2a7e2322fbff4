"""Patients known one by one beside a paper: others than the paper's, or some of them, of whom each counts once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydantic import Field

from hscb_bayes.analysis.ratios import deviation_of
from hscb_bayes.analysis.table_source import PatientTable, patients_in, read_source
from hscb_bayes.errors import InputError
from hscb_bayes.estimators.risk_sets import has_come
from hscb_bayes.evidence.patients.columns import Column
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.reading import Kind
from hscb_bayes.evidence.patients.stored import patients_of_text
from hscb_bayes.sentences import quote

DURATION = "duration"  # name of the column, and of its log hazard ratio
EFFECT = "known_patients_effect"  # variable of a posterior: what they add to each log hazard


class KnownTable(PatientTable):
    """A table of patients beside a paper, and how they belong to it."""

    inside: bool = Field(
        description="true: they are among the patients of the paper, and each is counted once; false: they are others"
    )
    duration: Column | None = Field(
        default=None, description="column of the duration of the condition before time zero, in days"
    )
    published_until: Column | None = Field(
        default=None,
        description="of patients inside: column of the day since time zero up to which the paper followed them, in "
        "days; left out: the paper knew what the table says",
    )
    hazard_ratio_rarely_above: float | None = Field(
        default=None,
        description="95% sure that the hazards of these patients differ from those of the paper's others by less than "
        "this ratio, on each transition; left out: they have the same hazards",
        gt=1,
        le=1e6,
    )

    @property
    def deviation(self) -> float | None:
        """Standard deviation of what they add to a log hazard; None where they add nothing."""
        ratio = self.hazard_ratio_rarely_above
        return None if ratio is None else deviation_of(ratio)


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """The patients of the table.

    Parameters
    ----------
    said
        What the analysis says of them.
    patients
        Their courses, and as covariates the columns that are named.
    address
        The table's path, or its place in the analysis file.
    """

    said: KnownTable
    patients: Patients
    address: str

    def __len__(self) -> int:
        return len(self.patients)

    @property
    def duration(self) -> np.ndarray | None:
        """Days of the condition before time zero, shape (patient,); None where no column is named."""
        return None if self.said.duration is None else self.patients.covariates[self.said.duration].astype(float)

    def as_published(self) -> Patients:
        """Their courses up to the day to which the paper followed them."""
        column = self.said.published_until
        if column is None:
            return self.patients
        until, own = self.patients.covariates[column].astype(float), self.patients
        seen = has_come(own.response_day, until)
        return replace(
            own,
            response_day=np.where(seen, np.minimum(own.response_day, until), np.inf),
            unresponded_until=np.minimum(own.unresponded_until, until),
            last_day=np.minimum(own.last_day, until),
            died=own.died & has_come(own.last_day, until),
        )


def read_known(said: KnownTable, analysis: Path) -> tuple[Known, dict[str, str]]:
    """The patients of the table that an analysis names or holds, and the SHA-256 of the table's file by its path.

    Raises
    ------
    InputError
        As ``evidence.patients`` does; and when a duration or a published day is no number, or a patient inside is not
        known from time zero and to the day.
    """
    frame, source, sources = read_source(said, analysis, "known_patients")
    made = patients_in(frame, said, covariates=_columns(said, source), address=source)
    known = Known(said=said, patients=made, address=source)
    _check(known)
    return known, sources


def known_from_text(said: KnownTable, text: str, address: str) -> Known:
    """The patients from the provenance of a posterior; raises what ``read_known`` raises."""
    known = Known(said=said, patients=patients_of_text(text, address), address=address)
    for column in _columns(said, address):
        values = known.patients.covariates.get(column)
        if values is None or not np.issubdtype(values.dtype, np.number):
            raise InputError(f"{address}: required a column {quote(column)} of numbers in the patients that are kept")
    _check(known)
    return known


def _columns(said: KnownTable, address: str) -> dict[str, Kind]:
    """Columns that are kept beside the courses, and what each is."""
    found: dict[str, Kind] = {} if said.duration is None else {said.duration: "number"}
    if said.published_until is None:
        return found
    if not said.inside:
        raise InputError(f"{address}: known_patients.published_until: required inside = true, found false")
    if said.published_until == said.duration:
        raise InputError(
            f"{address}: the column {quote(said.duration)} is to be duration and published_until; required one of them"
        )
    return found | {said.published_until: "day"}


def _check(known: Known) -> None:
    """Numbers that are numbers; and of patients inside a paper, courses that can be counted in it."""
    said, own = known.said, known.patients
    for column in _columns(said, known.address):
        values = own.covariates[column]
        wrong = ~(values > 0.0)
        if wrong.any():
            raise InputError(
                f"{known.address}: {column}: required days above 0, found {values[wrong][0]:g} for "
                f"patient {own.id[wrong][0]}"
            )
    vague = ~own.is_exact | (own.entry_day > 0.0)
    if said.inside and vague.any():
        raise InputError(
            f"{known.address}: patient {own.id[vague][0]}: required a course known to the day from time zero on, of "
            "patients who are inside a paper: it is taken out of what is printed; found visits, or a later entry"
        )
