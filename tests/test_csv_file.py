"""CSV files that a spreadsheet opens and runs nothing of, and that are read back as they were."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscb_bayes.csv_file import inert, original, read_csv, read_rows, write_csv, write_rows

RUN = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", '=HYPERLINK("http://x","y")',
    "=cmd|' /C calc'!A0", "＝1+1", "-2+3+cmd|' /C calc'!A0",
]  # fmt: skip
NUMBERS = ["-1.5", "+2", "-.5", "1e-5", "-3E+10", "-12%", "7"]
PLAIN = ["", "arm A", "a=b", "'quoted'", "12 - 14 days", "< .001", "−1 (a minus sign)"]


@pytest.mark.parametrize("text", RUN)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert inert(text) == f"'{text}"
    assert original(inert(text)) == text


@pytest.mark.parametrize("text", [*NUMBERS, *PLAIN])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text == original(text)


@given(st.text(alphabet=st.sampled_from("=+-@'\t\r\n a1.e%"), max_size=6) | st.text(max_size=20))
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    assert original(inert(text)) == text


def test_a_table_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    table = pd.DataFrame({"=name": ["=1+1", 'arm, "A"', "@x\ty", "+1\n-2"], "value": [-1.5, 2.0, float("nan"), -3.0]})
    write_csv(table, path)
    pd.testing.assert_frame_equal(read_csv(path), table, check_dtype=False)
    with path.open(newline="") as file:
        cells = list(csv.reader(file))
    assert cells[0] == ["'=name", "value"]
    assert [row[1] for row in cells[1:]] == ["-1.5", "2.0", "", "-3.0"]
    assert [row[0][0] for row in cells[1:]] == ["'", "a", "'", "'"]


def test_rows_are_read_back_as_they_were_however_often(tmp_path: Path) -> None:
    path, rows = tmp_path / "rows.csv", [{"a": "=1", "b": "-1"}, {"a": "'=1", "b": ""}]
    for _ in range(3):
        write_rows(path, ["a", "b"], rows)
        assert read_rows(path) == rows
    assert read_rows(tmp_path / "none.csv") == []


def test_no_other_place_writes_csv(root: Path) -> None:
    writing = [
        path.name
        for path in sorted((root / "hscb_bayes").rglob("*.py"))
        for line in path.read_text().splitlines()
        if "DictWriter(" in line or "csv.writer(" in line or (".to_csv(" in line and ".to_csv(index=False)" not in line)
    ]
    assert set(writing) == {"csv_file.py"}
