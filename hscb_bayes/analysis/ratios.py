"""From "the ratio is rarely above 3" to standard deviations of log ratios: 95% of the ratios are below."""

from __future__ import annotations

import math
from statistics import NormalDist

TWO_SIDED = NormalDist().inv_cdf(0.975)


def deviation_of(ratio: float) -> float:
    """Standard deviation of a log ratio around 0, which is 95% sure to be below ``ratio`` and above its inverse."""
    return math.log(ratio) / TWO_SIDED


def spread_of(ratio: float) -> float:
    """Standard deviation of the logs of units of which two differ by less than ``ratio`` with probability 95%."""
    return math.log(ratio) / (math.sqrt(2.0) * TWO_SIDED)
