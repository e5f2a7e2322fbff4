"""Patients as arrays: rows at risk of each transition, and days on which a response may have gone unseen.

Arrays of one table can take the shapes of another's: rows that are not needed have no weight. So a program that was
compiled once serves the table without a centre, or simulated tables.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hscb_bayes.evidence.patients.risk import at_cuts, gathered, times_at_risk, unwatched
from hscb_bayes.model.known_rows import KnownRows
from hscb_bayes.process.pathway import TRANSITIONS

LOG_TIME, EVENT, EXPOSED, CENTRE = range(4)  # columns of the rows; terms follow
NODES = 24  # days on which a patient may have responded unseen
EARLIEST = 1e-9  # days; stands for time zero, where a logarithm of the day is needed
ROWS = tuple(f"rows_{transition}" for transition in TRANSITIONS)
ROWS_AT_CUTS = 3  # of one patient at most, where rows are shared


def patient_rows(analysis: KnownRows, *, without: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Rows at risk of each transition as matrices: log time, event, exposure, centre, covariate terms.

    Parameters
    ----------
    without
        Who is left out, shape (patient,); nobody if left out.
    """
    covariates = np.column_stack([analysis.own_centre, analysis.own_design])
    found = {}
    each = times_at_risk(analysis.patients, clock=analysis.hazards.clock)
    for name, transition, rows in zip(ROWS, TRANSITIONS, each, strict=True):
        kept = rows if without is None else rows.of(~without[rows.who])
        if is_shared(analysis, transition):
            kept = at_cuts(kept, analysis.hazards.cuts[transition])
        found[name] = gathered(kept, covariates)
    return found


def is_shared(analysis: KnownRows, transition: str) -> bool:
    """Whether patients of a transition share sufficient rows: its hazard is piecewise, and it spares nobody."""
    hazards = analysis.hazards
    return transition in hazards.cuts and not (transition == "response" and hazards.never_respond)


def room_for_any(analysis: KnownRows, data: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    """Shapes that hold the patients whatever becomes of them, as long as of no more the course is not known to the day.

    Parameters
    ----------
    data
        What ``patient_rows`` and ``unwatched_data`` made.
    """
    places = len(analysis.patients) + int((analysis.patients.entry_day > 0.0).sum())
    shapes = {name: value.shape for name, value in data.items()}
    for name, transition in zip(ROWS, TRANSITIONS, strict=True):
        parts = ROWS_AT_CUTS if is_shared(analysis, transition) else 1
        shapes[name] = (places * parts, *shapes[name][1:])
    return shapes


def padded(data: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Arrays in the shapes of others: what is not needed is zero, and has no weight.

    Raises
    ------
    ValueError
        When an array has more rows than there is room for.
    """
    found = {}
    for name, value in data.items():
        if name not in shapes and len(value):
            raise ValueError(f"{name}: required room for {value.shape}, found none")
    for name, shape in shapes.items():
        value = data.get(name, np.zeros((0, *shape[1:])))
        if len(value) > shape[0] or value.shape[1:] != shape[1:]:
            raise ValueError(f"{name}: required room for {value.shape}, found {shape}")
        found[name] = np.concatenate([value, np.zeros((shape[0] - len(value), *shape[1:]))])
    return found


def unwatched_data(analysis: KnownRows, *, without: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Arrays of the patients whose course is not known to the day, each (patient, node or 1); none where all are.

    ``unwatched_counted`` (patient,) is 1 for those who count, and 0 for those who are left out.
    """
    hazards = analysis.hazards
    first, second, late = (hazards.cuts.get(transition, ()) for transition in TRANSITIONS)
    is_reset = hazards.clock == "reset"
    cuts = (*first, *second, *(() if is_reset else late))
    found = unwatched(analysis.patients, nodes=NODES, cuts=cuts, cuts_since=late if is_reset else ())
    if found.who.size == 0:
        return {}
    column = {name: getattr(found, name)[:, None] for name in ("last", "died", "unseen", "entry")}
    with np.errstate(divide="ignore"):  # a part of no width has no weight
        log_weight = np.log(found.weight)
    return {
        "unwatched_log_day": np.log(np.maximum(found.day, EARLIEST)),
        "unwatched_log_weight": log_weight,
        "unwatched_log_since": np.log(np.maximum(column["last"] - found.day, EARLIEST)),
        "unwatched_log_last": np.log(column["last"]),
        "unwatched_log_entry": np.log(np.maximum(column["entry"], EARLIEST)),
        "unwatched_counted": np.ones(found.who.size) if without is None else 1.0 - without[found.who],
        "unwatched_died": column["died"],
        "unwatched_unseen": column["unseen"],
        "unwatched_patients": np.column_stack([analysis.own_centre, analysis.own_design])[found.who],
    }


def table_data(table: KnownRows, *, without: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """All arrays of a table of patients, by name.

    Parameters
    ----------
    without
        Who is left out, shape (patient,); nobody if left out.
    """
    return patient_rows(table, without=without) | unwatched_data(table, without=without)


def events_of_centres(table: KnownRows, *, without: np.ndarray | None = None) -> np.ndarray:
    """Responses, deaths without and deaths after one, seen at each centre, shape (transition, centre)."""
    patients, kept = table.patients, np.ones(len(table.patients), dtype=bool) if without is None else ~without
    seen = np.isfinite(patients.response_day)
    events = (seen, patients.died & ~seen, patients.died & seen)
    at = table.own_centre[:, None] == np.arange(len(table.centres))
    return np.array([kept & event for event in events], dtype=float) @ at
