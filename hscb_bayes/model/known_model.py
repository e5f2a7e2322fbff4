"""What patients known one by one add to the model of a paper: their exact likelihood, from the same parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.known import DURATION, EFFECT
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.risk import times_at_risk
from hscb_bayes.model.patient_model import baseline_ids, row_terms, unwatched_terms
from hscb_bayes.model.patient_rows import padded, unwatched_data
from hscb_bayes.model.print_arrays import covariate_at
from hscb_bayes.process.pathway import TRANSITIONS

ROWS = tuple(f"known_{transition}" for transition in TRANSITIONS)
OWN = "these patients"


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownRows:
    """The patients as rows at risk. ``terms`` have log hazard ratios: of duration, and of being one of these patients.

    Shapes: ``own_design`` (patient, term), ``own_centre`` (patient,).
    """

    hazards: Hazards
    patients: Patients
    terms: tuple[str, ...]
    own_design: np.ndarray

    @property
    def centres(self) -> tuple[str, ...]:
        """None: what they have in common is a term."""
        return ()

    @property
    def own_centre(self) -> np.ndarray:
        """Zeros, shape (patient,)."""
        return np.zeros(len(self.patients), dtype=int)


def known_rows(analysis: Analysis) -> KnownRows | None:
    """Rows of the patients that an analysis of a paper knows one by one; None where it knows none."""
    known = analysis.known
    if known is None:
        return None
    terms, columns = list[str](), list[np.ndarray]()
    if analysis.by_duration and known.duration is not None:
        terms.append(DURATION)
        columns.append(covariate_at(analysis, known.duration))
    if known.said.deviation is not None:
        terms.append(OWN)
        columns.append(np.ones(len(known)))
    return KnownRows(
        hazards=analysis.table.hazards,
        patients=known.patients,
        terms=tuple(terms),
        own_design=np.column_stack(columns) if columns else np.zeros((len(known), 0)),
    )


def known_data(rows: KnownRows) -> dict[str, np.ndarray]:
    """Arrays of the patients by name, of shapes that do not depend on what became of them where courses are known.

    A transition has a row for each patient, and another for one who is followed from later on; rows that are not needed
    have no weight.
    """
    covariates = np.column_stack([rows.own_centre, rows.own_design])
    places = len(rows.patients) + int((rows.patients.entry_day > 0.0).sum())
    found = {}
    for name, own in zip(ROWS, times_at_risk(rows.patients, clock=rows.hazards.clock), strict=True):
        table = np.column_stack([np.log(own.time), own.event, own.exposed, covariates[own.who]])
        found[name] = table
    return padded(found, {name: (places, table.shape[1]) for name, table in found.items()}) | unwatched_data(rows)


def points_of(rows: KnownRows, values: Mapping[str, Any], effect: Any, xp: Any) -> list[Any]:
    """Coefficients of each transition, as ``patient_model.row_terms`` takes them; each (coefficient,).

    Parameters
    ----------
    values
        Parameters of the paper's model on their unbounded scales, shape (1,) each.
    effect
        What being one of these patients adds to each log hazard, shape (transition,).
    """
    points = []
    for k, transition in enumerate(TRANSITIONS):
        parts = [values[id] for id in baseline_ids(rows, k)]
        if DURATION in rows.terms:
            parts.append(values[f"hazard_ratio_{transition}"])
        if OWN in rows.terms:
            parts.append(effect[k : k + 1])
        points.append(xp.concatenate(parts))
    return points


def log_likelihood_of_known(
    rows: KnownRows, values: Mapping[str, Any], effect: Any, data: Mapping[str, Any], xp: Any
) -> Any:
    """Log likelihood of the patients: a scalar. Arguments as of ``points_of`` and what ``known_data`` made."""
    points = points_of(rows, values, effect, xp)
    total = sum(row_terms(rows, k, xp)(points[k], data[name]).sum() for k, name in enumerate(ROWS))
    if any(name.startswith("unwatched") for name in data):
        total = total + unwatched_terms(rows, points, data, xp).sum()
    return total


def known_terms(parameters: np.ndarray, effect: np.ndarray | None, analysis: Analysis) -> np.ndarray:
    """Log likelihood of the patients at many points, in NumPy, shape (draw,).

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    effect
        Of being one of them, shape (transition,); None where there is none.
    """
    rows = known_rows(analysis)
    if rows is None:
        return np.zeros(len(parameters))
    data, ids = known_data(rows), analysis.parameter_ids
    return np.array(
        [
            log_likelihood_of_known(rows, dict(zip(ids, point[:, None], strict=True)), effect, data, np)
            for point in parameters
        ]
    )


def add_known(analysis: Analysis, rows: KnownRows, values: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Add the patients to the model that is being built."""
    deviation = None if analysis.known is None else analysis.known.said.deviation
    effect = None if deviation is None else pm.Normal(EFFECT, sigma=deviation, dims="transition")
    pm.Potential("log_likelihood_of_known_patients", log_likelihood_of_known(rows, values, effect, data, pt))
