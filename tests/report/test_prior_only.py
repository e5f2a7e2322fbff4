"""A run that fits nothing: what the beliefs alone say, and that the page says so."""

from pathlib import Path

import numpy as np
import pytest

from hscb_bayes import cli
from hscb_bayes.analysis.load import load
from hscb_bayes.errors import InputError
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.report import run
from hscb_bayes.report.results import Results, read_results

NOTE = "<strong>Before any data.</strong>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("prior") / "main"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "PRIOR_DRAWS", 120)
        patch.setattr(run, "compile_model", None)  # nothing is
        assert cli.main(["run", "main", "--prior-only", "--quiet", "--seed", "5", "--out", str(found)]) == 0
    return found


@pytest.fixture(scope="module")
def read(folder: Path) -> Results:
    return read_results(folder)


def test_its_draws_are_those_of_the_prior(read: Results) -> None:
    drawn = draw_prior(load("main"), draws=120, chains=4, seed=5)
    np.testing.assert_allclose(read.posterior.parameters, drawn.parameters)


def test_no_number_is_called_fitted(read: Results) -> None:
    check = read.tables["check"]
    assert set(check["used"]) == {"held out"}
    assert check["loo_median"].isna().all()
    assert check.set_index("id").loc["os_1y", "lower90"] < 0.3  # wider than any posterior of 31 patients


def test_the_page_says_so_before_its_title(folder: Path, read: Results, results: Results) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert NOTE in page[: page.index("<h1>")]
    assert read.is_prior
    assert not results.is_prior
    assert "Not known from this print, but mostly believed before" in page


def test_a_page_that_is_written_again_says_so_too(folder: Path) -> None:
    assert cli.main(["report", str(folder)]) == 0
    assert NOTE in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", [["--quick"], ["--draws", "100"], ["--cluster", "tcp://127.0.0.1:1"]])
def test_nothing_that_is_about_sampling_comes_beside_it(
    option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "main", "--prior-only", *option, "--out", str(tmp_path / "x")]) == 2
    told = capsys.readouterr().err
    assert "prior_only: required nothing that is about sampling beside it, since nothing is sampled" in told
    assert not (tmp_path / "x").exists()
    with pytest.raises(InputError, match="prior_only"):
        run.run("main", tmp_path / "x", seed=1, prior_only=True, quick=True)
