"""The exact likelihood of patients one by one, from the same hazards as the likelihood of a print."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pytensor.tensor as pt

from hscb_bayes.analysis.known import DURATION
from hscb_bayes.analysis.patient_analysis import PatientAnalysis
from hscb_bayes.evidence.patients.risk import times_at_risk
from hscb_bayes.model.block_sum import BlockSum
from hscb_bayes.model.pathways import hazard_of
from hscb_bayes.model.patient_rows import (
    CENTRE,
    EVENT,
    EXPOSED,
    LOG_TIME,
    ROWS,
    OneByOne,
    patient_rows,
    unwatched_data,
)
from hscb_bayes.process.pathway import TRANSITIONS, Hazard

RESPONSE = 0
OWN = "these patients"  # term of patients beside a print: what is added to their log hazards
IMPOSSIBLE = -1e200  # log of what cannot be


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One transition's hazard and the share whom it spares, for patients with log relative hazards.

    ``logit_never`` is None where it spares nobody.
    """

    hazard: Hazard
    logit_never: Any = None

    @np.errstate(over="ignore")  # a hazard beyond all numbers leaves nobody waiting
    def log_hazard_and_survival(self, log_time: Any, relative: Any, xp: Any) -> tuple[Any, Any]:
        """log h(t) and log S(t) of the patients as a whole, whom it spares included."""
        log_hazard = self.hazard.log_hazard(log_time, xp) + relative
        cumulative = xp.exp(self.hazard.log_cumulative_hazard(log_time, xp) + relative)
        if self.logit_never is None:
            return log_hazard, -cumulative
        some, none = -xp.log1p(xp.exp(self.logit_never)), -xp.log1p(xp.exp(-self.logit_never))
        log_survival = none + xp.log1p(xp.exp(some - none - cumulative))
        return some + log_hazard - cumulative - log_survival, log_survival


def transition_of(analysis: OneByOne, transition: int, values: Mapping[str, Any], xp: Any) -> Transition:
    """A transition from the parameters of its baseline."""
    hazard = hazard_of(TRANSITIONS[transition], analysis.hazards, values, xp)
    return Transition(hazard=hazard, logit_never=values.get("never_respond") if transition == RESPONSE else None)


def row_terms(analysis: OneByOne, transition: int, xp: Any) -> Callable[[Any, Any], Any]:
    """The function from a transition's coefficients and rows to each row's term of the log likelihood.

    Coefficients are parameters of the baseline, log hazard ratios and effects of centres, one after the other.
    """
    ids = baseline_ids(analysis, transition)

    def function(point: Any, rows: Any) -> Any:
        values = {id: point[k] for k, id in enumerate(ids)}
        relative = relative_hazard(analysis, point[len(ids) :], rows[:, CENTRE:], xp)
        made = transition_of(analysis, transition, values, xp)
        log_hazard, log_survival = made.log_hazard_and_survival(rows[:, LOG_TIME], relative, xp)
        if xp is np:  # what is impossible stays a number: nothing times it is nothing
            log_hazard, log_survival = np.maximum(log_hazard, IMPOSSIBLE), np.maximum(log_survival, IMPOSSIBLE)
        return rows[:, EVENT] * log_hazard + rows[:, EXPOSED] * log_survival

    return function


def relative_hazard(analysis: OneByOne, coefficients: Any, patients: Any, xp: Any) -> Any:
    """Log relative hazards, shape (patient,).

    Parameters
    ----------
    coefficients
        Log hazard ratios of one transition and then effects of centres, shape (term + centre,).
    patients
        Position of the centre, and covariates, shape (patient, 1 + term).
    """
    terms, relative = len(analysis.terms), xp.zeros_like(patients[:, 0])
    if terms:
        relative = xp.matmul(patients[:, 1:], coefficients[:terms])
    if analysis.centres:
        relative = relative + coefficients[terms:][patients[:, 0].astype("int32")]
    return relative


def unwatched_terms(analysis: OneByOne, points: Sequence[Any], data: Mapping[str, Any], xp: Any) -> Any:
    """Log likelihood of each patient whose course is not known to the day, shape (patient,).

    Parameters
    ----------
    points
        Coefficients of each transition, as ``row_terms`` takes them.
    data
        What ``unwatched_data`` made.
    """
    parts, relative = [], []
    for k, point in enumerate(points):
        ids = baseline_ids(analysis, k)
        parts.append(transition_of(analysis, k, {id: point[j] for j, id in enumerate(ids)}, xp))
        relative.append(relative_hazard(analysis, point[len(ids) :], data["unwatched_patients"], xp)[:, None])
    day, last = data["unwatched_log_day"], data["unwatched_log_last"]
    died, unseen = data["unwatched_died"], data["unwatched_unseen"]

    def at(transition: int, log_time: Any) -> tuple[Any, Any]:
        return parts[transition].log_hazard_and_survival(log_time, relative[transition], xp)

    response, waiting = at(0, day), at(1, day)[1]
    if analysis.hazards.clock == "reset":
        late, alive = at(2, data["unwatched_log_since"])
    else:
        late, at_last = at(2, last)
        alive = at_last - at(2, day)[1]
    path = data["unwatched_log_weight"] + response[0] + response[1] + waiting + died * late + alive
    largest = path.max(axis=1, keepdims=True)
    came = largest + xp.log(xp.exp(path - largest).sum(axis=1, keepdims=True))
    (first_hazard, first), (_, second) = at(1, last), at(0, last)
    none = died * first_hazard + first + second
    known = (1.0 - unseen) * came + unseen * _log_sum(came, none, xp)
    entered = at(0, data["unwatched_log_entry"])[1] + at(1, data["unwatched_log_entry"])[1]
    return (known - entered)[:, 0]


def _log_sum(one: Any, other: Any, xp: Any) -> Any:
    """log(exp(one) + exp(other)), without overflow."""
    return xp.maximum(one, other) + xp.log1p(xp.exp(-abs(one - other)))


def baseline_ids(analysis: OneByOne, transition: int) -> tuple[str, ...]:
    """Parameters of one transition's baseline."""
    name = TRANSITIONS[transition]
    level = "response_median" if name == "response" else name
    share = ("never_respond",) if name == "response" and analysis.hazards.never_respond else ()
    return (level, *analysis.hazards.shape_parameters(name), *share)


def log_likelihood_of_patients(
    analysis: PatientAnalysis, parameters: Mapping[str, float], log_hazard_ratio: np.ndarray, centre: np.ndarray
) -> np.ndarray:
    """Log likelihood at one point, in NumPy: of each transition, and of patients not known to the day; shape (4,).

    Parameters
    ----------
    parameters
        Of the baselines, on their unbounded scales.
    log_hazard_ratio
        Shape (transition, term).
    centre
        Effects, shape (transition, centre).
    """
    columns = {id: np.array([value]) for id, value in parameters.items()}
    points = coefficients(analysis, columns, np, ratios=log_hazard_ratio, of_centres=centre)
    rows = patient_rows(analysis).values()
    found = [row_terms(analysis, k, np)(points[k], own).sum() for k, own in enumerate(rows)]
    data = unwatched_data(analysis)
    return np.array([*found, unwatched_terms(analysis, points, data, np).sum() if data else 0.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class ByPatient:
    """Log likelihood of each patient of a table, at one point after the other, in NumPy."""

    analysis: OneByOne

    @cached_property
    def _rows(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Who each row at risk is of, and the rows, for each transition; no two of them added up."""
        own = np.column_stack([self.analysis.own_centre, self.analysis.own_design])
        found = times_at_risk(self.analysis.patients, clock=self.analysis.hazards.clock)
        return [
            (rows.who, np.column_stack([np.log(rows.time), rows.event, rows.exposed, own[rows.who]])) for rows in found
        ]

    @cached_property
    def _open(self) -> dict[str, np.ndarray]:
        return unwatched_data(self.analysis)

    def at(self, parameters: Mapping[str, float], log_hazard_ratio: np.ndarray, centre: np.ndarray) -> np.ndarray:
        """Shape (patient,); arguments as of ``log_likelihood_of_patients``."""
        columns = {id: np.array([value]) for id, value in parameters.items()}
        return self.at_points(coefficients(self.analysis, columns, np, ratios=log_hazard_ratio, of_centres=centre))

    def at_points(self, points: Sequence[Any]) -> np.ndarray:
        """Shape (patient,), of coefficients of each transition as ``row_terms`` takes them."""
        size = len(self.analysis.patients)
        found = np.zeros(size)
        for k, (who, rows) in enumerate(self._rows):
            found += np.bincount(who, row_terms(self.analysis, k, np)(points[k], rows), minlength=size)
        if self._open:
            found[~self.analysis.patients.is_exact] += unwatched_terms(self.analysis, points, self._open, np)
        return found


def coefficients(
    table: OneByOne,
    values: Mapping[str, Any],
    xp: Any,
    *,
    own: Any = None,
    ratios: Any = None,
    of_centres: Any = None,
) -> list[Any]:
    """Coefficients of each transition, as ``row_terms`` takes them.

    Parameters
    ----------
    values
        Parameters of the patients' study on their unbounded scales, shape (1,) each.
    own
        What is added to each log hazard of patients beside a print, shape (transition,).
    ratios, of_centres
        Of a table that is a whole analysis: log hazard ratios (transition, term), effects (transition, centre).
    """
    points = []
    for k, transition in enumerate(TRANSITIONS):
        parts = [values[id] for id in baseline_ids(table, k)]
        if ratios is not None:  # whatever its covariates are called
            parts += [ratios[k], of_centres[k]]
        else:
            parts += [values[f"hazard_ratio_{transition}"]] if DURATION in table.terms else []
            parts += [own[k : k + 1]] if OWN in table.terms else []
        points.append(xp.concatenate(parts))
    return points


def log_likelihood_of_table(
    table: OneByOne,
    points: Sequence[Any],
    data: Mapping[str, Any],
    xp: Any,
    sums: Sequence[Callable[[Any, Any], Any]] | None = None,
) -> Any:
    """Log likelihood of all patients of a table who count: a scalar.

    Parameters
    ----------
    points
        Coefficients of each transition, as ``row_terms`` takes them.
    data
        What ``patient_rows.table_data`` made.
    sums
        From coefficients and rows to the sum of the rows' terms, by transition: ``block_sums``; NumPy needs none.
    """
    total: Any = 0.0
    for k, name in enumerate(ROWS):
        rows = data[name]
        total = total + (row_terms(table, k, xp)(points[k], rows).sum() if sums is None else sums[k](points[k], rows))
    if "unwatched_counted" in data:
        total = total + (data["unwatched_counted"] * unwatched_terms(table, points, data, xp)).sum()
    return total


def block_sums(table: OneByOne, columns: Sequence[int]) -> list[Callable[[Any, Any], Any]]:
    """For each transition the sum of ``row_terms``, block by block; ``columns`` of its rows."""
    found = list[Callable[[Any, Any], Any]]()
    for k, width in enumerate(columns):
        size = len(baseline_ids(table, k)) + len(table.terms) + len(table.centres)
        block = BlockSum(row_terms(table, k, pt), parameters=size, columns=width)
        found.append(partial(_first_of, block))
    return found


def _first_of(block: BlockSum, point: Any, rows: Any) -> Any:
    """The sum, without its gradient."""
    return block(point, rows)[0]
