"""The few functions that NumPy and ``pytensor.tensor`` spell differently, under one set of names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ROOT_TWO = np.sqrt(2.0)
FARTHEST = 1e4  # standard deviations; beyond it a normal density is zero in any arithmetic


@dataclass(frozen=True, kw_only=True)
class Special:
    """Linear algebra and special functions for the array namespace ``xp``; NumPy versions take any leading axes."""

    xp: Any
    symbolic: bool

    @classmethod
    def of(cls, xp: Any) -> Special:
        """The functions that go with an array namespace."""
        return cls(xp=xp, symbolic=xp is not np)

    def flatten(self, values: Any, axes: int) -> Any:
        """Merge the last ``axes`` axes into one."""
        return values.reshape((*self._leading(values, axes), -1))

    def unflatten(self, values: Any, tail: tuple[int, ...]) -> Any:
        """Split the last axis into the axes ``tail``."""
        return values.reshape((*self._leading(values, 1), *tail))

    def _leading(self, values: Any, axes: int) -> tuple[int, ...]:
        return tuple((values.type if self.symbolic else values).shape[:-axes])

    def length(self, values: Any) -> int:
        """Length of the last axis, known when the graph is built."""
        return int(values.type.shape[-1] if self.symbolic else values.shape[-1])

    def cholesky(self, matrix: Any) -> Any:
        """Lower Cholesky factor."""
        return self.xp.linalg.cholesky(matrix)

    def solve_lower(self, factor: Any, right: Any) -> Any:
        """Solve L z = right."""
        if self.symbolic:
            return self.xp.linalg.solve_triangular(factor, right, lower=True)
        return np.linalg.solve(factor, right[..., None])[..., 0]

    def log_gamma(self, value: Any) -> Any:
        """Logarithm of the gamma function."""
        if self.symbolic:
            return self.xp.gammaln(value)
        from scipy.special import gammaln

        return gammaln(value)

    def log_normal_interval(self, lower: Any, upper: Any) -> Any:
        """log(Phi(upper) - Phi(lower)) for lower < upper, accurate in both tails."""
        xp = self.xp
        flip = lower + upper < 0.0
        near = xp.where(flip, -upper, lower)
        far = xp.minimum(xp.where(flip, -lower, upper), FARTHEST)
        near_tail = xp.minimum(xp.maximum(near, 0.0), FARTHEST)
        tail = self._erfcx(near_tail / ROOT_TWO) - xp.exp((near_tail**2 - far**2) / 2.0) * self._erfcx(far / ROOT_TWO)
        in_tail = xp.log(xp.maximum(tail, np.finfo(float).tiny) / 2.0) - near_tail**2 / 2.0
        centre = self._erf(far / ROOT_TWO) - self._erf(xp.minimum(near, 0.0) / ROOT_TWO)
        return xp.where(near > 0.0, in_tail, xp.log(xp.maximum(centre, np.finfo(float).tiny) / 2.0))

    def _erfcx(self, value: Any) -> Any:
        if self.symbolic:
            return self.xp.erfcx(value)
        from scipy.special import erfcx

        return erfcx(value)

    def _erf(self, value: Any) -> Any:
        if self.symbolic:
            return self.xp.erf(value)
        from scipy.special import erf

        return erf(value)
