"""Corners that real studies have: each analysis runs from its file to its page, or gets one sentence before that.

In place of a posterior there are draws from the analysis' own prior, so that nothing is compiled or sampled; all that
comes after sampling is what a user gets.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hscb_bayes as hb
from hscb_bayes import cli
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.report.sections.p_value import p_value_rows, p_value_table
from tests import corners
from tests.unmoved.trees import stand_in

CHAINS, DRAWS = 2, 40
OURS = re.compile(r".{0,30}(?:boost|neutropen|stem cell|graft|CAR T).{0,20}", re.IGNORECASE)
PICTURES_AND_SOURCES = re.compile(r"<(style|pre)\b.*?</\1>", re.DOTALL)


def from_prior(model: Any, *, seed: int, **_settings: Any) -> Posterior:
    """In place of ``sample``."""
    drawn = draw_prior(model.analysis, draws=DRAWS, chains=CHAINS, seed=seed)
    return replace(drawn, without=model.without, numbers=model.numbers)


@pytest.fixture
def prior_only(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, from_prior)


KINDS = ("paper", "by duration", "by two groups", *corners.TABLES, "pool", "pool with a table")
COMMON = ("paper", "by duration", "plain", "of two centres")  # every corner is fast at one size
REFUSED = {  # with one patient: a line for each thing that is wrong
    "by duration": ["cohort.sizes.short: required no size, since one patient has no parts, found 1"],
    "of two centres": ["centre: required at least two centres, found one"],
    "with covariates": [
        "sex: no patient has the level 'm'; required at least one",
        "age: is 40 for every patient; a hazard ratio of it cannot be learned",
    ],
}
REFUSED |= {"by two groups": REFUSED["by duration"]}
REFUSED |= {"of two centres with correlated effects": REFUSED["of two centres"]}


def written(folder: Path, kind: str, corner: str, n: int) -> Path:
    """Write the files of an analysis; returns its path."""
    if kind in corners.TABLES:
        return corners.table_of_patients(folder, corner, n, kind)
    if kind.startswith("pool"):
        return corners.pool(folder, corner, n, with_table=kind != "pool", weight=1.0 if kind == "pool" else 0.8)
    return corners.paper(folder, corner, n, {"by duration": "log2", "by two groups": "step"}.get(kind, "none"))


def grid() -> list[Any]:
    """Every kind of analysis in every corner, of one size each, so that each kind and each corner meet each size.

    Where that size is another, one patient comes besides: these are left to ``make grid``. Most are slow.
    """
    rows = []
    for k, kind in enumerate(KINDS):
        for c, corner in enumerate(corners.COURSES if kind in corners.TABLES else corners.PRINTS):
            for s, n in enumerate(corners.SIZES):
                is_on_diagonal = s == (c + k) % len(corners.SIZES)
                is_fast = is_on_diagonal and (kind in COMMON or c % 4 == k % 4)
                marks = [] if is_fast else [pytest.mark.slow]
                if is_on_diagonal or n == 1:
                    rows.append(pytest.param(kind, corner, n, marks=marks if is_on_diagonal else [pytest.mark.grid]))
    return rows


@pytest.mark.usefixtures("prior_only")
@pytest.mark.parametrize(("kind", "corner", "n"), list(grid()))
def test_a_run_makes_its_page_or_says_one_sentence_before_sampling(
    kind: str, corner: str, n: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = written(tmp_path, kind, corner, n), tmp_path / "out"
    status = cli.main(["run", str(path), "--out", str(out), "--quiet", "--allow-unconverged", "--seed", "3"])
    told = capsys.readouterr().err
    if n == 1 and kind in REFUSED:
        assert (status, out.exists()) == (2, False)
        assert told.startswith("error: ")
        lines = told.splitlines()
        assert [line.endswith(said) for line, said in zip(lines, REFUSED[kind], strict=True)] == [True] * len(lines)
        return
    assert (status, told) == (0, "")
    page = PICTURES_AND_SOURCES.sub("", (out / "report.html").read_text(encoding="utf-8"))
    assert OURS.findall(page) == []  # it is another disease
    assert re.findall(r".{30}\b(?:nan|inf|NaN|None)\b.{20}", page) == []
    for table in ("curves", "occupancy", "observed"):
        if (out / f"{table}.csv").is_file():
            found = pd.read_csv(out / f"{table}.csv").select_dtypes(float).drop(columns="day")
            assert not ((found < 0.0) | (found > 1.0)).any(axis=None)


@pytest.mark.usefixtures("prior_only")
@pytest.mark.parametrize(("kind", "n"), [("by duration", 2), ("of two centres", 2), ("pool with a table", 1)])
@pytest.mark.parametrize("corner", ["nothing happened"])
def test_commands_take_the_results_of_a_corner(
    kind: str, corner: str, n: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = written(tmp_path, kind, corner, n), tmp_path / "out"
    assert cli.main(["run", str(path), "--out", str(out), "--quiet", "--allow-unconverged", "--seed", "3"]) == 0
    for command in ("check", "predict", "report"):
        assert cli.main([command, str(out)]) == 0, capsys.readouterr().err


def posteriors(folder: Path, kind: str, n: int) -> dict[str, Posterior]:
    """Draws from the prior of an analysis; of a pool those of its studies, of the average one and of the next."""
    path = written(folder, kind, "ordinary", n)
    if kind in corners.TABLES:
        return {kind: draw_prior(hb.load_patients(path), draws=DRAWS, chains=CHAINS, seed=3)}
    if not kind.startswith("pool"):
        return {kind: draw_prior(hb.load_analysis(path), draws=DRAWS, chains=CHAINS, seed=3)}
    pooled = draw_prior(hb.load_pool(path), draws=DRAWS, chains=CHAINS, seed=3)
    own = {study: pooled.of(study=study) for study in ("first", "second")}
    return own | {"average": pooled.average, "next": pooled.next(seed=3)}


@pytest.mark.parametrize("n", corners.SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_prediction_is_a_number_or_undefined_where_nobody_comes_that_far(
    kind: str, n: int, tmp_path: Path
) -> None:
    if n == 1 and kind in REFUSED:
        return
    days = [0.0, 1e-3, 7.0, 365.0, 3650.0]
    for posterior in posteriors(tmp_path, kind, n).values():
        shares = [function(posterior, days=days) for function in (hb.cumulative_incidence, hb.survival)]
        states = hb.state_occupancy(posterior, days=days)
        for share in (*shares, states):
            assert ((share >= 0.0) & (share <= 1.0)).all()
        np.testing.assert_allclose(states.sum("state"), 1.0, atol=1e-12)
        assert (hb.restricted_mean_time(posterior) >= 0.0).all()
        waiting = hb.transition_probabilities(posterior, at=14.0, days=[14.0, 28.0, 3650.0])
        later = hb.transition_probabilities(
            posterior, at=14.0, start="responded", response_day=9.0, days=[14.0, 3650.0]
        )
        for chance in (waiting, later):
            undefined = chance.isnull()
            assert (undefined.all(("day", "state")) == undefined.any(("day", "state"))).all()
            np.testing.assert_allclose(chance.sum("state", skipna=False).where(~undefined.any("state"), 1.0), 1.0)


@pytest.mark.parametrize("n", corners.SIZES)
@pytest.mark.parametrize("kind", ["paper", "by duration", "by two groups", "pool with a table"])
def test_replicates_are_checked_and_undefined_numbers_are_counted(kind: str, n: int, tmp_path: Path) -> None:
    if n == 1 and kind in REFUSED:
        return
    for posterior in posteriors(tmp_path, kind, n).values():
        table = hb.check(posterior, replicates=60, seed=1).query("used != 'not of this analysis'")
        assert (table["median"].isna() == (table["undefined"] == 1.0)).all()
        assert ((table["undefined"] >= 0.0) & (table["undefined"] <= 1.0)).all()


@pytest.mark.parametrize("kind", ["pool", "pool with a table"])
def test_what_the_next_study_may_borrow_is_finite(kind: str, tmp_path: Path) -> None:
    following = posteriors(tmp_path, kind, 1)["next"]
    for estimand in ("response_by_28", "os_1y"):
        weights = hb.robust(hb.predictive_prior(following, estimand)).weight
        assert np.isfinite(weights).all()
        assert "NaN" not in hb.rbest_json(hb.predictive_prior(following, estimand))


def test_hazard_ratios_of_patients_are_of_their_terms(tmp_path: Path) -> None:
    (posterior,) = posteriors(tmp_path, "with covariates", 5).values()
    found = hb.hazard_ratios(posterior)["hazard_ratio"]
    assert found.dims == ("chain", "draw", "transition", "term")
    assert list(found["term"].values) == ["sex[m]", "age"]
    np.testing.assert_array_equal(found, np.exp(posterior.dataset["log_hazard_ratio"]))


def test_a_paper_without_durations_has_no_hazard_ratios(tmp_path: Path) -> None:
    (posterior,) = posteriors(tmp_path, "paper", 5).values()
    with pytest.raises(hb.InputError, match="durations have no part in this analysis; it has no ratios"):
        hb.hazard_ratios(posterior)


@pytest.mark.parametrize(("n", "form", "found"), [(5, "none", "cohort.form = 'none'"), (1, "log2", "one patient")])
def test_a_p_value_that_is_undefined_is_not_fitted(n: int, form: str, found: str, tmp_path: Path) -> None:
    path = corners.paper(tmp_path, "ordinary", n, form)
    path.write_text(path.read_text().replace('items = ["response",', 'items = ["response", "p_response",'))
    sentence = f"fit.items: required patients of different durations for 'p_response', found {found}"
    with pytest.raises(hb.InputError, match=re.escape(sentence)):
        hb.load_analysis(path)


def test_a_p_value_that_new_studies_cannot_compute_is_told_as_undefined(tmp_path: Path) -> None:
    """Two patients, of whom nobody responds in time: no test has a statistic."""
    path = corners.paper(tmp_path, "nobody responded", 2, "log2")
    never = "[prior.never_respond]\nbest_guess = 0.999999\nabove = 0.99999\n"
    path.write_text(path.read_text().replace("[prior.never_respond]\nbest_guess = 0.10\nbelow = 0.40\n", never))
    analysis = hb.load_analysis(path)
    posterior = draw_prior(analysis, draws=DRAWS, chains=CHAINS, seed=3)
    table = p_value_table(posterior, seed=1)
    assert len(table) > 0
    assert table[["median", "lower", "upper", "effective"]].isna().all(axis=None)
    assert p_value_rows(table)[0]["cell"].text == p_value_rows(table)[0]["left"] == "undefined"


@pytest.mark.slow
@pytest.mark.xdist_group("corners")
@pytest.mark.parametrize(("kind", "corner", "n"), [("plain", "nobody died", 5), ("paper", "everybody responded", 2)])
def test_a_corner_is_sampled_whole(kind: str, corner: str, n: int, tmp_path: Path) -> None:
    path, out = written(tmp_path, kind, corner, n), tmp_path / "out"
    assert cli.main(["run", str(path), "--out", str(out), "--quiet", "--allow-unconverged", "--seed", "3"]) == 0
    page = PICTURES_AND_SOURCES.sub("", (out / "report.html").read_text(encoding="utf-8"))
    assert re.findall(r"\b(?:nan|inf|NaN|None)\b", page) == []
