"""A whole and its two parts.

Without censoring the survival of the whole is the mean of the parts' weighted by their sizes. Kaplan-Meier with
censoring hands the weight of who is censored to all who are still at risk: in the parts' curves to his own part, in the
curve of the whole to both. Three things follow.

- The whole can lie below the mean of the parts: early losses in the better part hand weight to the worse one.
- If everybody in one part was seen to die, nobody there was censored, and every weight in the curve of the whole is at
  most that in the curve of the other part: the whole is at most (size of the other part / n) times its survival.
- A death lowers the curve of the whole by the factor 1 - 1/Y, Y at risk in both parts, which is no lower than the
  factor in the curve of his own part: the whole is at least the product of the parts.
"""

from __future__ import annotations

from hscb_bayes.evidence.audit.arithmetic.rounding import Window

MOST_LOST = 1000  # a study that needs more early losses than this is explained by other things


def mean_of_parts(sizes: tuple[int, int], survival: tuple[Window, Window]) -> Window:
    """Survival of the whole without censoring, (n_1 S_1 + n_2 S_2) / (n_1 + n_2), between its rounding bounds."""
    n = sum(sizes)
    low = sum(size * part.low for size, part in zip(sizes, survival, strict=True)) / n
    high = sum(size * part.high for size, part in zip(sizes, survival, strict=True)) / n
    return Window(low, high)


def is_possible(whole: Window, survival: tuple[Window, Window], mean: Window, *, one_part_is_complete: bool) -> bool:
    """Whether some follow-up gives the whole, by the bounds above.

    Parameters
    ----------
    one_part_is_complete
        Whether everybody in one of the parts was seen to die by then.
    """
    product = survival[0].low * survival[1].low
    return whole.high >= product and not (one_part_is_complete and whole.low > mean.high)


def lost_at_once(whole: Window, sizes: tuple[int, int], survival: tuple[Window, Window]) -> tuple[int, int] | None:
    """How losses on the first day would explain a whole that is not the mean of its parts.

    Returns
    -------
    The part (0 or 1) and the fewest of its patients, or None when losses in one part alone do not explain it.
    """
    for part in (0, 1):
        for lost in range(1, min(sizes[part], MOST_LOST)):
            left = (sizes[0] - lost, sizes[1]) if part == 0 else (sizes[0], sizes[1] - lost)
            if mean_of_parts(left, survival).overlaps(whole):
                return part, lost
    return None
