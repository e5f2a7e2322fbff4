"""Tables of patients: a value is read as what it says or refused, and other ways of writing a table change nothing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.columns import WideColumns
from hscb_bayes.evidence.patients.file import read_table
from hscb_bayes.evidence.patients.long import from_long, to_long
from hscb_bayes.evidence.patients.patients import TIMES, Patients
from hscb_bayes.evidence.patients.reading import as_text
from hscb_bayes.evidence.patients.wide import from_wide, to_wide
from tests.robustness import hostile
from tests.robustness.documents import pick
from tests.robustness.judging import demand
from tests.robustness.of_studies import scratch

COVARIATES = ("age", "arm", "centre")
ARMS = (
    ("A", "B"),
    ("01", "007"),
    ("1.10", "1.1"),
    ("TRUE", "FALSE"),
    ("NA", "N"),
    ("a", "b c"),
    ("é", "e"),
    ("1", "2"),
)
ROUNDING = 1e-8  # days
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
Cells = list[dict[str, str]]


def rows(rng: np.random.Generator) -> Cells:
    """A right wide table as text: days, empty where missing."""
    n, arms, made = pick(rng, (1, 2, 3, 8, 20)), pick(rng, ARMS), []
    before = pick(rng, ("p", "p", "", "0", "00"))
    for number in range(n):
        last = int(rng.integers(2, 400))
        response = int(rng.integers(1, last)) if rng.random() < 0.7 else None
        made.append(
            {
                "id": f"{before}{number}",
                "response_day": "" if response is None else str(response),
                "last_day": str(last) if rng.random() < 0.8 else f"{last}.5",
                "died": str(int(rng.random() < 0.5)),
                "age": str(int(rng.integers(18, 80))),
                "arm": pick(rng, arms),
                "centre": pick(rng, ("north", "south")),
            }
        )
    return made


def written(cells: Cells, **how: Any) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(cells[0]), **({"lineterminator": "\n"} | how))
    writer.writeheader()
    writer.writerows(cells)
    return text.getvalue()


def read(content: bytes, covariates: tuple[str, ...] = COVARIATES) -> Patients:
    path = scratch() / "table.csv"
    path.write_bytes(content)
    return from_wide(read_table(path), units="days", covariates=list(covariates), address=str(path))


def expected(cells: Cells) -> Mapping[str, Any]:
    """What the cells say, read by hand."""
    response = [float(row["response_day"]) if row["response_day"] else np.inf for row in cells]
    last = [float(row["last_day"]) for row in cells]
    return {
        "response_day": response,
        "last_day": last,
        "died": [row["died"] == "1" for row in cells],
        "unresponded_until": [min(pair) for pair in zip(response, last, strict=True)],
        "entry_day": [0.0] * len(cells),
    }


def as_said(patients: Patients, cells: Cells, oracle: str, *about: object) -> None:
    """Courses, ids and labels are those of the cells; labels as text, whatever they look like."""
    said = expected(cells)
    for name, values in said.items():
        demand(
            np.array_equal(getattr(patients, name), values),
            f"{oracle}: {name}",
            getattr(patients, name),
            values,
            *about,
        )
    demand(
        [str(id) for id in patients.id] == [row["id"] for row in cells], f"{oracle}: id", patients.id.tolist(), *about
    )
    for name in ("arm", "centre"):
        found = as_text(np.asarray(patients.covariates[name])).tolist()
        demand(
            found == [row[name] for row in cells],
            f"{oracle}: labels stay text",
            found,
            [row[name] for row in cells],
            *about,
        )
    ages = np.asarray(patients.covariates["age"], dtype=float).tolist()
    demand(ages == [float(row["age"]) for row in cells], f"{oracle}: age", ages, *about)


def _decimal_comma(cells: Cells) -> Cells:
    return [
        {name: value.replace(".", ",") if name.endswith("day") else value for name, value in row.items()}
        for row in cells
    ]


def _with_spaces(cells: Cells) -> Cells:
    return [row | {"centre": row["centre"] + " " * (k % 2)} for k, row in enumerate(cells)]


WAYS: Mapping[str, Callable[[Cells], bytes]] = {
    "as it is": lambda cells: written(cells).encode(),
    "a byte-order mark": lambda cells: written(cells).encode("utf-8-sig"),
    "carriage returns": lambda cells: written(cells, lineterminator="\r\n").encode(),
    "everything quoted": lambda cells: written(cells, quoting=csv.QUOTE_ALL).encode(),
    "semicolons": lambda cells: written(cells, delimiter=";").encode(),
    "semicolons, decimal commas": lambda cells: written(_decimal_comma(cells), delimiter=";").encode(),
    "tabulators": lambda cells: written(cells, delimiter="\t").encode(),
    "empty last lines": lambda cells: (written(cells) + "\n\n").encode(),
    "last lines of commas": lambda cells: (written(cells) + "," * (len(cells[0]) - 1) + "\n").encode(),
    "no last line end": lambda cells: written(cells).rstrip("\n").encode(),
    "columns in another order": lambda cells: written([dict(reversed(row.items())) for row in cells]).encode(),
    "another column": lambda cells: written([row | {"note": 'a, "b"\n=1+1'} for row in cells]).encode(),
    "a column without a name": lambda cells: written([{"": str(k), **row} for k, row in enumerate(cells)]).encode(),
    "spaces behind labels": lambda cells: written(_with_spaces(cells)).encode(),
    "the header again in the middle": lambda cells: _with_line(cells, len(cells) // 2 + 1, ",".join(cells[0])),
    "a row that is too long": lambda cells: _with_line(cells, 1, written(cells).split("\n")[1] + ",x,y"),
    "a row that is too short": lambda cells: _with_line(cells, 1, "p99,3"),
}
NEVER = ("the header again in the middle", "a row that is too long", "a row that is too short")


def _with_line(cells: Cells, at: int, line: str) -> bytes:
    lines = written(cells).split("\n")
    return "\n".join([*lines[:at], line, *lines[at:]]).encode()


def ways(rng: np.random.Generator) -> None:
    """A table written in another way is read as the same table, or refused; it is never another table."""
    cells, way = rows(rng), pick(rng, tuple(WAYS))
    if way == "semicolons, decimal commas" and any("," in value for row in cells for value in row.values()):
        return
    try:
        patients = read(WAYS[way](cells))
    except InputError:
        demand(
            way not in ("as it is", "carriage returns", "everything quoted", "no last line end"),
            f"a table with {way} is refused",
            cells[:3],
        )
        raise
    demand(way not in NEVER or len(patients) != len(cells), f"a table with {way} is read", cells[:3])
    as_said(patients, cells, f"a table with {way}")


ODD_CELLS = (
    "2023-01-05",
    "01/05/2023",
    "5.1.2023",
    "5 days",
    "1,5",
    "1.5.2",
    "0x10",
    "1_000",
    "1e2",
    "1e400",
    "-3",
    "-0",
    "nan",
    "NaN",
    "inf",
    "NA",
    "N/A",
    "null",
    "None",
    ".",
    "-",
    "?",
    "TRUE",
    "true",
    "yes",
    "٣",
    "１２",
    "½",
    " 7 ",
    "7 ",
    "\u00a07",
    "7d",
    "007",
    "1 000",
    "1,000",
    "$7",
    "(7)",
    "7%",
    "<7",
    ">7",
    "~7",
    "7-9",
    "0 days 00:00:00",
    "P7D",
    "12:30",
    "1/2",
    "''",
    "=7",
    "+7",
    "7.",
    ".7",
    "1e-300",
    "123456789012345678901234567890",
    "0.1e1",
    "1d2",
    "0b1",
    "0o7",
    "1j",
    "True",
    "1.0",
    "0.0",
    "2",
    "0.5",
    "",
)


def cells(rng: np.random.Generator) -> None:
    """One odd cell: refused, or read as the number that it is in plain decimal notation."""
    table = rows(rng)
    row, name = table[int(rng.integers(len(table)))], pick(rng, ("response_day", "last_day", "died"))
    text = pick(rng, ODD_CELLS) if rng.random() < 0.8 else pick(rng, hostile.STRINGS).replace("\ud800", "?")
    row[name] = text
    patients = read(written(table).encode(), covariates=())
    k = table.index(row)
    plain = text.strip()
    found = {"response_day": patients.response_day, "last_day": patients.last_day, "died": patients.died}[name][k]
    if name == "response_day" and plain == "":
        demand(np.isinf(found), "an empty cell of response is none", text, found)
        return
    if name == "died" and plain.lower() in ("true", "false"):
        demand(bool(found) == (plain.lower() == "true"), "true and false of died", text, found)
        return
    demand(NUMBER.fullmatch(plain), f"what is no number in {name} is refused", text, found)
    is_zero = name != "died" and 0.0 < float(plain) <= ROUNDING  # a time that rounding alone sets apart from 0
    demand(float(found) == (0.0 if is_zero else float(plain)), f"the number in {name}", text, found)


def _later(frame: pd.DataFrame) -> pd.Series:
    """The last days as dates."""
    return pd.Timestamp("2023-01-01") + pd.to_timedelta(frame["last_day"], unit="D")


FRAMES: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "integers": lambda f: f.assign(last_day=np.ceil(f["last_day"]).astype(int)),
    "objects": lambda f: f.astype(object),
    "nullable": lambda f: f.convert_dtypes(),
    "text": lambda f: f.astype(str).replace("nan", None),
    "booleans": lambda f: f.assign(died=f["died"].astype(bool)),
    "floats": lambda f: f.astype({"died": float}),
    "single precision": lambda f: f.astype({"last_day": np.float32}),
    "categories": lambda f: f.astype({"arm": "category", "centre": "category"}),
    "another index": lambda f: f.set_index(np.arange(len(f))[::-1] * 3),
    "an index of ids": lambda f: f.set_index("id", drop=False),
    "timedeltas": lambda f: f.assign(last_day=pd.to_timedelta(f["last_day"], unit="D")),
    "dates": lambda f: f.assign(last_day=_later(f)),
    "periods": lambda f: f.assign(last_day=pd.PeriodIndex(_later(f), freq="D")),
    "complex numbers": lambda f: f.astype({"last_day": complex}),
    "dates as text": lambda f: f.assign(last_day=_later(f).astype(str)),
    "a column of lists": lambda f: f.assign(last_day=[[v] for v in f["last_day"]]),
}


def frame_of(table: Cells) -> pd.DataFrame:
    frame = pd.DataFrame(table)
    for name in ("response_day", "last_day", "age"):
        frame[name] = [float(value) if value else np.nan for value in frame[name]]
    return frame.assign(died=frame["died"].astype(int))


def frames(rng: np.random.Generator) -> None:
    """A data frame of other types is the same table, or refused."""
    table, way = rows(rng), pick(rng, tuple(FRAMES))
    if way == "integers":
        table = [row | {"last_day": row["last_day"].removesuffix(".5")} for row in table]
    patients = from_wide(FRAMES[way](frame_of(table)), units="days", covariates=list(COVARIATES))
    as_said(patients, table, f"a data frame with {way}")


UNITS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}


def forms(rng: np.random.Generator) -> None:
    """Wide and long, in every unit, shuffled: the same patients."""
    table = rows(rng)
    frame = frame_of(table)
    patients = from_wide(frame, units="days", covariates=list(COVARIATES))
    unit, order = pick(rng, tuple(UNITS)), rng.permutation(len(frame))
    scaled = frame.assign(**{name: frame[name] / UNITS[unit] for name in ("response_day", "last_day")}).iloc[order]
    again = from_wide(scaled, units=unit, covariates=list(COVARIATES))
    _alike(again, patients.of(order), f"a table in {unit}, shuffled")
    long = to_long(patients)
    _alike(
        from_long(
            long.sample(frac=1.0, random_state=int(rng.integers(2**31))), units="days", covariates=list(COVARIATES)
        ),
        patients,
        "a long table, shuffled",
    )
    kept = WideColumns(entry_day="entry_day", unresponded_until="unresponded_until")
    _alike(
        from_wide(to_wide(patients), kept, units="days", covariates=list(COVARIATES)), patients, "a wide table again"
    )


def _alike(found: Patients, patients: Patients, oracle: str) -> None:
    """The same patients by id, in any order."""
    where = {id: k for k, id in enumerate(found.id.tolist())}
    demand(sorted(where) == sorted(patients.id.tolist()) and len(found) == len(patients), f"{oracle}: ids", found.id)
    own = found.of(np.array([where[id] for id in patients.id.tolist()], dtype=int))
    for name in (*TIMES, "died"):
        same = np.allclose(getattr(own, name).astype(float), getattr(patients, name).astype(float), rtol=1e-12)
        demand(same, f"{oracle}: {name}", getattr(own, name), getattr(patients, name))
    for name in COVARIATES:
        demand(
            own.covariates[name].tolist() == patients.covariates[name].tolist(),
            f"{oracle}: {name}",
            own.covariates[name],
        )
