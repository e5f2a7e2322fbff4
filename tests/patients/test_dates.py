"""Dates: days count from the column that the file calls time zero; whatever is no date there is named."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hscb_bayes.analysis.member import load_analysis
from hscb_bayes.analysis.patient_analysis import load_patients
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.columns import LongColumns, WideColumns
from hscb_bayes.evidence.patients.file import read_table
from hscb_bayes.evidence.patients.long import from_long
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.wide import from_wide
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.stored import load_posterior, save
from tests.patients.tables import analysis_file, number_of

MODELS = Path(__file__).parents[2] / "models"
COLUMNS = 'zero = "boost_date"\nresponse_day = "response_date"\nlast_day = "last_date"'
WIDE = WideColumns(zero="boost_date", response_day="response_date", last_day="last_date")
LONG = LongColumns(zero="boost_date", start="from_date", stop="to_date")
TABLE = """id,boost_date,response_date,last_date,died,age
1,2021-03-01,2021-03-10,2022-04-17,0,31
2,2020-02-20,,2020-03-16,1,60
3,2019-12-24,2020-01-07,2020-07-11,1,45
4,2021-03-27,2021-03-29,2021-10-31,0,50
"""
ROWS = """id,boost_date,trans,from_date,to_date,status
1,2021-03-01,1,2021-03-01,2021-03-10,1
1,2021-03-01,2,2021-03-01,2021-03-10,0
1,2021-03-01,3,2021-03-10,2022-04-17,0
2,2020-02-20,1,2020-02-20,2020-03-16,0
2,2020-02-20,2,2020-02-20,2020-03-16,1
"""
DATES = ["boost_date", "response_date", "last_date"]


def days(patients: Patients) -> tuple[list[float], list[float]]:
    return patients.response_day.tolist(), patients.last_day.tolist()


EXPECTED = [9.0, np.inf, 14.0, 2.0], [412.0, 25.0, 200.0, 218.0]


def frame_of() -> pd.DataFrame:
    return pd.read_csv(StringIO(TABLE))


def cells(column: pd.Series, made: Callable[[str], object]) -> pd.Series:
    """Each date of a column as another type."""
    return pd.Series([None if pd.isna(text) else made(text) for text in column.tolist()], dtype=object)


def as_type(made: Callable[[str], object]) -> pd.DataFrame:
    frame = frame_of()
    return frame.assign(**{name: cells(frame[name], made) for name in DATES})


FRAMES = {
    "ISO text": frame_of,
    "ISO text with midnight": lambda: as_type(lambda text: f"{text} 00:00:00"),
    "ISO text with a T": lambda: as_type(lambda text: f"{text}T00:00"),
    "ISO text in spaces": lambda: as_type(lambda text: f" {text} "),
    "datetime64": lambda: frame_of().assign(**{name: pd.to_datetime(frame_of()[name]) for name in DATES}),
    "datetime64 in seconds": lambda: frame_of().assign(
        **{name: pd.to_datetime(frame_of()[name]).astype("datetime64[s]") for name in DATES}
    ),
    "dates of Python": lambda: as_type(date.fromisoformat),
    "datetimes of Python": lambda: as_type(datetime.fromisoformat),
    "timestamps": lambda: as_type(pd.Timestamp),
    "datetime64 one by one": lambda: as_type(np.datetime64),
    "categories": lambda: frame_of().astype(dict.fromkeys(DATES, "category")),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_days_are_those_between_the_dates(kind: str) -> None:
    assert days(from_wide(FRAMES[kind](), WIDE, units="days")) == EXPECTED


def test_days_of_a_csv_file_and_of_its_posterior(tmp_path: Path) -> None:
    analysis = load_patients(analysis_file(tmp_path, TABLE, columns=COLUMNS, covariates=number_of("age")))
    assert days(analysis.patients) == EXPECTED
    save(draw_prior(analysis, draws=20, chains=1, seed=1), tmp_path / "posterior.nc")
    assert days(load_posterior(tmp_path / "posterior.nc").analysis.patients) == EXPECTED


def test_days_of_a_parquet_file(tmp_path: Path) -> None:
    as_type(date.fromisoformat).to_parquet(tmp_path / "x.parquet")
    assert days(from_wide(read_table(tmp_path / "x.parquet"), WIDE, units="days")) == EXPECTED


def test_days_in_the_long_form(tmp_path: Path) -> None:
    columns = 'zero = "boost_date"\nstart = "from_date"\nstop = "to_date"'
    patients = load_patients(analysis_file(tmp_path, ROWS, columns=columns, form="long")).patients
    assert days(patients) == ([9.0, np.inf], [412.0, 25.0])
    assert patients.died.tolist() == [False, True]


def test_a_time_of_the_day_is_a_part_of_one() -> None:
    frame = frame_of().assign(
        boost_date="2019-01-01 06:00", response_date="2019-01-03 18:00:00", last_date="2020-01-01"
    )
    patients = from_wide(frame, WIDE, units="days")
    assert patients.response_day.tolist() == [2.5] * 4
    assert patients.last_day.tolist() == [364.75] * 4


def test_clocks_that_change_do_not_make_a_day_longer() -> None:
    """Summer time began on 28 March 2021 and ended on 31 October."""
    found = from_wide(frame_of(), WIDE, units="days").of(np.array([3]))
    assert (found.response_day[0], found.last_day[0]) == (2.0, 218.0)


def test_visits_and_late_entry_are_dates_too() -> None:
    columns = WIDE.model_copy(update={"entry_day": "came", "unresponded_until": "visit"})
    frame = frame_of().assign(
        came=["2021-03-01", None, "2019-12-26", None], visit=["2021-03-05", "2020-03-01", None, "2021-03-28"]
    )
    patients = from_wide(frame, columns, units="days")
    assert patients.entry_day.tolist() == [0.0, 0.0, 2.0, 0.0]
    assert patients.unresponded_until.tolist() == [4.0, 10.0, 14.0, 1.0]


@pytest.mark.parametrize("units", ["days", "weeks", "years"])
def test_timedeltas_are_days_whatever_the_unit_of_numbers(units: str) -> None:
    frame = pd.DataFrame({"id": [1, 2], "died": [0, 1]})
    frame["response_day"] = pd.to_timedelta([9.5, None], unit="D")
    for last in (
        pd.to_timedelta([412, 25], unit="D"),
        pd.to_timedelta([412, 25], unit="D").astype("timedelta64[s]"),
        pd.Series([timedelta(days=412), timedelta(days=25)], dtype=object),
        pd.Series([np.timedelta64(412, "D"), np.timedelta64(25, "D")], dtype=object),
    ):
        assert days(from_wide(frame.assign(last_day=last), units=units)) == ([9.5, np.inf], [412.0, 25.0])


def test_a_timedelta_beside_dates_counts_from_time_zero() -> None:
    frame = frame_of().assign(last_date=pd.to_timedelta([412, 25, 200, 218], unit="D"))
    assert days(from_wide(frame, WIDE, units="days")) == EXPECTED


def test_a_covariate_of_timedeltas_is_in_days() -> None:
    frame = frame_of().assign(wait=pd.to_timedelta([1, 2, 3.5, 4], unit="D"))
    found = from_wide(frame, WIDE, units="days", covariates={"wait": "number"})
    assert found.covariates["wait"].tolist() == [1.0, 2.0, 3.5, 4.0]


def test_the_day_to_which_a_paper_followed_its_patients_may_be_a_date(tmp_path: Path) -> None:
    rows = "\n".join(
        f"A{k:02},{20 + k},2021-01-01,2021-01-{8 + k:02},2021-12-{10 + k},0,2021-06-{k:02}" for k in range(1, 7)
    )
    text = (MODELS / "with_centre.toml").read_text()
    before, _, after = text.partition("id,duration,response_day,last_day,died\n")
    _, _, after = after.partition('"""\n')
    named = "id,duration,boost_date,response_date,last_date,died,seen_to\n"
    text = f'{before}{named}{rows}\n"""\npublished_until = "seen_to"\n{after}\n[known_patients.wide]\n{COLUMNS}\n'
    for name in ("main.toml", "evidence/gagelmann2023.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((MODELS / name).read_text())
    (tmp_path / "dated.toml").write_text(text)
    known = load_analysis(tmp_path / "dated.toml").known
    assert known is not None
    assert known.patients.response_day.tolist() == [8.0, 9.0, 10.0, 11.0, 12.0, 13.0]
    assert known.as_published().last_day.tolist() == [151.0, 152.0, 153.0, 154.0, 155.0, 156.0]


ISO = "required one as 2021-04-30, without a time zone"
NOT_ISO = [
    "03/04/2021", "04.03.2021", "3-Apr-2021", "2021-3-4", "20210304", "2021/03/04", "2021-02-30", "2021-13-01",
    "0000-01-01", "2021-03-04T10", "2021-03-04 25:00", "2021-03-04Z", "2021-03-04 10:00+01:00", "2021-W10-4", "44259",
    "unknown", "1e999",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_ISO)
@pytest.mark.parametrize("column", ["boost_date", "response_date", "last_date"])
def test_a_date_that_is_not_iso_is_named(text: str, column: str, tmp_path: Path) -> None:
    frame = pd.read_csv(StringIO(TABLE), dtype=str, keep_default_na=False)
    frame.loc[2, column] = text
    file = analysis_file(tmp_path, frame.to_csv(index=False), columns=COLUMNS)
    found = text if re.fullmatch(r"\d+(e\d+)?", text) else repr(text)
    with pytest.raises(InputError) as caught:
        load_patients(file)
    assert str(caught.value) == (
        f"{tmp_path / 'patients.csv'}: 1 of 4 rows cannot be\n"
        f"  id 3 (line 4): {column} is no date; {ISO}, found {found}"
    )


ODD = {
    "a number": (412, "412"),
    "a number with decimals": (412.5, "412.5"),
    "true": (True, "true"),
    "a time zone": (pd.Timestamp("2022-04-17", tz="Europe/Berlin"), "2022-04-17 00:00:00+02:00"),
    "a year beyond": (np.datetime64("12022-04-17", "s"), "12022-04-17 00:00:00"),
    "a period": (pd.Period("2022-04"), "Period('2022-04', 'M')"),
    "a list": ([2022, 4, 17], "[2022, 4, 17]"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_date_beside_dates_is_named(kind: str) -> None:
    value, found = ODD[kind]
    frame = as_type(date.fromisoformat)
    frame["last_date"] = pd.Series([value, *frame["last_date"].tolist()[1:]], dtype=object)
    with pytest.raises(InputError) as caught:
        from_wide(frame, WIDE, units="days", address="x.csv")
    assert str(caught.value) == f"x.csv: 1 of 4 rows cannot be\n  id 1: last_date is no date; {ISO}, found {found}"


@pytest.mark.parametrize(
    ("row", "column", "value", "sentence"),
    [
        (1, "last_date", "2020-02-19", "id 2: last_date is before boost_date, found 2020-02-19 before 2020-02-20"),
        (2, "response_date", "2019-12-23", "id 3: response_date is before boost_date, found 2019-12-23"),
        (2, "last_date", "2120-12-25", "id 3: last_date is more than 100 years after boost_date, found 2120"),
        (2, "boost_date", None, "id 3: boost_date is missing; required the date of time zero"),
        (2, "last_date", None, "id 3: last_date is missing; required a time"),
        (2, "last_date", "2020-01-06", "id 3: response after the last day, found day 14 after day 13"),
        (0, "boost_date", "2121-03-01", "id 1: response_date is before boost_date, found 2021-03-10 before 2121-03-01"),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_are_named_with_the_patient(
    row: int, column: str, value: str | None, sentence: str
) -> None:
    frame = frame_of()
    frame.loc[row, column] = value
    with pytest.raises(InputError) as caught:
        from_wide(frame, WIDE, units="days", address="x.csv")
    assert sentence in str(caught.value)
    assert "1 of 4 rows cannot be" in str(caught.value)


DECLARE = "declare zero, the column of the dates that times count from"


@pytest.mark.parametrize("kind", FRAMES)
def test_dates_without_a_time_zero_are_refused(kind: str) -> None:
    frame = FRAMES[kind]().rename(columns={"last_date": "last_day", "response_date": "response_day"})
    with pytest.raises(InputError) as caught:
        from_wide(frame, units="days", address="x.csv")
    first, *lines = str(caught.value).splitlines()
    assert first == "x.csv: 4 of 4 rows cannot be"
    assert f"  id 2: last_day is a date; {DECLARE}, found " in "\n".join(lines)
    assert "2020-03-16" in "\n".join(lines)


def test_a_covariate_of_dates_is_refused_with_its_patient(tmp_path: Path) -> None:
    table = TABLE.replace(",31\n", ",1990-05-01\n")
    sentence = r"id 1 \(line 2\): age is a date; required a number, or levels in the analysis, found 1990-05-01"
    with pytest.raises(InputError, match=sentence):
        load_patients(analysis_file(tmp_path, table, columns=COLUMNS, covariates=number_of("age")))


def test_the_zero_that_is_not_there_and_units_that_dates_do_not_have(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="zero: there is no column 'boost'; did you mean 'boost_date'"):
        load_patients(analysis_file(tmp_path, TABLE, columns=COLUMNS.replace("boost_date", "boost")))
    with pytest.raises(InputError, match="units: required 'days' where zero names a column of dates, found 'months'"):
        load_patients(analysis_file(tmp_path, TABLE, columns=COLUMNS, units="months"))


def test_the_date_of_time_zero_is_one_for_all_rows_of_a_patient() -> None:
    frame = pd.read_csv(StringIO(ROWS.replace("1,2021-03-01,3", "1,2021-02-28,3")))
    with pytest.raises(InputError) as caught:
        from_long(frame, LONG, units="days", address="x.csv")
    assert str(caught.value).splitlines()[1] == (
        "  id 1: boost_date differs between the rows; required one value for each patient, found 2021-03-01"
    )


def test_an_event_before_time_zero_is_named_in_the_long_form() -> None:
    frame = pd.read_csv(StringIO(ROWS.replace("2,2020-02-20,1,2020-02-20", "2,2020-02-20,1,2020-02-19")))
    with pytest.raises(InputError, match="id 2: from_date is before boost_date, found 2020-02-19 before"):
        from_long(frame, LONG, units="days", address="x.csv")
