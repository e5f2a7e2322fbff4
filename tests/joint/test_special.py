"""Probabilities of intervals under the normal, in the middle and in the tails, in NumPy and in PyTensor."""

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from pytensor.compile.mode import Mode
from scipy.special import log_ndtr
from scipy.stats import binom, norm

from hscb_bayes.evidence.special import FARTHEST, NEAR, Special

ALGEBRA = 1e-10
DIVERGENCE = 2e-3  # Kullback-Leibler, of a normal probability with the binomial's skewness from the binomial's own
RARE, IN_THE_TAIL = 1e-4, 0.5  # log probabilities as rare as this are this close
BY_PYTHON = Mode(linker="py", optimizer=None)
MIDDLE = [(-1.0, 1.0), (-0.1, 2.0), (-3.0, 0.5), (0.2, 0.3), (-2.0, -1.9), (0.0, 1.0), (-1.0, 0.0), (-6.0, 6.0)]
TAILS = [(3.0, 4.0), (8.0, 8.5), (30.0, 31.0), (37.0, 60.0), (100.0, 100.01), (2000.0, 2001.0), (5.0, 1e6)]
OPEN = [(-100.0, 0.3), (-1e6, -2.0), (1.5, 1e6), (-1e6, 1e6)]
BEYOND_ALL = [(2 * FARTHEST, 3 * FARTHEST), (-1e8, -1e7), (1e5, 1e12)]
EVERY = np.array(MIDDLE + TAILS + [(-b, -a) for a, b in TAILS] + OPEN + BEYOND_ALL)


@pytest.fixture(scope="module")
def numpy() -> Special:
    return Special.of(np)


@pytest.fixture(scope="module")
def symbolic() -> Any:
    """Log probability and its slopes as PyTensor computes them, of arrays lower and upper."""
    lower, upper = pt.vector("lower"), pt.vector("upper")
    value = Special.of(pt).log_normal_interval(lower, upper)
    return pytensor.function([lower, upper], [value, *pt.grad(value.sum(), [lower, upper])], mode=BY_PYTHON)


def in_upper_tail(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """log(Phi(-lower) - Phi(-upper)) for 0 < lower < upper, by SciPy's logarithms."""
    return np.asarray(log_ndtr(-lower) + np.log1p(-np.exp(log_ndtr(-upper) - log_ndtr(-lower))))


def test_in_the_middle_it_is_the_difference_of_two_probabilities(numpy: Special) -> None:
    lower, upper = np.array(MIDDLE).T
    expected = np.log(norm.cdf(upper) - norm.cdf(lower))
    assert_allclose(numpy.log_normal_interval(lower, upper), expected, rtol=ALGEBRA, atol=1e-15)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_in_the_tails_it_is_that_of_the_logarithms(numpy: Special, side: float) -> None:
    lower, upper = np.array(TAILS).T
    ends = (lower, upper) if side > 0 else (-upper, -lower)
    assert_allclose(numpy.log_normal_interval(*ends), in_upper_tail(lower, upper), rtol=ALGEBRA)


def test_with_an_end_far_outside_it_is_a_tail(numpy: Special) -> None:
    lower, upper = np.array(OPEN).T
    expected = [log_ndtr(0.3), log_ndtr(-2.0), log_ndtr(-1.5), 0.0]
    assert_allclose(numpy.log_normal_interval(lower, upper), expected, rtol=ALGEBRA, atol=1e-15)


@pytest.mark.parametrize("start", [-40.0, -3.0, 0.0, 5.0, 60.0])
def test_neighbouring_intervals_add_up(numpy: Special, start: float) -> None:
    edges = start + np.array([0.0, 0.1, 0.5, 2.0])
    parts = numpy.log_normal_interval(edges[:-1], edges[1:])
    whole = numpy.log_normal_interval(edges[0], edges[-1])
    assert_allclose(np.logaddexp.reduce(parts), whole, rtol=1e-9)


def test_pytensor_gives_the_same_numbers(numpy: Special, symbolic: Any) -> None:
    lower, upper = EVERY.T
    assert_allclose(symbolic(lower, upper)[0], numpy.log_normal_interval(lower, upper), rtol=ALGEBRA, atol=1e-15)


def test_value_and_slopes_are_finite_everywhere(symbolic: Any) -> None:
    assert np.all(np.isfinite(symbolic(*EVERY.T)))


def test_slopes_are_densities_over_the_probability(symbolic: Any) -> None:
    lower, upper = np.array(MIDDLE + TAILS[:4]).T
    value, of_lower, of_upper = symbolic(lower, upper)
    assert_allclose(of_lower, -np.exp(norm.logpdf(lower) - value), rtol=1e-8)
    assert_allclose(of_upper, np.exp(norm.logpdf(upper) - value), rtol=1e-8, atol=1e-15)


def test_triangular_systems_are_solved_alike(numpy: Special) -> None:
    factor, right = np.array([[2.0, 0.0], [0.5, 3.0]]), np.array([4.0, 7.0])
    graph = Special.of(pt).solve_lower(pt.constant(factor), pt.constant(right))
    assert_allclose(numpy.solve_lower(factor, right), [2.0, 2.0], rtol=ALGEBRA)
    assert_allclose(pytensor.function([], graph, mode=BY_PYTHON)(), [2.0, 2.0], rtol=ALGEBRA)


def test_axes_are_merged_and_split_alike(numpy: Special) -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    symbolic = Special.of(pt)
    merged = symbolic.flatten(pt.constant(values), 2)
    parted = symbolic.unflatten(merged, (3, 4))
    found = pytensor.function([], [merged, parted], mode=BY_PYTHON)()
    assert_allclose(found[0], numpy.flatten(values, 2))
    assert_allclose(found[1], numpy.unflatten(numpy.flatten(values, 2), (3, 4)))
    assert symbolic.length(parted) == numpy.length(values) == values.shape[-1]


@pytest.mark.parametrize("mean", [-30.0, -4.8, -0.064, 0.0, 1.0, 1.9, 40.0])
@pytest.mark.parametrize("deviation", [0.05, 0.6, 1e4])
def test_a_mean_beyond_its_ends_is_moved_inside(mean: float, deviation: float, numpy: Special) -> None:
    edges = np.array([0.2, 0.4])
    lower, upper = numpy.binomial_deviate(edges, np.array(mean), np.array(deviation))
    assert np.isfinite([lower, upper]).all()
    assert lower < upper or (lower == upper and deviation > 1.0)


@pytest.mark.parametrize("n", [5, 13, 15, 18, 31])
@pytest.mark.parametrize("probability", [0.05, 0.16, 0.3, 0.5, 0.84, 0.95])
def test_steps_of_patients_who_are_alike_have_their_binomial_probabilities(
    n: int, probability: float, numpy: Special
) -> None:
    k, deviation = np.arange(n + 1), np.sqrt(probability * (1.0 - probability) / n)
    lower, upper = (numpy.binomial_deviate((k + edge) / n, probability, deviation) for edge in (-0.5, 0.5))
    found, exact = np.exp(numpy.log_normal_interval(lower, upper)), binom.pmf(k, n, probability)
    assert np.sum(exact * np.log(exact / found)) < DIVERGENCE
    assert_allclose(np.log(found[exact > RARE]), np.log(exact[exact > RARE]), atol=IN_THE_TAIL)


def test_as_a_proportion_is_known_better_its_deviate_is_the_normal_one(numpy: Special) -> None:
    deviation = 1e-6
    shares = 0.3 + deviation * np.array([-3.0, -0.5, 0.0, 2.0])
    assert_allclose(numpy.binomial_deviate(shares, 0.3, deviation), [-3.0, -0.5, 0.0, 2.0], atol=1e-4)


def test_the_root_of_the_deviance_is_smooth_where_its_series_takes_over(numpy: Special) -> None:
    p, edge = 0.2, NEAR * 0.2 * 0.8
    shares = p + edge * (1.0 + np.array([-1e-9, 1e-9]))
    below, above = numpy.binomial_deviate(shares, p, 0.1)
    assert below == pytest.approx(above, rel=1e-6)
