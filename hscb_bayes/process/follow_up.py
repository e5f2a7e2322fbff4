"""How long patients are followed: one censoring distribution for the likelihood and for the replicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

YEAR = 365.0


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """Exponential loss to follow-up, G(t) = (1 - q)^(t / 365), independent of the course.

    Parameters
    ----------
    lost_by_one_year
        q, the share whose follow-up would end before one year were nobody to die; 0 is complete follow-up.
    """

    lost_by_one_year: Any

    def rate(self, xp: Any) -> Any:
        """Loss per day, -log(1 - q) / 365."""
        return -xp.log1p(-self.lost_by_one_year) / YEAR

    def still_followed(self, days: Any, xp: Any) -> Any:
        """G(t) at ``days``."""
        return xp.exp(-self.rate(xp) * days)

    def variance_inflation(self, surviving: Any, day: Any, xp: Any) -> Any:
        """Variance of a Kaplan-Meier value over that with complete follow-up.

        Greenwood's variance is S^2 int dL / (S G). With a hazard of death that is constant up to ``day``,
        L = -log S and c = -log G(day), it is L (exp(L + c) - 1) / ((L + c) (exp(L) - 1)) times S (1 - S).
        """
        hazard = -xp.log(surviving)
        both = hazard + self.rate(xp) * day
        return hazard * xp.expm1(both) / (both * xp.expm1(hazard))
