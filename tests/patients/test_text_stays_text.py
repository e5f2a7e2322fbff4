"""Text of a table is the same text in a stored posterior, and covariates keep their values whatever they are called."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hscb_bayes as hb
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.cli import main
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.columns import WideColumns
from hscb_bayes.evidence.patients.long import to_long
from hscb_bayes.evidence.patients.patients import TIMES
from hscb_bayes.evidence.patients.stored import patients_of_text, text_of_patients
from hscb_bayes.evidence.patients.wide import from_wide, to_wide
from hscb_bayes.posterior.gate import verdict
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.stored import load_posterior, save
from hscb_bayes.report.manifest import write_manifest
from hscb_bayes.report.results import accepted
from hscb_bayes.report.sections.ratios import contrast_table
from tests.patients.tables import analysis_file, centres_of, levels_of, number_of
from tests.posteriors import save_changed

MODELS = Path(__file__).parents[2] / "models"
ODD = [
    ("01", "1"), ("007", "7"), ("1.10", "1.1"), ("TRUE", "True.1"), ("NA", "nan"), ("nan", "inf"), ("1e5", "100000"),
    ("1.0", "1"), ("-0", "0"), ("grün", "größer"), ("Łódź", "東京"), ("None", "a,b"), ('a "b"', "a;b"), ("0x1", "1_0"),
]  # fmt: skip
COURSES = [(9, 400, 0), (12, 300, 1), ("", 25, 1), (14, 365, 0), ("", 90, 0), (30, 200, 1)]


def table_of(**columns: Sequence[object]) -> str:
    """Six patients as the text of a CSV file, with other columns."""
    courses = pd.DataFrame(COURSES, columns=["response_day", "last_day", "died"])
    return pd.DataFrame({"id": range(1, 7)} | dict(columns)).join(courses).to_csv(index=False)


def again(analysis: Member, folder: Path) -> Member:
    """The analysis, from the file of a posterior."""
    save(draw_prior(analysis, draws=20, chains=1, seed=1), folder / "posterior.nc")
    return load_posterior(folder / "posterior.nc").analysis


def columns_of(analysis: Member) -> dict[str, list[object]]:
    own = analysis.patients
    arrays = {name: getattr(own, name) for name in ("id", "died", *TIMES)}
    return {name: values.tolist() for name, values in arrays.items()} | {
        f"covariate {name}": values.tolist() for name, values in own.covariates.items()
    }


@pytest.mark.parametrize(("one", "other"), ODD, ids=lambda text: repr(text))
def test_labels_and_ids_come_back_from_a_posterior_as_they_were(one: str, other: str, tmp_path: Path) -> None:
    labels = [one, other] * 3
    ids = [one, other, f"{one}.", f"{other}.", "0005", "6"]
    table = table_of(id=ids, arm=labels, site=labels[::-1])
    covariates = levels_of("arm", [one, other]) + centres_of("site")
    analysis = load_patients(analysis_file(tmp_path, table, covariates=covariates))
    back = again(analysis, tmp_path)
    assert columns_of(back) == columns_of(analysis)
    assert back.patients.id.tolist() == ids
    assert back.patients.covariates["arm"].tolist() == labels
    assert set(back.centres) == {one, other}
    assert back.groups[f"arm[{other}]"].tolist() == [False, True] * 3


def test_contrasts_are_of_the_labels_as_they_were(tmp_path: Path) -> None:
    analysis = load_patients(
        analysis_file(tmp_path, table_of(arm=["01", "1"] * 3), covariates=levels_of("arm", ["1", "01"]))
    )
    save(draw_prior(analysis, draws=20, chains=1, seed=1), tmp_path / "posterior.nc")
    assert set(contrast_table(load_posterior(tmp_path / "posterior.nc"))["value"]) == {"1", "01"}


def test_the_command_line_predicts_for_labels_that_look_like_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = table_of(arm=["01", "1", "01", "1", "01", "1"], site=["TRUE", "NA"] * 3)
    analysis = load_patients(
        analysis_file(tmp_path, table, covariates=levels_of("arm", ["1", "01"]) + centres_of("site"))
    )
    posterior = draw_prior(analysis, draws=20, chains=1, seed=1)
    judged = accepted(posterior, verdict(posterior), "", address="table", allow_unconverged=True)
    save(judged, tmp_path / "posterior.nc")
    write_manifest(tmp_path)
    assert main(["predict", str(tmp_path), "--days", "28"]) == 0
    out = capsys.readouterr().out
    for group in ("arm[01]", "arm[1]", "centre[TRUE]", "centre[NA]"):
        assert group in out


@pytest.mark.parametrize(
    "name", ["entry_day", "unresponded_until", "response_day", "last_day", "died", "id", "left_out"]
)
def test_a_covariate_named_like_a_column_of_ours_does_not_overwrite_it(name: str, tmp_path: Path) -> None:
    values = [31.5, 42.0, 55.0, 60.0, 28.0, 33.0]
    ours = {"id": "key", "response_day": "came", "last_day": "until", "died": "dead"}
    frame = pd.read_csv(StringIO(table_of())).rename(columns=ours).assign(**{name: values})
    columns = "\n".join(f'{ours_of} = "{theirs}"' for ours_of, theirs in ours.items())
    analysis = load_patients(
        analysis_file(tmp_path, frame.to_csv(index=False), columns=columns, covariates=number_of(name))
    )
    back = again(analysis, tmp_path)
    assert columns_of(back) == columns_of(analysis)
    assert back.patients.covariates[name].tolist() == values
    assert back.patients.last_day.tolist() == [400.0, 300.0, 25.0, 365.0, 90.0, 200.0]
    assert back.patients.died.tolist() == [False, True, True, False, False, True]
    assert back.patients.entry_day.tolist() == [0.0] * 6


@pytest.mark.parametrize("id", ["day", "state", "chain", "draw", "patient", "setting", "group", "among"])
def test_a_covariate_named_like_a_dimension_of_results_is_refused(id: str, tmp_path: Path) -> None:
    table = table_of(age=[31.5, 42.0, 55.0, 60.0, 28.0, 33.0])
    with pytest.raises(InputError, match=f"covariates.{id}: required another name .the column may keep its own"):
        load_patients(analysis_file(tmp_path, table, covariates=number_of("age", id=id)))


def test_a_covariate_may_have_the_name_of_any_other_word(tmp_path: Path) -> None:
    """Its values are coordinates beside the results."""
    table = table_of(age=[31.5, 42.0, 55.0, 60.0, 28.0, 33.0])
    for id in ("transition", "term", "parameter", "item", "value", "seed", "days", "all"):
        analysis = load_patients(analysis_file(tmp_path, table, covariates=number_of("age", id=id)))
        found = hb.survival(
            draw_prior(analysis, draws=20, chains=1, seed=1), days=[28, 365], standardised={id: [30, 60]}
        )
        assert found[id].values.tolist() == [30, 60]
        assert found.dims == ("chain", "draw", "setting", "day")


@pytest.mark.parametrize("value", ["", "nan", "007", "TRUE", "1e5", "東京", "a\x00b"])
def test_patients_made_in_memory_are_stored_as_they_are(value: str) -> None:
    frame = pd.read_csv(StringIO(table_of()), dtype={"id": str})
    patients = from_wide(frame, units="days")
    arms = np.array([value, "x"] * 3, dtype=object)
    back = patients_of_text(text_of_patients(replace(patients, covariates={"arm": arms})), "x")
    assert back.covariates["arm"].tolist() == [value, "x"] * 3


def test_numbers_come_back_to_the_last_digit(tmp_path: Path) -> None:
    ages = [0.1 + 0.2, 1e-300, 1 / 3, 1e300, 2.0**53 + 2, 33.0]
    analysis = load_patients(
        analysis_file(tmp_path, table_of(age=[repr(age) for age in ages]), covariates=number_of("age"))
    )
    assert again(analysis, tmp_path).patients.covariates["age"].tolist() == ages


def test_the_text_of_a_posterior_declares_a_type_for_every_column(tmp_path: Path) -> None:
    table = table_of(arm=["01", "1"] * 3, age=[31.5, 42.0, 55.0, 60.0, 28.0, 33.0])
    analysis = load_patients(
        analysis_file(tmp_path, table, covariates=levels_of("arm", ["1", "01"]) + number_of("age"))
    )
    kept = json.loads(text_of_patients(analysis.patients))
    assert {name: column["type"] for name, column in kept["course"].items()} == {
        "id": "text", "entry_day": "number", "unresponded_until": "number", "response_day": "number",
        "last_day": "number", "died": "flag",
    }  # fmt: skip
    assert {name: column["type"] for name, column in kept["covariates"].items()} == {"arm": "text", "age": "number"}


BROKEN = [
    ('"type": "number"', '"type": "text"', "required a column of type"),
    ('"type": "flag"', '"type": "flags"', "died: required a column of type flag"),
    ("400.0", '"400"', "last_day: required values of type number, found '400'"),
    ("400.0", "true", "last_day: required values of type number, found True"),
    ("400.0", "NaN", "last_day is no day, found nan"),
    ("400.0", "-3", "last_day is no day, found -3.0"),
    ("400.0", "3", "response after the last day, found day 9 after day 3"),
    ("400.0, ", "", "required columns of one length"),
    ("[false, ", "[0, ", "died: required values of type flag, found 0"),
    ('"course"', '"courses"', "course is missing in the patients that are kept"),
    ('"left_out": {"patients": 0', '"left_out": {"patients": -1', "left_out: required three counts"),
    ("31.5", "Infinity", "age: required finite numbers, found inf"),
    ("31.5", "9" * 400, "age: required numbers, found one that is too large"),
    ('"age"', '"aged"', "required a column 'age' of type number"),
    ("{", "", "required the patients as JSON"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), BROKEN, ids=[sentence for *_, sentence in BROKEN])
def test_a_damaged_table_in_a_posterior_is_named(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    analysis = load_patients(
        analysis_file(tmp_path, table_of(age=[31.5, 42.0, 55.0, 60.0, 28.0, 33.0]), covariates=number_of("age"))
    )

    def damage(tree: xr.DataTree) -> None:
        (kept,) = (name for name, text in tree.attrs.items() if text == text_of_patients(analysis.patients))
        assert old in tree.attrs[kept]
        tree.attrs[kept] = tree.attrs[kept].replace(old, new, 1)

    save_changed(draw_prior(analysis, draws=20, chains=1, seed=1), tmp_path / "posterior.nc", damage)
    with pytest.raises(InputError, match=sentence) as caught:
        load_posterior(tmp_path / "posterior.nc")
    assert str(tmp_path / "posterior.nc") in str(caught.value)


def test_forms_with_our_own_names_refuse_a_covariate_of_such_a_name() -> None:
    frame = pd.read_csv(StringIO(table_of())).assign(until=lambda table: table["last_day"], last_day=50.0)
    frame["trans"] = 4.0
    own = WideColumns(last_day="until")
    with pytest.raises(InputError, match="to_wide: required another name for the covariate 'last_day'"):
        to_wide(from_wide(frame, own, units="days", covariates=["last_day"]))
    with pytest.raises(InputError, match="to_long: required another name for the covariate 'trans'"):
        to_long(from_wide(frame, own, units="days", covariates=["trans"]))


def test_patients_beside_a_paper_come_back_with_columns_named_like_ours(tmp_path: Path) -> None:
    """Their duration is in a column called entry_day, and their ids begin with zeros."""
    file = shutil.copytree(MODELS, tmp_path / "models") / "with_centre.toml"
    text = file.read_text()
    assert "id,duration," in text
    text = text.replace("id,duration,", "id,entry_day,").replace('duration = "duration"', 'duration = "entry_day"')
    file.write_text(text.replace("A01,", "007,"))
    analysis = load_analysis(file)
    assert analysis.known is not None
    save(draw_prior(analysis, draws=20, chains=1, seed=1), tmp_path / "posterior.nc")
    back = load_posterior(tmp_path / "posterior.nc").analysis.known
    assert back is not None
    assert back.patients.entry_day.tolist() == [0.0] * len(back)
    assert back.duration is not None
    assert analysis.known.duration is not None
    assert back.duration.tolist() == analysis.known.duration.tolist()
    assert back.patients.id.tolist()[0] == "007"
    assert back.patients.id.tolist() == analysis.known.patients.id.tolist()


def test_a_column_of_numbers_and_of_labels_is_refused(tmp_path: Path) -> None:
    table = table_of(dose=["1", "2"] * 3)
    covariates = levels_of("dose", ["1", "2"]) + number_of("dose", id="amount")
    with pytest.raises(InputError, match=r"the column 'dose' is of numbers .* and of labels"):
        load_patients(analysis_file(tmp_path, table, covariates=covariates))


def test_levels_that_differ_only_in_case_or_spaces_are_refused(tmp_path: Path) -> None:
    file = analysis_file(tmp_path, table_of(arm=["Yes", "No"] * 3), covariates=levels_of("arm", ["Yes", "No", "yes"]))
    sentence = (
        r"covariates.arm: levels: required levels that differ in more than case or spaces, found \['Yes', 'yes'\]"
    )
    with pytest.raises(InputError, match=sentence):
        load_patients(file)
