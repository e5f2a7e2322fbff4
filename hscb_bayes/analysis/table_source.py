"""Where a table of patients is, in a file of its own or in the analysis file, and what its columns mean."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from hscb_bayes.analysis.layers import file_inside
from hscb_bayes.evidence.item import Line, Paragraph, Table
from hscb_bayes.evidence.patients.columns import LongColumns, Units, WideColumns
from hscb_bayes.evidence.patients.csv_text import frame_of_csv
from hscb_bayes.evidence.patients.file import read_table
from hscb_bayes.evidence.patients.long import from_long
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.reading import Kinds
from hscb_bayes.evidence.patients.wide import from_wide


class PatientTable(Table):
    """The table, and what its columns mean."""

    file: Line | None = Field(default=None, description="a .csv or .parquet file in the folder of this file or below")
    rows: Paragraph | None = Field(
        default=None, description="or the table itself, as the text of a .csv file with a header"
    )
    form: Literal["wide", "long"] = Field(
        default="wide", description="wide: a row is a patient; long: a row is a patient and a transition, as in mstate"
    )
    units: Units = Field(description="unit of all times")
    wide: WideColumns = Field(default_factory=WideColumns, description="columns of a wide table")
    long: LongColumns = Field(default_factory=LongColumns, description="columns of a long table")
    at_zero: Annotated[float, Field(gt=0.0)] | None = Field(
        default=None,
        description="days after time zero, or after the response, at which an event recorded at time zero is taken to "
        "be; left out: such rows are refused",
    )
    complete_cases: bool = Field(
        default=False, description="true: patients without a value of some covariate are left out, and counted"
    )
    why: Line = Field(description="where the table comes from")

    @model_validator(mode="after")
    def _one_table(self) -> Self:
        if (self.file is None) == (self.rows is None):
            raise ValueError("required either file or rows, found " + ("neither" if self.file is None else "both"))
        return self


def read_source(said: PatientTable, analysis: Path, key: str) -> tuple[Any, str, dict[str, str]]:
    """The table as a data frame, where it is, and the SHA-256 of its file by its path, empty where it has none.

    Parameters
    ----------
    analysis
        The analysis file.
    key
        Of the table in it.

    Raises
    ------
    InputError
        When there is no such file in or below the folder of the analysis, or it or the text cannot be read as a table.
    """
    if said.file is None:
        address = f"{analysis}: {key}.rows"
        return frame_of_csv(said.rows or "", address), address, {}
    file = file_inside(analysis, said.file, f"{key}.file")
    return read_table(file), str(file), {str(file): sha256(file.read_bytes()).hexdigest()}


def patients_in(frame: Any, said: PatientTable, *, covariates: Kinds, address: str) -> Patients:
    """The patients of a data frame of the form that is said.

    Parameters
    ----------
    covariates
        Further columns to keep, and what each is.

    Raises
    ------
    InputError
        As ``from_wide`` and ``from_long`` do.
    """
    options: dict[str, Any] = {
        "units": said.units, "covariates": covariates, "at_zero": said.at_zero,
        "complete_cases": said.complete_cases, "address": address,
    }  # fmt: skip
    if said.form == "wide":
        return from_wide(frame, said.wide, **options)
    return from_long(frame, said.long, **options)
