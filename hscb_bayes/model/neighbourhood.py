"""Where a posterior lies, so that the chains of other fits may start there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TINY = 1e-12  # of a variance, where draws hardly vary


@dataclass(frozen=True, kw_only=True, eq=False)
class Neighbourhood:
    """Mean of draws and a root of their covariance, on the unbounded scales on which chains move.

    ``mean`` has shape (coordinate,); ``root`` is lower triangular, shape (coordinate, coordinate).
    """

    mean: np.ndarray
    root: np.ndarray

    @classmethod
    def of(cls, draws: np.ndarray) -> Neighbourhood:
        """Of draws, shape (draw, coordinate)."""
        mean = draws.mean(axis=0)
        return cls(mean=mean, root=np.linalg.cholesky(np.cov(draws, rowvar=False) + TINY * np.eye(mean.size)))
