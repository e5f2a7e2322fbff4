"""The piecewise exponential hazard."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class PiecewiseExponential:
    """A hazard that is constant between given days, h(t) = r_k from c_(k-1) to c_k, the last piece without end.

    Parameters
    ----------
    cuts
        c_1 < ... < c_(K-1), days at which the hazard changes; numbers, never parameters.
    log_rates
        Log of the K hazards, per day; each broadcasts against the times.

    References
    ----------
    Friedman M. Piecewise exponential models for survival data with covariates. Ann Stat 1982;10:101-113.
    """

    cuts: tuple[float, ...]
    log_rates: tuple[Any, ...]

    SHAPE: ClassVar[str] = "step"
    HAS_CUTS: ClassVar[bool] = True

    @classmethod
    def through(
        cls, log_day: Any, log_cumulative: Any, shapes: Sequence[Any], *, cuts: Sequence[float], xp: Any
    ) -> PiecewiseExponential:
        """The hazard with H(exp(``log_day``)) = exp(``log_cumulative``) that changes by exp(``shapes``) at ``cuts``."""
        relative = tuple(accumulate(shapes, initial=0.0 * log_cumulative))
        unscaled = cls(cuts=tuple(cuts), log_rates=relative).log_cumulative_hazard(log_day, xp)
        return cls(cuts=tuple(cuts), log_rates=tuple(rate + log_cumulative - unscaled for rate in relative))

    def log_cumulative_hazard(self, log_time: Any, xp: Any) -> Any:
        """log H(t) at exp(``log_time``) days."""
        first, time = self.cuts[0], xp.exp(log_time)
        total = xp.exp(self.log_rates[0]) * first
        for rate, start, width in zip(self.log_rates[1:], self.cuts, (*self._widths()[1:], float("inf")), strict=True):
            total = total + xp.exp(rate) * xp.minimum(xp.maximum(time - start, 0.0), width)
        return xp.where(time <= first, self.log_rates[0] + log_time, xp.log(total))

    def share_since(self, log_start: Any, log_time: Any, xp: Any) -> Any:
        """The share of H(t) that comes after an earlier day, added up over the pieces between the days."""
        before, time, log_total = xp.exp(log_start), xp.exp(log_time), self.log_cumulative_hazard(log_time, xp)
        found = 0.0
        for rate, start, end in zip(self.log_rates, (0.0, *self.cuts), (*self.cuts, float("inf")), strict=True):
            days = xp.maximum(xp.minimum(time, end) - xp.maximum(before, start), 0.0)
            found = found + xp.exp(rate - log_total) * days
        return found

    def log_hazard(self, log_time: Any, xp: Any) -> Any:
        """log h(t), per day, at exp(``log_time``) days; a cut belongs to the piece before it."""
        found = self.log_rates[0] + 0.0 * log_time
        for rate, start in zip(self.log_rates[1:], self.cuts, strict=True):
            found = xp.where(log_time > math.log(start), rate, found)
        return found

    def log_time_at(self, log_cumulative_hazard: Any, xp: Any) -> Any:
        """log t at which H(t) equals exp(``log_cumulative_hazard``): the inverse of H."""
        left, time = xp.exp(log_cumulative_hazard), 0.0
        for rate, width in zip(self.log_rates, self._widths(), strict=False):
            spent = xp.minimum(left, xp.exp(rate) * width)
            left, time = left - spent, time + spent / xp.exp(rate)
        return xp.log(time + left / xp.exp(self.log_rates[-1]))

    def _widths(self) -> tuple[float, ...]:
        """Days of each piece but the last."""
        return tuple(end - start for start, end in zip((0.0, *self.cuts), self.cuts, strict=False))
