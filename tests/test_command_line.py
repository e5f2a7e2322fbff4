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


def test_audit_prints_conflicts_with_their_arithmetic(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", str(root / "models/evidence/gagelmann2023.toml")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("CONFLICT") == 2
    assert "44% (95% CI 27% to 61%)" in shown


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
