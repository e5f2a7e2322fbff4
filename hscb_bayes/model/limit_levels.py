"""At what level of a curve a limit of its median is: where the curve's pointwise limit reaches 1/2."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import brentq

from hscb_bayes.estimators.intervals import Scale

WIDENINGS = (1.0, 1.5, 2.2)  # roots of the variance's widening at which a level is found
LEVELS = np.linspace(1e-3, 0.999, 999)
TRANSFORMS: dict[str, Any] = {  # value and slope of the scale on which the interval of a curve is symmetric
    "plain": lambda v: (v, np.ones_like(v)),
    "log": lambda v: (np.log(v), 1.0 / v),
    "log-log": lambda v: (-np.log(-np.log(v)), -1.0 / (v * np.log(v))),
    "logit": lambda v: (np.log(v / (1.0 - v)), 1.0 / (v * (1.0 - v))),
    "arcsin": lambda v: (np.arcsin(np.sqrt(v)), 0.5 / np.sqrt(v * (1.0 - v))),
}


@cache
def level_of_limit(side: float, scale: Scale, patients: int) -> tuple[float, float, float] | None:
    """The level less 1/2, as coefficients of a cubic in the root of the widening.

    Losses widen the variance of a curve over that of so many patients who are all followed.

    Parameters
    ----------
    side
        Normal quantile of the lower limit, minus that of the upper one, or 0 of the median itself.
    scale
        On which the interval of the curve is symmetric.

    Returns
    -------
    None where no curve of so few patients has such a limit.
    """
    if side == 0.0:
        return (0.0, 0.0, 0.0)
    grid = LEVELS[LEVELS >= 0.5] if side > 0.0 else LEVELS[LEVELS <= 0.5][::-1]
    levels: list[float] = []
    for root in WIDENINGS:
        beyond = _beyond(grid, side, scale, patients, root)
        change = np.flatnonzero(beyond[1:] * np.sign(beyond[0]) <= 0.0)
        if not change.size:
            break
        first, second = grid[change[0]], grid[change[0] + 1]
        levels.append(brentq(lambda level, root=root: _beyond(level, side, scale, patients, root), first, second) - 0.5)
    return _cubic(levels) if levels else None


def _beyond(level: Any, side: float, scale: Scale, patients: int, root: float) -> Any:
    """By how much the limit of a curve at a level is above 1/2, on the scale."""
    value, slope = TRANSFORMS[scale](level)
    error = np.abs(slope) * root * np.sqrt(level * (1.0 - level) / patients)
    return value - side * error - TRANSFORMS[scale](0.5)[0]


def _cubic(levels: Sequence[float]) -> tuple[float, float, float]:
    """Coefficients of the polynomial without a constant through what was found at each widening."""
    roots = np.array(WIDENINGS[: len(levels)])
    found = np.linalg.solve(roots[:, None] ** np.arange(1, roots.size + 1), np.array(levels))
    padded = np.pad(found, (0, 3 - found.size))
    return float(padded[0]), float(padded[1]), float(padded[2])
