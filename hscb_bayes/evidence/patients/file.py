"""Tables of patients on disk."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.csv_text import decoded, frame_of_csv
from hscb_bayes.sentences import quote

ENDINGS = (".csv", ".parquet")
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    OSError,
    RuntimeError,
    ImportError,
)  # NotImplementedError is a RuntimeError


def read_table(path: str | Path) -> pd.DataFrame:
    """A CSV file (a header row, nothing for what is missing) or a Parquet file as a data frame.

    Cells of a CSV file stay text; ``csv_text`` says how they are separated.

    Raises
    ------
    InputError
        When it is not there, has another ending, or cannot be read as what its ending says.
    """
    file = Path(path)
    if file.suffix not in ENDINGS:
        raise InputError(f"{path}: required a file that ends in .csv or .parquet, found {quote(file.name)}")
    if not file.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        if file.suffix == ".parquet":
            return pd.read_parquet(file)
        content = file.read_bytes()
    except UNREADABLE as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path}: required a table, found what cannot be read as {file.suffix[1:]}: {reason}"
        ) from None
    return frame_of_csv(decoded(content, str(path)), str(path))
