"""Which counts k of n print a proportion and its interval when nobody is censored.

Greenwood's standard error is then sqrt(p (1 - p) / n) with p = k / n.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from hscb_bayes.estimators.intervals import Scale, proportion_interval, wilson
from hscb_bayes.evidence.audit.arithmetic.binomial import BINOMIAL
from hscb_bayes.evidence.audit.arithmetic.precision import WILSON, PrintedInterval
from hscb_bayes.evidence.audit.arithmetic.rounding import TIE, Number, Window, counts_in

SCALES: tuple[Scale, ...] = ("plain", "log", "log-log", "logit", "arcsin")
COMPLEMENTARY: tuple[Scale, ...] = ("log", "log-log")  # the scales that differ when the others are counted
CLOPPER_PEARSON = "clopper-pearson"
MOST_COUNTED = 200  # above 100 patients every whole percentage is some count; twice that is a safe end of the search


@dataclass(frozen=True, order=True)
class Fit:
    """A count that prints an interval, and the methods by which it does."""

    n: int
    count: int
    methods: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.count} of {self.n}"


@functools.lru_cache(maxsize=1024)
def fitting_counts(interval: PrintedInterval, sizes: range | frozenset[int]) -> tuple[Fit, ...]:
    """Every k of n, n among ``sizes`` (those above ``MOST_COUNTED`` are not tried), that prints the interval.

    Methods: the five scales of ``proportion_interval``, Wilson and Clopper-Pearson; of an incidence also the scales on
    which those without the event are counted; of a share also those of ``BINOMIAL``.
    """
    pairs = [(k, n) for n in range(1, MOST_COUNTED + 1) if n in sizes for k in counts_in(interval.estimate, n)]
    if not pairs:
        return ()
    count, n = np.array(pairs).T
    matches: dict[str, list[bool]] = {
        scale: _prints(interval, *_greenwood(count, n, interval.level, scale)) for scale in SCALES
    }
    matches[WILSON] = _prints(interval, *wilson(count, n, interval.level))
    if interval.kind != "survival":
        for scale in COMPLEMENTARY:
            lower, upper = _greenwood(n - count, n, interval.level, scale)
            matches[f"complementary {scale}"] = _prints(interval, 1.0 - upper, 1.0 - lower)
    if interval.kind == "share":
        matches |= {name: _prints(interval, *method(count, n, interval.level)) for name, method in BINOMIAL.items()}
    fits = []
    for place, (k, size) in enumerate(pairs):
        methods = [method for method, match in matches.items() if match[place]]
        if is_clopper_pearson(interval, k, size):
            methods.append(CLOPPER_PEARSON)
        if methods:
            fits.append(Fit(size, k, tuple(methods)))
    return tuple(fits)


def is_clopper_pearson(interval: PrintedInterval, count: int, n: int) -> bool:
    """Whether the exact interval of ``count`` of ``n`` is printed so.

    The lower limit is the p with P(X >= count | p) = (1 - level) / 2, which rises with p, so that it lies in a window
    when the tail is below that at the window's one end and above it at the other; likewise the upper limit.
    """
    from_below = Window(float(interval.lower.low), float(interval.lower.high))
    from_above = Window(float(1 - interval.upper.high), float(1 - interval.upper.low))
    tail = (1.0 - interval.level) / 2.0
    return _is_lower_limit(from_below, count, n, tail) and _is_lower_limit(from_above, n - count, n, tail)


def _is_lower_limit(window: Window, count: int, n: int, tail: float) -> bool:
    """Whether the lower limit of a count, which is 0 if the count is 0, lies in a window."""
    if count == 0:
        return window.low <= 0.0
    return _upper_tail(count, n, window.low) <= tail <= _upper_tail(count, n, window.high)


def _upper_tail(count: int, n: int, p: Number) -> float:
    ways = _ways(n)
    return math.fsum(ways[k] * p**k * (1.0 - p) ** (n - k) for k in range(count, n + 1))


@functools.lru_cache(maxsize=MOST_COUNTED)
def _ways(n: int) -> tuple[int, ...]:
    return tuple(math.comb(n, k) for k in range(n + 1))


def _greenwood(count: np.ndarray, n: np.ndarray, level: float, scale: Scale) -> tuple[np.ndarray, np.ndarray]:
    share = count / n
    return proportion_interval(share, np.sqrt(share * (1.0 - share) / n), level, scale=scale)


def _prints(interval: PrintedInterval, lower: np.ndarray, upper: np.ndarray) -> list[bool]:
    below, above = interval.lower, interval.upper
    is_lower = (lower >= float(below.low) - TIE) & (lower <= float(below.high) + TIE)
    is_upper = (upper >= float(above.low) - TIE) & (upper <= float(above.high) + TIE)
    return [bool(match) for match in is_lower & is_upper]
