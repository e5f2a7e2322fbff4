"""Tables that cannot be, each with its whole message."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.columns import LongColumns, WideColumns
from hscb_bayes.evidence.patients.file import read_table
from hscb_bayes.evidence.patients.long import from_long, to_long
from hscb_bayes.evidence.patients.wide import from_wide

OWN = WideColumns(entry_day="entry_day", unresponded_until="unresponded_until")
SEEN = WideColumns(response_seen="seen")


def wide(**columns: Any) -> pd.DataFrame:
    """Three patients: a responder who lives, a responder who dies, one who dies without; some columns replaced."""
    table = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "entry_day": [0.0, 0.0, 0.0],
            "unresponded_until": [np.nan, np.nan, np.nan],
            "response_day": [9.0, 12.0, np.nan],
            "seen": [1, 1, 0],
            "last_day": [300.0, 40.0, 25.0],
            "died": [0, 1, 1],
            "age": [40.0, 50.0, 60.0],
        }
    )
    return table.assign(**columns)


def long(*changes: tuple[int, str, Any]) -> pd.DataFrame:
    """The same in mstate's form; some cells replaced."""
    rows = to_long(from_wide(wide(), units="days", covariates=["age"])).astype({"trans": object, "status": object})
    for row, column, value in changes:
        rows.loc[row, column] = value
    return rows


@dataclass(frozen=True, kw_only=True)
class Bad:
    """What is read, and the whole of what is said."""

    made: Callable[[], Any]
    message: str


def rows(number: int, total: int, *problems: str) -> str:
    return "\n  ".join([f"x.csv: {number} of {total} rows cannot be", *problems])


def of_wide(table: Any, columns: WideColumns | None = None, **options: Any) -> Callable[[], Any]:
    return lambda: from_wide(table, columns, **({"units": "days", "address": "x.csv"} | options))


def of_long(table: Any, columns: LongColumns | None = None, **options: Any) -> Callable[[], Any]:
    return lambda: from_long(table, columns, **({"units": "days", "address": "x.csv"} | options))


DECLARE = "declare at_zero, the days after which it is taken to be"
CASES = {
    "no table": Bad(made=of_wide([1, 2]), message="x.csv: required a table, a pandas DataFrame, found list"),
    "no rows": Bad(
        made=of_wide(wide().iloc[:0]), message="x.csv: the table has no rows; required a row for every patient"
    ),
    "a column twice": Bad(
        made=of_wide(pd.concat([wide(), wide()[["age"]]], axis=1)),
        message="x.csv: the column 'age' is there 2 times; required once",
    ),
    "a column that is not there": Bad(
        made=of_wide(wide().rename(columns={"last_day": "lastday"})),
        message="x.csv: last_day: there is no column 'last_day'; did you mean 'lastday'?",
    ),
    "a covariate that is not there": Bad(
        made=of_wide(wide(), covariates=["agee"]),
        message="x.csv: covariate 'agee': there is no column 'agee'; did you mean 'age'?",
    ),
    "a column for two things": Bad(
        made=of_wide(wide(), WideColumns(last_day="response_day")),
        message="x.csv: the column 'response_day' is to be response_day and last_day; required one of them",
    ),
    "a covariate that is a time": Bad(
        made=of_wide(wide(), covariates=["last_day"]),
        message="x.csv: the column 'last_day' is to be last_day and covariate 'last_day'; required one of them",
    ),
    "unknown units": Bad(
        made=of_wide(wide(), units="fortnights"),
        message="x.csv: units: required one of 'days', 'weeks', 'months', 'years', found 'fortnights'",
    ),
    "missing ids": Bad(
        made=of_wide(wide(id=["a", None, None])),
        message="x.csv: id is missing in 2 rows: required an id; rows 2, 3",
    ),
    "an id twice": Bad(
        made=of_wide(wide(id=[1, 7, 7])),
        message=rows(2, 3, "id 7: there more than once; required one row each"),
    ),
    "no last day": Bad(
        made=of_wide(wide(last_day=[300.0, 40.0, np.nan])),
        message=rows(1, 3, "id 3: last_day is missing; required a time"),
    ),
    "an infinite last day": Bad(
        made=of_wide(wide(last_day=[np.inf, 40.0, 25.0])),
        message=rows(1, 3, "id 1: last_day is infinite; required a time"),
    ),
    "a time before the boost": Bad(
        made=of_wide(wide(response_day=[-3.0, 12.0, np.nan])),
        message=rows(1, 3, "id 1: response_day is below 0; required a time since time zero, found -3"),
    ),
    "a time in words": Bad(
        made=of_wide(wide(last_day=[300.0, "day 40", "25"])),
        message=rows(1, 3, "id 2: last_day is no number; required a time, found 'day 40'"),
    ),
    "died in words": Bad(
        made=of_wide(wide(died=["no", "yes", "1"])),
        message=rows(2, 3, "id 1: died is neither 0 nor 1, found 'no'", "id 2: died is neither 0 nor 1, found 'yes'"),
    ),
    "died is two": Bad(
        made=of_wide(wide(died=[0, 2, 1])),
        message=rows(1, 3, "id 2: died is neither 0 nor 1, found 2"),
    ),
    "died is not said": Bad(
        made=of_wide(wide(died=[0, None, 1])),
        message=rows(1, 3, "id 2: died is missing; required 0 or 1"),
    ),
    "a response that was seen on no day": Bad(
        made=of_wide(wide(response_day=[np.nan, 12.0, 25.0]), SEEN),
        message=rows(1, 3, "id 1: seen is 1 and response_day is missing; required the time of the response"),
    ),
    "response after the last day": Bad(
        made=of_wide(wide(response_day=[301.0, 41.0, np.nan])),
        message=rows(
            2,
            3,
            "id 1: response after the last day, found day 301 after day 300",
            "id 2: response after the last day, found day 41 after day 40",
        ),
    ),
    "a visit after the response": Bad(
        made=of_wide(wide(unresponded_until=[10.0, 11.0, np.nan]), OWN),
        message=rows(
            1, 3, "id 1: known to be without response after the response or the last day, found day 10 after day 9"
        ),
    ),
    "a visit after death": Bad(
        made=of_wide(wide(unresponded_until=[np.nan, np.nan, 26.0]), OWN),
        message=rows(
            1, 3, "id 3: known to be without response after the response or the last day, found day 26 after day 25"
        ),
    ),
    "entry after the end": Bad(
        made=of_wide(wide(entry_day=[0.0, 41.0, 0.0]), OWN),
        message=rows(1, 3, "id 2: followed only from after the last day, found day 41 after day 40"),
    ),
    "entry on the last day": Bad(
        made=of_wide(wide(entry_day=[0.0, 40.0, 0.0]), OWN),
        message=rows(1, 3, "id 2: followed from the last day on: no time under observation"),
    ),
    "entry after the last visit": Bad(
        made=of_wide(wide(entry_day=[8.0, 0.0, 0.0], unresponded_until=[7.0, np.nan, np.nan]), OWN),
        message=rows(
            1,
            3,
            "id 1: followed from after the last visit without response; required to know on entry whether there had "
            "been one, found day 8 after day 7",
        ),
    ),
    "response on day 0": Bad(
        made=of_wide(wide(response_day=[0.0, 12.0, np.nan])),
        message=rows(1, 3, f"id 1: response on day 0; {DECLARE}"),
    ),
    "death on day 0": Bad(
        made=of_wide(wide(last_day=[300.0, 40.0, 0.0])),
        message=rows(1, 3, f"id 3: death on day 0; {DECLARE}"),
    ),
    "death on the day of the response": Bad(
        made=of_wide(wide(last_day=[300.0, 12.0, 25.0])),
        message=rows(1, 3, f"id 2: death on the day of the response; {DECLARE}"),
    ),
    "many problems at once": Bad(
        made=of_wide(wide(died=[3, 1, 1], response_day=[9.0, 60.0, -1.0])),
        message=rows(
            3,
            3,
            "id 1: died is neither 0 nor 1, found 3",
            "id 3: response_day is below 0; required a time since time zero, found -1",
            "id 2: response after the last day, found day 60 after day 40",
        ),
    ),
    "more ids than are named": Bad(
        made=of_wide(pd.DataFrame({"id": range(12), "response_day": 9.0, "last_day": 3.0, "died": 0})),
        message=rows(
            12,
            12,
            "ids 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... (12 in all): response after the last day, found day 9 after day 3",
        ),
    ),
    "missing covariates": Bad(
        made=of_wide(wide(age=[40.0, np.nan, 60.0], seen=[None, None, 1]), covariates=["age", "seen"]),
        message="x.csv: values are missing: age in 1, seen in 2 of 3 rows; fill them in, or declare complete_cases, "
        "which leaves out 2 patients with 2 responses and 1 death",
    ),
    "no complete case": Bad(
        made=of_wide(wide(age=np.nan), covariates=["age"], complete_cases=True),
        message="x.csv: no patient has a value of every covariate; required at least one",
    ),
    "an unknown transition": Bad(
        made=of_long(long((0, "trans", 4))),
        message=rows(1, 8, "id 1: trans is none of 1 response, 2 death without, 3 death after it, found 4"),
    ),
    "a status of two": Bad(
        made=of_long(long((0, "status", 2))), message=rows(1, 8, "id 1: status is neither 0 nor 1, found 2")
    ),
    "no time at risk": Bad(
        made=of_long(long((2, "Tstop", 9.0))),
        message=rows(
            1,
            8,
            "id 1: Tstop is not after Tstart; declare at_zero, the days after which an event at time zero is taken to "
            "be, found Tstart 9 and Tstop 9",
        ),
    ),
    "a transition twice": Bad(
        made=of_long(pd.concat([long(), long().iloc[[2]]])),
        message=rows(
            2,
            9,
            "id 1: at risk of one transition in more than one row; required one (covariates are fixed in time)",
        ),
    ),
    "a covariate that changes": Bad(
        made=of_long(long((2, "age", 41.0)), covariates=["age"]),
        message=rows(
            3,
            8,
            "id 1: age differs between the rows; required one value for each patient, found 40",
            "id 1: age differs between the rows; required one value for each patient, found 41",
        ),
    ),
    "only after the response": Bad(
        made=of_long(long().iloc[2:]),
        message=rows(1, 3, "id 1: no row of transition 1; required how long the patient was without response"),
    ),
    "two first transitions": Bad(
        made=of_long(long((1, "status", 1))),
        message=rows(1, 3, "id 1: response and death without response both happened"),
    ),
    "first transitions at different times": Bad(
        made=of_long(long((1, "Tstop", 10.0))),
        message=rows(1, 3, "id 1: transitions 1 and 2 cover different times; required the same start and stop"),
    ),
    "after a response that was not": Bad(
        made=of_long(long((0, "status", 0))),
        message=rows(1, 3, "id 1: a row of transition 3 without a response"),
    ),
    "a gap after the response": Bad(
        made=of_long(long((2, "Tstart", 11.0))),
        message=rows(1, 3, "id 1: transition 3 does not start at the response"),
    ),
    "visits in the long form": Bad(
        made=lambda: to_long(from_wide(wide(unresponded_until=[7.0, np.nan, np.nan]), OWN, units="days")),
        message="to_long: 1 of 3 rows cannot be\n  id 1: response is known only to lie between two visits, or was not "
        "looked for",
    ),
    "entry after the response in the long form": Bad(
        made=lambda: to_long(from_wide(wide(entry_day=[20.0, 0.0, 0.0]), OWN, units="days")),
        message="to_long: 1 of 3 rows cannot be\n  id 1: followed from after the response",
    ),
    "a spreadsheet": Bad(
        made=lambda: read_table("x.xlsx"),
        message="x.xlsx: required a file that ends in .csv or .parquet, found 'x.xlsx'",
    ),
    "no file": Bad(made=lambda: read_table("x.csv"), message="x.csv: there is no such file"),
}


@pytest.mark.parametrize("bad", CASES.values(), ids=CASES)
def test_what_is_said(bad: Bad) -> None:
    with pytest.raises(InputError) as caught:
        bad.made()
    assert str(caught.value) == bad.message


def test_a_file_that_is_not_what_it_says(tmp_path: Any) -> None:
    file = tmp_path / "x.parquet"
    file.write_text("id,last_day\n")
    with pytest.raises(InputError, match=r"x\.parquet: required a table, found what cannot be read as parquet: "):
        read_table(file)
