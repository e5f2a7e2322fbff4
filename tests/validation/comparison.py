"""One number of ours beside the same number from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

ROUNDING = 1e-12  # differences that differ by less are equal: R's values have 12 digits


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A row of the table.

    Parameters
    ----------
    quantity
        What is compared, and how many values the row stands for when it is more than one.
    data
        Of which patients or parameters.
    ours, reference
        The two values, at the place of the largest difference.
    source
        Where the reference comes from.
    seed
        Of the data, where they are simulated.
    """

    quantity: str
    data: str
    ours: float
    reference: float
    source: str
    seed: int | None = None

    @property
    def difference(self) -> float:
        """Ours minus the reference; 0 where both are the same infinity, as for a time that is not reached."""
        return 0.0 if self.ours == self.reference else self.ours - self.reference


def compare(
    quantity: str, data: str, ours: ArrayLike, reference: ArrayLike, *, source: str, seed: int | None = None
) -> Comparison:
    """The worst of some values: where ours and the reference are furthest apart, the first such place.

    What is undefined (NaN) on one side only is the largest difference of all; on both sides it is equal.
    """
    mine, theirs = (np.asarray(values, dtype=float).ravel() for values in (ours, reference))
    if mine.shape != theirs.shape:
        raise ValueError(f"{quantity}, {data}: found {mine.size} values of ours and {theirs.size} of the reference")
    apart = _apart(mine, theirs)
    place = int(np.argmax(apart >= apart.max() - ROUNDING))
    return Comparison(
        quantity=quantity if mine.size == 1 else f"{quantity} ({mine.size} values)",
        data=data,
        ours=float(mine[place]),
        reference=float(theirs[place]),
        source=source,
        seed=seed,
    )


def _apart(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """|mine - theirs|; -1 where both are the same infinity or undefined, so that another place is rather shown."""
    same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
    apart = np.abs(np.subtract(mine, theirs, out=np.zeros(mine.size), where=~same))
    apart[same & ~np.isfinite(mine)] = -1.0
    return np.where(np.isnan(apart), np.finfo(float).max, apart)
