"""The mixture of draws: known mixtures are found again, at maxima of the likelihood, and no draw is a component."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtri
from scipy.stats import norm, t

from hscb_bayes.posterior import mixture
from hscb_bayes.posterior.mixture import Mixture, fitted_mixture

GRID = (np.arange(3_000) + 0.5) / 3_000
TAILS = t.ppf(GRID, 3)
TWO = np.concatenate([norm.ppf((np.arange(900) + 0.5) / 900, -2.0, 0.5), norm.ppf((np.arange(2_100) + 0.5) / 2_100)])
ROUNDING = 1e-6  # of one optimum found on two ways


def test_a_mixture_of_two_is_found_again() -> None:
    rng = np.random.default_rng(1)
    values = np.where(rng.uniform(size=20_000) < 0.3, rng.normal(-2.0, 0.3, 20_000), rng.normal(1.0, 0.6, 20_000))
    found = fitted_mixture(values)
    assert len(found.weight) == 2
    assert_allclose(found.weight, [0.7, 0.3], atol=0.02)
    assert_allclose(found.mean, [1.0, -2.0], atol=0.03)
    assert_allclose(found.deviation, [0.6, 0.3], atol=0.03)


def test_information_is_the_curvature_of_the_log_density() -> None:
    mixture = Mixture(weight=np.array([0.6, 0.4]), mean=np.array([-1.0, 0.5]), deviation=np.array([0.5, 1.2]))
    x, step = np.linspace(-3.0, 3.0, 25), 1e-4
    log = [np.log(mixture.density(x + move)) for move in (-step, 0.0, step)]
    assert_allclose(mixture.information(x), -(log[0] - 2.0 * log[1] + log[2]) / step**2, atol=1e-5)


def log_likelihood(found: Mixture, values: np.ndarray) -> float:
    return float(np.log(found.density(values)).sum())


@pytest.mark.parametrize(("values", "count"), [(ndtri(GRID), 1), (TWO, 2), (TAILS, 3)], ids=["one", "two", "tails"])
def test_bic_finds_how_many_there_are(values: np.ndarray, count: int) -> None:
    found = fitted_mixture(values)
    assert len(found.weight) == count
    assert found.weight.sum() == pytest.approx(1.0)
    assert_allclose(found.weight, np.sort(found.weight)[::-1])


@pytest.mark.parametrize(
    ("values", "most", "reference"),
    [(TWO, 2, -4823.6740), (TAILS, 2, -5351.8400), (TAILS, 3, -5322.0059)],
    ids=["two", "two of tails", "three of tails"],
)
def test_no_likelihood_is_below_that_of_another_package(values: np.ndarray, most: int, reference: float) -> None:
    """scikit-learn 1.9.1, ``GaussianMixture(most, n_init=20, tol=1e-10, max_iter=20_000, random_state=0)``."""
    assert log_likelihood(fitted_mixture(values, most=most), values) >= reference * (1.0 + ROUNDING)


def test_the_slope_is_that_of_the_loss() -> None:
    point, step = np.array([0.3, -0.4, 0.1, -1.0, 0.2, 1.5, -0.5, 0.1, 0.4]), 1e-6
    moves = np.eye(point.size) * step
    slope = [(mixture._loss(point + m, TWO)[0] - mixture._loss(point - m, TWO)[0]) / (2.0 * step) for m in moves]
    assert_allclose(mixture._loss(point, TWO)[1], slope, atol=1e-8)


def test_other_units_give_the_same_mixture() -> None:
    one, other = fitted_mixture(TWO), fitted_mixture(40.0 + 1e-3 * TWO)
    assert_allclose(other.weight, one.weight, rtol=1e-4)
    assert_allclose(other.mean, 40.0 + 1e-3 * one.mean, rtol=1e-7)
    assert_allclose(other.deviation, 1e-3 * one.deviation, rtol=1e-4)


def test_the_order_of_draws_is_nothing() -> None:
    shuffled = np.random.default_rng(1).permutation(TAILS)
    assert_allclose(fitted_mixture(shuffled).mean, fitted_mixture(TAILS).mean, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("far", [6.0, 8.0, 30.0])
def test_one_far_draw_is_no_component(far: float) -> None:
    found = fitted_mixture(np.append(ndtri(GRID[::15]), far))
    assert found.weight.min() * 201 >= 10.0


@pytest.mark.parametrize(
    "values",
    [np.zeros(100), np.ones(1), np.array([1.0, 2.0]), np.append(np.zeros(199), 5.0), np.repeat([-20.7, 0.3], 90)],
)
def test_draws_that_are_the_same_have_a_finite_mixture(values: np.ndarray) -> None:
    found = fitted_mixture(values)
    assert all(np.isfinite(part).all() for part in (found.weight, found.mean, found.deviation))
    assert (found.deviation > 0.0).all()
    assert found.weight @ found.mean == pytest.approx(values.mean())
