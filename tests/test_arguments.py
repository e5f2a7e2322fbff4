"""Arguments that cannot be used get a sentence before anything is computed."""

from pathlib import Path

import pytest

from hscb_bayes import cli
from hscb_bayes.checking.methods import information, robust, scores
from hscb_bayes.report import run

SEEDS = ["-1", "4294967296", "9" * 5000, "1e3", "1.5", "", " 1", "٣", "0x10"]


@pytest.fixture(autouse=True)
def nothing_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "computed_results", lambda *_, **__: pytest.fail("the work had begun"))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("command", [["run", "main"], ["predict", "results"]], ids=lambda words: words[0])
def test_a_seed_that_is_none_is_named(command: list[str], seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main([*command, f"--seed={seed}"])
    assert capsys.readouterr().err.endswith(
        f"error: argument --seed: required a whole number from 0 to 4294967295, found {seed[:60]!r}\n"
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [(cli.main, ["calibrate", "main"]), (scores.main, []), (robust.main, []), (information.main, [])],
    ids=["calibrate", "scores", "robust", "information"],
)
def test_a_seed_of_another_command_is_named(command, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        command([*words, "--seed", "-1"])
    assert "required a whole number from 0 to 4294967295, found '-1'" in capsys.readouterr().err


def said_of(out: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["run", "main", "--out", out, "--quiet"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize("out", ["", ".", "..", "/"])
def test_the_current_directory_and_those_above_it_are_refused(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "required a directory below or beside the current one, which cannot be replaced" in said_of(out, capsys)


def test_a_file_in_the_place_of_results_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    out = tmp_path / "thesis.txt"
    assert said_of(str(out), capsys) == (
        f"error: {out}: required a new directory or one that hscb run made, found a file\n"
    )
    assert out.read_text() == "years of work"


@pytest.mark.parametrize("name", ["x" * 245, "x" * 5000, "/".join(["x" * 200] * 100)])
def test_a_very_long_out_gets_a_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said_of(str(tmp_path / name), capsys).endswith("found: file name too long\n")


def test_links_in_a_circle_get_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "required a place that can be written to, found: " in said_of(str(tmp_path / "loop"), capsys)


@pytest.mark.parametrize("command", ["check", "predict", "report"])
@pytest.mark.parametrize("name", ["loop", "x" * 5000, ""])
def test_results_that_are_nowhere_get_a_sentence(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert cli.main([command, str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("command", ["audit", "run"])
@pytest.mark.parametrize("name", ["loop.toml", "x" * 5000 + ".toml", "", "a\0b.toml", "\ud800.toml"])
def test_files_that_are_nowhere_get_a_sentence(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    assert cli.main([command, str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.startswith("error: ")
