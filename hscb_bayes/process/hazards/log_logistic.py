"""The log-logistic hazard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hscb_bayes.process.logistic import softplus

RARE = -30.0  # log odds below which they are the log of the cumulative hazard, to 1e-13


@dataclass(frozen=True, kw_only=True)
class LogLogistic:
    """Log-logistic hazard, h(t) = (a / t) (t / b)^a / (1 + (t / b)^a), with H(t) = log(1 + (t / b)^a).

    It rises to a peak and falls like a / t where a > 1, and falls from the start where a <= 1. Times are in days;
    parameters broadcast against the times.

    Parameters
    ----------
    shape
        Shape a > 0, no unit.
    log_scale
        Log of the scale b, log days. Absent other causes, half have the event by day b.

    References
    ----------
    Klein JP, Moeschberger ML. Survival Member, 2nd ed. Springer 2003, section 2.5.
    """

    shape: Any
    log_scale: Any

    SHAPE: ClassVar[str] = "log-logistic shape"
    HAS_CUTS: ClassVar[bool] = False

    @classmethod
    def through(
        cls, log_day: Any, log_cumulative: Any, shapes: Sequence[Any], *, cuts: Sequence[float], xp: Any
    ) -> LogLogistic:
        """The hazard with H(exp(``log_day``)) = exp(``log_cumulative``); ``shapes`` is (log shape,)."""
        shape = xp.exp(shapes[0])
        return cls(shape=shape, log_scale=log_day - _log_odds(log_cumulative, xp) / shape)

    def log_cumulative_hazard(self, log_time: Any, xp: Any) -> Any:
        """log H(t) at exp(``log_time``) days."""
        log_odds = self.shape * (log_time - self.log_scale)
        rare = log_odds < RARE
        return xp.where(rare, log_odds, xp.log(softplus(xp.maximum(log_odds, RARE), xp)))

    def share_since(self, log_start: Any, log_time: Any, xp: Any) -> Any:
        """The share of H(t) that comes after an earlier day: H grows without end, so no difference is lost."""
        return -xp.expm1(self.log_cumulative_hazard(log_start, xp) - self.log_cumulative_hazard(log_time, xp))

    def log_hazard(self, log_time: Any, xp: Any) -> Any:
        """log h(t), per day, at exp(``log_time``) days."""
        log_odds = self.shape * (log_time - self.log_scale)
        return xp.log(self.shape) - log_time + log_odds - softplus(log_odds, xp)

    def log_time_at(self, log_cumulative_hazard: Any, xp: Any) -> Any:
        """log t at which H(t) equals exp(``log_cumulative_hazard``): the inverse of H."""
        return self.log_scale + _log_odds(log_cumulative_hazard, xp) / self.shape


def _log_odds(log_cumulative: Any, xp: Any) -> Any:
    """log(exp(H) - 1), the log odds of having had the event."""
    cumulative = xp.exp(log_cumulative)
    return cumulative + xp.log(-xp.expm1(-cumulative))
