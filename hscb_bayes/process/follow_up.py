"""How long patients are followed: one censoring distribution for the likelihood and for the replicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

YEAR = 365.0
SMALLEST = 1e-9  # keeps a quotient finite when follow-up ends


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """Patients are lost at a constant rate, and followed at the most until the study is read, which is independent of
    their course: G(t) = (1 - q)^(t / 365) min(1, max(0, a - b t)).

    Parameters
    ----------
    lost_by_one_year
        q, the share whose follow-up would end before one year were nobody to die and the study read late; 0 if none.
    reached, reached_per_day
        a and b: where patients came evenly between two days and are followed to one, their longest follow-up L and
        their shortest K, (L - t) / (L - K) of them can be followed to day t. a is 1 and b is 0 where everybody can.
    """

    lost_by_one_year: Any
    reached: Any = 1.0
    reached_per_day: Any = 0.0

    def rate(self, xp: Any) -> Any:
        """Loss per day, -log(1 - q) / 365."""
        return -xp.log1p(-self.lost_by_one_year) / YEAR

    def within_reach(self, days: Any, xp: Any) -> Any:
        """Share of patients who came early enough to be followed to ``days``."""
        return xp.minimum(xp.maximum(self.reached - self.reached_per_day * days, 0.0), 1.0)

    def still_followed(self, days: Any, xp: Any) -> Any:
        """G(t) at ``days``."""
        return xp.exp(-self.rate(xp) * days) * self.within_reach(days, xp)

    def ending(self, days: Any, xp: Any) -> Any:
        """How fast follow-up ends at ``days``, -G'(t) / G(t), per day."""
        reach = self.within_reach(days, xp)
        return self.rate(xp) + xp.where(reach < 1.0, self.reached_per_day / (reach + SMALLEST), 0.0)


def reach_of(shortest: float | None, longest: float | None) -> tuple[float, float]:
    """a and b of ``FollowUp``, from the shortest and the longest follow-up in days; None where there is no end."""
    if shortest is None or longest is None:
        return 1.0, 0.0
    span = longest - shortest
    return longest / span, 1.0 / span
