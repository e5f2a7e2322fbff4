"""docs/results/robustness.csv: how many cases ended in a traceback, a wrong answer or a torn result."""

from __future__ import annotations

from pathlib import Path

from tests import results_table

TABLE = results_table.RESULTS / "robustness.csv"
COLUMNS = ("what", "cases", "tracebacks", "silent_wrong", "torn")
PACKAGES = ("hscb_bayes", "numpy", "pandas", "pydantic")


def put(
    what: str,
    *,
    cases: int,
    command: str,
    seed: int,
    tracebacks: int = 0,
    silent_wrong: int = 0,
    torn: int = 0,
    path: Path = TABLE,
) -> dict[str, str]:
    """Write one row; a row of the same ``what`` is replaced in its place, the others stay."""
    row = {
        "what": what, "cases": str(cases), "tracebacks": str(tracebacks), "silent_wrong": str(silent_wrong),
        "torn": str(torn), **results_table.stamp(command, PACKAGES, seed=seed),
    }  # fmt: skip
    rows = {old["what"]: old for old in results_table.read(path)}
    rows[what] = row
    results_table.write(path, COLUMNS, rows.values())
    return row
