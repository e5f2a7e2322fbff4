"""What was tried to break the package, and how often it broke: docs/results/robustness.csv."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests import results_table

TABLE = results_table.RESULTS / "robustness.csv"
COLUMNS = ("what", "cases", "tracebacks", "silent_wrong", "torn")
PACKAGES = ("hscb_bayes", "numpy", "pandas", "h5py", "xarray")


def record(
    what: str,
    *,
    cases: int,
    tracebacks: int,
    silent_wrong: int,
    torn: int,
    command: str,
    seed: int,
    packages: Sequence[str] = PACKAGES,
    path: Path = TABLE,
) -> None:
    """Put a row into the table, in the place of the one of the same name, or at its end; others stay.

    Parameters
    ----------
    what
        What was tried, in words; the name of the row.
    cases
        How many inputs, or kills.
    tracebacks, silent_wrong, torn
        How many of them ended with a traceback, gave a wrong answer without a word, or left results in parts.
    packages
        Whose versions the row names.
    """
    row = {
        "what": what, "cases": str(cases), "tracebacks": str(tracebacks), "silent_wrong": str(silent_wrong),
        "torn": str(torn),
    } | results_table.stamp(command, packages, seed=seed)  # fmt: skip
    rows = {old["what"]: old for old in results_table.read(path)} | {what: row}
    results_table.write(path, COLUMNS, rows.values())
