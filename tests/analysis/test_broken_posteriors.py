"""Files in the place of a posterior, each with the whole sentence that a user gets."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import analysis_from_text
from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import PARAMETER_IDS
from hscb_bayes.posterior.posterior import UNBOUNDED, Posterior
from hscb_bayes.posterior.stored import load_posterior, save
from tests.posteriors import save_changed

REQUIRED = "required a posterior that hscb run wrote"
NO_NETCDF = f"{REQUIRED}, found a file that is not netCDF, or only a part of one"
KEPT = f"{REQUIRED}; what it keeps is broken"
# What is kept in the posterior, by what it is replaced, and the sentence after the path of the file.
BROKEN = {
    "no JSON": ("analysis_tables", "schema = 1", f"{KEPT}: p.toml: the tables that were kept of it are not JSON"),
    "no table": ("analysis_tables", "[1, 2]", f"{KEPT}: p.toml: the tables that were kept of it are not a table"),
    "another schema": ("analysis_tables", '{"schema": 2}', f"{KEPT}: p.toml: schema: required 1, found 2"),
    "not a number": ("analysis_tables", '{"a": NaN}', f"{KEPT}: p.toml: a: required a finite number, found nan"),
    "nested without end": (
        "analysis_tables",
        "[" * 100_000,
        f"{KEPT}: p.toml: the tables that were kept of it are not JSON",
    ),
    "no study": (
        "study_tables",
        "{}",
        (
            f"{KEPT}: s.toml: schema is missing; required schema = 1\n  s.toml: study is missing; required a [study] "
            "table\n  s.toml: item is missing; required [[item]] tables"
        ),
    ),
    "study as text": ("study_tables", '"study"', f"{KEPT}: s.toml: the tables that were kept of it are not a table"),
    "sources as a list": ("sources", "[]", f"{KEPT}: p.toml: the tables that were kept of it are not a table"),
    "settings cut short": ("settings", '{"seed": 1', f"{KEPT}: settings: the tables that were kept of it are not JSON"),
    "versions as a number": ("versions", "3", f"{KEPT}: versions: the tables that were kept of it are not a table"),
    "a number": ("analysis", 3, f"{REQUIRED}; it does not say its analysis"),
}


SOURCES = {"p.toml": "1", "s.toml": "2"}


@pytest.fixture(scope="session")
def posterior(main: Member, make_posterior: Callable[..., Posterior]) -> Posterior:
    renamed = replace(main, path="p.toml", sources=SOURCES)
    return make_posterior(renamed, np.zeros((2, 5, len(PARAMETER_IDS))))


@pytest.fixture
def file(posterior: Posterior, tmp_path: Path) -> Path:
    save(posterior, tmp_path / "posterior.nc")
    return tmp_path / "posterior.nc"


def sentence_about(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_posterior(path)
    return str(caught.value)


def test_a_posterior_that_is_right_is_read(file: Path, posterior: Posterior) -> None:
    again = load_posterior(file)
    assert again.tree.identical(posterior.tree)
    assert (again.settings, again.versions) == (posterior.settings, posterior.versions)
    analysis = again.analysis
    assert (analysis.path, analysis.text, analysis.sources) == ("p.toml", posterior.analysis.text, SOURCES)


def test_no_file(tmp_path: Path) -> None:
    path = tmp_path / "posterior.nc"
    assert sentence_about(path) == f"{path}: there is no such file; make it with hscb run"
    assert sentence_about(tmp_path) == f"{tmp_path}: there is no such file; make it with hscb run"


@pytest.mark.parametrize("content", [b"", b"some text\n", b"\x89HDF\r\n\x1a\n", b"CDF\x01" + bytes(100)])
def test_a_file_of_another_kind(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    assert sentence_about(file) == f"{file}: {NO_NETCDF}"


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_posterior_that_is_cut_short(share: float, file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    assert sentence_about(file) == f"{file}: {NO_NETCDF}"


def test_an_hdf5_file_of_something_else(file: Path) -> None:
    with h5py.File(file, "w") as other:
        other["x"] = np.arange(3)
    assert sentence_about(file) == f"{file}: {REQUIRED}; it does not say its analysis"


def test_a_netcdf_file_of_something_else(file: Path) -> None:
    xr.Dataset({"x": ("a", np.arange(3))}).to_netcdf(file, engine="h5netcdf")
    assert sentence_about(file) == f"{file}: {REQUIRED}; it does not say its analysis"


@pytest.mark.parametrize("missing", ["analysis", "analysis_tables", "study_tables", "sources", "settings", "versions"])
def test_a_posterior_without_an_attribute(missing: str, posterior: Posterior, file: Path) -> None:
    save_changed(posterior, file, lambda tree: tree.attrs.pop(missing))
    assert sentence_about(file) == f"{file}: {REQUIRED}; it does not say its {missing}"


@pytest.mark.parametrize("case", BROKEN)
def test_a_posterior_with_an_attribute_broken(case: str, posterior: Posterior, file: Path) -> None:
    name, value, sentence = BROKEN[case]
    save_changed(posterior, file, lambda tree: tree.attrs.update({name: value}))
    assert sentence_about(file) == f"{file}: {sentence}"


@pytest.mark.parametrize("group", ["posterior", UNBOUNDED])
def test_a_posterior_without_draws(group: str, posterior: Posterior, file: Path) -> None:
    save_changed(posterior, file, lambda tree: tree.update({group: xr.DataTree(xr.Dataset({"x": 1.0}))}))
    assert sentence_about(file) == f"{file}: {REQUIRED}; it holds no draws of the parameters"
    save_changed(posterior, file, lambda tree: tree.__delitem__(group))
    assert sentence_about(file) == f"{file}: {REQUIRED}; it holds no draws of the parameters"


def test_a_posterior_of_other_parameters(posterior: Posterior, file: Path) -> None:
    def without_one(tree: xr.DataTree) -> None:
        tree[UNBOUNDED] = tree[UNBOUNDED].to_dataset().drop_vars("response_median_log__")

    save_changed(posterior, file, without_one)
    known = ", ".join(posterior.analysis.believed)
    assert sentence_about(file) == f"{file}: {REQUIRED}; its parameters are not those of this version: {known}"


@given(place=st.floats(0.0, 1.0, exclude_max=True), byte=st.integers(0, 255))
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_posterior_with_one_byte_changed_loads_or_gets_a_sentence(
    place: float, byte: int, posterior: Posterior, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.nc"
    if not whole.exists():
        save(posterior, whole)
    content = bytearray(whole.read_bytes())
    content[int(place * len(content))] = byte
    broken = tmp_path / "broken.nc"
    broken.write_bytes(content)
    sentence = ""
    try:
        load_posterior(broken)
    except InputError as error:
        sentence = str(error)
    assert sentence == "" or sentence.startswith(f"{broken}: {REQUIRED}")
    assert "\n" not in sentence


@given(text=st.text(max_size=40), study_text=st.text(max_size=40))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_text_in_the_place_of_an_analysis(text: str, study_text: str, main: Member) -> None:
    for tables, study in ((text, study_text), (main.text, study_text), (text, main.study.text)):
        with pytest.raises(InputError):
            analysis_from_text(name="main", path="p.toml", text=tables, study_text=study, sources={"s.toml": "2"})
