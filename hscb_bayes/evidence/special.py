"""The few functions that NumPy and ``pytensor.tensor`` spell differently, under one set of names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hscb_bayes.evidence.ordered_counts import log_probability

ROOT_TWO = np.sqrt(2.0)
FARTHEST = 1e4  # standard deviations; beyond it a normal density is zero in any arithmetic
SMALLEST_SHARE = 1e-6  # keeps logarithms of a share finite
FEWEST_PATIENTS = 0.5  # that a mean near 0 or 1 stands for: a conditional mean, of a regression, may lie beyond
LARGEST_FLOOR = 0.25  # of a mean, where a number is not there and its deviation is endless
FEWEST_EVENTS = 0.04  # as variance of a count
NEAR = 1e-3  # of p (1 - p): a distance below which the root of the deviance is its Taylor series
TINY = 1e-30


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
            return self.xp.linalg.solve_triangular(factor, right, lower=True, b_ndim=1)
        return np.linalg.solve(factor, right[..., None])[..., 0]

    def log_gamma(self, value: Any) -> Any:
        """Logarithm of the gamma function."""
        return self._functions.gammaln(value)

    def ordered_counts(self, cells: Any, weights: Any) -> Any:
        """``ordered_counts.log_probability``, (...), of cells (..., cell) and weights (..., cell, state)."""
        if not self.symbolic:
            return log_probability(cells, weights)
        from hscb_bayes.evidence.ordered_counts_op import ordered_counts

        (*lead, width, states), _ = weights.type.shape, cells.type.shape
        found = ordered_counts(cells.reshape((-1, width)), weights.reshape((-1, width, states)))[0]
        return found.reshape(tuple(lead))

    def log_normal_interval(self, lower: Any, upper: Any) -> Any:
        """log(Phi(upper) - Phi(lower)) for lower < upper, accurate in both tails."""
        xp, erf, erfcx = self.xp, self._functions.erf, self._functions.erfcx
        flip = lower + upper < 0.0
        near = xp.where(flip, -upper, lower)
        far = xp.minimum(xp.where(flip, -lower, upper), FARTHEST)
        near_tail = xp.minimum(xp.maximum(near, 0.0), FARTHEST)
        tail = erfcx(near_tail / ROOT_TWO) - xp.exp((near_tail**2 - far**2) / 2.0) * erfcx(far / ROOT_TWO)
        in_tail = xp.log(xp.maximum(tail, np.finfo(float).tiny) / 2.0) - near_tail**2 / 2.0
        centre = erf(far / ROOT_TWO) - erf(xp.minimum(near, 0.0) / ROOT_TWO)
        return xp.where(near > 0.0, in_tail, xp.log(xp.maximum(centre, np.finfo(float).tiny) / 2.0))

    def binomial_deviate(self, share: Any, probability: Any, deviation: Any, patients: Any = FEWEST_PATIENTS) -> Any:
        """Standard normal z with Phi(z) close to P(X <= share) for a proportion X; endless at 0 and at 1.

        The signed root of the deviance, with its mean moved by the skewness:

            z = sign(s - p) sqrt(2 n KL(s || p)) + (1 - 2 p) / (6 sqrt(n p (1 - p) + 0.04)),    n = p (1 - p) / sd^2

        0.04 bounds what the skewness adds where hardly one event is expected: P(X > 0) then falls as slowly as n p.
        For 5 to 31 patients and p from 0.05 to 0.95, log probabilities of the binomial's steps are within 0.5 of the
        exact ones as far out as 1 in 10,000, and within 1.2 at p = 0.005; those of (s - p) / sd are up to 10 and 39
        away. As sd becomes small both are the same.

        Parameters
        ----------
        share, probability, deviation
            s, p (mean) and sd of the proportion; the deviation may be that of any number of patients.
        patients
            The fewest n that there may be. A mean that lies beyond 0 or 1, or so close to it that n would be smaller,
            is moved inside: a distribution of that mean and deviation is no binomial of such patients.

        References
        ----------
        Barndorff-Nielsen OE, Cox DR. Inference and Asymptotics. Chapman and Hall 1994, section 6.6. Pierce DA, Schafer
        DW. Residuals in generalized linear models. J Am Stat Assoc 1986;81:977-986.
        """
        xp = self.xp
        least = xp.minimum(patients * deviation**2, LARGEST_FLOOR)
        inside = 1.0 - _at_least(least, 1.0 - _at_least(least, probability, xp), xp)
        p = xp.minimum(xp.maximum(inside, SMALLEST_SHARE), 1.0 - SMALLEST_SHARE)
        s = xp.minimum(xp.maximum(share, SMALLEST_SHARE), 1.0 - SMALLEST_SHARE)
        spread = p * (1.0 - p)
        distance, skewness = s - p, (1.0 - 2.0 * p) / spread
        is_near = xp.abs(distance) < NEAR * spread
        far = xp.where(is_near, spread, distance)
        divergence = (p + far) * xp.log1p(far / p) + (1.0 - p - far) * xp.log1p(-far / (1.0 - p))
        root = xp.where(
            is_near,
            distance * (1.0 - skewness * distance / 6.0),
            xp.sign(distance) * xp.sqrt(2.0 * spread * xp.maximum(divergence, TINY)),
        )
        shift = (1.0 - 2.0 * p) / (6.0 * xp.sqrt((spread / deviation) ** 2 + FEWEST_EVENTS))
        z = root / deviation + shift
        return xp.where(share <= 0.0, -FARTHEST, xp.where(share >= 1.0, FARTHEST, z))

    @property
    def _functions(self) -> Any:
        """Where ``gammaln``, ``erf`` and ``erfcx`` are: PyTensor and SciPy call them the same."""
        if self.symbolic:
            return self.xp
        from scipy import special

        return special


def _at_least(least: Any, value: Any, xp: Any) -> Any:
    """The value where it is at least 2 ``least``; below that a parabola, level at ``least`` from zero on."""
    return xp.where(value >= 2.0 * least, value, least + xp.maximum(value, 0.0) ** 2 / (4.0 * least))
