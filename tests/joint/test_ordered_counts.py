"""Counts in time that must agree with a print: by adding up all of them, and the derivatives by differences."""

import itertools

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binom, multinomial

from hscb_bayes.evidence.ordered_counts import log_probability
from hscb_bayes.evidence.ordered_counts_op import ordered_counts
from tests.machine_code.called import Graph, compiled

PATIENTS, CELLS, STATES = 5, 4, 8


@pytest.fixture
def cells() -> np.ndarray:
    return np.random.default_rng(1).dirichlet(np.ones(CELLS), size=3)


@pytest.fixture
def weights() -> np.ndarray:
    found = np.random.default_rng(2).random((3, CELLS, STATES))
    found[:, -1] = np.arange(STATES) == PATIENTS
    return found


def added_up(cells: np.ndarray, weights: np.ndarray) -> float:
    """Over all ways to place the patients."""
    total = 0.0
    for counts in itertools.product(range(PATIENTS + 1), repeat=CELLS):
        if sum(counts) == PATIENTS:
            agreed = np.prod([weights[j, by] for j, by in enumerate(np.cumsum(counts))])
            total += float(multinomial(PATIENTS, cells).pmf(counts) * agreed)
    return np.log(total)


def test_it_is_the_sum_over_all_counts(cells: np.ndarray, weights: np.ndarray) -> None:
    expected = [added_up(*each) for each in zip(cells, weights, strict=True)]
    assert_allclose(log_probability(cells, weights), expected, rtol=1e-10)


def test_an_order_statistic_is_a_difference_of_two_binomials() -> None:
    """The 16th of 31 responds on a day that begins after 40% and ends after 55% of the responses."""
    agrees = np.ones((4, 32))
    agrees[0], agrees[1], agrees[3] = np.arange(32) < 16, np.arange(32) >= 16, np.arange(32) == 31
    found = log_probability(np.array([0.4, 0.15, 0.35, 0.1]), agrees)
    assert np.exp(found) == pytest.approx(binom(31, 0.4).cdf(15) - binom(31, 0.55).cdf(15), rel=1e-10)


def test_the_operation_has_the_same_value_and_its_derivatives(cells: np.ndarray, weights: np.ndarray) -> None:
    p, w = pt.matrix("p", shape=cells.shape), pt.tensor("w", shape=weights.shape, dtype="float64")
    value = ordered_counts(p, w)[0]
    (function,) = compiled(Graph(inputs=(p, w), outputs=(value, *pt.grad(value.sum(), [p, w]))))
    found, of_cells, of_weights = function(cells, weights)
    assert_allclose(found, log_probability(cells, weights), rtol=1e-10)
    step = 1e-6
    for j in range(CELLS):
        move = step * (np.arange(CELLS) == j)
        slope = (log_probability(cells + move, weights) - log_probability(cells - move, weights)) / (2.0 * step)
        assert_allclose(of_cells[:, j], slope, rtol=1e-5)
    for j, c in ((0, 1), (1, 2), (2, 4)):
        move = np.zeros_like(weights)
        move[:, j, c] = step
        slope = (log_probability(cells, weights + move) - log_probability(cells, weights - move)) / (2.0 * step)
        assert_allclose(of_weights[:, j, c], slope, rtol=1e-5, atol=1e-7)


def test_what_is_hardly_possible_has_a_probability_and_slopes() -> None:
    """Fifty of sixty in a cell of one in a million million."""
    p = np.array([[1e-12, 0.9, 1e-12, 0.1]])
    w = np.ones((1, 4, 64))
    w[0, 0, :50] = 0.0
    w[0, -1] = np.arange(64) == 60
    value, counts, shares = ordered_counts(pt.as_tensor(p), pt.as_tensor(w))
    found, expected, slopes = (each.eval(mode="FAST_COMPILE") for each in (value, counts, shares))
    assert_allclose(found, log_probability(p, w), rtol=1e-10)
    assert found[0] < -1300.0
    assert expected[0, 0] == pytest.approx(50.0, abs=1e-6)
    assert np.isfinite(slopes).all()


def test_there_are_no_second_derivatives(cells: np.ndarray, weights: np.ndarray) -> None:
    counts = ordered_counts(pt.as_tensor(cells), pt.as_tensor(weights))[1]
    with pytest.raises(NotImplementedError, match="second derivatives of ordered counts"):
        pt.grad(counts.sum(), [counts.owner.inputs[0]])
