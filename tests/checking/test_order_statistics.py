"""Without censoring a median and its limits are order statistics, whatever the rounding of a curve does."""

import numpy as np
import pytest

from hscb_bayes.estimators import aalen_johansen
from hscb_bayes.estimators.order_statistics import order_statistic_ranks

STUDIES = 5000
SIZES = (31, 26, 20, 15, 7)


def competing(rng, patients):
    """Days of response, inf for those who die first; whole days and causes of the first event."""
    response, death = rng.exponential(10.0, (STUDIES, patients)), rng.exponential(60.0, (STUDIES, patients))
    first = np.ceil(np.minimum(response, death))
    cause = np.where(response < death, 1, 2)
    return np.where(cause == 1, first, np.inf), first, cause


def of_rank(days, ranks):
    """Midpoint of the order statistics of these ranks; inf where either is not there or no rank is."""
    if ranks is None:
        return np.full(len(days), np.inf)
    return np.mean([np.sort(days, axis=-1)[:, rank - 1] for rank in np.atleast_1d(ranks)], axis=0)


def limit_of_rank(days, rank):
    """The same for a limit, which there is none of on the day that the last of all patients responds, as in R."""
    day = of_rank(days, rank)
    everybody = (days <= day[:, np.newaxis]).all(axis=-1)
    return np.where(everybody, np.inf, day)


@pytest.mark.parametrize("scale", ["plain", "log", "log-log"])
@pytest.mark.parametrize("patients", SIZES)
def test_the_median_and_its_limits_are_order_statistics_of_the_responses(patients, scale):
    days, first, cause = competing(np.random.default_rng(patients), patients)
    estimate, lower, upper = aalen_johansen.quantile(first, cause, scale=scale)
    ranks = order_statistic_ranks(patients, 0.95, scale)
    assert np.array_equal(lower, limit_of_rank(days, ranks.lower))
    assert np.array_equal(upper, limit_of_rank(days, ranks.upper))
    enough = np.isfinite(of_rank(days, ranks.estimate))
    assert np.array_equal(estimate[enough], of_rank(days, ranks.estimate)[enough])


def test_a_limit_on_a_flat_stretch_is_the_day_that_the_stretch_begins():
    """Deaths between two responses leave the curve flat but for rounding."""
    time = np.arange(1.0, 32.0)
    cause = np.where((time > 16) & (time < 24), 2, 1)
    estimate, lower, _ = aalen_johansen.quantile(time, cause)
    assert (estimate, lower) == (16.0, 11.0)
