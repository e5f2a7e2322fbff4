"""A P value under a named test: its signed statistic, the weights of draws, and the draws that are taken."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.analysis.member import Member, load_analysis
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.errors import InputError
from hscb_bayes.estimators.p_values import normal_deviate, normal_p_value
from hscb_bayes.evidence.kinds.p_value import SIGNED_TESTS, NamedDirection
from hscb_bayes.model.compiled import same_but_for_p_values
from hscb_bayes.model.pathways import PARAMETER_IDS, prior_normals
from hscb_bayes.model.simulate import simulate_cohort
from hscb_bayes.posterior.p_value import DIRECTIONS, RATIO, resampled, reweighted

NAMED = {"p_value_cox": "cox", "p_value_fine_gray": "fine-gray", "p_value_spearman": "spearman"}
RATIO_COLUMN = PARAMETER_IDS.index(RATIO)
ALGEBRA = 1e-10
NEAR = 0.25  # of a statistic to the printed one
CLOSE = (
    0.12  # of a quantile of the log hazard ratio: about four standard errors of the fewest replicates near the print
)
REFUSED = (
    "fit.items: required an exact P value of response by duration to be fitted, found {!r}, which can only be checked"
)
OUTSIDE = 0.04  # of a probability, likewise


@pytest.fixture(scope="module")
def draws(main: Member) -> np.ndarray:
    mean, deviation = prior_normals(main)
    return np.asarray(mean + deviation * np.random.default_rng(11).standard_normal((4000, mean.size)))


@pytest.mark.parametrize("name", NAMED)
def test_each_named_analysis_fits_the_p_value_and_is_the_main_analysis_otherwise(name: str, main: Member) -> None:
    other = load_analysis(name)
    assert [item.id for item in fitted_p_values(other)] == ["p_response_duration"]
    assert other.table.conventions.tests["p_response_duration"].test == NAMED[name]
    assert same_but_for_p_values(main, other)
    assert not fitted_p_values(main)


def test_an_analysis_with_another_prior_is_not_the_same(main: Member) -> None:
    assert not same_but_for_p_values(main, load_analysis("plain_weibull"))


@pytest.mark.parametrize("name", NAMED)
def test_the_signed_statistic_has_the_p_value_that_is_printed(name: str, draws: np.ndarray) -> None:
    other = load_analysis(name)
    (item,) = fitted_p_values(other)
    cohort = simulate_cohort(other, draws[:200], rng=np.random.default_rng(5))
    z = item.signed_statistic(cohort, other.table.conventions)
    printed = item.statistic(cohort, other.table.conventions)[item.id]
    assert_allclose(item.value.round(normal_p_value(z)), printed, atol=ALGEBRA)


@pytest.mark.parametrize("name", NAMED)
def test_the_signed_statistic_has_the_sign_of_the_log_hazard_ratio(name: str, draws: np.ndarray) -> None:
    other = load_analysis(name)
    (item,) = fitted_p_values(other)
    for sign in (-1.0, 1.0):
        strong = draws[:400].copy()
        strong[:, RATIO_COLUMN] = sign
        z = item.signed_statistic(simulate_cohort(other, strong, rng=np.random.default_rng(5)), other.table.conventions)
        assert np.nanmedian(sign * z) > 1.0


def test_the_deviate_of_a_p_value_is_its_inverse() -> None:
    p = np.array([1e-12, 0.007, 0.5, 1.0])
    assert_allclose(normal_p_value(normal_deviate(p)), p, rtol=ALGEBRA)
    assert np.isnan(normal_deviate(np.nan))


@pytest.mark.parametrize("name", NAMED)
def test_taken_draws_are_those_whose_replicates_print_such_a_p_value(name: str, draws: np.ndarray) -> None:
    # the same posterior without the smooth model of z: replicates that come near the print, of many
    other = load_analysis(name)
    (item,) = fitted_p_values(other)
    many = np.tile(draws, (6, 1))
    cohort = simulate_cohort(other, many, rng=np.random.default_rng(7))
    z = np.abs(item.signed_statistic(cohort, other.table.conventions))
    near = many[np.abs(z - normal_deviate(item.value.value)) < NEAR, RATIO_COLUMN]
    found = draws[resampled(draws, other, {item: item.value.value}, seed=3), RATIO_COLUMN]
    levels = [0.05, 0.25, 0.75, 0.95]
    assert len(near) > 1000
    assert_allclose(np.quantile(found, levels), np.quantile(near, levels), atol=CLOSE)
    assert np.mean(found < 0.0) == pytest.approx(np.mean(near < 0.0), abs=OUTSIDE)


def test_taken_draws_come_as_often_as_their_weights_say(draws: np.ndarray) -> None:
    other = load_analysis("p_value_cox")
    (item,) = fitted_p_values(other)
    taken = resampled(draws, other, {item: item.value.value}, seed=3)
    weights = next(
        found.weights
        for found in reweighted(draws, load_analysis("main"), seed=3)
        if (found.test, found.direction) == ("cox", "unknown")
    )
    assert np.all(np.diff(taken) >= 0)
    assert_allclose(np.bincount(taken, minlength=len(draws)), weights * len(draws), atol=1.0)


def test_every_test_and_direction_has_weights_that_sum_to_one(main: Member, draws: np.ndarray) -> None:
    found = reweighted(draws, main, seed=1)
    assert [(one.test, one.direction) for one in found] == [
        (test, words) for test in SIGNED_TESTS for words in DIRECTIONS
    ]
    assert_allclose([one.weights.sum() for one in found], 1.0)
    assert all(one.effective > 400.0 for one in found)


def test_a_direction_puts_the_weight_on_its_side(main: Member, draws: np.ndarray) -> None:
    below = {
        one.direction: one.weights[draws[:, RATIO_COLUMN] < 0.0].sum() for one in reweighted(draws, main, seed=1)[:3]
    }
    assert below["longer is slower"] > 0.95
    assert below["longer is faster"] < 0.05


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"p_response_duration"]',
            '"p_os_duration"]',
            REFUSED.format("p_os_duration"),
        ),
        (
            '"p_response_duration"]',
            '"p_os_response"]',
            REFUSED.format("p_os_response"),
        ),
        (
            'test = "cox"',
            'test = "log-rank"',
            "fit.items: item 'p_response_duration': the log-rank test needs groups_compared; required another test",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    shutil.copytree("models", tmp_path / "models")
    file = tmp_path / "models" / "p_value_cox.toml"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(InputError, match=f"^{re.escape(f'{file}: {message}')}$"):
        load_analysis(file)


def test_a_printed_direction_is_the_one_that_counts(draws: np.ndarray) -> None:
    other = load_analysis("p_value_cox")
    (item,) = fitted_p_values(other)
    slower = item.model_copy(update={"direction": NamedDirection(name="decreases", status="printed")})
    taken = resampled(draws, other, {slower: item.value.value}, seed=3)
    assert np.mean(draws[taken, RATIO_COLUMN] < 0.0) > 0.95


def test_the_p_value_of_a_replicate_is_its_own(draws: np.ndarray) -> None:
    other = load_analysis("p_value_cox")
    (item,) = fitted_p_values(other)
    near, far = (np.abs(draws[resampled(draws, other, {item: p}, seed=3), RATIO_COLUMN]).mean() for p in (0.9, 0.0001))
    assert near < far


def test_a_p_value_beyond_every_draw_leaves_few_of_them(draws: np.ndarray) -> None:
    other = load_analysis("p_value_cox")
    (item,) = fitted_p_values(other)
    near_zero = draws * np.where(np.arange(draws.shape[1]) == RATIO_COLUMN, 0.05, 1.0)
    few, many = (np.unique(resampled(near_zero, other, {item: p}, seed=3)).size for p in (0.0, 0.007))
    assert 1 <= few < many / 10


def test_a_p_value_that_is_fitted_is_not_weighed_again(draws: np.ndarray) -> None:
    assert reweighted(draws, load_analysis("p_value_cox"), seed=1) == ()
