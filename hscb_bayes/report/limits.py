"""Median and 90% interval of draws, by name."""

from __future__ import annotations

import numpy as np

LEVELS = (0.05, 0.5, 0.95)
NAMES = ("lower", "median", "upper")  # of LEVELS


def limits_of(draws: np.ndarray, prefix: str = "") -> dict[str, float]:
    """Median and limits of the 90% interval of draws of any shape; inf, not reached, is a value."""
    return named(np.quantile(draws, LEVELS, method="inverted_cdf"), prefix)


def named(limits: np.ndarray, prefix: str = "") -> dict[str, float]:
    """Lower limit, median and upper limit by name."""
    return {f"{prefix}{name}": float(limit) for name, limit in zip(NAMES, limits, strict=True)}
