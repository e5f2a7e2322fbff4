"""The Gompertz hazard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

SMALL = 1e-5  # below it a function of z is its series, 1 + z / 2 or 1 - z / 2, to 1e-11


@dataclass(frozen=True, kw_only=True)
class Gompertz:
    """Gompertz hazard, h(t) = r exp(g t), with H(t) = r (exp(g t) - 1) / g.

    With g < 0 the cumulative hazard stays below -r / g: some never have the event. Times are in days; parameters
    broadcast against the times.

    Parameters
    ----------
    growth
        g, per day; any sign.
    log_rate
        Log of the hazard r at time zero, per day.

    References
    ----------
    Klein JP, Moeschberger ML. Survival Member, 2nd ed. Springer 2003, section 2.5.
    """

    growth: Any
    log_rate: Any

    SHAPE: ClassVar[str] = "Gompertz growth"
    HAS_CUTS: ClassVar[bool] = False

    @classmethod
    def through(
        cls, log_day: Any, log_cumulative: Any, shapes: Sequence[Any], *, cuts: Sequence[float], xp: Any
    ) -> Gompertz:
        """The hazard with H(exp(``log_day``)) = exp(``log_cumulative``); there are no cuts.

        ``shapes`` is the log of the hazard on that day over the hazard at time zero. Such a ratio has no unit: a belief
        about it holds however fast events come.
        """
        (log_ratio,) = shapes
        growth = log_ratio / xp.exp(log_day)
        return cls(growth=growth, log_rate=log_cumulative - log_day - _log_mean_growth(log_ratio, xp))

    def log_cumulative_hazard(self, log_time: Any, xp: Any) -> Any:
        """log H(t) at exp(``log_time``) days."""
        return self.log_rate + log_time + _log_mean_growth(self.growth * xp.exp(log_time), xp)

    def share_since(self, log_start: Any, log_time: Any, xp: Any) -> Any:
        """The share of H(t) that comes after an earlier day s, (exp(g t) - exp(g s)) / (exp(g t) - 1).

        By the mean growth between the days, since a hazard that has died out leaves no difference that could be told.
        """
        start, share_of_days = self.growth * xp.exp(log_start), -xp.expm1(log_start - log_time)
        whole = self.growth * xp.exp(log_time)
        log_ratio = start + _log_mean_growth(whole * share_of_days, xp) - _log_mean_growth(whole, xp)
        return share_of_days * xp.exp(log_ratio)

    def log_hazard(self, log_time: Any, xp: Any) -> Any:
        """log h(t), per day, at exp(``log_time``) days."""
        return self.log_rate + self.growth * xp.exp(log_time)

    def log_time_at(self, log_cumulative_hazard: Any, xp: Any) -> Any:
        """log t at which H(t) equals exp(``log_cumulative_hazard``); inf where H never gets there."""
        log_days = log_cumulative_hazard - self.log_rate  # were the hazard constant
        z = self.growth * xp.exp(log_days)
        reached, small = z > -1.0, abs(z) < SMALL
        safe = xp.where(reached & ~small, z, 1.0)
        ratio = xp.where(small, -z / 2.0, xp.log(xp.log1p(safe) / safe))
        return xp.where(reached, log_days + ratio, float("inf"))


def _log_mean_growth(z: Any, xp: Any) -> Any:
    """log((exp(z) - 1) / z), without overflow and smooth at zero."""
    size = abs(z)
    small = size < SMALL
    safe = xp.where(small, 1.0, size)
    return xp.maximum(z, 0.0) + xp.where(small, -size / 2.0, xp.log(-xp.expm1(-safe) / safe))
