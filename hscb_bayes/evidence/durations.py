"""A cohort's durations of the condition from the three numbers that a paper prints: median, lowest and highest."""

from __future__ import annotations

import numpy as np


def expected_durations(n: int, *, median: float, lowest: float, highest: float) -> np.ndarray:
    """Durations of n patients whose median and expected extremes are the printed ones, in days, increasing.

    The logarithm of duration is normal with one standard deviation below the median and another above. Patient i has
    the expected i-th order statistic, with Blom's scores Phi^-1((i - 3/8) / (n + 1/4)); the lowest and the highest
    are then the printed ones.

    References
    ----------
    Blom G. Statistical Estimates and Transformed Beta-Variables. Wiley 1958.
    """
    from scipy.special import ndtri

    if n == 1:
        return np.array([median])
    scores = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    share = scores / scores[-1]
    return median * np.where(share < 0, (lowest / median) ** -share, (highest / median) ** share)
