"""Whom a prediction is for: patients of given durations or covariates, or those of the study or table on average.

Both kinds of posterior, of a paper and of patients one by one, become a pathway for some draws at a time, nodes of the
covariate and averages over them; what is predicted does not ask which it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.patient_analysis import PatientAnalysis
from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import hazard_of, pathway_of_draws
from hscb_bayes.model.print_arrays import baseline
from hscb_bayes.posterior.averages import Average, cohort_average, duration_average, patients_beyond
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.process.pathway import TRANSITIONS, Pathway
from hscb_bayes.sentences import nearest, quote

CHUNK = 250  # draws at once, so that the arrays of a quadrature stay in the cache
THREADS = 2  # array arithmetic leaves the interpreter free
MOST_NODES = 10_000  # draws times kinds of patients at once


class Profile(TypedDict, total=False):
    """Whom a prediction is for; what is left out is the study's, or the table's, own patients on average.

    ``duration``: days of neutropenia before the boost, one result each. ``covariates``: of a table, values by the
    covariate's id, one result for each. ``groups``: names, one result for each, an average over the group's own
    patients: "all", and "short" and "long" of a paper that divides its patients by duration, or those of the table's
    ``groups``. ``standardised``: of a table, values by the covariate's id, one result for each: all patients as they
    are, but with these values. The difference of two such results is a contrast that is adjusted for everything else in
    the analysis (the g-formula).

    Which study or which centre a prediction is for, the posterior says: ``posterior.of(centre="north")``.
    """

    duration: Sequence[float] | None
    covariates: Mapping[str, Any] | None
    groups: Sequence[str] | None
    standardised: Mapping[str, Any] | None


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

    @classmethod
    def of_draws(
        cls, average: Average, analysis: Member, parameters: np.ndarray, effect: np.ndarray | None = None
    ) -> Subjects:
        """Of one printed study, whose covariate is the duration of neutropenia."""

        def pathway(part: slice) -> Pathway:
            return pathway_of_draws(parameters[part], analysis, None if effect is None else effect[part])

        return cls(average=average, pathway=pathway, draws=len(parameters))

    def over_draws(self, function: Callable[[Pathway], np.ndarray]) -> np.ndarray:
        """What ``function`` makes of the pathway of some draws at a time, joined; two parts at once."""
        size = max(1, min(CHUNK, MOST_NODES // self.average.x.size)) if self.average.x.size > THREADS else CHUNK
        parts = [slice(start, start + size) for start in range(0, self.draws, size)]
        if len(parts) == 1:
            return function(self.pathway(parts[0]))
        with ThreadPoolExecutor(THREADS) as threads:
            return np.concatenate(list(threads.map(lambda part: function(self.pathway(part)), parts)))


def subjects_of(posterior: Posterior, profile: Profile) -> Subjects:
    """The patients of a posterior whom a profile means.

    Raises
    ------
    InputError
        When an analysis has no such covariates or groups, or several of them are given.
    """
    asked = [name for name, given in profile.items() if given is not None]
    if len(asked) > 1:
        raise InputError(f"{asked[1]}: required without {asked[0]}, which says whom a result is for")
    own = ("duration", "groups") if posterior.analysis.members else ("covariates", "groups", "standardised")
    for name in asked:
        if name not in own:
            raise InputError(f"{name}: {posterior.analysis.path} has no such patients; required one of {list(own)}")
    return _of_paper(posterior, profile) if posterior.analysis.members else _of_patients(posterior, profile)


def own_patients(
    analysis: Member, parameters: np.ndarray, effect: np.ndarray | None = None
) -> tuple[Subjects, tuple[str, ...]]:
    """The patients of one printed study: a row for all, and for "short" and "long" where it divides them by duration.

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    effect
        What the study adds to the log hazards, shape (draw, transition); nothing if left out.
    """
    average, names = cohort_average(analysis)
    return Subjects.of_draws(average, analysis, parameters, effect), names


def _of_paper(posterior: Posterior, profile: Profile) -> Subjects:
    analysis = posterior.analysis
    _check_one_study(analysis)
    duration, groups = profile.get("duration"), profile.get("groups")
    if duration is None:
        everybody, names = own_patients(analysis, posterior.parameters, posterior.effect)
        average = everybody.average.rows(positions("groups", groups or ("all",), names))
        return replace(everybody, average=average, rows={} if groups is None else {"group": list(groups)})
    days = np.atleast_1d(np.asarray(duration, dtype=float))
    alike = duration_average(analysis, duration)
    return replace(
        Subjects.of_draws(alike, analysis, posterior.parameters, posterior.effect),
        rows={"duration": days},
        beside={"patients_beyond": ("duration", patients_beyond(analysis, days))},
    )


def _of_patients(posterior: Posterior, profile: Profile) -> Subjects:
    analysis, beside, rows = posterior.analysis, dict[str, Any](), dict[str, Any]()
    if (covariates := profile.get("covariates")) is not None:
        if analysis.centres and not posterior.is_of_one_centre:
            raise InputError(
                f"covariates: {analysis.path} has several centres; required the posterior of one: .of(centre=...), or "
                "of a new one: .next(seed=...)"
            )
        design = analysis.design(covariates)
        at, weight = np.zeros(len(design), dtype=int), np.eye(len(design))
        rows = {"patient": np.arange(len(design))}
        beside = _beside("patient", covariates, len(design))
    elif (values := profile.get("standardised")) is not None:
        each = _settings(analysis, values)
        design, at, weight = _kinds(analysis, each, [np.ones(len(analysis.patients), dtype=bool)] * len(each))
        rows = {"setting": np.arange(len(each))}
        beside = _beside("setting", values, len(each))
    else:
        groups = profile.get("groups")
        names = list(analysis.groups)
        members = [analysis.groups[names[k]] for k in positions("groups", groups or ("all",), names)]
        design, at, weight = _kinds(analysis, [analysis.own_design] * len(members), members)
        rows = {} if groups is None else {"group": list(groups)}
    average = Average(x=np.zeros(len(design)), weight=weight)
    pathway = patient_pathways(posterior, design, at)
    return Subjects(average=average, pathway=pathway, draws=len(posterior.parameters), rows=rows, beside=beside)


def own_pathways(posterior: Posterior, draws: Any = slice(None)) -> tuple[Pathway, np.ndarray]:
    """The pathway of some draws, and the covariate of the study's or table's own patients, shape (patient,).

    Parameters
    ----------
    draws
        A slice or positions; all if left out.

    Raises
    ------
    InputError
        When a posterior is of several studies.
    """
    analysis = posterior.analysis
    if not analysis.members:
        pathway = patient_pathways(posterior, analysis.own_design, analysis.own_centre)(draws)
        return pathway, np.zeros(len(analysis.patients))
    _check_one_study(analysis)
    effect = None if posterior.effect is None else posterior.effect[draws]
    return pathway_of_draws(posterior.parameters[draws], analysis, effect), baseline(analysis).x


def _check_one_study(analysis: Analysis) -> None:
    if len(analysis.members) > 1:
        raise InputError(f"{analysis.path}: required one study of the pool: posterior.of(study=...), .average or .next")


def positions(key: str, wanted: Sequence[str], names: Sequence[str]) -> list[int]:
    """Places of names.

    Raises
    ------
    InputError
        When there is none of a name.
    """
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise InputError(f"{key}: there is no {quote(unknown[0])}; {nearest(unknown[0], names)}")
    return [list(names).index(name) for name in wanted]


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


def patient_pathways(posterior: Posterior, design: np.ndarray, at: np.ndarray) -> Callable[[Any], Pathway]:
    """Pathways of some draws, a slice or positions, of patients one by one.

    Parameters
    ----------
    design
        Shape (patient, term).
    at
        Position of each patient's centre among those of the table, shape (patient,).
    """
    analysis, parameters, hazards = posterior.analysis, posterior.parameters, posterior.analysis.hazards
    ratios, effects = posterior.log_hazard_ratios, posterior.centre_effects
    effects = effects[:, :, np.zeros_like(at) if effects.shape[-1] == 1 else at]

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
