"""Whom a prediction is for: patients of given durations or covariates, or those of the study or table on average.

Both kinds of posterior, of a paper and of patients one by one, become a pathway for some draws at a time, nodes of the
covariate and averages over them; what is predicted does not ask which it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypedDict

import numpy as np
import xarray as xr

from hscb_bayes.analysis.patient_spec import PatientAnalysis
from hscb_bayes.errors import InputError
from hscb_bayes.model.fit import analysis_of, draws_of, is_of_patients, patients_of, study_effects
from hscb_bayes.model.pathways import hazard_of
from hscb_bayes.posterior.averages import Among, Average, duration_average, group_average, patients_beyond
from hscb_bayes.posterior.headline import CHUNK, THREADS, pathway_from_draws
from hscb_bayes.process.pathway import TRANSITIONS, Pathway
from hscb_bayes.sentences import nearest, quote

NEW_CENTRE = "new"
MOST_NODES = 10_000  # draws times kinds of patients at once


class Whom(TypedDict, total=False):
    """Whom a prediction is for; what is left out is the study's, or the table's, own patients on average.

    Of a paper: ``duration``, days of neutropenia before the boost, one result each; or ``among``, "short" or "long".
    Of patients: ``covariates``, values by the covariate's id, one result for each; ``centre``, the name of one, or
    "new" for one that is not in the table, for which ``seed`` is needed; ``groups``, names of the analysis' ``groups``,
    one result for each, standardised to the group's own patients; or ``standardised``, values by the covariate's id,
    one result for each: all the table's patients as they are, but with these values. The difference of two such results
    is a contrast that is adjusted for everything else in the analysis (the g-formula).
    """

    duration: Sequence[float] | None
    among: Among
    covariates: Mapping[str, Any] | None
    centre: str | None
    groups: Sequence[str] | None
    standardised: Mapping[str, Any] | None
    seed: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Subjects:
    """Kinds of patients, and averages over them.

    Parameters
    ----------
    average
        Nodes and weights, a row for each result.
    pathway
        Of some draws.
    draws
        How many there are.
    rows
        Coordinate of the results, by its name; empty where there is one result, an average.
    beside
        Coordinates beside it: without dimension, or along it.
    """

    average: Average
    pathway: Callable[[slice], Pathway]
    draws: int
    rows: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)

    def over_draws(self, function: Callable[[Pathway], np.ndarray]) -> np.ndarray:
        """What ``function`` makes of the pathway of some draws at a time, joined; two parts at once."""
        size = max(1, min(CHUNK, MOST_NODES // self.average.x.size)) if self.average.x.size > THREADS else CHUNK
        parts = [slice(start, start + size) for start in range(0, self.draws, size)]
        if len(parts) == 1:
            return function(self.pathway(parts[0]))
        with ThreadPoolExecutor(THREADS) as threads:
            return np.concatenate(list(threads.map(lambda part: function(self.pathway(part)), parts)))


def subjects_of(posterior: xr.DataTree, whom: Whom) -> Subjects:
    """The subjects of a posterior of either kind.

    Raises
    ------
    InputError
        When they are described as those of the other kind are, or there are none such.
    """
    if is_of_patients(posterior):
        return _of_patients(posterior, whom)
    for name in ("covariates", "centre", "groups", "standardised"):
        if whom.get(name) is not None:
            raise InputError(
                f"{name}: required for posteriors of patients, found one of a paper; use duration or among"
            )
    return _of_paper(posterior, whom.get("duration"), whom.get("among", "all"))


def _of_paper(posterior: xr.DataTree, duration: Sequence[float] | None, among: Among) -> Subjects:
    analysis, parameters, effect = analysis_of(posterior), draws_of(posterior), study_effects(posterior)

    def pathway(part: slice) -> Pathway:
        return pathway_from_draws(parameters[part], analysis, None if effect is None else effect[part])

    if duration is None:
        average = group_average(analysis, among)
        return Subjects(average=average, pathway=pathway, draws=len(parameters), beside={"among": among})
    if among != "all":
        raise InputError(f"among: required 'all' where durations are given, found {among!r}")
    days = np.atleast_1d(np.asarray(duration, dtype=float))
    return Subjects(
        average=duration_average(analysis, duration),
        pathway=pathway,
        draws=len(parameters),
        rows={"duration": days},
        beside={"patients_beyond": ("duration", patients_beyond(analysis, days))},
    )


def _of_patients(posterior: xr.DataTree, whom: Whom) -> Subjects:
    for name in ("duration", "among"):
        if whom.get(name) not in (None, "all"):
            raise InputError(f"{name}: required a posterior of a paper, found one of patients; use covariates")
    asked = [name for name in ("covariates", "groups", "standardised") if whom.get(name) is not None]
    if len(asked) > 1:
        raise InputError(f"{asked[1]}: required without {asked[0]}, which say whom a result is for")
    analysis, centre = patients_of(posterior), whom.get("centre")
    effects = centre_effects(posterior, analysis, centre, whom.get("seed"))
    beside: dict[str, Any] = {} if centre is None else {"centre": centre}
    rows: dict[str, Any] = {}
    if (covariates := whom.get("covariates")) is not None:
        if centre is None and analysis.centres:
            raise InputError("centre: required where covariates are given: the name of a centre, or 'new'")
        design = analysis.design(covariates)
        at, weight = np.zeros(len(design), dtype=int), np.eye(len(design))
        rows = {"patient": np.arange(len(design))}
        beside |= _beside("patient", covariates, len(design))
    elif (values := whom.get("standardised")) is not None:
        each = _settings(analysis, values)
        design, at, weight = _kinds(analysis, each, [np.ones(len(analysis.patients), dtype=bool)] * len(each))
        rows = {"setting": np.arange(len(each))}
        beside |= _beside("setting", values, len(each))
    else:
        groups = whom.get("groups")
        members = _members(analysis, groups)
        design, at, weight = _kinds(analysis, [analysis.own_design] * len(members), members)
        rows = {} if groups is None else {"group": list(groups)}
        beside |= {"among": "all"} if groups is None else {}
    if centre is not None:
        at = np.zeros_like(at)
    average = Average(x=np.zeros(len(design)), weight=weight)
    pathway = patient_pathways(posterior, analysis, design, effects[:, :, at])
    return Subjects(
        average=average, pathway=pathway, draws=len(draws_of(posterior)), rows=rows,
        beside=beside,
    )  # fmt: skip


def _beside(dim: str, values: Mapping[str, Any], size: int) -> dict[str, Any]:
    """Covariates as coordinates along a dimension."""
    return {id: (dim, np.broadcast_to(np.asarray(given), (size,))) for id, given in values.items()}


def _settings(analysis: PatientAnalysis, values: Mapping[str, Any]) -> list[np.ndarray]:
    """Designs of the table's patients, (patient, term) each: as they are, but for the values of each setting."""
    sizes = {np.size(given) for given in values.values() if np.ndim(given)}
    if not values or len(sizes) > 1:
        found = {id: np.size(given) for id, given in values.items()}
        raise InputError(f"standardised: required covariates with as many values each, found {found}")
    given = {id: np.broadcast_to(np.asarray(each), (max(sizes, default=1),)) for id, each in values.items()}
    own = {id: analysis.patients.covariates[covariate.column] for id, covariate in analysis.table.covariates.items()}
    return [
        analysis.design(own | {id: np.full(len(analysis.patients), each[k]) for id, each in given.items()})
        for k in range(max(sizes, default=1))
    ]


def _kinds(
    analysis: PatientAnalysis, designs: Sequence[np.ndarray], members: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Patients who differ: their design (kind, term), centre (kind,), and shares in each average (average, kind)."""
    every = np.concatenate([np.column_stack([design, analysis.own_centre]) for design in designs])
    kinds, kind = np.unique(every, axis=0, return_inverse=True)
    each = kind.reshape(len(designs), -1)
    counts = np.array([np.bincount(own[of], minlength=len(kinds)) for own, of in zip(each, members, strict=True)])
    return kinds[:, :-1], kinds[:, -1].astype(int), counts / counts.sum(axis=1, keepdims=True)


def _members(analysis: PatientAnalysis, groups: Sequence[str] | None) -> list[np.ndarray]:
    """Who is in each group, (patient,) each; everybody where no groups are asked for."""
    unknown = [name for name in groups or () if name not in analysis.groups]
    if unknown:
        raise InputError(f"groups: there is no {quote(unknown[0])}; {nearest(unknown[0], analysis.groups)}")
    return [analysis.groups[name] for name in groups or ("all",)]


def patient_pathways(
    posterior: xr.DataTree, analysis: PatientAnalysis, design: np.ndarray, effects: np.ndarray
) -> Callable[[Any], Pathway]:
    """Pathways of some draws, a slice or positions, of patients one by one.

    Their design has the shape (patient, term), what centres add to log hazards (draw, transition, patient).
    """
    parameters, hazards = draws_of(posterior), analysis.table.hazards
    ratios = log_hazard_ratios(posterior, analysis)

    def pathway(part: Any) -> Pathway:
        values = {id: parameters[part, k][:, None, None] for k, id in enumerate(analysis.parameter_ids)}
        relative = np.einsum("dkt,pt->dkp", ratios[part], design) + effects[part]
        made = [hazard_of(transition, hazards, values, np) for transition in TRANSITIONS]
        none = np.zeros((len(relative), 1, 1))
        return Pathway(
            response=made[0], death_without_response=made[1], death_after_response=made[2],
            log_hazard_ratio=(none, none, none),
            study_effect=(relative[:, 0, :, None], relative[:, 1, :, None], relative[:, 2, :, None]),
            logit_never=values.get("never_respond", -np.inf),
            clock=hazards.clock,
        )  # fmt: skip

    return pathway


def log_hazard_ratios(posterior: xr.DataTree, analysis: PatientAnalysis) -> np.ndarray:
    """Of a posterior of patients, shape (draw, transition, term); no terms where no covariate has one."""
    if not analysis.terms:
        return np.zeros((len(draws_of(posterior)), len(TRANSITIONS), 0))
    return _flat(posterior, "log_hazard_ratio")


def centre_effects(
    posterior: xr.DataTree, analysis: PatientAnalysis, centre: str | None = None, seed: int | None = None
) -> np.ndarray:
    """Effects on the log hazards, shape (draw, transition, centre): of all centres, of one, or of a new one."""
    draws = len(draws_of(posterior))
    if not analysis.centres:
        if centre is not None:
            raise InputError(f"centre: {analysis.path} does not tell centres apart, found {quote(centre)}")
        return np.zeros((draws, len(TRANSITIONS), 1))
    if centre is None:
        return _flat(posterior, "centre_effect")
    if centre != NEW_CENTRE:
        if centre not in analysis.centres:
            raise InputError(f"centre: there is no {quote(centre)}; {nearest(centre, [*analysis.centres, NEW_CENTRE])}")
        return _flat(posterior, "centre_effect")[:, :, [analysis.centres.index(centre)]]
    if seed is None:
        raise InputError("seed: required for a new centre, whose effects are drawn")
    spread = _flat(posterior, "between_centres")
    standard = np.random.default_rng(seed).normal(size=spread.shape)
    if "centre_correlation" in posterior["posterior"].data_vars:
        standard = np.einsum("dij,dj->di", np.linalg.cholesky(_flat(posterior, "centre_correlation")), standard)
    return (spread * standard)[..., None]


def _flat(posterior: xr.DataTree, name: str) -> np.ndarray:
    """A variable, chains one after the other."""
    values = posterior["posterior"][name].transpose("chain", "draw", ...).values
    return np.asarray(values.reshape(-1, *values.shape[2:]))
