"""The page and the tables of a pool, from draws of its beliefs instead of a posterior."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hscb_bayes.analysis.pool import Pool
from hscb_bayes.cli import main
from hscb_bayes.posterior.estimands import ESTIMANDS, estimands
from hscb_bayes.posterior.gate import Verdict
from hscb_bayes.posterior.headline import calibration_quantities
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.stored import save
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.manifest import write_manifest
from hscb_bayes.report.page import render
from hscb_bayes.report.results import Results, results_of
from hscb_bayes.report.sections.forest import conflict
from tests.browser import CHROMIUM, Seen, seen
from tests.results_of_draws import fits_of, results_from

pytestmark = pytest.mark.xdist_group("pooled_report")
GOOD = Verdict(
    is_converged=True, worst_r_hat=1.0, worst_ess_bulk=999.0, worst_ess_tail=999.0, divergences=0, failures=()
)


@pytest.fixture(scope="module")
def fits(pool: Pool, prior_tree: Callable[[Pool], Posterior]) -> Fits:
    tree = replace(prior_tree(pool), verdict=GOOD, converged=True)
    alone = {study: tree.of(study=study) for study in pool.studies}
    same = {"same": tree}
    return fits_of(tree, alone=alone, without=dict.fromkeys(pool.studies, tree), alternatives=same)


@pytest.fixture(scope="module")
def results(fits: Fits) -> Results:
    return results_from(fits)


@pytest.fixture(scope="module")
def tables(results: Results) -> dict[str, pd.DataFrame]:
    return dict(results.tables)


@pytest.fixture(scope="module")
def page(results: Results) -> str:
    return render(results)


def test_estimands_are_those_of_the_headline(fits: Fits) -> None:
    for study in ("gagelmann2023", "liu2024"):
        one = fits.main.of(study=study)
        found, expected = estimands(one), calibration_quantities(one.parameters, one.analysis, one.effect)
        for name in ("response_by_28", "os_1y"):
            np.testing.assert_allclose(found[name].values.ravel(), expected[name], atol=3e-4)


def test_every_study_has_every_estimand_alone_pooled_and_from_the_others(
    tables: dict[str, pd.DataFrame], pool: Pool
) -> None:
    compared = tables["estimands"][tables["estimands"]["estimand"].isin(list(ESTIMANDS))]
    counts = compared.groupby(["study", "kind"]).size()
    assert (counts == len(ESTIMANDS)).all()
    assert len(counts) == 3 * len(pool.studies) + 2
    assert (tables["estimands"]["lower"] <= tables["estimands"]["median"]).all()


def test_every_printed_outcome_of_every_study_is_checked(tables: dict[str, pd.DataFrame], pool: Pool) -> None:
    for member in pool.members:
        outcomes = {number.id for item in member.study.items if item.describes_outcomes for number in item.numbers}
        checked = tables["check"][tables["check"]["study"] == member.study.id]
        assert set(checked["id"]) == outcomes
        assert checked["loo_median"].notna().any()


def test_a_study_that_prints_no_time_to_response_has_the_priors_alone(page: str) -> None:
    rows = dict(
        re.findall(r'<tr><th scope="row">(\w+)</th><td>response by day 28</td><td class="n">([^<]*)</td>', page)
    )
    assert {study for study, alone in rows.items() if alone.endswith(" (prior)")} == {
        "scb2024",
        "bowman2023",
        "stasia2014",
    }
    assert "gagelmann2023" in rows


def test_what_is_drawn_from_beliefs_has_learned_nothing(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["heterogeneity"]
    assert (table["contraction"].abs() < 0.35).all()
    assert np.allclose(table["median"], table["prior_median"], rtol=0.2)


def test_the_average_without_a_study_stands_beside_it(tables: dict[str, pd.DataFrame], pool: Pool) -> None:
    named = set(tables["alternatives"]["analysis"])
    assert {f"without_{study}" for study in pool.studies} | {"pooled", "same"} == named


@pytest.mark.parametrize("word", ["rejeski2022", "No slope between studies", "may share patients", "ASCO Post"])
def test_the_page_says(word: str, page: str) -> None:
    assert word in page


def test_the_page_asks_for_nothing_outside(page: str) -> None:
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert page.count("<svg") == len(ESTIMANDS)
    assert page.count('role="img" aria-label=') == len(ESTIMANDS)


def test_a_pooled_page_is_written_again_from_its_results(
    fits: Fits, tables: dict[str, pd.DataFrame], page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(fits.main, tmp_path / "posterior.nc")
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    write_manifest(tmp_path)
    assert main(["report", str(tmp_path)]) == 0
    again = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert again[: again.index("<svg")] == page[: page.index("<svg")]
    assert main(["check", str(tmp_path)]) == 0
    assert "stasia2014" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_finds_nothing_wrong_with_the_pooled_page(page: str, tmp_path: Path, width: int) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    assert seen(path, width, tmp_path) == Seen(overflow=0, missing=0, figures=3, misplaced=0, console=False)


def test_a_page_that_has_not_converged_says_so_on_top(fits: Fits, tables: dict[str, pd.DataFrame]) -> None:
    bad = replace(GOOD, is_converged=False, failures=("required no divergent transition, found 3",))
    text = render(results_of(replace(fits.main, verdict=bad), tables))
    assert 0 < text.index("found 3") < text.index("Question and answer")


def test_predictions_are_printed_for_every_study(
    fits: Fits, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(fits.main, tmp_path / "posterior.nc")
    write_manifest(tmp_path)
    assert main(["predict", str(tmp_path), "--days", "28"]) == 0
    told = capsys.readouterr().out
    assert [line.split()[0] for line in told.splitlines()[1::3]] == [
        *fits.main.analysis.studies,
        "average",
        "next",
    ]
    assert main(["predict", str(tmp_path), "--days", "28", "--duration", "14"]) == 0
    told = capsys.readouterr().out
    assert [line.split()[0] for line in told.splitlines()[1::3]] == ["gagelmann2023", "average", "next"]


def test_conflict_is_small_where_a_study_lies_outside_of_what_the_others_predict() -> None:
    rng = np.random.default_rng(5)
    predicted = xr.DataArray(rng.normal(size=4000))
    for distance, expected in ((0.0, 1.0), (1.0, 2 * (1 - 0.76025)), (4.0, 2 * (1 - 0.99766))):
        alone = xr.DataArray(distance + rng.normal(size=4000))
        assert abs(conflict(alone, predicted) - expected) < 0.03
        assert abs(conflict(-alone, predicted) - expected) < 0.03
    assert conflict(predicted + 100.0, predicted) == 0.0


def test_hazard_ratios_are_of_the_study_that_relates_duration(tables: dict[str, pd.DataFrame], page: str) -> None:
    ratios = tables["estimands"][tables["estimands"]["estimand"].str.startswith("hazard_ratio_")]
    assert set(ratios["study"]) == {"gagelmann2023"}
    assert sorted(ratios["kind"]) == ["alone"] * 3 + ["pooled"] * 3
    assert "Only gagelmann2023 relates duration of neutropenia to outcomes" in page
