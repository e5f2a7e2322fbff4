"""Estimators against lifelines and SciPy on cohorts with ties."""

import lifelines
import lifelines.statistics
import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose

from hscb_bayes.estimators import kaplan_meier, logrank, rank_correlation
from hscb_bayes.estimators.intervals import clopper_pearson, proportion_interval, wilson
from hscb_bayes.estimators.p_values import chi_square_p_value, normal_p_value

LIFELINES = 1e-8
SCIPY = 1e-10
LEVELS = [0.5, 0.95, 0.99]


@pytest.fixture(autouse=True)
def _error_state():
    """Restore NumPy's warnings, which lifelines turns off for the whole process."""
    with np.errstate():
        yield


@pytest.fixture
def cohorts(rng):
    shape = (20, 31)
    return np.floor(rng.exponential(15.0, shape)), rng.random(shape) < 0.7, rng.random(shape) < 0.5


def test_survival_is_that_of_lifelines(cohorts):
    days = np.arange(0.0, 40.0)
    found, _ = kaplan_meier.survival_at(cohorts[0][:, np.newaxis], cohorts[1][:, np.newaxis], days)
    for row, time, event in zip(found, *cohorts[:2], strict=True):
        fitted = lifelines.KaplanMeierFitter().fit(time, event)
        assert_allclose(row, fitted.survival_function_at_times(days), atol=LIFELINES)


def test_log_log_limits_are_those_of_lifelines(cohorts):
    time, event = cohorts[0][0], cohorts[1][0]
    fitted = lifelines.KaplanMeierFitter().fit(time, event).confidence_interval_
    days = fitted.index.to_numpy()[2:8]
    found = proportion_interval(*kaplan_meier.survival_at(time[np.newaxis], event[np.newaxis], days), scale="log-log")
    assert_allclose(np.transpose(found), fitted.loc[days].to_numpy(), atol=LIFELINES)


@pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0")  # raised inside lifelines 0.30
def test_logrank_is_that_of_lifelines(cohorts):
    found = np.transpose(logrank.logrank(*cohorts))
    for row, time, event, group in zip(found, *cohorts, strict=True):
        expected = lifelines.statistics.logrank_test(time[group], time[~group], event[group], event[~group])
        assert_allclose(row, (expected.test_statistic, expected.p_value), atol=LIFELINES)


def test_rank_correlation_is_that_of_scipy(rng):
    x = rng.integers(0, 10, (20, 31)).astype(float)
    y = np.where(rng.random((20, 31)) < 0.2, np.inf, x + rng.integers(0, 20, (20, 31)))
    found = np.transpose(rank_correlation.spearman(x, y))
    expected = [scipy.stats.spearmanr(a, np.minimum(b, 1e9)) for a, b in zip(x, y, strict=True)]
    assert_allclose(found, expected, atol=SCIPY)


def test_perfect_rank_correlation_has_p_zero():
    assert_allclose(rank_correlation.spearman([1.0, 2.0, 5.0, 9.0], [8.0, 6.0, 4.0, 1.0]), (-1.0, 0.0), atol=SCIPY)


def test_rank_correlation_of_two_patients_is_undefined():
    assert np.isnan(rank_correlation.spearman([1.0, 2.0], [8.0, 6.0])).all()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("interval", "method"), [(clopper_pearson, "exact"), (wilson, "wilson")])
def test_intervals_of_a_count_are_those_of_scipy(interval, method, level):
    pairs = [(count, n) for n in (1, 5, 31) for count in range(n + 1)]
    counts, sizes = np.transpose(pairs)
    expected = [scipy.stats.binomtest(k, n).proportion_ci(level, method) for k, n in pairs]
    assert_allclose(np.transpose(interval(counts, sizes, level)), expected, atol=SCIPY)


@pytest.mark.parametrize("interval", [clopper_pearson, wilson])
def test_interval_of_a_count_among_nobody_is_undefined(interval):
    assert np.isnan(interval([0, 3], [0, 5])).tolist() == [[True, False], [True, False]]


def test_p_values_are_those_of_scipy():
    z = np.array([[-9.0, -1.96, 0.0], [0.3, 2.7, 30.0]])
    assert_allclose(normal_p_value(z), 2.0 * scipy.stats.norm.sf(np.abs(z)), rtol=SCIPY)
    assert_allclose(chi_square_p_value(z**2), scipy.stats.chi2.sf(z**2, 1), rtol=SCIPY)


def test_p_value_of_an_undefined_statistic_is_undefined():
    assert np.isnan(chi_square_p_value(np.nan))
