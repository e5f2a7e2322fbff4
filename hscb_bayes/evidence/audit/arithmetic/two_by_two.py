"""The P values that a two-by-two table of events has by the usual tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hscb_bayes.estimators.fisher_exact import fisher_exact, fisher_exact_doubled
from hscb_bayes.estimators.p_values import chi_square_p_value
from hscb_bayes.evidence.audit.arithmetic.rounding import window
from hscb_bayes.evidence.printed import Printed

FISHER = "Fisher's exact test"
DOUBLED = "Fisher's exact test (the one-sided P doubled)"
CHI_SQUARE = "the chi-squared test without correction"
CORRECTED = "the chi-squared test with continuity correction"
ROUNDING = 1e-9  # relative; floating-point P values are off by less


@dataclass(frozen=True, order=True)
class Table:
    """Events in two groups that share no patient: ``count`` of ``n``, and ``other`` of ``other_n``."""

    count: int
    n: int
    other: int
    other_n: int

    def __str__(self) -> str:
        return f"{self.count} of {self.n} and {self.other} of {self.other_n}"


def p_values_of(tables: Sequence[Table]) -> Mapping[str, np.ndarray]:
    """Two-sided P values by the name of the test, shape (table,); NaN where a test is undefined."""
    count, n, other, other_n = np.array([[t.count, t.n, t.other, t.other_n] for t in tables], dtype=float).T
    return {
        FISHER: fisher_exact(count, n, other, other_n),
        DOUBLED: fisher_exact_doubled(count, n, other, other_n),
        CHI_SQUARE: _chi_square(count, n, other, other_n, correction=0.0),
        CORRECTED: _chi_square(count, n, other, other_n, correction=0.5),
    }


def prints(printed: Printed, p: np.ndarray) -> np.ndarray:
    """Whether P values are rounded to the print, or keep the inequality that is printed."""
    if printed.bound == "below":
        return np.asarray(p < printed.value * (1.0 - ROUNDING))
    if printed.bound == "above":
        return np.asarray(p > printed.value * (1.0 + ROUNDING))
    found = window(printed)
    return (p >= float(found.low) * (1.0 - ROUNDING)) & (p <= float(found.high) * (1.0 + ROUNDING))


def is_cut_short(printed: Printed, p: np.ndarray) -> np.ndarray:
    """Whether P values begin with the printed digits, which are then cut off and not rounded."""
    low, high = printed.value, float(printed.exact + 2 * printed.exact_half_width)
    return (p >= low * (1.0 - ROUNDING)) & (p < high * (1.0 - ROUNDING)) & (printed.bound == "exact")


def _chi_square(
    count: np.ndarray, n: np.ndarray, other: np.ndarray, other_n: np.ndarray, *, correction: float
) -> np.ndarray:
    """N (|ad - bc| - N c)^2 / product of the margins, c at most what makes it 0; NaN where a margin is empty."""
    total, events = n + other_n, count + other
    difference = np.abs(count * (other_n - other) - other * (n - count))
    margins = n * other_n * events * (total - events)
    reach = np.maximum(difference - correction * total, 0.0)
    statistic = np.where(margins > 0.0, total * reach**2 / np.where(margins > 0.0, margins, 1.0), np.nan)
    return chi_square_p_value(statistic)
