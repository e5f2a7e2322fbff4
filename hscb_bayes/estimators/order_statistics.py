"""Which order statistics a median and its confidence limits are, when nobody is censored."""

from typing import NamedTuple

import numpy as np

from hscb_bayes.estimators.intervals import Scale
from hscb_bayes.estimators.kaplan_meier import quantile

MOST_PATIENTS = 1_000_000  # whose times are made, one by one


class OrderStatisticRanks(NamedTuple):
    """Ranks, counted from 1, among the sorted times of an uncensored sample.

    Parameters
    ----------
    lower, upper
        Rank of the limit; None if no patient's time is far enough for the limit to be reached.
    estimate
        The rank of the estimate twice, or the two ranks of which it is the midpoint.
    """

    lower: int | None
    estimate: tuple[int, int]
    upper: int | None


def order_statistic_ranks(n: int, level: float, scale: Scale, probability: float = 0.5) -> OrderStatisticRanks:
    """Ranks of the Kaplan-Meier quantile and its limits, by running the estimator on the times 1 to n.

    Examples
    --------
    >>> order_statistic_ranks(31, 0.95, "log")
    OrderStatisticRanks(lower=11, estimate=(16, 16), upper=23)

    Raises
    ------
    ValueError
        If n is no whole number from 1 to a million, the probability or the level not between 0 and 1, or the scale
        unknown.
    """
    if not isinstance(n, int | np.integer) or isinstance(n, bool):
        raise ValueError(f"n: required a whole number, found {n!r}")
    if not 1 <= n <= MOST_PATIENTS:
        raise ValueError(f"n: must be at least 1 and at most {MOST_PATIENTS:,}, found {n!r}")
    times = np.arange(1.0, n + 1.0)
    estimate, lower, upper = quantile(times, np.ones(n), None, probability, level, scale)
    middle = float(estimate)
    return OrderStatisticRanks(_rank(float(lower)), (int(np.floor(middle)), int(np.ceil(middle))), _rank(float(upper)))


def _rank(time: float) -> int | None:
    return int(np.ceil(time)) if np.isfinite(time) else None
