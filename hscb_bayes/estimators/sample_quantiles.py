"""Quantiles of a sample by the definitions that statistical software uses, and between which ranks they lie.

References
----------
Hyndman RJ, Fan Y. Sample quantiles in statistical packages. Am Stat 1996;50:361-365.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

Definition = Literal["type 2", "type 6", "type 7"]
DEFINITIONS: tuple[Definition, ...] = ("type 2", "type 6", "type 7")  # SAS; SPSS and Minitab; R, Excel and NumPy
USUAL: Definition = "type 7"
NEARLY = 1e-9  # of a rank: 0.25 of 8 is the second


def rank_of(share: float, size: float, definition: Definition) -> float:
    """The rank, from 1 to the size, at which a quantile lies; between two ranks it is between their values."""
    if definition == "type 2":
        rank = size * share
        rank = rank + 0.5 if abs(rank - round(rank)) < NEARLY else math.ceil(rank)
    else:
        rank = (size + 1.0) * share if definition == "type 6" else (size - 1.0) * share + 1.0
    return min(max(rank, 1.0), max(size, 1.0))


def ranks_between(share: float, size: float, definition: Definition | None) -> tuple[float, float]:
    """The lowest and the highest rank whose values a quantile is made of; by any definition where none is named."""
    ranks = [rank_of(share, size, one) for one in (DEFINITIONS if definition is None else (definition,))]
    return math.floor(min(ranks) + NEARLY), math.ceil(max(ranks) - NEARLY)


def quantile_of_sorted(values: np.ndarray, share: float, definition: Definition) -> np.ndarray:
    """Quantile of the finite among increasing values (..., value), which may end with infinite ones; NaN of none."""
    size = np.isfinite(values).sum(axis=-1)
    rank = np.array([rank_of(share, float(one), definition) for one in size.ravel()]).reshape(size.shape) - 1.0
    below = np.floor(rank + NEARLY).astype(int)
    above = np.minimum(below + 1, np.maximum(size - 1, 0))
    first, second = (np.take_along_axis(values, place[..., None], axis=-1)[..., 0] for place in (below, above))
    between = np.clip(rank - below, 0.0, 1.0)
    with np.errstate(invalid="ignore"):
        return np.where(size > 0, first + between * (second - first), np.nan)
