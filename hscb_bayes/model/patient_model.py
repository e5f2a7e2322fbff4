"""The PyMC model of patients one by one: exact, from the same hazards as the model of a paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from hscb_bayes.analysis.patient_spec import PatientAnalysis
from hscb_bayes.analysis.patient_table import Centres
from hscb_bayes.evidence.patients.risk import times_at_risk
from hscb_bayes.model.block_sum import BlockSum
from hscb_bayes.model.data_vector import DATA_VARIABLE, PARAMETERS_VARIABLE, Built, packed, unpacked
from hscb_bayes.model.pathways import hazard_of
from hscb_bayes.model.patient_rows import (
    CENTRE,
    EVENT,
    EXPOSED,
    LOG_TIME,
    ROWS,
    OneByOne,
    padded,
    patient_rows,
    room_for_any,
    unwatched_data,
)
from hscb_bayes.process.pathway import TRANSITIONS, Hazard

RESPONSE = 0
LKJ = 2.0
PAIRS = ("response, death without", "response, death after", "death without, death after")
PARTIAL = np.array([LKJ + 0.5, LKJ + 0.5, LKJ])  # parameters of a beta on (-1, 1), for partial correlations of three
IMPOSSIBLE = -1e200  # log of what cannot be
HALF_CENTRED = 200.0  # events of a centre that tell as much of its effect as a spread of 0.07 between centres does


def prior_of(analysis: PatientAnalysis) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the baselines' parameters on their unbounded scales, shape (parameter,)."""
    prior, found = analysis.table.prior, analysis.hazards.beliefs
    beliefs = [prior[found.get(id, id)].normal(parameter.scale) for id, parameter in analysis.parameters.items()]
    mean, deviation = np.array(beliefs).T
    return mean, deviation


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
    points = points_of(analysis, parameters, log_hazard_ratio, centre)
    rows = patient_rows(analysis).values()
    found = [row_terms(analysis, k, np)(points[k], own).sum() for k, own in enumerate(rows)]
    data = unwatched_data(analysis)
    return np.array([*found, unwatched_terms(analysis, points, data, np).sum() if data else 0.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class ByPatient:
    """Log likelihood of each patient of a table, at one point after the other, in NumPy."""

    analysis: PatientAnalysis

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
        size = len(self.analysis.patients)
        points = points_of(self.analysis, parameters, log_hazard_ratio, centre)
        found = np.zeros(size)
        for k, (who, rows) in enumerate(self._rows):
            found += np.bincount(who, row_terms(self.analysis, k, np)(points[k], rows), minlength=size)
        if self._open:
            found[~self.analysis.patients.is_exact] += unwatched_terms(self.analysis, points, self._open, np)
        return found


def points_of(
    analysis: PatientAnalysis, parameters: Mapping[str, float], log_hazard_ratio: np.ndarray, centre: np.ndarray
) -> list[np.ndarray]:
    """Coefficients of each transition, as ``row_terms`` takes them."""
    return [
        np.concatenate([[parameters[id] for id in baseline_ids(analysis, k)], log_hazard_ratio[k], centre[k]])
        for k in range(len(TRANSITIONS))
    ]


def patient_data(analysis: PatientAnalysis, *, without: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """All that the model of a table of patients takes as data; ``without`` is as ``patient_rows`` takes it."""
    mean, deviation = prior_of(analysis)
    rows, open_ones = patient_rows(analysis, without=without), unwatched_data(analysis, without=without)
    events = events_of_centres(analysis, without=without)
    centring = {"centred": events / (events + HALF_CENTRED)} if analysis.centres else {}
    return {"prior_mean": mean, "prior_deviation": deviation} | centring | rows | open_ones


def build_patients(analysis: PatientAnalysis, *, spare: bool = False) -> Built:
    """Build the model of a table of patients.

    Parameters
    ----------
    spare
        Whether there is to be room for any other course of these patients, as simulated tables need it.
    """
    kept = patient_data(analysis)
    if spare:
        kept = padded(kept, room_for_any(analysis, kept))
    coords = {
        "parameter": list(analysis.parameter_ids),
        "transition": list(TRANSITIONS),
        "term": list(analysis.terms),
        "centre": list(analysis.centres),
        "other_transition": list(TRANSITIONS),
        "pair": list(PAIRS),
    }
    with pm.Model(coords=coords) as model:
        shapes = {name: value.shape for name, value in kept.items()}
        whole = packed(kept)
        data = unpacked(pt.specify_shape(pm.Data(DATA_VARIABLE, whole), whole.shape), shapes)
        parameters = pm.Normal(
            PARAMETERS_VARIABLE, mu=data["prior_mean"], sigma=data["prior_deviation"], dims="parameter"
        )
        ratios = (
            pm.Normal("log_hazard_ratio", sigma=analysis.term_deviations, dims=("transition", "term"))
            if analysis.terms
            else pt.zeros((len(TRANSITIONS), 0))
        )
        effects = _centre_effects(analysis, data.get("centred"))
        points = [
            pt.concatenate([parameters[_positions(analysis, k)], ratios[k], effects[k]])
            for k in range(len(TRANSITIONS))
        ]
        for k, name in enumerate(ROWS):
            size = len(baseline_ids(analysis, k)) + len(analysis.terms) + len(analysis.centres)
            summed = BlockSum(row_terms(analysis, k, pt), parameters=size, columns=kept[name].shape[1])
            pm.Potential(f"log_likelihood_{TRANSITIONS[k]}", summed(points[k], data[name])[0])
        if "unwatched_counted" in kept:
            terms = unwatched_terms(analysis, points, data, pt)
            pm.Potential("log_likelihood_unwatched", (data["unwatched_counted"] * terms).sum())
    return Built(analysis=analysis, model=model, shapes=shapes)


def _positions(analysis: PatientAnalysis, transition: int) -> list[int]:
    """Where a transition's parameters are among those of all."""
    return [analysis.parameter_ids.index(id) for id in baseline_ids(analysis, transition)]


def events_of_centres(analysis: OneByOne, *, without: np.ndarray | None = None) -> np.ndarray:
    """Responses, deaths without and deaths after one, seen at each centre, shape (transition, centre)."""
    patients, kept = analysis.patients, np.ones(len(analysis.patients), dtype=bool) if without is None else ~without
    seen = np.isfinite(patients.response_day)
    events = (seen, patients.died & ~seen, patients.died & seen)
    at = analysis.own_centre[:, None] == np.arange(len(analysis.centres))
    return np.array([kept & event for event in events], dtype=float) @ at


def _centre_effects(analysis: PatientAnalysis, centred: Any) -> Any:
    """What each centre adds to the log hazards, shape (transition, centre).

    An effect is s e with a spread s and a standard normal e. Sampled is s^w e: the standard effect where w is 0, which
    suits a centre that tells little, and the effect itself where it is 1, which suits one that tells much.

    Parameters
    ----------
    centred
        The exponents w, shape (transition, centre).

    References
    ----------
    Papaspiliopoulos O, Roberts GO, Skold M. A general framework for the parametrization of hierarchical models. Stat
    Sci 2007;22:59-73.
    """
    said, effects, standard = analysis.table.centres, list[Any](), list[Any]()
    if said is None:
        return pt.zeros((len(TRANSITIONS), 0))
    spread, root = _between_centres(said)
    log_spread = pt.log(spread)[:, None]
    scales, rests = pt.exp(centred * log_spread), pt.exp((1.0 - centred) * log_spread)
    for k, name in enumerate(TRANSITIONS):
        mean = sum((root[k, j] * standard[j] for j in range(k)), start=pt.zeros(len(analysis.centres)))
        partly = pm.Normal(f"partly_centred_{name}", mu=scales[k] * mean, sigma=scales[k] * root[k, k], dims="centre")
        standard.append((partly / scales[k] - mean) / root[k, k])
        effects.append(partly * rests[k])
    return pm.Deterministic("centre_effect", pt.stack(effects), dims=("transition", "centre"))


def _between_centres(said: Centres) -> tuple[Any, Any]:
    """Spread of each transition's effects, and the Cholesky factor of their correlation.

    References
    ----------
    Lewandowski D, Kurowicka D, Joe H. Generating random correlation matrices based on vines and extended onion method.
    J Multivar Anal 2009;100:1989-2001.
    """
    near_zero = pm.distributions.transforms.log_exp_m1  # a logarithm near zero alone
    spread = pm.HalfNormal("between_centres", sigma=said.deviation, default_transform=near_zero, dims="transition")
    if not said.correlated:
        return spread, np.eye(len(TRANSITIONS))
    partial = pm.Beta("centre_partial_correlation", alpha=PARTIAL, beta=PARTIAL, dims="pair")
    root = correlation_root(2.0 * partial - 1.0, pt)
    correlation = pt.fill_diagonal((root[:, None] * root[None]).sum(axis=-1), 1.0)
    pm.Deterministic("centre_correlation", correlation, dims=("transition", "other_transition"))
    return spread, root


def correlation_root(partial: Any, xp: Any) -> Any:
    """Cholesky factor of the correlation of three with partial correlations of 1 and 2, 1 and 3, 2 and 3 given 1."""
    left = xp.sqrt(1.0 - partial**2)
    zero, one = xp.zeros(()), xp.ones(())
    return xp.stack(
        [
            xp.stack([one, zero, zero]),
            xp.stack([partial[0], left[0], zero]),
            xp.stack([partial[1], left[1] * partial[2], left[1] * left[2]]),
        ]
    )
