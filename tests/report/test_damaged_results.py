"""Results that are damaged, or parts of two runs, are named by every command that reads them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from hscb_bayes import cli
from hscb_bayes.errors import InputError
from hscb_bayes.posterior.posterior import UNBOUNDED, Posterior
from hscb_bayes.posterior.stored import load_posterior
from hscb_bayes.report.manifest import write_manifest
from tests.posteriors import save_changed

COMMANDS = ("check", "predict", "report")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "main"))


def sentences(folder: Path, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """What the commands say on standard error; each must refuse, print nothing else and change nothing."""
    page = (folder / "report.html").read_bytes() if folder.is_dir() else b""
    said = set()
    for command in COMMANDS:
        assert cli.main([command, str(folder)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        said.add(err.removeprefix("error: "))
    assert not folder.is_dir() or (folder / "report.html").read_bytes() == page
    return said


def test_whole_results_are_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [cli.main([command, str(folder)]) for command in COMMANDS] == [0, 0, 0]
    assert capsys.readouterr().err == ""


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "report.html")


def test_every_missing_file_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in files(folder):
        aside = folder.with_name("aside")
        (folder / name).rename(aside)
        assert sentences(folder, capsys) == {f"{folder / name}: there is no such file; make it with hscb run\n"}
        (folder / name).mkdir()
        assert sentences(folder, capsys) == {f"{folder / name}: there is no such file; make it with hscb run\n"}
        (folder / name).rmdir()
        aside.rename(folder / name)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.999])
def test_every_file_that_is_cut_short_is_named(share: float, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in files(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(share * len(content))])
        (said,) = sentences(folder, capsys)
        assert said.startswith(f"{folder / name}: required ")
        (folder / name).write_bytes(content)


def test_a_file_of_another_run_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = folder / "predictions.csv"
    table.write_text(table.read_text().replace("1", "2"))
    (said,) = sentences(folder, capsys)
    assert said.startswith(f"{table}: required the file that hscb run wrote, found another one, or a part of it")


def test_files_that_changed_places_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (folder / "curves.csv").read_bytes(), (folder / "check.csv").read_bytes()
    (folder / "curves.csv").write_bytes(second)
    (folder / "check.csv").write_bytes(first)
    (said,) = sentences(folder, capsys)
    assert "check.csv: required the file that hscb run wrote" in said


def test_results_of_another_version_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2, "version": "9.9"}))
    assert sentences(folder, capsys) == {
        f"{path}: required results of format 1, found 2, which hscb_bayes 9.9 wrote; make them again with hscb run\n"
    }


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"files": 3}', '{"files": {"../x": "y"}}', "[" * 100_000])
def test_a_list_of_files_that_is_something_else_is_named(
    content: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "manifest.json").write_text(content)
    (said,) = sentences(folder, capsys)
    assert said.startswith(f"{folder / 'manifest.json'}: required the list of files that hscb run wrote, found ")


def test_a_file_in_the_place_of_a_directory_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "main").write_text("x")
    assert sentences(tmp_path / "main", capsys) == {
        f"{tmp_path / 'main'}: required a directory that hscb run made, found a file\n"
    }


def with_draw(group: str, value: float) -> Callable[[xr.DataTree], None]:
    def change(tree: xr.DataTree) -> None:
        dataset = tree[group].to_dataset().copy(deep=True)
        for variable in dataset.data_vars.values():
            variable.values[0, 0] = value
        tree[group] = dataset

    return change


def without_stats(tree: xr.DataTree) -> None:
    del tree["sample_stats"]


def fewer_stats(tree: xr.DataTree) -> None:
    tree["sample_stats"] = tree["sample_stats"].to_dataset().isel(draw=slice(1, None))


def without_draws(tree: xr.DataTree) -> None:
    del tree["posterior"]


CHANGES = {
    "NaN draws": with_draw("posterior", np.nan),
    "NaN draws on unbounded scales": with_draw(UNBOUNDED, np.nan),
    "infinite draws on unbounded scales": with_draw(UNBOUNDED, np.inf),
    "no sample_stats": without_stats,
    "sample_stats of other draws": fewer_stats,
    "no posterior": without_draws,
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_posterior_that_is_not_one_is_refused_alone_and_in_its_directory(
    case: str, folder: Path, posterior: Posterior, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "posterior.nc"
    save_changed(posterior, path, CHANGES[case])
    with pytest.raises(InputError, match=r"posterior\.nc: required a posterior that hscb run wrote; it"):
        load_posterior(path)
    (said,) = sentences(folder, capsys)
    assert said.startswith(f"{path}: required the file that hscb run wrote")
    write_manifest(folder)
    for command in ("predict", "report"):
        assert cli.main([command, str(folder)]) == 2
        assert f"{path}: required a posterior that hscb run wrote; it" in capsys.readouterr().err


def test_a_variable_that_was_taken_out_of_the_file_is_missed(folder: Path) -> None:
    path = folder / "posterior.nc"
    names: list[str] = []
    with h5py.File(path) as file:
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    assert names
    content = path.read_bytes()
    for name in names:
        with h5py.File(path, "a") as file:
            del file[name]
        with pytest.raises(InputError, match=r"posterior\.nc: required a posterior that hscb run wrote"):
            load_posterior(path)
        path.write_bytes(content)


def test_a_number_that_was_changed_in_the_file_is_seen(folder: Path) -> None:
    path = folder / "posterior.nc"
    with h5py.File(path, "a") as file:
        draws = file["posterior"]
        name = next(name for name, item in draws.items() if item.dtype.kind == "f" and item.ndim == 2)
        draws[name][0, 0] += 1e-9
    with pytest.raises(InputError, match=r"it is damaged, what it holds is not what was written$"):
        load_posterior(path)
