"""The Weibull hazard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Weibull:
    """Weibull hazard, h(t) = (a / b) (t / b)^(a - 1), with cumulative hazard H(t) = (t / b)^a.

    Times are in days. Parameters broadcast against the times; the array namespace ``xp`` is NumPy or
    ``pytensor.tensor``, so that the algebra that is sampled is the algebra that is simulated.

    Parameters
    ----------
    shape
        Shape a > 0, no unit. Below 1 the hazard falls with time.
    log_scale
        Log of the scale b, log days. Absent other causes, 63% have the event by day b.

    References
    ----------
    Klein JP, Moeschberger ML. Survival Member, 2nd ed. Springer 2003, section 2.5.
    """

    shape: Any
    log_scale: Any

    SHAPE: ClassVar[str] = "Weibull shape"
    HAS_CUTS: ClassVar[bool] = False

    @classmethod
    def through(
        cls, log_day: Any, log_cumulative: Any, shapes: Sequence[Any], *, cuts: Sequence[float], xp: Any
    ) -> Weibull:
        """The hazard with H(exp(``log_day``)) = exp(``log_cumulative``); ``shapes`` is (log shape,)."""
        shape = xp.exp(shapes[0])
        return cls(shape=shape, log_scale=log_day - log_cumulative / shape)

    def log_cumulative_hazard(self, log_time: Any, xp: Any) -> Any:
        """log H(t) at exp(``log_time``) days."""
        return self.shape * (log_time - self.log_scale)

    def share_since(self, log_start: Any, log_time: Any, xp: Any) -> Any:
        """The share of H(t) that comes after an earlier day."""
        return -xp.expm1(self.shape * (log_start - log_time))

    def log_hazard(self, log_time: Any, xp: Any) -> Any:
        """log h(t), per day, at exp(``log_time``) days."""
        return xp.log(self.shape) - self.log_scale + (self.shape - 1.0) * (log_time - self.log_scale)

    def log_time_at(self, log_cumulative_hazard: Any, xp: Any) -> Any:
        """log t at which H(t) equals exp(``log_cumulative_hazard``): the inverse of H."""
        return self.log_scale + log_cumulative_hazard / self.shape
