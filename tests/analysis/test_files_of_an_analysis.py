"""Files that an analysis names are in its folder or below; what is elsewhere is refused, also through a link."""

import shutil
from pathlib import Path

import pytest

from hscb_bayes.analysis.member import load_analysis
from hscb_bayes.analysis.patient_analysis import load_patients
from hscb_bayes.analysis.pool import load_pool
from hscb_bayes.errors import InputError

TABLE = "r_reference/kmsurv_bmt.csv"


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    """Analyses of a paper, of a table of patients and of both, beside a table that is elsewhere."""
    inner = tmp_path / "inner"
    shutil.copytree(root / "models", inner)
    (inner / "r_reference").mkdir()
    for name in ("bmt.toml", TABLE):
        shutil.copy(root / "tests" / "data" / name, inner / name)
    shutil.copy(root / "tests" / "data" / TABLE, tmp_path / "elsewhere.csv")
    shutil.copy(root / "models" / "evidence" / "gagelmann2023.toml", tmp_path / "elsewhere.toml")
    shutil.copy(root / "models" / "step.toml", tmp_path / "other.toml")
    return inner


def sentence(path: Path) -> str:
    load = {"bmt": load_patients, "pooled": load_pool}.get(path.stem, load_analysis)
    with pytest.raises(InputError) as caught:
        load(path)
    return str(caught.value)


def renamed(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def test_a_table_in_a_folder_below_is_read(folder: Path) -> None:
    assert len(load_patients(folder / "bmt.toml").patients) == 137


@pytest.mark.parametrize(
    "name", ["../elsewhere.csv", "r_reference/../../elsewhere.csv", "/etc/passwd", "//etc/hosts.csv"]
)
def test_a_table_of_patients_elsewhere_is_refused(name: str, folder: Path) -> None:
    path = renamed(folder / "bmt.toml", TABLE, name)
    assert sentence(path) == f"{path}: patients.file: required a file in or below {folder}, found {name!r}"


def test_a_link_to_a_table_of_patients_elsewhere_is_refused(folder: Path) -> None:
    (folder / TABLE).unlink()
    (folder / TABLE).symlink_to(folder.parent / "elsewhere.csv")
    path = folder / "bmt.toml"
    assert sentence(path) == f"{path}: patients.file: required a file in or below {folder}, found {TABLE!r}"


def test_a_link_within_the_folder_is_followed(folder: Path) -> None:
    (folder / TABLE).rename(folder / "table.csv")
    (folder / TABLE).symlink_to(folder / "table.csv")
    assert len(load_patients(folder / "bmt.toml").patients) == 137


def test_known_patients_elsewhere_are_refused(folder: Path) -> None:
    path = folder / "known.toml"
    path.write_text(
        'base = "main"\ntitle = "with patients"\n[known_patients]\nfile = "../elsewhere.csv"\nunits = "days"\n'
        'inside = false\nduration = "duration"\nwhy = "a test"\nhazard_ratio_rarely_above = 2.0\n'
    )
    assert f"known_patients.file: required a file in or below {folder}, found '../elsewhere.csv'" in sentence(path)


def test_a_link_to_a_study_elsewhere_is_refused(folder: Path) -> None:
    study = folder / "evidence" / "gagelmann2023.toml"
    study.unlink()
    study.symlink_to(folder.parent / "elsewhere.toml")
    assert f"study: required a file in or below {folder}, found 'evidence/gagelmann2023.toml'" in sentence(
        folder / "main.toml"
    )


@pytest.mark.parametrize(
    ("analysis", "linked", "key"),
    [("step", "main", "base"), ("main", "step", "report.alternatives"), ("pooled", "main", "studies")],
)
def test_a_link_to_an_analysis_elsewhere_is_refused(analysis: str, linked: str, key: str, folder: Path) -> None:
    (folder / f"{linked}.toml").unlink()
    (folder / f"{linked}.toml").symlink_to(folder.parent / "other.toml")
    found = sentence(folder / f"{analysis}.toml")
    assert f"{key}: required a file in or below {folder}, found '{linked}.toml'" in found


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "loop.csv", "a\\u0007.csv"])
def test_a_name_that_leads_nowhere_gets_a_sentence(name: str, folder: Path) -> None:
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    path = renamed(folder / "bmt.toml", TABLE, name)
    assert sentence(path).startswith(f"{folder}")
