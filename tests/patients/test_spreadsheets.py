"""CSV files as spreadsheets and programs export them: each is read right, or named with file and line."""

import io
import random
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hscb_bayes.analysis.patient_analysis import load_patients
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.file import read_table
from hscb_bayes.evidence.patients.patients import TIMES, Patients
from hscb_bayes.evidence.patients.wide import from_wide
from tests.patients.tables import analysis_file, centres_of, levels_of, number_of

PLAIN = """id,response_day,last_day,died,age,site
P1,9.5,412,0,31.5,North
P2,,25,1,60,South
P3,14,200,1,45,North
P4,21,365,0,52,South
"""
COVARIATES = number_of("age") + centres_of("site")
SEMICOLONS = PLAIN.replace(",", ";").replace("9.5", "9,5").replace("31.5", "31,5")


def read(folder: Path, table: str | bytes, covariates: str = COVARIATES) -> Patients:
    return load_patients(analysis_file(folder, table, covariates=covariates)).patients


def content(patients: Patients) -> dict[str, list[object]]:
    arrays = {name: getattr(patients, name) for name in ("id", "died", *TIMES)}
    return {name: values.tolist() for name, values in (arrays | dict(patients.covariates)).items()}


READ_RIGHT: dict[str, str | bytes] = {
    "a byte-order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "a byte-order mark in the text": ("\ufeff\ufeff"[:1] + PLAIN).encode("utf-8-sig"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16, the other end first": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "UTF-32": PLAIN.encode("utf-32"),
    "Windows line ends": PLAIN.replace("\n", "\r\n"),
    "old Macintosh line ends": PLAIN.replace("\n", "\r"),
    "no line end": PLAIN.rstrip("\n"),
    "empty last lines": PLAIN + "\n\n  \n",
    "empty last rows": PLAIN + ",,,,,\n,,,,,\n",
    "shorter and longer empty rows": PLAIN + ",,\n,,,,,,,,\n",
    "an empty line first": "\n" + PLAIN,
    "an empty line within": PLAIN.replace("P3", "\nP3"),
    "spaces around labels": PLAIN.replace("North", "North ").replace("South\n", "  South\u00a0\n", 1),
    "spaces around names": PLAIN.replace("last_day", " last_day "),
    "spaces around numbers": PLAIN.replace("412", " 412 "),
    "a cell of spaces": PLAIN.replace("P2,,", "P2,  ,"),
    "everything in quotes": re.sub(r"([^,\n]+)", r'"\1"', PLAIN),
    "empty columns at the end": PLAIN.replace("\n", ",,\n"),
    "empty cells at the end of rows": PLAIN.replace("\n", ",,\n").replace("site,,", "site"),
    "numbers of rows first": "\n".join(f"{k or ''},{line}" for k, line in enumerate(PLAIN.splitlines())),
    "a column that is not used, of anything": PLAIN.replace("\n", ",#N/A\n").replace("site,#N/A", "site,note"),
    "quoted line ends": PLAIN.replace("\n", ',"two\nlines"\n').replace('"two\nlines"', "note", 1),
    "numbers with decimals": PLAIN.replace("412", "412.0").replace(",60", ",60.00"),
    "numbers with exponents": PLAIN.replace("412", "4.12e2").replace("365", "3.65E+02"),
    "true and false": PLAIN.replace(",0,", ",FALSE,").replace(",1,", ",True,"),
    "semicolons with decimal commas": SEMICOLONS,
    "semicolons with decimal points": PLAIN.replace(",", ";"),
    "semicolons, and said so first": "sep=;\n" + SEMICOLONS,
    "tabs": PLAIN.replace(",", "\t"),
    "tabs with decimal commas": SEMICOLONS.replace(";", "\t"),
}


@pytest.mark.parametrize("case", READ_RIGHT)
def test_it_is_read_as_the_plain_table_is(case: str, tmp_path: Path) -> None:
    assert content(read(tmp_path, READ_RIGHT[case])) == content(read(tmp_path, PLAIN))


NUMBER = "required a number, or levels in the analysis"
LABEL = "is no label; required text, or nothing where it is missing"


def row(id: str, line: int, sentence: str) -> str:
    """What is said of one of the four rows."""
    return f"1 of 4 rows cannot be\n  id '{id}' (line {line}): {sentence}"


NAMED: dict[str, tuple[str | bytes, str]] = {
    "the header again": (PLAIN + PLAIN, "line 6: the header is there again; required once"),
    "the header again, in the middle": (
        PLAIN.replace("P3", "id,response_day,last_day,died,age,site\nP3"),
        "line 4: the header is there again; required once",
    ),
    "a row that is longer": (
        PLAIN.replace("P3,14", "P3,14,15"),
        "line 4: required 6 cells, as the header has, found 7, the last 'North'",
    ),
    "a decimal comma among commas": (
        PLAIN.replace("9.5", "9,5"), "line 2: required 6 cells, as the header has, found 7, the last 'North'",
    ),
    "the first row longer": (
        PLAIN.replace("P1,9.5", "P1,0,9.5"), "line 2: required 6 cells, as the header has, found 7, the last 'North'",
    ),
    "all rows longer": (
        PLAIN.replace(",North", ",North,x").replace(",South", ",South,x"),
        "line 2: required 6 cells, as the header has, found 7, the last 'x'",
    ),
    "a row that is shorter": (PLAIN.replace("P3,14,", "P3,"), "line 4: required 6 cells, as the header has, found 5"),
    "a total at the end": (PLAIN + "n = 4\n", "line 6: required 6 cells, as the header has, found 1"),
    "a row after a quoted line end": (
        PLAIN.replace("North", '"No\nrth"', 1).replace("P3,14,", "P3,"),
        "line 5: required 6 cells, as the header has, found 5",
    ),
    "text in a late row": (
        PLAIN + "P5,12,unknown,0,40,North\n",
        "1 of 5 rows cannot be\n  id 'P5' (line 6): last_day is no number; required a time, found 'unknown'",
    ),
    "a number with a unit": (
        PLAIN.replace("45", "45 y"),
        row("P3", 4, f"age is no number; {NUMBER}, found '45 y'"),
    ),
    "NA as a number": (
        PLAIN.replace("45", "NA"),
        row("P3", 4, f"age is no number; {NUMBER}, found 'NA'"),
    ),
    "a spreadsheet's error as a day": (
        PLAIN.replace("412", "#N/A"),
        row("P1", 2, "last_day is no number; required a time, found '#N/A'"),
    ),
    "NULL as a day of response": (
        PLAIN.replace("P2,,", "P2,NULL,"),
        row("P2", 3, "response_day is no number; required a time, found 'NULL'"),
    ),
    "nan as a day of response": (
        PLAIN.replace("P2,,", "P2,nan,"),
        row("P2", 3, "response_day is no number; required a time, found 'nan'"),
    ),
    "an infinite day": (
        PLAIN.replace("412", "inf"),
        row("P1", 2, "last_day is no number; required a time, found 'inf'"),
    ),
    "an underscore": (
        PLAIN.replace("412", "4_12"),
        row("P1", 2, "last_day is no number; required a time, found '4_12'"),
    ),
    "a spreadsheet's error as a centre": (
        PLAIN.replace("South", "#REF!", 1), row("P2", 3, f"site {LABEL}, found '#REF!'"),
    ),
    "NULL as a centre": (
        PLAIN.replace("South", "NULL", 1), row("P2", 3, f"site {LABEL}, found 'NULL'"),
    ),
    "a spreadsheet's error as an id": (
        PLAIN.replace("P2", "#N/A"), "id is no id in 1 rows: required an id, found '#N/A'; lines 3",
    ),
    "an id that is missing": (PLAIN.replace("P2", ""), "id is missing in 1 rows: required an id; lines 3"),
    "thousands in quotes": (
        PLAIN.replace("412", '"1,412"'),
        row("P1", 2, "last_day is no number; required a time, found '1,412'"),
    ),
    "thousands and decimals": (
        SEMICOLONS.replace("412", "1.412,5"),
        row("P1", 2, "last_day is no number; required a time, found '1.412,5'"),
    ),
    "thousands or decimals, by a point": (
        SEMICOLONS.replace("412", "1.412"),
        row("P1", 2, "last_day is no number; write decimals with a point, and thousands "
        "without one, found 1.412"),
    ),
    "thousands or decimals, by a comma": (
        SEMICOLONS.replace("412", "1,412"),
        row("P1", 2, "last_day is no number; write decimals with a point, and thousands "
        "without one, found '1,412'"),
    ),
    "decimals of two kinds": (
        SEMICOLONS.replace("60", "60.5"),
        row("P2", 3, f"age is no number; {NUMBER}, found 60.5"),
    ),
    "two labels that differ in case": (
        PLAIN.replace("South", "north", 1),
        row("P2", 3, "site is 'north' here and 'North' elsewhere; required one spelling: "
        "they differ only in case or spaces"),
    ),
    "two labels that differ in spaces within": (
        PLAIN.replace("South", "St  Mary", 1).replace("South", "St Mary"),
        row("P4", 5, "site is 'St Mary' here and 'St  Mary' elsewhere; required one "
        "spelling: they differ only in case or spaces"),
    ),
    "an id with a space and without": (
        PLAIN.replace("P2", "P1 "), "2 of 4 rows cannot be\n  ids 'P1' (line 2), 'P1' (line 3): there more than once",
    ),
    "a date as a spreadsheet's number": (
        PLAIN.replace("412", "44197"),
        row("P1", 2, "last_day is above 100 years; required a time since time zero, found 44197"),
    ),
    "a column twice": (
        PLAIN.replace("site", "age"), "the column 'age' is there 2 times; required once",
    ),
    "a column twice, but for spaces": (
        PLAIN.replace("site", " age "), "the column 'age' is there 2 times; required once",
    ),
    "a column without a name": (
        PLAIN.replace("age,", ","), "line 2: cell 5 is below no name in the header, found '31.5'",
    ),
    "a zero character": (
        PLAIN.replace("412", "4\x0012"), "line 2: required text, found a zero character; save it as 'CSV UTF-8'",
    ),
    "UTF-16 without a mark": (
        PLAIN.encode("utf-16-le"), "line 1: required text, found a zero character; save it as 'CSV UTF-8'",
    ),
    "an old encoding": (
        PLAIN.replace("South", "Süd").encode("latin-1"),
        "line 3: required text in UTF-8, found the byte 0xfc in byte 77 of the file; save it as 'CSV UTF-8'",
    ),
    "half of a UTF-16 character": (
        PLAIN.encode("utf-16") + b"x", "line 6: required text in UTF-16, found the byte 0x78 in byte 249 of",
    ),
    "a quote that does not end": (PLAIN.replace("South", '"South', 1), "line 3: required a row of a CSV file: "),
    "text after a quote": (PLAIN.replace("South", '"So"uth', 1), "line 3: required a row of a CSV file: "),
    "a cell without an end": (
        PLAIN.replace("South", "S" * 200_000, 1), "line 3: required a row of a CSV file: field larger than field limit",
    ),
    "nothing": ("", "required a table, found no text"),
    "only empty lines": ("\n\n,,\n", "required a table, found no text"),
    "only a header": (PLAIN.splitlines()[0], "the table has no rows; required a row for every patient"),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMED)
def test_it_is_named_with_its_place(case: str, tmp_path: Path) -> None:
    table, sentence = NAMED[case]
    with pytest.raises(InputError) as caught:
        read(tmp_path, table)
    found = str(caught.value)
    assert found.startswith(f"{tmp_path / 'patients.csv'}: {sentence}")


def test_two_levels_that_differ_in_case_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"id 'P2' \(line 3\): site is 'north' here and 'North' elsewhere"):
        read(tmp_path, PLAIN.replace("South", "north", 1), levels_of("site", ["North", "South"]))


def test_a_level_that_is_spelled_otherwise_names_the_patient(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="site: required one of the levels 'north', 'South', found 'North' for patient P1"
    ):
        read(tmp_path, PLAIN, levels_of("site", ["north", "South"]))


def test_rows_in_the_analysis_file_are_read_in_the_same_way(tmp_path: Path) -> None:
    file = analysis_file(tmp_path, PLAIN, covariates=COVARIATES)
    text = file.read_text().replace('file = "patients.csv"', f'rows = """\n{SEMICOLONS}"""')
    file.write_text(text)
    assert content(load_patients(file).patients) == content(read(tmp_path, PLAIN))
    file.write_text(text.replace("P3;14;", "P3;"))
    with pytest.raises(
        InputError, match=r"ours.toml: patients.rows: line 4: required 6 cells, as the header has, found 5"
    ):
        load_patients(file)


def test_a_parquet_file_keeps_its_text(tmp_path: Path) -> None:
    frame = pd.read_csv(io.StringIO(PLAIN)).assign(site=["01", "1", "01", "1"], id=[1.0, 2.0, 3.0, 4.0])
    frame.to_parquet(tmp_path / "patients.parquet")
    file = analysis_file(tmp_path, PLAIN, covariates=COVARIATES)
    file.write_text(file.read_text().replace("patients.csv", "patients.parquet"))
    analysis = load_patients(file)
    assert analysis.centres == ("01", "1")
    assert analysis.patients.id.tolist() == ["1", "2", "3", "4"]


ANYTHING = [
    None, "", " ", "x", "1", "01", "1,5", "1e999", "9" * 400, True, np.True_, 0, -1, 2, 10**400, 1.5, np.nan, np.inf,
    -np.inf, 1 + 2j, b"1", [1], {"a": 1}, (1, 2), {1}, object(), np.array([1, 2]), pd.NA, pd.NaT,
    pd.Timestamp("2021-04-30"), pd.Timestamp("2021-04-30", tz="UTC"), pd.Timedelta(days=3), pd.Period("2021-04"),
    np.datetime64("NaT", "D"), np.datetime64("99999-01-01"), np.timedelta64(3, "D"), np.float32(2.5), np.int8(3),
    "2021-02-30", "03/04/2021", "\ud800", "a\x00b", "=1+1", "#N/A", io.StringIO("1"), len, int,
]  # fmt: skip


def test_whatever_a_data_frame_holds_it_is_read_or_refused_by_a_sentence() -> None:
    """Five hundred tables of cells of every type; nothing but sentences comes out."""
    chance, refused = random.Random(3), 0
    plain = pd.read_csv(io.StringIO(PLAIN)).astype(object)
    for _ in range(500):
        frame = plain.copy()
        for _ in range(chance.randint(1, 3)):
            row, column = chance.randrange(len(frame)), chance.randrange(len(frame.columns))
            cells = frame.iloc[:, column].tolist()
            cells[row] = chance.choice(ANYTHING)
            frame[frame.columns[column]] = pd.Series(cells, dtype=object)
        try:
            made = from_wide(frame, units="days", covariates={"age": "number", "site": "text"}, complete_cases=True)
        except InputError:
            refused += 1
        else:
            assert np.isfinite(made.last_day).all()
            assert np.isfinite(made.covariates["age"]).all()
    assert 250 < refused < 500


def test_whatever_bytes_a_file_holds_it_is_read_or_refused_by_a_sentence(tmp_path: Path) -> None:
    """Five hundred files, each the plain one with some bytes changed, moved or left out."""
    chance, refused, file = random.Random(4), 0, tmp_path / "patients.csv"
    pieces = [
        b"\x00",
        b"\xff",
        b'"',
        b",",
        b";",
        b"\n",
        b"\r",
        b"\t",
        b" ",
        b"\xef\xbb\xbf",
        b"1e999",
        b"sep=;\n",
        b"'",
        b"-",
    ]
    for _ in range(500):
        content = PLAIN.encode()
        for _ in range(chance.randint(1, 4)):
            at, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
            cut = end if chance.random() < 0.3 else at
            content = content[:at] + chance.choice(pieces) + content[cut:]
        file.write_bytes(content)
        try:
            from_wide(read_table(file), units="days", covariates={"age": "number", "site": "text"}, address="x")
        except InputError:
            refused += 1
    assert 250 < refused < 500
