"""The P value that two proportions give."""

from __future__ import annotations

import math


def p_of_difference(first: float, size_first: int, second: float, size_second: int) -> tuple[float, float]:
    """Compare two proportions by z = (p_1 - p_2) / sqrt(p (1 - p) (1 / n_1 + 1 / n_2)), p that of both together.

    Returns
    -------
    z and its two-sided P value (an audit loads nothing heavy); z is 0 where nobody or everybody had the event.
    """
    pooled = (size_first * first + size_second * second) / (size_first + size_second)
    variance = pooled * (1.0 - pooled) * (1.0 / size_first + 1.0 / size_second)
    z = (first - second) / math.sqrt(variance) if variance > 0.0 else 0.0
    return z, math.erfc(abs(z) / math.sqrt(2.0))
