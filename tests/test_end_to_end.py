"""The main job on the real paper, once: everything that a user gets is looked at here."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hscb_bayes as hb
from hscb_bayes import cli
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.posterior.gate import verdict
from hscb_bayes.posterior.stored import load_posterior
from hscb_bayes.report.results import read_results
from hscb_bayes.report.sections import sections_of
from tests.browser import CHROMIUM, Seen, seen

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("end_to_end")]

FILES = {
    "manifest.json",
    "posterior.nc",
    "report.html",
    *(file for section in sections_of(hb.load_analysis("main")) for file in section.files),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results") / "main"
    assert cli.main(["run", "main", "--out", str(out), "--quiet", "--seed", "1"]) == 0
    return out


@pytest.fixture(scope="module")
def page(results: Path) -> str:
    return (results / "report.html").read_text(encoding="utf-8")


def test_all_files_are_there_and_nothing_else_is_left(results: Path) -> None:
    assert {path.name for path in results.iterdir()} == FILES
    assert [path.name for path in results.parent.iterdir()] == ["main"]


def test_the_posterior_and_all_that_is_reported_pass_the_gate(results: Path) -> None:
    assert verdict(load_posterior(results / "posterior.nc")).is_converged
    judged = read_results(results).verdict
    assert judged.is_converged, judged.failures


def test_every_alternative_passes_the_gate(results: Path) -> None:
    table = pd.read_csv(results / "alternatives.csv")
    assert set(table.loc[~table["converged"], "analysis"]) == set()


def test_the_sampled_density_is_the_likelihood_that_is_tested(results: Path) -> None:
    posterior = load_posterior(results / "posterior.nc")
    analysis = posterior.analysis
    terms = log_likelihood(posterior.parameters[:50], analysis)
    assert terms.shape == (50, 4)
    assert np.isfinite(terms).all()


def test_the_check_has_a_row_for_every_printed_outcome(results: Path) -> None:
    study = hb.load_study("models/evidence/gagelmann2023.toml")
    outcomes = [n.id for n in study.numbers if study.item(n.item).describes_outcomes]
    assert list(pd.read_csv(results / "check.csv")["id"]) == outcomes


def test_no_fitted_number_is_far_from_what_the_model_predicts(results: Path) -> None:
    table = pd.read_csv(results / "check.csv")
    fitted = table[table["used"] == "fitted"]
    assert len(fitted) > 5
    assert (fitted["tail_probability"] > 0.05).all()
    assert fitted["loo_median"].notna().all()


def test_every_alternative_is_compared(results: Path) -> None:
    named = set(pd.read_csv(results / "alternatives.csv")["analysis"])
    assert named == {"main", *hb.load_analysis("main").table.report.alternatives}


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "url(http" not in page
    assert "<script" not in page


def test_ids_in_the_page_are_unique(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_every_figure_says_what_it_shows(page: str) -> None:
    figures = re.findall(r"<svg[^>]*>", page)
    assert len(figures) == 14
    assert all('role="img" aria-label="' in figure for figure in figures)


def test_conflicts_and_their_handling_come_before_the_assumptions(page: str) -> None:
    assert page.count("<strong>Conflict.</strong>") == 2
    assert "not handled" not in page
    assert page.index("<strong>Conflict.</strong>") < page.index("What was assumed")


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_finds_no_error_no_missing_image_and_no_overflow(results: Path, tmp_path: Path, width: int) -> None:
    found = seen(results / "report.html", width, tmp_path)
    assert found == Seen(overflow=0, missing=0, figures=14, misplaced=0, console=False)


def test_an_unhandled_conflict_stops_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    shutil.copytree("models", models)
    text = (models / "main.toml").read_text()
    (models / "main.toml").write_text(re.sub(r'"disjoint_sizes:.*\n', "", text))
    assert cli.main(["run", str(models / "main.toml"), "--out", str(tmp_path / "out")]) == 2
    assert 'required an entry "disjoint_sizes:os_1y_short+os_1y_long"' in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_directory_with_other_things_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert cli.main(["run", "main", "--out", str(tmp_path)]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_commands_read_the_results(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(results)]) == 0
    assert "os_1y_short" in capsys.readouterr().out
    assert cli.main(["predict", str(results), "--duration", "14", "90"]) == 0
    assert "days recovered" in capsys.readouterr().out
    assert cli.main(["report", str(results)]) == 0
