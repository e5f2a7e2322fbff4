"""What the command line says without sampling, and what it loads to say it."""

import subprocess
import sys
from pathlib import Path

import pytest

import hscb_bayes
from hscb_bayes import cli

CASES = [
    (["run", "mian"], "error: there is no shipped analysis 'mian'; did you mean 'main'?\n"),
    (["run", "no/such.toml"], "error: no/such.toml: there is no such file\n"),
    (["audit", "no/such.toml"], "error: no/such.toml: there is no such file\n"),
    (["check", "nowhere"], "error: nowhere: required a directory that hscb run made, found nothing\n"),
    (["predict", "nowhere"], "error: nowhere: required a directory that hscb run made, found nothing\n"),
    (["report", "nowhere"], "error: nowhere: required a directory that hscb run made, found nothing\n"),
]


@pytest.mark.parametrize(("arguments", "sentence"), CASES)
def test_refused_input_gets_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err == sentence


@pytest.mark.parametrize("command", ["run", "audit", "check", "predict", "calibrate", "report"])
def test_a_refused_path_with_a_line_break_stays_in_one_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, "a\nb/x\x1b[2J"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: ")
    assert shown.count("\n") == 1
    assert "a\\nb/x\\x1b[2J" in shown


def test_a_message_shows_what_nobody_would_see() -> None:
    error = hscb_bayes.InputError("a\u200b\x1b[2J\nb", "\u202ec")
    assert str(error) == "a\\u200b\\x1b[2J\\nb\n  \\u202ec"


def test_audit_prints_conflicts_with_their_arithmetic(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", str(root / "models/evidence/gagelmann2023.toml")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("CONFLICT") == 2
    assert "44% (95% CI 27% to 61%)" in shown


def test_an_audit_of_an_analysis_says_how_each_conflict_is_handled(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "main", "--strict"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("CONFLICT") == 0
    assert shown.count("handled   ") == 2
    assert "[interval_size:os_1y_long+duration] the limits 27% and 61% are not used" in shown


def test_a_strict_audit_of_a_study_exits_with_3_when_a_conflict_is_left(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = root / "models/evidence"
    assert cli.main(["audit", str(evidence / "gagelmann2023.toml"), "--strict"]) == 3
    assert capsys.readouterr().err == "2 conflicts are not handled\n"
    assert cli.main(["audit", str(evidence / "bowman2023.toml"), "--strict"]) == 0


def test_a_strict_audit_of_a_pool_is_of_every_study(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "pooled", "--strict"]) == 0
    assert "gagelmann2023\n" in capsys.readouterr().out


def test_an_analysis_that_leaves_a_conflict_is_told_which(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("models/main.toml", "models/evidence/gagelmann2023.toml"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (root / name).read_text()
        target.write_text("\n".join(line for line in text.splitlines() if not line.startswith('"disjoint_sizes:')))
    analysis = tmp_path / "models/main.toml"
    text = analysis.read_text()
    analysis.write_text(text[: text.index("[report]")] + "[report]\ndurations = [14.0]\n")
    assert cli.main(["audit", str(analysis)]) == 0
    assert cli.main(["audit", str(analysis), "--strict"]) == 3
    shown = capsys.readouterr()
    assert shown.err == "1 conflict is not handled\n"
    assert "[disjoint_sizes:os_1y_short+os_1y_long] not handled" in shown.out
    with pytest.raises(hscb_bayes.InputError) as caught:
        hscb_bayes.load_analysis(tmp_path / "models/none.toml")
    assert cli.main(["audit", str(tmp_path / "models/none.toml")]) == 2
    assert capsys.readouterr().err == f"error: {caught.value}\n"


def test_an_analysis_of_patients_has_no_print_to_audit(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = root / "models/calibration_patients.toml"
    assert cli.main(["audit", str(file)]) == 2
    assert capsys.readouterr().err == (
        f"error: {file}: an analysis of patients one by one has no print to audit; required a study file\n"
    )


HEAVY = {"pandas", "scipy", "xarray", "pymc", "pytensor", "arviz", "nutpie", "numba", "matplotlib", "jinja2"}
LIGHT = ("arguments", "cli", "errors", "stopping")
LOADED = """
import sys
from hscb_bayes import cli
try:
    cli.main(sys.argv[1:])
finally:
    sys.stderr.write(" ".join(sys.modules))
"""


def loaded_by(arguments: list[str], root: Path) -> set[str]:
    """Every module in memory after a command has run."""
    command = [sys.executable, "-c", LOADED, *arguments]
    outcome = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert outcome.stdout
    return set(outcome.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]], ids=" ".join)
def test_help_loads_no_library_at_all(arguments: list[str], root: Path) -> None:
    loaded = loaded_by(arguments, root)
    assert loaded.isdisjoint(HEAVY | {"numpy", "pydantic", "importlib.metadata"})
    assert {name for name in loaded if name.startswith("hscb_bayes.")} == {f"hscb_bayes.{name}" for name in LIGHT}


def test_an_audit_loads_no_more_than_numpy_and_pydantic(root: Path) -> None:
    loaded = loaded_by(["audit", "models/evidence/gagelmann2023.toml"], root)
    assert loaded.isdisjoint(HEAVY)
    assert {"numpy", "pydantic"} <= loaded


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"{hscb_bayes.__version__}\n"


@pytest.mark.parametrize("module", ["cli calibrate", "checking.methods.scores", "checking.methods.information"])
def test_a_study_of_the_method_says_in_one_line_what_it_refuses(module: str) -> None:
    command = [sys.executable, "-m", *f"hscb_bayes.{module} nowhere --workers 1".split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no shipped analysis 'nowhere'; ")
    assert done.stderr.count("\n") == 1
