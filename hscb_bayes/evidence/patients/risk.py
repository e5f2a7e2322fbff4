"""Times at risk: what the exact likelihood needs of patients, one table of rows for each transition.

A row is a time t on the clock of a transition, with covariates, an event weight d and an exposure weight w. It adds

    d log h(t) + w log S(t)

to the log likelihood, h the hazard and S the survival of the transition alone. A patient who leaves a state at t is a
row with w = 1, and d = 1 if it was by this transition. One who comes under observation late, at s, is one more row
with w = -1: a ratio of survivals. Rows with the same time and covariates are one row with their weights added, which
changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.process.quadrature import graded


@dataclass(frozen=True, kw_only=True, eq=False)
class AtRisk:
    """Rows of one transition.

    ``time`` (row,) days on the transition's clock, > 0; ``event`` and ``exposed`` (row,) the weights d and w; ``who``
    (row,) the patient whose covariates count.
    """

    time: np.ndarray
    event: np.ndarray
    exposed: np.ndarray
    who: np.ndarray

    def of(self, rows: np.ndarray) -> AtRisk:
        """Some of the rows, by mask."""
        return AtRisk(time=self.time[rows], event=self.event[rows], exposed=self.exposed[rows], who=self.who[rows])


def times_at_risk(patients: Patients, *, clock: str) -> tuple[AtRisk, AtRisk, AtRisk]:
    """Rows of the three transitions, of the patients whose course is known to the day.

    Parameters
    ----------
    clock
        "reset": death after response is on days since response; "forward": on days since time zero.
    """
    exact = patients.is_exact
    came = patients.responded
    end = np.where(came, patients.response_day, patients.last_day)
    waiting = exact & (patients.entry_day < end)  # under observation before the response
    first = _rows(waiting, patients.entry_day, end, waiting & came)
    before = _rows(waiting, patients.entry_day, end, waiting & ~came & patients.died)
    since = np.where(came, patients.response_day, 0.0) if clock == "reset" else np.zeros(len(patients))
    after = exact & came & (patients.last_day > patients.response_day)
    start = np.maximum(patients.response_day, patients.entry_day)
    with np.errstate(invalid="ignore"):
        late = _rows(after, start - since, patients.last_day - since, after & patients.died)
    return first, before, late


def _rows(who: np.ndarray, start: np.ndarray, stop: np.ndarray, event: np.ndarray) -> AtRisk:
    """Rows for patients at risk from ``start`` to ``stop``."""
    leaves = np.flatnonzero(who & (stop > 0.0))
    enters = np.flatnonzero(who & (start > 0.0))
    return AtRisk(
        time=np.concatenate([stop[leaves], start[enters]]),
        event=np.concatenate([event[leaves].astype(float), np.zeros(enters.size)]),
        exposed=np.concatenate([np.ones(leaves.size), -np.ones(enters.size)]),
        who=np.concatenate([leaves, enters]),
    )


def at_cuts(rows: AtRisk, cuts: tuple[float, ...]) -> AtRisk:
    """The same rows for a hazard that is constant between cuts, all at few times.

    The cumulative hazard is linear between cuts: exposure to t is a weighted mean of exposures to the ends of the piece
    that t lies in. An event counts in the middle of its piece. With equal covariates few rows are left.
    """
    last = 2.0 * cuts[-1]
    ends = np.array([*cuts, last])
    piece = np.searchsorted(np.array(cuts), rows.time)  # a cut belongs to the piece before it
    lower, upper = np.concatenate([[0.0], ends])[piece], ends[piece]
    share = (rows.time - lower) / (upper - lower)
    has_lower = piece > 0
    none = np.zeros(rows.time.size)
    return AtRisk(
        time=np.concatenate([upper, lower[has_lower], (lower + upper) / 2.0]),
        event=np.concatenate([none, none[has_lower], rows.event]),
        exposed=np.concatenate([rows.exposed * share, (rows.exposed * (1.0 - share))[has_lower], none]),
        who=np.concatenate([rows.who, rows.who[has_lower], rows.who]),
    )


def gathered(rows: AtRisk, covariates: np.ndarray) -> np.ndarray:
    """Rows as a matrix: log time, event, exposure, covariates; equal ones added up, those without weight dropped.

    Parameters
    ----------
    covariates
        Shape (patient, covariate).

    Returns
    -------
    Shape (row, 3 + covariate), sorted by covariates and time.
    """
    own = covariates[rows.who]
    keys = [rows.time, *own.T[::-1]]
    order = np.lexsort(keys)
    time, own = rows.time[order], own[order]
    new = np.ones(time.size, dtype=bool)
    new[1:] = (time[1:] != time[:-1]) | np.any(own[1:] != own[:-1], axis=1)
    starts = np.flatnonzero(new)
    if starts.size == 0:
        return np.zeros((0, 3 + covariates.shape[1]))
    event, exposed = (np.add.reduceat(values[order], starts) for values in (rows.event, rows.exposed))
    kept = (event != 0.0) | (exposed != 0.0)
    return np.column_stack([np.log(time[starts]), event, exposed, own[starts]])[kept]


@dataclass(frozen=True, kw_only=True, eq=False)
class Unwatched:
    """Patients of whom it is not known to the day whether and when they responded, and days on which they may have.

    The likelihood of one is a sum of paths: response on some day since the last visit without it, up to the first visit
    with it or up to the end; and where it was never seen, none at all.

    ``who`` (patient,) position in the table; ``day`` (patient, node) possible days of response and ``weight`` (patient,
    node) in days; ``last`` (patient,) the last day, ``died`` (patient,) 1 where it is a death, ``unseen`` (patient,) 1
    where response was never seen; ``entry`` (patient,) day from which followed.
    """

    who: np.ndarray
    day: np.ndarray
    weight: np.ndarray
    last: np.ndarray
    died: np.ndarray
    unseen: np.ndarray
    entry: np.ndarray


def unwatched(
    patients: Patients, *, nodes: int, cuts: Sequence[float] = (), cuts_since: Sequence[float] = ()
) -> Unwatched:
    """Patients whose course is not known to the day, with ``nodes`` days in each part of what is open.

    Parts end where a hazard jumps; days are crowded at both ends of each.

    Parameters
    ----------
    cuts
        Days since time zero at which a hazard jumps.
    cuts_since
        Days since response at which that of death jumps.
    """
    who = np.flatnonzero(~patients.is_exact)
    position, weight = graded(nodes)
    start, last = patients.unresponded_until[who], patients.last_day[who]
    stop = np.where(patients.responded[who], patients.response_day[who], last)
    jumps = [np.full(who.size, cut) for cut in cuts] + [last - cut for cut in cuts_since]
    inside = [np.clip(jump, start, stop) for jump in jumps]
    edges = np.sort(np.stack([start, *inside, stop], axis=1), axis=1)
    width = np.diff(edges, axis=1)[..., None]
    shape = (who.size, width.shape[1] * nodes)
    return Unwatched(
        who=who,
        day=(edges[:, :-1, None] + width * position).reshape(shape),
        weight=(width * weight).reshape(shape),
        last=last,
        died=patients.died[who].astype(float),
        unseen=(~patients.responded[who]).astype(float),
        entry=patients.entry_day[who],
    )
