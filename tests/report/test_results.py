"""The directory of a run: whole or not at all, and read back as it was written."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from hscb_bayes import cli
from hscb_bayes.errors import InputError
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report import run
from hscb_bayes.report.folder import replaced
from hscb_bayes.report.manifest import write_manifest
from hscb_bayes.report.results import Results, read_results, write_results


@pytest.fixture
def sampled(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs take this posterior and these tables instead of sampling."""
    monkeypatch.setattr(run, "computed_results", lambda *_, **__: results)


@pytest.fixture
def folder(sampled: None, whole: Path, tmp_path: Path) -> Path:
    """A directory as ``hscb run`` leaves it."""
    return Path(shutil.copytree(whole, tmp_path / "out"))


def test_results_are_read_back_as_they_were_written(folder: Path, results: Results) -> None:
    again = read_results(folder)
    assert set(again.tables) == set(results.tables)
    for name, table in results.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table, check_dtype=False)
    assert again.verdict == results.verdict
    assert again.posterior.settings == results.posterior.settings
    assert again.findings == results.findings


def test_a_second_run_takes_the_place_of_the_first_and_of_nothing_else(folder: Path) -> None:
    before = {path.name for path in folder.iterdir()}
    (folder / "report.html").write_text("an earlier page", encoding="utf-8")
    run.run("main", folder, seed=1)
    assert {path.name for path in folder.iterdir()} == before
    assert (folder / "report.html").read_text(encoding="utf-8") != "an earlier page"
    (folder / "thesis.txt").touch()
    with pytest.raises(InputError, match="it holds something else, 'thesis"):
        run.run("main", folder, seed=1)


def test_a_page_that_is_written_again_is_the_same(folder: Path, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "report.html").unlink()
    assert cli.main(["report", str(folder)]) == 0
    assert (folder / "report.html").read_text(encoding="utf-8") == page
    assert capsys.readouterr() == (f"{folder / 'report.html'}\n", "")


def test_the_check_is_printed_from_its_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(folder)]) == 0
    assert "os_1y_responders.upper" in capsys.readouterr().out


def test_predictions_are_printed_for_other_durations(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["predict", str(folder), "--duration", "20", "--days", "10"]) == 0
    assert "days recovered in the first year" in capsys.readouterr().out


def test_a_missing_table_is_named(folder: Path) -> None:
    (folder / "curves.csv").unlink()
    with pytest.raises(InputError, match=r"curves\.csv: there is no such file; make it with hscb run$"):
        read_results(folder)


def test_a_posterior_without_a_verdict_is_refused(folder: Path, results: Results, posterior: Posterior) -> None:
    bare = replace(posterior, verdict=None)
    write_results(replace(results, posterior=bare), folder)
    write_manifest(folder)
    with pytest.raises(
        InputError, match=r"posterior\.nc: required a posterior that hscb run wrote; it holds no verdict$"
    ):
        read_results(folder)


@pytest.mark.parametrize(("error", "raised"), [(KeyboardInterrupt, KeyboardInterrupt), (OSError, InputError)])
def test_an_interrupted_run_leaves_the_old_results_intact(
    folder: Path, error: type[BaseException], raised: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def interrupted(*_: object) -> None:
        raise error

    monkeypatch.setattr(run, "write_report", interrupted)
    with pytest.raises(raised):
        run.run("main", folder, seed=1)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_where_names_cannot_be_exchanged_an_interrupt_between_two_renames_puts_the_old_results_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name for path in folder.iterdir()}
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if target == folder and not self.name.endswith(".replaced"):
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr("hscb_bayes.report.folder.exchange", lambda *_: False)
    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), replaced(folder):
        pass
    assert {path.name for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_a_place_that_cannot_be_written_to_is_found_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a directory")
    monkeypatch.setattr(run, "computed_results", lambda *_, **__: pytest.fail("the work had begun"))
    assert cli.main(["run", "main", "--out", str(tmp_path / "file" / "out")]) != 0
    said = capsys.readouterr().err
    assert f"{tmp_path / 'file' / 'out'}: required a place that can be written to, found: " in said
