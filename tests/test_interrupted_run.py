"""A run that is stopped or fails leaves earlier results as they were, and nothing beside them."""

from pathlib import Path

import pytest

from hscb_bayes import cli
from hscb_bayes.analysis import compiled

EARLIER = {"posterior.nc": b"earlier draws", "report.html": b"<p>an earlier report</p>", "check.csv": b"id\n"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A directory with the results of an earlier run."""
    folder = tmp_path / "results" / "main"
    folder.mkdir(parents=True)
    for name, content in EARLIER.items():
        (folder / name).write_bytes(content)
    return folder


def run_that_ends_with(stop: BaseException, out: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run main; where its model would be compiled, ``stop`` is raised."""

    def stopped(*_: object, **__: object) -> None:
        raise stop

    monkeypatch.setattr(compiled, "compile_program", stopped)
    return cli.main(["run", "main", "--out", str(out), "--quiet"])


def assert_as_it_was(out: Path) -> None:
    assert {path.name: path.read_bytes() for path in out.iterdir()} == EARLIER
    assert list(out.parent.iterdir()) == [out]


def test_control_c_is_answered_with_one_sentence(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_that_ends_with(KeyboardInterrupt(), out, monkeypatch) == 130
    assert capsys.readouterr().err == "stopped; earlier results are as they were\n"
    assert_as_it_was(out)


def test_an_error_is_not_hidden(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="no space left"):
        run_that_ends_with(OSError("no space left"), out, monkeypatch)
    assert_as_it_was(out)


def test_a_run_without_earlier_results_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_that_ends_with(KeyboardInterrupt(), tmp_path / "main", monkeypatch) == 130
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_something_else_is_not_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert cli.main(["run", "main", "--out", str(tmp_path), "--quiet"]) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}: required a new directory or one that hscb run made; it holds something else, "
        "'thesis.txt'\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
