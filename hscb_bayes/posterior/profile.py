"""Whom a prediction is for: patients of given durations or covariates, or those of the study on average.

A posterior of one study becomes a pathway for some draws at a time, kinds of patients and averages over them. What is
predicted does not ask whether the study is printed or known patient by patient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.member import Member
from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import pathway_of_draws
from hscb_bayes.model.print_arrays import baseline, covariate_at
from hscb_bayes.posterior.averages import Average, cohort_average, patients_beyond
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.sentences import nearest, quote

CHUNK = 250  # draws at once, so that the arrays of a quadrature stay in the cache
THREADS = 2  # array arithmetic leaves the interpreter free
MOST_NODES = 10_000  # draws times kinds of patients at once


class Profile(TypedDict, total=False):
    """Whom a prediction is for; what is left out is the study's, or the table's, own patients on average.

    ``duration``: days of the condition before time zero, one result each, of a printed study and of whatever study
    beside one. ``covariates``: of a table, values by the covariate's id, one result for each. ``groups``: names, one
    result for each, an average over the group's own patients: "all", and "short" and "long" of a paper that divides its
    patients by duration, or those of the table's ``groups``. ``standardised``: of a table, values by the covariate's
    id, one result for each: all patients as they are, but with these values. The difference of two such results is a
    contrast that is adjusted for everything else in the analysis (the g-formula).

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
        """Of one printed study, whose covariate is the duration of the condition."""

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
        When a posterior is of several studies, an analysis has no such covariates or groups, or several of them are
        given.
    """
    analysis = posterior.analysis
    _check_one_study(analysis)
    asked = [name for name, given in profile.items() if given is not None]
    if len(asked) > 1:
        raise InputError(f"{asked[1]}: required without {asked[0]}, which says whom a result is for")
    own = _askable(analysis)
    for name in asked:
        if name not in own:
            raise InputError(f"{name}: {analysis.path} has no such patients; required one of {list(own)}")
    if asked and asked[0] in ALIKE and analysis.centres and not posterior.is_of_one_centre:
        raise InputError(
            f"{asked[0]}: {analysis.path} has several centres; required the posterior of one: .of(centre=...), or "
            "of a new one: .next(seed=...)"
        )
    return _subjects(posterior, _kinds_of(analysis, profile))


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


def own_pathways(posterior: Posterior, draws: Any = slice(None)) -> tuple[Pathway, np.ndarray]:
    """The pathway of some draws, and the covariate of the study's own patients, shape (patient,).

    Parameters
    ----------
    draws
        A slice or positions; all if left out.

    Raises
    ------
    InputError
        When a posterior is of several studies.
    """
    _check_one_study(posterior.analysis)
    x, design, centre = _own(posterior.analysis)
    return _pathways(posterior, design, centre)(draws), x


ALIKE = ("duration", "covariates")  # what says that all patients of a result are alike


def _askable(analysis: Member) -> tuple[str, ...]:
    """What a profile can say of the patients of a study."""
    if analysis.is_printed:
        return ("duration", "groups")
    of_table = ("covariates", "groups", "standardised")
    return of_table if analysis.first is None else ("duration", *of_table)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Kinds:
    """Kinds of patients: ``x`` of their durations (kind,), ``design`` (kind, term), ``centre`` (kind,), and their
    ``weight`` in each result (row, kind); ``rows`` and ``beside`` as of ``Subjects``.
    """

    x: np.ndarray
    design: np.ndarray
    centre: np.ndarray
    weight: np.ndarray
    rows: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def alike(cls, x: np.ndarray, design: np.ndarray, rows: Mapping[str, Any], beside: Mapping[str, Any]) -> _Kinds:
        """A result for each kind."""
        return cls(
            x=x, design=design, centre=np.zeros(x.size, dtype=int), weight=np.eye(x.size), rows=rows, beside=beside
        )


def _kinds_of(analysis: Member, profile: Profile) -> _Kinds:
    if (duration := profile.get("duration")) is not None:
        days = np.atleast_1d(np.asarray(duration, dtype=float))
        x, beyond = covariate_at(analysis, days), patients_beyond(analysis, days)
        beside = {"patients_beyond": ("duration", beyond)}
        return _Kinds.alike(x, np.zeros((x.size, len(analysis.terms))), {"duration": days}, beside)
    if (covariates := profile.get("covariates")) is not None:
        design = analysis.design(covariates)
        size = len(design)
        rows = {"patient": np.arange(size)}
        return _Kinds.alike(np.zeros(size), design, rows, _beside("patient", covariates, size))
    if (values := profile.get("standardised")) is not None:
        each = _settings(analysis, values)
        rows, beside = {"setting": np.arange(len(each))}, _beside("setting", values, len(each))
        return replace(
            _grouped(analysis, each, [np.ones(analysis.size, dtype=bool)] * len(each)), rows=rows, beside=beside
        )
    groups = profile.get("groups")
    by_group: dict[str, Any] = {} if groups is None else {"group": list(groups)}
    if analysis.is_printed:
        average, names = cohort_average(analysis)
        average = average.rows(positions("groups", groups or ("all",), names))
        none = np.zeros((average.x.size, 0))
        return _Kinds(
            x=average.x, design=none, centre=np.zeros(len(none), dtype=int), weight=average.weight, rows=by_group
        )
    named = list(analysis.groups)
    members = [analysis.groups[named[k]] for k in positions("groups", groups or ("all",), named)]
    return replace(_grouped(analysis, [analysis.own_design] * len(members), members), rows=by_group)


def _own(analysis: Member) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the study's own patients: ``x`` of their durations, design and centre, as of ``_Kinds``."""
    if analysis.is_printed:
        x = baseline(analysis).x
        return x, np.zeros((x.size, 0)), np.zeros(x.size, dtype=int)
    known = analysis.known
    duration = None if known is None or not analysis.by_duration else known.duration
    x = np.zeros(analysis.size) if duration is None else covariate_at(analysis, duration)
    return x, analysis.own_design, analysis.own_centre


def _subjects(posterior: Posterior, kinds: _Kinds) -> Subjects:
    return Subjects(
        average=Average(x=kinds.x, weight=kinds.weight),
        pathway=_pathways(posterior, kinds.design, kinds.centre),
        draws=len(posterior.parameters),
        rows=kinds.rows,
        beside=kinds.beside,
    )


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


def _settings(analysis: Member, values: Mapping[str, Any]) -> list[np.ndarray]:
    """Designs of the table's patients, (patient, term) each: as they are, but for the values of each setting."""
    sizes = {np.size(given) for given in values.values() if np.ndim(given)}
    if not values or len(sizes) > 1:
        found = {id: np.size(given) for id, given in values.items()}
        raise InputError(f"standardised: required covariates with as many values each, found {found}")
    given = {id: np.broadcast_to(np.asarray(each), (max(sizes, default=1),)) for id, each in values.items()}
    own = {id: analysis.patients.covariates[covariate.column] for id, covariate in analysis.covariates.items()}
    return [
        analysis.design(own | {id: np.full(analysis.size, each[k]) for id, each in given.items()})
        for k in range(max(sizes, default=1))
    ]


def _grouped(analysis: Member, designs: Sequence[np.ndarray], members: Sequence[np.ndarray]) -> _Kinds:
    """Patients of a table who differ, with their shares in each average: a design and who is in it, for each."""
    x, _, centre = _own(analysis)
    every = np.concatenate([np.column_stack([x, design, centre]) for design in designs])
    kinds, kind = np.unique(every, axis=0, return_inverse=True)
    each = kind.reshape(len(designs), -1)
    counts = np.array([np.bincount(own[of], minlength=len(kinds)) for own, of in zip(each, members, strict=True)])
    weight = counts / counts.sum(axis=1, keepdims=True)
    return _Kinds(x=kinds[:, 0], design=kinds[:, 1:-1], centre=kinds[:, -1].astype(int), weight=weight)


def _pathways(posterior: Posterior, design: np.ndarray, at: np.ndarray) -> Callable[[Any], Pathway]:
    """Pathways of some draws, a slice or positions, of kinds of patients.

    Parameters
    ----------
    design
        Shape (kind, term).
    at
        Position of each kind's centre among those of the study, shape (kind,).
    """
    analysis, parameters = posterior.analysis, posterior.parameters
    of_study, ratios, of_centres = posterior.effect, posterior.log_hazard_ratios, posterior.centre_effects
    differ = bool(design.shape[1]) or bool(posterior.centres)
    at = np.zeros_like(at) if of_centres.shape[-1] == 1 else at

    def pathway(part: Any) -> Pathway:
        added = None if of_study is None else of_study[part][:, :, None]
        if differ:
            own = np.einsum("dkt,pt->dkp", ratios[part], design) + of_centres[part][:, :, at]
            added = own if added is None else added + own
        return pathway_of_draws(parameters[part], analysis, added)

    return pathway
