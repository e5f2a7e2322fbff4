"""Tables of patients on disk."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pandas as pd

from hscb_bayes.errors import InputError
from hscb_bayes.sentences import quote

ENDINGS = (".csv", ".parquet")


def read_table(path: str | Path) -> pd.DataFrame:
    """A CSV file (UTF-8, a header row, nothing for what is missing) or a Parquet file as a data frame.

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
        return pd.read_csv(file, encoding="utf-8", na_values=[""], keep_default_na=False)
    except (ValueError, OSError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path}: required a table, found what cannot be read as {file.suffix[1:]}: {reason}"
        ) from None


def table_of_text(text: str, address: str) -> pd.DataFrame:
    """The text of a CSV file as a data frame; errors begin with the address.

    Raises
    ------
    InputError
        When it cannot be read as one.
    """
    try:
        return pd.read_csv(StringIO(text), na_values=[""], keep_default_na=False)
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{address}: required a table, found what cannot be read as csv: {reason}") from None
