"""A whole run of a table of patients: 137 transplants in four hospitals."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from hscb_bayes import cli
from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.errors import InputError
from hscb_bayes.posterior.stored import load_posterior
from hscb_bayes.report.results import refuse_strangers
from hscb_bayes.report.sections import sections_of
from tests.browser import CHROMIUM, Seen, seen

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("patients_run")]

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results") / "bmt"
    assert cli.main(["run", str(DATA / "bmt.toml"), "--out", str(out), "--quiet", "--seed", "1"]) == 0
    return out


@pytest.fixture(scope="module")
def page(results: Path) -> str:
    return (results / "report.html").read_text(encoding="utf-8")


def files_of(path: str | Path) -> list[str]:
    """Names of the files that a run of an analysis writes."""
    return [file for section in sections_of(load(path)) for file in section.files]


def test_all_files_are_there(results: Path) -> None:
    tables = files_of(DATA / "bmt.toml")
    assert {path.name for path in results.iterdir()} == {"manifest.json", "posterior.nc", "report.html", *tables}
    refuse_strangers(results, tables)  # a second run takes its place


def test_a_run_takes_no_other_runs_place(results: Path) -> None:
    """A run of a paper has no ``baselines.csv``, which would be lost."""
    with pytest.raises(InputError, match="it holds something else, 'baselines"):
        refuse_strangers(results, files_of("main"))


def test_the_ratio_of_age_is_that_of_the_posterior(results: Path) -> None:
    posterior = load_posterior(results / "posterior.nc")
    assert posterior.settings["adaptation"] == "low_rank"  # effects of centres are correlated with the average
    rows = pd.read_csv(results / "ratios.csv").set_index(["transition", "term"])
    draws = posterior.dataset["log_hazard_ratio"].sel(transition="response", term="age")
    assert_allclose(rows.loc[("response", "age"), "median"], float(np.exp(draws).median()), rtol=1e-3)
    assert posterior.analysis.terms == tuple(rows.loc["response"].index)


def test_what_weibull_hazards_cannot_show_is_found(results: Path) -> None:
    """Platelets recover in a wave around day 20: 74% by day 30."""
    table = pd.read_csv(results / "check.csv").set_index("id")
    row = table.loc["response, day 30, all"]
    assert row["value"] == pytest.approx(102 / 137)
    assert row["tail_probability"] < 0.02


@pytest.mark.parametrize("name", ["bmt", "myeloid"])
def test_an_analysis_with_hazards_that_change_differs_in_nothing_else(name: str) -> None:
    first, second = (load_patients(DATA / f"{name}{end}.toml") for end in ("", "_changing"))
    for field in ("patients", "covariates", "centres", "endpoints", "report"):
        assert getattr(first.table, field) == getattr(second.table, field)
    assert first.table.hazards.never_respond == second.table.hazards.never_respond
    assert first.table.hazards != second.table.hazards


def test_the_page_speaks_of_its_own_endpoints(page: str) -> None:
    text = re.sub(r"<(style|svg|pre).*?</\1>", "", page, flags=re.DOTALL)
    assert "platelet recovery" in text
    assert "relapse or death after platelet recovery" in text
    for foreign in ("boost", "neutropeni", "mortality", "CAR T"):
        assert foreign not in text


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", page)


def test_text_of_the_table_is_escaped(page: str) -> None:
    assert "<script" not in page


@pytest.mark.parametrize("command", ["check", "predict", "report"])
def test_commands_take_the_directory(
    results: Path, command: str, capsys: pytest.CaptureFixture[str], page: str
) -> None:
    assert cli.main([command, str(results)]) == 0
    told = capsys.readouterr().out
    expected: dict[str, Callable[[], bool]] = {
        "check": lambda: "survival, day 365, centre[Alfred]" in told,
        "predict": lambda: "disease[AML low risk]" in told,
        "report": lambda: (results / "report.html").read_text(encoding="utf-8") == page,
    }
    assert expected[command]()


def test_durations_are_refused(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["predict", str(results), "--duration", "14"]) == 2
    assert "durations have no part in an analysis of patients" in capsys.readouterr().err


@pytest.mark.skipif(CHROMIUM is None, reason="needs a headless Chromium")
@pytest.mark.parametrize("width", [390, 1100])
def test_a_browser_shows_every_figure(results: Path, width: int, tmp_path: Path) -> None:
    found = seen(results / "report.html", width, tmp_path)
    assert found == Seen(overflow=0, missing=0, figures=6, misplaced=0, console=False)
