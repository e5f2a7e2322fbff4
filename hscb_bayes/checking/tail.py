"""Two-sided tail probabilities of replicates."""

from __future__ import annotations

import numpy as np


def two_sided_tail(values: np.ndarray, value: float, *, within: float = 0.0) -> float:
    """2 min(p, 1 - p), p the share of ``values`` below and half of those that are at most ``within`` away.

    Times that are not reached, inf, are equal.
    """
    equal = np.isinf(values) if np.isinf(value) else np.abs(values - value) <= within
    below = float(np.mean((values < value) & ~equal)) + float(np.mean(equal)) / 2.0
    return 2.0 * min(below, 1.0 - below)
