"""A short run of the kill harness, and the table that it writes."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.results_table import MAKERS
from tests.robustness.table import COLUMNS, TABLE, record

FEW, MANY = 12, 1000  # kills here, and in the committed table
NONE_WRONG = {"tracebacks": "0", "silent_wrong": "0", "torn": "0"}


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.mark.slow
def test_kills_of_the_writing_stage_leave_old_or_new_results(root: Path, tmp_path: Path) -> None:
    table = tmp_path / "robustness.csv"
    options = ["--kills", str(FEW), "--commands", "0", "--out", str(table)]
    command = [sys.executable, "-m", "tests.robustness.kills", *options]
    outcome = subprocess.run(
        command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    (row,) = rows(table)
    assert row.items() >= (NONE_WRONG | {"cases": str(FEW)}).items()


def test_a_row_takes_the_place_of_the_one_of_its_name_and_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "robustness.csv"
    counts = {"tracebacks": 0, "silent_wrong": 0, "torn": 0, "command": "it", "seed": 1, "path": path}
    for what, cases in (("kills", 1), ("fuzz", 2), ("kills", 3)):
        record(what, cases=cases, **counts)
    assert [(row["what"], row["cases"]) for row in rows(path)] == [("kills", "3"), ("fuzz", "2")]
    assert tuple(rows(path)[0]) == (*COLUMNS, *MAKERS)


def test_the_committed_table_holds_many_kills_and_nothing_torn() -> None:
    kills = [row for row in rows(TABLE) if row["what"].startswith("kill -9")]
    assert sum(int(row["cases"]) for row in kills) >= MANY
    assert [row for row in kills if not row.items() >= NONE_WRONG.items()] == []
