"""Further intervals of a share, which statistical software prints beside Wilson's and Clopper and Pearson's.

References
----------
Agresti A, Coull BA. Am Stat 1998;52:119-126. Newcombe RG. Stat Med 1998;17:857-872 (continuity corrections).
Brown LD, Cai TT, DasGupta A. Stat Sci 2001;16:101-133 (Jeffreys, section 3.1.2, with its ends at counts of 0 and n).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hscb_bayes.estimators.intervals import Interval, normal_quantile

CountInterval = Callable[[np.ndarray, np.ndarray, float], Interval]


def agresti_coull(count: np.ndarray, n: np.ndarray, level: float) -> Interval:
    """Plain interval after z^2 / 2 events and as many others are added."""
    z = normal_quantile(level)
    size = n + z**2
    share = (count + z**2 / 2.0) / size
    half = z * np.sqrt(share * (1.0 - share) / size)
    return np.maximum(share - half, 0.0), np.minimum(share + half, 1.0)


def plain_corrected(count: np.ndarray, n: np.ndarray, level: float) -> Interval:
    """Plain interval, half a patient wider on either side."""
    share = count / n
    half = normal_quantile(level) * np.sqrt(share * (1.0 - share) / n) + 0.5 / n
    return np.maximum(share - half, 0.0), np.minimum(share + half, 1.0)


def wilson_corrected(count: np.ndarray, n: np.ndarray, level: float) -> Interval:
    """Score interval with continuity correction, as R's ``prop.test``; 0 or 1 at counts of 0 and n."""
    z, share = normal_quantile(level), count / n
    others, scale = 1.0 - share, 2.0 * (n + z**2)
    below = z * np.sqrt(np.maximum(z**2 - 2.0 - 1.0 / n + 4.0 * share * (n * others + 1.0), 0.0))
    above = z * np.sqrt(np.maximum(z**2 + 2.0 - 1.0 / n + 4.0 * share * (n * others - 1.0), 0.0))
    lower = (2.0 * n * share + z**2 - 1.0 - below) / scale
    upper = (2.0 * n * share + z**2 + 1.0 + above) / scale
    return np.where(count == 0, 0.0, np.maximum(lower, 0.0)), np.where(count == n, 1.0, np.minimum(upper, 1.0))


def jeffreys(count: np.ndarray, n: np.ndarray, level: float) -> Interval:
    """Equal tails of Beta(count + 1/2, n - count + 1/2); 0 at a count of 0 and 1 at n."""
    from scipy.special import betaincinv

    tail = (1.0 - level) / 2.0
    lower = np.where(count == 0, 0.0, betaincinv(count + 0.5, n - count + 0.5, tail))
    return lower, np.where(count == n, 1.0, betaincinv(count + 0.5, n - count + 0.5, 1.0 - tail))


BINOMIAL: Mapping[str, CountInterval] = {
    "agresti-coull": agresti_coull,
    "plain with continuity correction": plain_corrected,
    "wilson with continuity correction": wilson_corrected,
    "jeffreys": jeffreys,
}
