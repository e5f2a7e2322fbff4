"""The score at the truth has mean zero; a likelihood that leans shows here, by parameter, without a fit."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.analysis.member import Member, load_analysis
from hscb_bayes.checking.methods.scores import (
    COLUMNS,
    Scores,
    estimand_slopes,
    main,
    mean_scores,
    rows_of_scores,
    score,
    scores_of,
    slopes_and_curvatures,
)
from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import PARAMETER_IDS, prior_normals

MODELS = Path(__file__).parents[2] / "models"
LOST = PARAMETER_IDS.index("lost_by_one_year")
CHANCE = 4.0  # standard errors
WHOLE_DAYS = 0.02  # of a posterior's standard deviation: the likelihood of days that are rounded is an approximation


@cache
def scored(name: str) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(1) as executor:
        return mean_scores(name, studies=1200, seed=1, executor=executor)


@pytest.mark.slow
@pytest.mark.xdist_group("scores")
@pytest.mark.parametrize("name", ["main", "stasia2014", "scb2024", "with_centre"])
def test_the_likelihood_does_not_lean(name: str) -> None:
    """A binomial that was not scaled under losses leaned by 0.13 in the share lost, 9 to 20 standard errors."""
    for row in scored(name):
        error = row["lean"] / row["mean_score"] * row["standard_error"]
        assert abs(row["lean"]) < WHOLE_DAYS + CHANCE * error, row


def test_scores_do_not_depend_on_how_they_are_shared_out() -> None:
    together, parts = scores_of("liu2024", 0, 3, 5), [scores_of("liu2024", 0, 1, 5), scores_of("liu2024", 1, 2, 5)]
    assert np.array_equal(together.slopes, np.concatenate([part.slopes for part in parts]))
    for id, slopes in together.estimands.items():
        assert_allclose(slopes, np.concatenate([part.estimands[id] for part in parts]), rtol=1e-12)


def test_a_score_is_the_slope_of_each_term() -> None:
    analysis = load_analysis("stasia2014")
    truth = np.zeros((1, len(analysis.parameter_ids)))
    found = score(analysis, truth, rng=np.random.default_rng(3))
    assert found.shape == (2, len(analysis.parameter_ids), 3)
    assert found[0, LOST].any()


def test_lean_is_the_mean_score_in_standard_deviations_of_the_posterior(main: Member) -> None:
    slopes = np.zeros((4000, 2, len(main.parameter_ids), 2))
    slopes[:, 0, LOST, 0] = np.random.default_rng(1).normal(0.3, 2.0, size=4000)
    slopes[:, 1, LOST, 1] = -2.0
    of_share = np.zeros((4000, len(main.parameter_ids)))
    of_share[:, LOST] = 0.25
    row, estimand = rows_of_scores(main, Scores(slopes, {"share": of_share}))
    assert estimand["parameter"] == "share"
    assert estimand["lean"] == pytest.approx(row["lean"], abs=1e-3)  # what one parameter tells leans as it does
    assert estimand["standard_error"] == pytest.approx(
        row["standard_error"] * row["lean"] / row["mean_score"], rel=0.01
    )
    assert row["parameter"] == "lost_by_one_year"
    assert row["information"] == pytest.approx(4.0, rel=0.1)
    assert 0.1 < row["lean"] < 0.3 / 2.0  # the prior adds to the information
    assert row["trust"] == pytest.approx(2.0, rel=0.1)


def test_an_estimand_moves_as_its_parameters_do(main: Member) -> None:
    """One-year survival falls with the mortalities of both states, and not with the share lost."""
    slopes = estimand_slopes(main, prior_normals(main)[0][None])
    own = dict(zip(main.parameter_ids, slopes["os_1y"][0], strict=True))
    assert own["death_without_response"] < 0.0
    assert own["death_after_response"] < 0.0
    assert own["lost_by_one_year"] == 0.0
    assert set(slopes) == {"os_1y", "os_1y_short", "os_1y_long", "response_by_28"}


def test_differences_of_a_parabola_are_its_own() -> None:
    slope, bend = slopes_and_curvatures(lambda points: -3.0 * (points**2).sum(axis=-1), np.array([[0.5, -1.0]]))
    assert_allclose(slope, [-3.0, 6.0], rtol=1e-9)
    assert_allclose(bend, [-6.0, -6.0], rtol=1e-9)


@pytest.mark.slow
@pytest.mark.xdist_group("scores")
@pytest.mark.parametrize("name", ["calibration", "main"])
def test_the_days_of_response_are_not_trusted_too_much(name: str) -> None:
    """Densities at whole days were: by 1.3 where patients respond within a week, by 1.2 where losses are many."""
    rows = {row["parameter"]: row for row in scored(name)}
    for parameter in ("response_median", "response_shape"):
        assert 0.75 < rows[parameter]["trust"] < 1.25, rows[parameter]


def test_the_command_writes_a_table(tmp_path: Path) -> None:
    main(["liu2024", "--studies", "3", "--workers", "1", "--out", str(tmp_path / "scores.csv")])
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert any("lost_by_one_year" in line for line in lines)


def test_study_effects_have_no_score(tmp_path: Path) -> None:
    file = shutil.copytree(MODELS, tmp_path / "models") / "between.toml"
    table = '[between_studies]\nhazard_ratio_rarely_above = 4.0\nwhy = "a test"\n'
    file.write_text(f'base = "main"\ntitle = "with effects"\nquestion = "none"\n{table}')
    with pytest.raises(InputError, match="between_studies: the score of one study has no use for study effects"):
        scores_of(str(file), 0, 1, 1)
