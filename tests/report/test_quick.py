"""A quick run: the same gate on half of the chains, and nothing fitted beside the analysis."""

from pathlib import Path
from typing import Any

import pytest

from hscb_bayes import cli
from hscb_bayes.analysis.load import load
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report import run
from hscb_bayes.report.page import render
from hscb_bayes.report.progress import Progress
from hscb_bayes.report.reported import Reported, reported_by_section
from hscb_bayes.report.results import Results, read_results
from hscb_bayes.report.sampling import Asked, attempts_of

BMT = Path(__file__).parents[1] / "data" / "bmt.toml"
SILENT = Progress(stream=None)


@pytest.fixture
def nothing_sampled(posterior: Posterior, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Runs take draws from the prior; what each was told of being quick."""
    told = list[bool]()

    def sampled(
        _compiled: Any, *, seed: int, say: Progress, quick: bool = False, asked: Asked
    ) -> tuple[Posterior, Reported]:
        told.append(quick)
        return posterior, Reported(by_section=reported_by_section(posterior, seed=seed), verdict=posterior.verdict)

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("something was fitted beside the analysis")

    monkeypatch.setattr(run, "compile_model", lambda built: built)
    monkeypatch.setattr(run, "build", lambda analysis: analysis)
    monkeypatch.setattr(run, "sampled_until_converged", sampled)
    monkeypatch.setattr(run, "with_other_fits", refused)
    return told


@pytest.fixture
def quick(nothing_sampled: list[bool]) -> Results:
    found = run.computed_results(load("main"), {}, seed=1, say=SILENT, allow_unconverged=False, quick=True)
    assert nothing_sampled == [True]
    return found


def test_a_quick_run_fits_nothing_beside_and_says_so(quick: Results) -> None:
    assert quick.is_quick
    page = render(quick)
    assert "A quick run, for work on the analysis file." in page
    assert 'id="alternatives"' not in page
    assert quick.tables["check"]["loo_median"].isna().all()


def test_a_usual_run_says_nothing_of_it(results: Results) -> None:
    assert not results.is_quick
    assert "A quick run" not in render(results)


def test_what_a_quick_run_leaves_says_so_when_it_is_read(
    quick: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[bool]()

    def computed(*_: Any, quick: bool, **__: Any) -> Results:
        asked.append(quick)
        return results

    results = quick
    monkeypatch.setattr(run, "computed_results", computed)
    assert cli.main(["run", "main", "--quick", "--quiet", "--out", str(tmp_path / "main")]) == 0
    assert asked == [True]
    assert read_results(tmp_path / "main").is_quick
    assert "A quick run" in (tmp_path / "main" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("analysis", ["main", "pooled", str(BMT)])
def test_a_quick_run_tries_half_of_the_chains_and_then_what_is_usual(analysis: str) -> None:
    first, *then = attempts_of(load(analysis), quick=True)
    usual = attempts_of(load(analysis))
    assert tuple(then) == usual
    assert (2 * first.chains, first.draws, first.tune) == (usual[0].chains, usual[0].draws, usual[0].tune)
