"""How many patients an interval stands for: the effective size m with Var(S) = S (1 - S) / m.

On a scale g the interval is g(S) +- z g'(S) sqrt(S (1 - S) / m), so that each limit L gives
m = S (1 - S) (z g'(S) / (g(S) - g(L)))^2; Wilson's interval gives m = L (1 - L) (z / (S - L))^2.

Without censoring m is the number of patients. With censoring Greenwood's m is never larger: its variance is
S^2 sum_j d_j / (Y_j (Y_j - d_j)) = S^2 sum_j (S_{j-1} / Y_j) (1 / S_j - 1 / S_{j-1}), and Y_j / S_{j-1} is n before
anybody is censored and falls with everybody who is, so the sum is at least (1 / n) (1 / S - 1).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from hscb_bayes.estimators.intervals import normal_quantile
from hscb_bayes.evidence.audit.arithmetic.rounding import TIE, Window, hull

Kind = Literal["survival", "incidence", "share"]

STEPS = 40  # points at which the estimate is tried between the ends of its window
WILSON = "wilson"


@dataclass(frozen=True)
class PrintedInterval:
    """A printed proportion with its limits, each as the window of what it may stand for."""

    estimate: Window
    lower: Window
    upper: Window
    level: float
    kind: Kind = "survival"

    @property
    def scales(self) -> tuple[str, ...]:
        """Names of the scales on which such an interval may have been computed."""
        return SURVIVAL_SCALES if self.kind == "survival" else tuple(TRANSFORMS)

    @property
    def z(self) -> float:
        """Normal quantile of the level."""
        return normal_quantile(self.level)

    @property
    def is_inside(self) -> bool:
        """Whether the estimate is neither 0 nor 1, where an interval says nothing about a size."""
        return float(self.estimate.low) > 0.0 and float(self.estimate.high) < 1.0

    @property
    def middle(self) -> float:
        """The estimate as printed."""
        return _middle(self.estimate)


@dataclass(frozen=True)
class Transform:
    """A rising scale g with its slope g'."""

    at: Callable[[float], float]
    slope: Callable[[float], float]


TRANSFORMS: Mapping[str, Transform] = {
    "plain": Transform(lambda p: p, lambda p: 1.0),
    "log": Transform(math.log, lambda p: 1.0 / p),
    "log-log": Transform(lambda p: -math.log(-math.log(p)), lambda p: -1.0 / (p * math.log(p))),
    "logit": Transform(lambda p: math.log(p / (1.0 - p)), lambda p: 1.0 / (p * (1.0 - p))),
    "arcsin": Transform(lambda p: math.asin(math.sqrt(p)), lambda p: 0.5 / math.sqrt(p * (1.0 - p))),
    "complementary log": Transform(lambda p: -math.log1p(-p), lambda p: 1.0 / (1.0 - p)),
    "complementary log-log": Transform(
        lambda p: math.log(-math.log1p(-p)), lambda p: -1.0 / ((1.0 - p) * math.log1p(-p))
    ),
}
SURVIVAL_SCALES = ("plain", "log", "log-log", "logit", "arcsin")  # those of R's survfit


@functools.lru_cache(maxsize=1024)
def sizes_by_scale(interval: PrintedInterval) -> Mapping[str, Window]:
    """Effective sizes that reproduce all three printed numbers, by the name of the scale.

    A scale that reproduces them for no size is left out. Nothing is left in for an estimate of 0 or 1.
    """
    if not interval.is_inside:
        return {}
    tried = {scale: _sizes_on(interval, scale) for scale in (*interval.scales, WILSON)}
    return {scale: sizes for scale, sizes in tried.items() if sizes is not None}


def least_size(interval: PrintedInterval) -> float:
    """Fewest patients that the printed limits can stand for on the scales that reproduce them; 0 if none does."""
    return min((float(sizes.low) for sizes in sizes_by_scale(interval).values()), default=0.0)


@functools.lru_cache(maxsize=1024)
def least_size_of_one_limit(interval: PrintedInterval) -> float:
    """Fewest patients that the nearer limit alone can stand for on any scale; 0 for an estimate of 0 or 1."""
    if not interval.is_inside:
        return 0.0
    pairs = (pair for scale in (*interval.scales, WILSON) for pair in _sides_over_estimates(interval, scale))
    return min(float(max(below.low, above.low)) for below, above in pairs)


def size_as_printed(interval: PrintedInterval, scale: str) -> float:
    """Effective size from the printed numbers at face value, on a scale of ``TRANSFORMS``.

    From the distance of the two limits; from that of the lower limit and the estimate where the upper one is 100%, and
    from that of the upper one where the lower one is 0%; 0 where both are cut off so.
    """
    transform, p = TRANSFORMS[scale], interval.middle
    below, above = _middle(interval.lower), _middle(interval.upper)
    cut_below, cut_above = interval.lower.low <= 0.0 or below <= 0.0, interval.upper.high >= 1.0 or above >= 1.0
    if cut_below and cut_above:
        return 0.0
    below, above = p if cut_below else below, p if cut_above else above
    sides = (below < p) + (above > p)
    reach = (transform.at(above) - transform.at(below)) / max(sides, 1)
    return p * (1.0 - p) * (interval.z * transform.slope(p) / reach) ** 2 if reach > 0.0 else math.inf


def _sizes_on(interval: PrintedInterval, scale: str) -> Window | None:
    """Hull over the estimate's window; the limits' windows are widened by the step, so no size is missed."""
    found = []
    for below, above in _sides_over_estimates(interval, scale):
        low, high = max(below.low, above.low), min(below.high, above.high)
        if low <= high * (1.0 + TIE):
            found.append(Window(low, high))
    return hull(found) if found else None


def _sides_over_estimates(interval: PrintedInterval, scale: str) -> Iterator[tuple[Window, Window]]:
    """Sizes that the lower limit allows, and the upper one, for estimates from one end of the window to the other."""
    first, last = float(interval.estimate.low), float(interval.estimate.high)
    lower, upper = _in_binary(interval.lower), _in_binary(interval.upper)
    step, z = (last - first) / STEPS, interval.z
    for index in range(STEPS + 1):
        p = min(first + index * step, last)
        size = functools.partial(_size_from_limit, p, z, scale)
        below = Window(size(min(lower.low - step, p)), size(min(lower.high + step, p)))
        above = Window(size(max(upper.high + step, p)), size(max(upper.low - step, p)))
        yield below, above


def _in_binary(window: Window) -> Window:
    return Window(float(window.low), float(window.high))


def _middle(window: Window) -> float:
    return float(window.low + window.high) / 2.0


def _size_from_limit(p: float, z: float, scale: str, limit: float) -> float:
    """Effective size by one limit; 0 where the limit is cut off at 0 or 1, infinite where it is the estimate."""
    if limit <= 0.0 or limit >= 1.0:
        return 0.0
    if abs(limit - p) < TIE:
        return math.inf
    if scale == WILSON:
        return limit * (1.0 - limit) * (z / (p - limit)) ** 2
    transform = TRANSFORMS[scale]
    return p * (1.0 - p) * (z * transform.slope(p) / (transform.at(p) - transform.at(limit))) ** 2
