"""How many of n patients a cut can separate when the median is known.

With n odd the middle patient has the median; with n even the two in the middle are on either side of it (or at it).
So at least half (rounded up) are at or below the median and at most half (rounded down) are below it. Times are taken
to be recorded in whole units of the print, such as days.
"""

from __future__ import annotations

from dataclasses import dataclass

from hscb_bayes.evidence.audit.arithmetic.rounding import Number
from hscb_bayes.evidence.group import COMPLEMENT, Relation


@dataclass(frozen=True)
class Bounds:
    """From ``least`` to ``most`` patients."""

    least: int
    most: int

    def hold(self, n: int) -> bool:
        """Whether the group can have n patients."""
        return self.least <= n <= self.most

    def rest_of(self, n: int) -> Bounds:
        """Bounds of the others among n patients."""
        return Bounds(n - self.most, n - self.least)


def size_at_cut(
    n: int, relation: Relation, cut: Number, *, median: Number, lowest: Number | None, highest: Number | None
) -> Bounds:
    """Bounds of the number of patients whose time has a relation to a cut.

    Examples
    --------
    >>> size_at_cut(31, "<=", 38.0, median=38.0, lowest=7.0, highest=151.0)
    Bounds(least=16, most=30)
    >>> size_at_cut(31, "<", 38.0, median=38.0, lowest=7.0, highest=151.0)
    Bounds(least=1, most=15)
    """
    if relation in (">", ">="):
        opposite = COMPLEMENT[relation]
        below: Relation = "<" if opposite == "<" else "<="
        return size_at_cut(n, below, cut, median=median, lowest=lowest, highest=highest).rest_of(n)

    def inside(time: Number) -> bool:
        return time <= cut if relation == "<=" else time < cut

    least = 1 if lowest is not None and inside(lowest) else 0
    most = n - 1 if highest is not None and not inside(highest) else n
    if inside(median):
        return Bounds(max(least, (n + 1) // 2), most)
    return Bounds(least, min(most, n // 2))


def size_without_ties(n: int, relation: Relation) -> int:
    """Patients with a relation to a cut that is the median itself, when no two have the same time."""
    return {"<=": (n + 1) // 2, "<": n // 2, ">": n - (n + 1) // 2, ">=": n - n // 2}[relation]
