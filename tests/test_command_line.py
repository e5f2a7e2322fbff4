"""What the command line says without sampling."""

from pathlib import Path

import pytest

from hscb_bayes import cli

CASES = [
    (["run", "mian"], "error: there is no shipped analysis 'mian'; did you mean 'main'?\n"),
    (["run", "no/such.toml"], "error: no/such.toml: there is no such file\n"),
    (["audit", "no/such.toml"], "error: no/such.toml: there is no such file\n"),
    (["check", "nowhere"], "error: nowhere/check.csv: there is no such file; make it with hscb run\n"),
    (["predict", "nowhere"], "error: nowhere/posterior.nc: there is no such file; make it with hscb run\n"),
    (["report", "nowhere"], "error: nowhere/posterior.nc: there is no such file; make it with hscb run\n"),
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
