"""Analysis files about patients that cannot be, each with the sentence that a user gets."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from hscb_bayes.analysis.member import load_analysis
from hscb_bayes.analysis.patient_analysis import load_patients
from hscb_bayes.errors import InputError

DATA = Path(__file__).parents[1] / "data"
TABLE = "r_reference/kmsurv_bmt.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of an analysis and its table."""
    (tmp_path / "r_reference").mkdir()
    shutil.copy(DATA / "bmt.toml", tmp_path)
    shutil.copy(DATA / TABLE, tmp_path / TABLE)
    return tmp_path


# What is replaced in bmt.toml, by what, and the sentence; {file} and {table} are the paths.
BROKEN = {
    "a schema that is true": ("schema = 1", "schema = true", "{file}: schema: required 1, found True"),
    "no units": ('units = "days"\n', "", "{file}: patients: units is missing (required: unit of all times)"),
    "units of another kind": (
        'units = "days"',
        'units = "hours"',
        "{file}: patients.units: required 'days', 'weeks', 'months' or 'years', found 'hours'",
    ),
    "a key of another name": (
        'response_day = "pr_time"',
        'response_days = "pr_time"',
        "{file}: patients.wide: unknown key 'response_days'; did you mean 'response_day'?",
    ),
    "a table that is not there": (
        'kmsurv_bmt.csv"',
        'kmsurv.csv"',
        "{folder}/r_reference/kmsurv.csv: there is no such file",
    ),
    "a column that is not there": (
        'last_day = "dfs_time"',
        'last_day = "dfstime"',
        "{table}: last_day: there is no column 'dfstime'; did you mean 'dfs_time'?",
    ),
    "a covariate called as the groups of centres are": (
        "[covariates.disease]",
        "[covariates.centre]",
        "{file}: covariates.centre: required another name; groups of [centres] are called so",
    ),
    "a weight of a centre that is not there": (
        "[hazards]",
        '[centres.exchangeable]\nweights = { alfred = 0.5 }\nwhy = "x"\n\n[hazards]',
        "{file}: centres.exchangeable.weights: unknown centre 'alfred'; did you mean 'Alfred'?",
    ),
    "days of the report that fall": (
        "days = [30, 100, 365, 730]",
        "days = [30, 365, 100]",
        "{file}: report: days: required increasing days, found [30.0, 365.0, 100.0]",
    ),
    "one level": (
        'levels = ["ALL", "AML low risk", "AML high risk"]',
        'levels = ["ALL"]',
        "{file}: covariates.disease: levels: required at least two, each once, found ['ALL']",
    ),
    "a level that is missing in the file": (
        'levels = ["ALL", "AML low risk", "AML high risk"]',
        'levels = ["ALL", "AML low risk"]',
        (
            "{table}: covariate 'disease': disease: required one of the levels 'ALL', 'AML low risk', found "
            "'AML high risk' for patient 93"
        ),
    ),
    "a level that nobody has": (
        'levels = ["ALL", ',
        'levels = ["ALL", "CML", ',
        "{table}: disease: no patient has the level 'CML'; required at least one",
    ),
    "doublings of what may be zero": (
        'column = "age"\nlabel = "age of the patient"\nreference = 28.0\nper = 10.0',
        'column = "z4"\nlabel = "sex of the donor"\nform = "log2"\nreference = 1.0',
        "{table}: z4: required numbers above 0 for doublings, found 0 for patient 1",
    ),
    "doublings of levels": (
        "reference = 28.0\nper = 10.0",
        'form = "log2"\nreference = 28.0\nper = 10.0',
        "{file}: covariates.age: form is 'log2': required a reference above 0, and neither levels nor per",
    ),
    "a ratio that is none": (
        "hazard_ratio_rarely_above = 3.0",
        "hazard_ratio_rarely_above = 1.0",
        "{file}: covariates.age.hazard_ratio_rarely_above: required a number above 1, found 1.0",
    ),
    "a belief that is missing": (
        "[hazards]\nnever_respond = false",
        "[hazards]\nnever_respond = true",
        "{file}: prior.never_respond is missing (required: share who never respond)",
    ),
    "a family that is not there": (
        "never_respond = false",
        'never_respond = false\nresponse = "gomperz"',
        "{file}: hazards.response: unknown family 'gomperz'; did you mean 'gompertz'?",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_gets_its_sentence(case: str, folder: Path) -> None:
    old, new, sentence = BROKEN[case]
    file = folder / "bmt.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(InputError) as caught:
        load_patients(file)
    assert str(caught.value) == sentence.format(file=file, folder=folder, table=folder / TABLE)


def test_categories_without_levels_are_quoted_one_by_one(folder: Path) -> None:
    file = folder / "bmt.toml"
    file.write_text(file.read_text().replace('levels = ["ALL", "AML low risk", "AML high risk"]\n', ""))
    with pytest.raises(InputError) as caught:
        load_patients(file)
    first, *lines = str(caught.value).splitlines()
    assert first == f"{folder / TABLE}: 137 of 137 rows cannot be"
    assert lines[0].startswith("  ids 1 (line 2), 2 (line 3), 3 (line 4), ")
    sentence = "disease is no number; required a number, or levels in the analysis, found "
    assert [line.partition(sentence)[2] for line in lines] == ["'ALL'", "'AML low risk'", "'AML high risk'"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda table: table.assign(hospital="Alfred"), "hospital: required at least two centres, found one"),
        (lambda table: table.assign(age=40), "age: is 40 for every patient; a hazard ratio of it cannot be learned"),
        (
            lambda table: table.assign(age=table["age"].where(table["id"] > 2)),
            (
                "values are missing: age in 2 of 137 rows; fill them in, or declare complete_cases, which leaves out 2 "
                "patients with 2 responses and 0 deaths"
            ),
        ),
    ],
)
def test_a_table_that_cannot_teach(change: Callable[[pd.DataFrame], pd.DataFrame], sentence: str, folder: Path) -> None:
    change(pd.read_csv(folder / TABLE)).to_csv(folder / TABLE, index=False)
    with pytest.raises(InputError) as caught:
        load_patients(folder / "bmt.toml")
    assert str(caught.value) == f"{folder / TABLE}: {sentence}"


def test_complete_cases_are_counted(folder: Path) -> None:
    table = pd.read_csv(folder / TABLE)
    table.assign(age=table["age"].where(table["id"] > 2)).to_csv(folder / TABLE, index=False)
    file = folder / "bmt.toml"
    file.write_text(file.read_text().replace("[patients]\n", "[patients]\ncomplete_cases = true\n"))
    analysis = load_patients(file)
    assert (len(analysis.patients), str(analysis.patients.left_out)) == (
        135,
        "2 patients with 2 responses and 0 deaths",
    )


def test_the_wrong_loader_names_the_right_one(folder: Path) -> None:
    with pytest.raises(InputError, match="patients: required an analysis of a paper, found one of a table; use load_p"):
        load_analysis(folder / "bmt.toml")


def test_a_covariate_in_doublings(folder: Path) -> None:
    file = folder / "bmt.toml"
    linear = "reference = 28.0\nper = 10.0"
    file.write_text(file.read_text().replace(linear, 'form = "log2"\nreference = 28.0'))
    analysis = load_patients(file)
    assert analysis.design({"age": [14, 28, 56]})[:, -1].tolist() == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize("name", ["new", "between"])
def test_a_centre_of_a_reserved_name_is_refused(folder: Path, name: str) -> None:
    table = folder / TABLE
    table.write_text(table.read_text().replace("Alfred", name))
    sentence = f"{table}: hospital: required another name for the centre '{name}'; in predictions and tables it stands"
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}"):
        load_patients(folder / "bmt.toml")
