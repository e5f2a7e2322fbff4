"""What the printed interval of a survival says: how much losses widened its variance, and so how many were lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from hscb_bayes.evidence.cohort import Conventions
from hscb_bayes.evidence.kinds.survival import Survival

IntervalUse = Literal["used", "too narrow", "no width", "complete"]
NARROWEST = 0.85  # a printed variance below this share of what the group allows is a misprint


@dataclass(frozen=True, kw_only=True)
class Width:
    """Printed variance over that of so many patients who are all followed: at the least and at the most, as the limits
    are rounded; NaN where none follows from the interval.
    """

    fewest: float
    most: float

    @property
    def is_too_narrow(self) -> bool:
        """Whether the group does not allow it."""
        return self.most < NARROWEST


def width_of(
    item: Survival, numbers: Mapping[str, float], value: float, size: float, conventions: Conventions
) -> Width | None:
    """What follows from the interval of a survival; None where nothing does."""
    if item.lower is None or item.upper is None:
        return None
    lower, upper = numbers.get(f"{item.id}.lower", np.nan), numbers.get(f"{item.id}.upper", np.nan)
    if not (0.0 < value < 1.0 and size > 0.0 and np.isfinite(lower) and np.isfinite(upper) and upper > lower):
        return None
    z = NormalDist().inv_cdf(0.5 + (item.level or conventions.level) / 2.0)
    scale, halves = conventions.survival_interval, (item.lower.half_width, item.upper.half_width)
    errors = [
        standard_error(value, lower + sign * halves[0], upper - sign * halves[1], z, scale) for sign in (1.0, -1.0)
    ]
    if not all(error > 0.0 for error in errors):
        return None
    binomial = value * (1.0 - value) / size
    return Width(fewest=errors[0] ** 2 / binomial, most=errors[1] ** 2 / binomial)


def standard_error(value: float, lower: float, upper: float, z: float, scale: str) -> float:
    """Standard error that an interval implies, by the delta method; a limit at 0 or 1 was cut off there."""
    if scale == "plain":
        if upper >= 1.0:
            return (value - lower) / z
        return (upper - value) / z if lower <= 0.0 else (upper - lower) / (2.0 * z)
    if scale == "log":
        return value * np.log(value / lower) / z if lower > 0.0 else 0.0
    if scale == "log-log" and lower > 0.0 and upper < 1.0:
        return abs(value * np.log(value)) * np.log(np.log(lower) / np.log(upper)) / (2.0 * z)
    return 0.0
