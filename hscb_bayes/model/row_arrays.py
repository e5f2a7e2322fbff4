"""From rows of printed estimates to the arrays of their likelihood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hscb_bayes.evidence.joint_arrays import ABSENT, ABSENT_VARIANCE, COUNT_ROWS, RowArrays
from hscb_bayes.model.print_rows import Patients, Row
from hscb_bayes.process.exits import places

COUNT_VARIANCE = 1e-4  # patients squared; keeps the conditioning finite where a count cannot vary
LEAST_NOISE = 1e-6  # variance of a survival's rounding: estimates that determine each other have no inverse
LEAST_LEVEL = 0.01  # of a limit of a median, and of one less it
NEARLY = 1e-9  # of a day: an edge is at the day that it stands for


def edges_of(rows: Sequence[Row], last: float, own: int, room: int) -> np.ndarray:
    """Days that cut follow-up, increasing, shape (room,): those of the rows, the last day, and others between them.

    The widest gap, on the scale of the root of time, is halved until there are as many as the layout needs, ``own``;
    where there is room for more the last one is there several times.
    """
    days = {last} | {day for row in rows if row.known for day in (row.day, row.start)}
    roots = sorted({0.0, *np.sqrt(np.array(sorted(days))).tolist()})
    while len(roots) - 1 < own:
        widest = int(np.argmax(np.diff(roots)))
        roots.insert(widest + 1, (roots[widest] + roots[widest + 1]) / 2.0)
    return np.pad(np.array(roots[1:]) ** 2, (0, room - own), mode="edge")


def row_arrays(
    estimates: Sequence[Row],
    counts: np.ndarray,
    patients: Patients,
    averages: np.ndarray,
    last: float,
    edges: np.ndarray,
) -> RowArrays:
    """The arrays of all rows: the two counts, then the estimates.

    Parameters
    ----------
    counts
        Share of patients seen to respond, and survival among the others; NaN where it is not known.
    averages
        What takes cells to groups, shape (group, cell).
    last
        Day of survival among those without response.
    edges
        Days that cut follow-up, shape (edge,).
    """
    rows = [*_count_rows(counts, patients, last), *estimates]
    known, there = np.array([row.known for row in rows], dtype=float), np.isfinite(counts)
    is_level = known * np.array([row.level is not None for row in rows])
    previous = _previous(rows)
    nobody_left = np.array([any(_is_zero(rows[k]) for k in np.flatnonzero(line)) for line in previous])
    previous[nobody_left] = 0.0
    values = np.array([*np.where(there, counts, ABSENT), *[row.value for row in estimates]])
    step = np.array([max(0.5 / max(row.size, 1.0), row.half) for row in rows])
    rounding = [max(row.half**2 / 3.0, LEAST_NOISE) if row.known else ABSENT_VARIANCE for row in estimates]
    of_counts = np.where(there, COUNT_VARIANCE / patients.left.sum() ** 2, ABSENT_VARIANCE)
    return RowArrays(
        **_whose(rows, patients, averages),
        **_when(rows, edges),
        of_place=np.array([_counted_places(row, edges) for row in rows]),
        is_curve=known * np.array([row.is_curve for row in rows]),
        is_reverse=np.array([float(row.what == "follow_up") for row in rows]),
        is_whole=known * np.array([row.is_whole for row in rows]),
        is_level=is_level,
        is_crossing=is_level * np.array([row.reached for row in rows]),
        level=np.array([row.level or (0.0, 0.0, 0.0) for row in rows]),
        level_bounds=np.array([_level_bounds(row, estimates) for row in rows]),
        patients=np.array([max(row.size, 1.0) for row in rows]),
        row_days=np.array([row.day for row in rows]),
        previous=previous,
        follows_level=(previous * is_level).sum(axis=-1),
        is_first=1.0 - previous.sum(axis=-1),
        observed=values,
        noise=np.concatenate([of_counts, rounding]),
        lower=values - step,
        upper=np.where([row.level is None or row.reached for row in rows], values + step, 1.0),
        known=(known * ~nobody_left)[COUNT_ROWS:],
        excess=np.array([row.excess or (-1.0, -1.0) for row in estimates]).reshape(-1, 2),
    )


def of_incidence(estimates: Sequence[Row]) -> np.ndarray:
    """1 at the row of a cumulative incidence, of the counts and the estimates, shape (row, 1)."""
    found = [float(row.known and row.what == "incidence") for row in estimates]
    return np.array([*np.zeros(COUNT_ROWS), *found])[:, None]


def _count_rows(counts: np.ndarray, patients: Patients, last: float) -> list[Row]:
    """The share seen to respond, and survival among the others."""
    everybody, size = np.ones(len(patients.sizes)), float(patients.left.sum())
    others = size * (1.0 - counts[0]) if np.isfinite(counts[0]) else size
    return [
        Row(members=everybody, classes=(1.0, 0.0), size=size, day=last, start=last, what="responded"),
        Row(members=everybody, classes=(0.0, 1.0), size=others, day=last, start=last),
    ]


def _whose(rows: Sequence[Row], patients: Patients, averages: np.ndarray) -> dict[str, np.ndarray]:
    """Of which groups, classes and covariate nodes the rows are."""
    members = np.array([row.members * row.known for row in rows])
    classes, in_group = np.array([row.classes for row in rows]), (averages > 0.0).astype(float)
    weights = members * patients.left * np.array([[float(row.is_whole)] for row in rows])
    return {
        "masks": np.einsum("rg,rc->rgc", members, classes).reshape(len(rows), -1),
        "cell_masks": np.einsum("rg,rc,gx->rxc", members, classes, in_group).reshape(len(rows), -1),
        "shares": weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1.0),
    }


def _when(rows: Sequence[Row], edges: np.ndarray) -> dict[str, np.ndarray]:
    """Up to which edges the rows look, and which is their last; shape (row, edge)."""
    passed, start = (
        np.array([edges <= getattr(row, name) * (1.0 + NEARLY) for row in rows], dtype=float)
        for name in ("day", "start")
    )
    at, at_start = (part - np.pad(part[:, 1:], ((0, 0), (0, 1))) for part in (passed, start))
    return {"passed": passed, "passed_start": start, "at": at, "at_start": at_start}


def _counted_places(row: Row, edges: np.ndarray) -> np.ndarray:
    """What each exit adds to a row that is no curve: all of those who responded, deaths by the day, or exits after it,
    of either kind or none.
    """
    by_day, none = edges <= row.day * (1.0 + NEARLY), np.zeros(edges.size, dtype=bool)
    if not row.known or row.is_curve or row.what == "incidence":
        return np.zeros(places(edges.size))
    parts = {
        "responded": (~none, ~none, [True]),
        "deaths": (by_day, none, [False]),
        "at_risk": (~by_day, ~by_day, [True]),
    }[row.what]
    return np.concatenate(parts) / row.size


def _previous(rows: Sequence[Row]) -> np.ndarray:
    """1 at the row of the same curve that each estimate follows, shape (row, row)."""
    found = np.zeros((len(rows), len(rows)))
    for k, row in enumerate(rows[COUNT_ROWS:], start=COUNT_ROWS):
        before = [j for j in range(COUNT_ROWS, k) if rows[j].reached and rows[j].day <= row.start]
        earlier = [j for j in before if rows[j].known and rows[j].whose == row.whose]
        if row.known and row.is_curve and earlier:
            found[k, earlier[-1]] = 1.0
    return found


def _is_zero(row: Row) -> bool:
    """Whether nobody is left: what is printed of the curve later says nothing more."""
    return row.level is None and row.value <= 0.0


def _level_bounds(row: Row, estimates: Sequence[Row]) -> tuple[float, float]:
    """Between what levels a curve crosses one: at least half a death from what is printed before and after it."""
    half = 0.5 / max(row.size, 1.0)
    same = [other for other in estimates if other.known and other.level is None and other.whose == row.whose]
    above = min((other.value - half for other in same if other.day <= row.start), default=1.0)
    below = max((other.value + half for other in same if other.day >= row.day), default=0.0)
    lowest, highest = max(below, LEAST_LEVEL), min(above, 1.0 - LEAST_LEVEL)
    middle = (lowest + highest) / 2.0
    return (lowest, highest) if lowest <= highest else (middle, middle)
