"""The exact likelihood, its maximum and the state probabilities beside flexsurv's, on 137 transplants."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import approx_fprime

from hscb_bayes.evidence.patients.columns import WideColumns
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.risk import gathered, times_at_risk
from hscb_bayes.evidence.patients.wide import from_wide
from hscb_bayes.process.hazards import Gompertz, Weibull
from hscb_bayes.process.incidence import state_occupancy
from hscb_bayes.process.pathway import Clock, Pathway
from tests.validation.comparison import Comparison, compare
from tests.validation.patients import REFERENCE, reference

FLEXSURV = "R 4.2.2, flexsurv 2.3.2"
AT_MAXIMUM = "at our maximum"
TRANSITIONS = ("Tx->PR", "Tx->RelDeath", "PR->RelDeath")
STATES_THERE = ("Tx", "PR", "RelDeath")
FAMILIES = {"exp": "constant", "weibullPH": "Weibull", "gompertz": "Gompertz"}
CASES = [
    (transition, clock, family)
    for transition in TRANSITIONS
    for clock in (("forward", "reset") if transition == "PR->RelDeath" else ("forward",))
    for family in FAMILIES
]
COVARIATES = {"A": (0.0, 0.0, 0.0), "B": (0.0, 1.0, 1.0), "C": (1.0, 0.0, -0.5)}  # low risk, high risk, decades of age
NODES = 400
STEP, STEPS = 1e-4, 8
DATA = "137 leukaemia patients, recovery, relapse or death"


def comparisons() -> Iterator[Comparison]:
    """A row for each family and quantity."""
    for family, words in FAMILIES.items():
        yield likelihood(family, words)
        yield maximum(family, words)
        yield occupancy(family, words)


def likelihood(family: str, words: str) -> Comparison:
    """Log likelihoods at flexsurv's estimates: three transitions, the last on both clocks."""
    found, expected = np.transpose([(at(rows, family, values), top) for rows, values, top in _fits(family)])
    return compare(f"log likelihood, {words} hazards", DATA, found, expected, source=FLEXSURV)


def maximum(family: str, words: str) -> Comparison:
    """Estimates at our maximum: logarithms of rates and shapes, and log hazard ratios."""
    both = [np.stack([_maximised(rows, family, values), values]) for rows, values, _ in _fits(family)]
    quantity = f"{words} hazards and hazard ratios {AT_MAXIMUM}"
    return compare(quantity, DATA, *np.concatenate(both, axis=1), source=FLEXSURV)


def occupancy(family: str, words: str) -> Comparison:
    """State probabilities at flexsurv's estimates, three patients, three days, two clocks."""
    rows = reference("flexsurv_occupancy").query("dist == @family")
    days = np.unique(rows["time"].to_numpy(dtype=float))
    found = {}
    for clock in ("forward", "reset"):
        for patient, covariates in COVARIATES.items():
            path = _pathway(family, clock, np.array(covariates))
            found[clock, patient] = state_occupancy(path, np.zeros(1), days, nodes=NODES)[0]
    ours = [
        found[clock, patient][np.searchsorted(days, time), STATES_THERE.index(to)]
        for clock, patient, to, time in rows[["clock", "patient", "to", "time"]].itertuples(index=False)
    ]
    return compare(f"state probability, {words} hazards", DATA, ours, rows["prob"], source=FLEXSURV)


def hazard_of(family: str, values: np.ndarray) -> Any:
    """A baseline from flexsurv's parameters, on the scales that it maximises on."""
    if family == "exp":
        return Weibull(shape=1.0, log_scale=-values[0])
    if family == "weibullPH":
        return Weibull(shape=np.exp(values[0]), log_scale=-values[1] / np.exp(values[0]))
    return Gompertz(growth=values[0], log_rate=values[1])


def of_rows(rows: np.ndarray, hazard: Any, coefficients: np.ndarray) -> float:
    """The log likelihood of gathered rows."""
    log_time, event, exposed = rows[:, 0], rows[:, 1], rows[:, 2]
    relative = rows[:, 3:] @ coefficients
    cumulative = np.exp(hazard.log_cumulative_hazard(log_time, np) + relative)
    return float(np.sum(event * (hazard.log_hazard(log_time, np) + relative) - exposed * cumulative))


def at(rows: np.ndarray, family: str, values: np.ndarray) -> float:
    """The log likelihood of gathered rows at flexsurv's parameters: the baseline's and then log hazard ratios."""
    baseline = _baseline_size(family)
    return of_rows(rows, hazard_of(family, values[:baseline]), values[baseline:])


def estimates_of(
    table: str, transition: str, clock: str, family: str, folder: Path = REFERENCE
) -> tuple[np.ndarray, float]:
    """flexsurv's estimates, on the scales that it maximises on, and its log likelihood there."""
    case, prefix = (table, transition, clock, family), ["dataset", "transition", "clock", "dist"]
    fits, estimates = (pd.read_csv(folder / f"flexsurv_{name}.csv").set_index(prefix) for name in ("fits", "estimates"))
    own = estimates.sort_index(kind="stable").loc[case]
    values = own["est"].to_numpy(dtype=float).copy()
    logs = [name in ("rate", "scale") or (name, family) == ("shape", "weibullPH") for name in own["term"]]
    values[logs] = np.log(values[logs])
    return values, float(fits.sort_index().loc[case, "loglik"])


@cache
def bmt() -> tuple[Patients, np.ndarray]:
    """The transplants, and low risk, high risk and age in decades from 28; (patient, covariate)."""
    columns = WideColumns(response_day="pr_time", response_seen="pr_event", last_day="dfs_time", died="dfs_event")
    patients = from_wide(reference("kmsurv_bmt"), columns, units="days", covariates=["disease", "age"])
    own = patients.covariates
    levels = [own["disease"] == level for level in ("AML low risk", "AML high risk")]
    return patients, np.column_stack([*levels, (own["age"] - 28) / 10]).astype(float)


def _fits(family: str) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Rows at risk, flexsurv's estimates and its log likelihood there, of each transition and clock."""
    for transition, clock, its in CASES:
        if its == family:
            yield _rows(transition, clock), *estimates_of("kmbmt", transition, clock, family)


def _rows(transition: str, clock: str) -> np.ndarray:
    patients, covariates = bmt()
    return gathered(times_at_risk(patients, clock=clock)[TRANSITIONS.index(transition)], covariates)


def _baseline_size(family: str) -> int:
    return 1 if family == "exp" else 2


def _maximised(rows: np.ndarray, family: str, start: np.ndarray) -> np.ndarray:
    """The maximum by Newton's method from near flexsurv's, slopes and curvatures by differences."""

    def slope(point: np.ndarray) -> np.ndarray:
        found = np.empty(point.size)
        for k, step in enumerate(STEP * scale):
            move = step * np.eye(point.size)[k]
            found[k] = (at(rows, family, point + move) - at(rows, family, point - move)) / (2.0 * step)
        return found

    scale = np.maximum(np.abs(start), 0.01)
    point = start + 0.01 * scale
    for _ in range(STEPS):
        curvature = np.atleast_2d(approx_fprime(point, slope, STEP * scale))
        point = point - np.linalg.solve((curvature + curvature.T) / 2.0, slope(point))
    return point


def _pathway(family: str, clock: Clock, covariates: np.ndarray) -> Pathway:
    """The process of a patient at flexsurv's estimates."""
    hazards, relative = [], []
    for k, transition in enumerate(TRANSITIONS):
        of_clock = clock if k == len(TRANSITIONS) - 1 else "forward"
        values, _ = estimates_of("kmbmt", transition, of_clock, family)
        hazards.append(hazard_of(family, values[: _baseline_size(family)]))
        relative.append(float(values[_baseline_size(family) :] @ covariates))
    return Pathway(
        response=hazards[0], death_without_response=hazards[1], death_after_response=hazards[2],
        log_hazard_ratio=(0.0, 0.0, 0.0), study_effect=(relative[0], relative[1], relative[2]), clock=clock,
    )  # fmt: skip
