"""Cases that can be done by hand, and messages."""

import math
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.estimators import aalen_johansen, cox, kaplan_meier, landmark, logrank
from hscb_bayes.estimators.fisher_exact import fisher_exact
from hscb_bayes.estimators.intervals import normal_quantile, proportion_interval
from hscb_bayes.estimators.order_statistics import order_statistic_ranks
from hscb_bayes.estimators.risk_sets import risk_sets

ALGEBRA = 1e-10
FALSE_ALARM_Z = 4.8916  # two-sided normal quantile of a false-alarm rate of 1e-6


@pytest.mark.parametrize(
    ("n", "scale", "expected"),
    [
        (31, "log", (11, (16, 16), 23)),
        (31, "log-log", (10, (16, 16), 21)),
        (26, "log", (9, (13, 14), 20)),
        (26, "log-log", (8, (13, 14), 18)),
        (4, "log", (1, (2, 3), None)),
        (1, "log", (None, (1, 1), None)),
    ],
)
def test_order_statistics_of_the_median(n, scale, expected):
    assert order_statistic_ranks(n, 0.95, scale) == expected


def test_median_interval_covers_as_often_as_its_order_statistics(rng):
    """The k-th order statistic is at or below the median if at least k of n times are: binomial."""
    ranks = order_statistic_ranks(31, 0.95, "log")
    exact = sum(math.comb(31, k) for k in range(ranks.lower, ranks.upper)) / 2.0**31
    time = rng.random((20_000, 31))
    _, lower, upper = kaplan_meier.quantile(time, np.ones_like(time))
    covered = np.mean((lower <= 0.5) & (upper > 0.5))
    assert abs(covered - exact) < FALSE_ALARM_Z * math.sqrt(exact * (1.0 - exact) / time.shape[0])


@pytest.mark.parametrize(
    ("time", "event", "expected"),
    [
        ([1, 2, 3], [1, 1, 1], 2.0),
        ([1, 2, 3, 4], [1, 1, 1, 1], 2.5),
        ([1, 2, 3, 4], [1, 1, 0, 1], 3.0),
        ([1, 2, 3, 9], [1, 1, 0, 0], 5.5),
        ([1, 2, 3, 9], [1, 0, 0, 0], np.inf),
        ([0, 0, 0, 9], [1, 1, 1, 0], 0.0),
        ([5, 5, 5, 9], [1, 0, 0, 0], np.inf),
    ],
    ids=["odd", "even", "flat step", "last step flat", "not reached", "day zero", "tied with censoring"],
)
def test_median_by_hand(time, event, expected):
    assert kaplan_meier.quantile(time, event)[0] == expected


def test_median_incidence_counts_the_dead_as_never_responding():
    time, cause = [3, 5, 7, 9, 11], [1, 2, 2, 1, 1]
    assert aalen_johansen.quantile(time, cause)[0] == 11.0
    assert kaplan_meier.quantile(time, np.equal(cause, 1))[0] == 9.0


def test_median_incidence_is_not_reached_where_half_never_respond():
    assert aalen_johansen.quantile([3, 5, 7, 9, 11], [1, 2, 2, 2, 1])[0] == np.inf


def test_censored_on_the_day_of_a_death_is_still_at_risk():
    assert kaplan_meier.survival_at([4, 4, 9], [1, 0, 0], 4)[0] == pytest.approx(2 / 3, abs=ALGEBRA)


def test_response_and_death_on_the_same_day_share_the_risk_set():
    found = [aalen_johansen.incidence_at([4, 4, 9, 9], [1, 2, 0, 0], 4, None, k)[0] for k in (1, 2)]
    assert_allclose(found, [0.25, 0.25], atol=ALGEBRA)


@pytest.mark.parametrize(("day", "expected"), [(-1, 1.0), (0, 0.75), (1, 0.75), (2, 0.5), (99, 0.5)])
def test_survival_falls_on_the_day_and_is_carried_past_follow_up(day, expected):
    assert kaplan_meier.survival_at([0, 2, 3, 3], [1, 1, 0, 0], day)[0] == pytest.approx(expected, abs=ALGEBRA)


def test_greenwood_error_is_zero_where_nobody_is_left():
    assert kaplan_meier.survival_at([1, 2], [1, 1], 2) == (0.0, 0.0)


def test_days_of_any_shape_broadcast_against_the_cohorts():
    time = np.array([[[1.0, 2.0, 3.0]], [[2.0, 4.0, 6.0]]])
    found, _ = kaplan_meier.survival_at(time, np.ones(3), [1.0, 2.0, 3.0])
    assert_allclose(found, [[2 / 3, 1 / 3, 0], [1, 2 / 3, 2 / 3]], atol=ALGEBRA)


def test_logrank_by_hand():
    """Deaths at 1 (group) and 2 (other): E = 1/2 + 0, V = 1/4."""
    assert logrank.logrank([1, 2], [1, 1], [1, 0])[0] == pytest.approx(1.0, abs=ALGEBRA)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_cox_of_two_groups_is_the_fit_of_each_cohort(ties, rng):
    time, event = np.floor(rng.exponential(9.0, (20, 30))), rng.random((20, 30)) < 0.6
    first = rng.random((20, 30)) < 0.4
    estimate, error = cox.two_groups(time, event, first, ties=ties)
    for k in range(20):
        fit = cox.fit(time[k], event[k], [first[k].astype(float)], ties=ties)
        np.testing.assert_allclose([estimate[k], error[k] ** 2], [fit.coefficients[0], fit.covariance[0, 0]], rtol=1e-9)


@pytest.mark.parametrize(
    ("event", "expected"),
    [([1, 1, 0, 0], np.inf), ([0, 0, 0, 0], np.nan), ([0, 0, 1, 1], np.nan), ([1, 0, 1, 1], np.inf)],
)
def test_cox_of_two_groups_where_one_has_no_event_that_compares(event, expected):
    """Patients 1 and 2 are the first group; when 3 and 4 have theirs nobody of it is left."""
    estimate, error = cox.two_groups([1, 2, 3, 4], event, [1, 1, 0, 0])
    np.testing.assert_equal([float(estimate), float(error)], [expected, expected])
    assert cox.two_groups([1, 2, 3, 4], event, [0, 0, 1, 1])[0] == pytest.approx(-expected, nan_ok=True)


def test_cox_score_by_hand():
    """U = 1 - 1/3 and I = 2/9 at the first death; nothing at the others, where x is constant."""
    z = cox.score_test([1, 2, 3], [1, 1, 1], [1, 0, 0])
    assert z == pytest.approx((2 / 3) / math.sqrt(2 / 9), abs=ALGEBRA)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([4.0, 3.0, 2.0, 1.0], "x: separated: the estimate is infinite; covariate 1 orders the events"),
        ([2.0, 2.0, 2.0, 2.0], "x: covariate 1 is constant; leave it out"),
    ],
    ids=["orders the events", "constant"],
)
def test_cox_fit_without_a_maximum_is_refused(x, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        cox.fit([1, 2, 3, 4], [1, 1, 1, 1], [x])


def test_landmark_leaves_out_who_was_not_followed_past_it():
    having, lacking = landmark.landmark_groups([10, 30, 40, 50], [5, 5, 35, np.inf], 30)
    assert having.tolist() == [False, False, False, False]
    assert lacking.tolist() == [False, False, True, True]


@pytest.mark.parametrize("scale", ["plain", "log", "log-log", "logit", "arcsin"])
def test_limits_where_nobody_or_everybody_had_the_event(scale):
    """R's ``summary(survfit)`` gives 1 to 1 before the first event, and none where everybody died."""
    assert_allclose(np.transpose(proportion_interval([0.0, 1.0], 0.0, scale=scale)), [(np.nan, np.nan), (1.0, 1.0)])


@pytest.mark.parametrize("scale", ["plain", "log", "log-log", "logit", "arcsin"])
def test_limits_of_a_curve_from_its_first_day_to_its_last(scale):
    estimate, error = kaplan_meier.survival_at([1, 2, 2], [1, 1, 1], [0.5, 1.0, 2.0])
    assert_allclose(estimate, [1.0, 2 / 3, 0.0])
    lower, upper = proportion_interval(estimate, error, scale=scale)
    assert (lower[0], upper[0]) == (1.0, 1.0)
    assert 0.0 <= lower[1] < 2 / 3 < upper[1] <= 1.0
    assert np.isnan([lower[2], upper[2]]).all()


def test_a_median_at_which_everybody_dies_has_no_lower_limit():
    estimate, lower, upper = kaplan_meier.quantile([1, 1], [1, 1])
    assert (estimate, upper) == (1.0, np.inf)
    assert np.isnan(lower)


def test_normal_quantile_of_95_percent():
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054, abs=ALGEBRA)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normal_quantile(95), "level: must lie between 0 and 1, found 95"),
        (
            lambda: proportion_interval(0.5, 0.1, scale="loglog"),
            "scale: must be one of 'plain', 'log', 'log-log', 'logit', 'arcsin', found 'loglog'",
        ),
        (
            lambda: kaplan_meier.quantile([1, 2], [1, 1], probability=1.0),
            "probability: must lie between 0 and 1, found 1.0",
        ),
        (
            lambda: kaplan_meier.curve(np.ones((2, 3)), np.ones((2, 3))),
            "time: a curve needs one cohort of shape (patient,), found shape (2, 3)",
        ),
        (
            lambda: kaplan_meier.curve(np.ones(3), np.ones((0, 3))),
            "event: shape (0, 3) does not broadcast to that of 'time', (3,)",
        ),
        (lambda: order_statistic_ranks(0, 0.95, "log"), "n: must be at least 1 and at most 1,000,000, found 0"),
        (
            lambda: risk_sets(np.ones((4, 1, 3))).sort(np.ones((4, 5, 3))),
            "values: shape (4, 5, 3) does not broadcast to that of 'time', (4, 1, 3)",
        ),
    ],
)
def test_messages(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.parametrize(
    ("table", "p"),
    [((3, 4, 4, 10), 0.559440559), ((0, 5, 5, 5), 0.007936508), ((2, 4, 2, 4), 1.0), ((0, 3, 0, 9), 1.0)],
    ids=["3 of 4 and 4 of 10", "all against none", "alike", "no event"],
)
def test_fisher_by_hand(table, p):
    """All against none is 2 / C(10, 5); 3 of 4 and 4 of 10 is (490 + 480 + 35 + ... of 3432 tables) as R prints it."""
    assert_allclose(fisher_exact(*table), p, rtol=1e-8)


def test_fisher_of_an_empty_group_is_undefined():
    assert np.isnan(fisher_exact(0, 0, 3, 9))


def test_fisher_of_many_tables_is_that_of_each(rng):
    from scipy.stats import fisher_exact as reference

    n, m = rng.integers(1, 30, 200), rng.integers(1, 30, 200)
    one, other = rng.binomial(n, 0.4), rng.binomial(m, 0.6)
    each = [reference([[a, b - a], [c, d - c]]).pvalue for a, b, c, d in zip(one, n, other, m, strict=True)]
    assert_allclose(fisher_exact(one, n, other, m), each, rtol=1e-9)
