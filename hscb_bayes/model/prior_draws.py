"""Draws from the prior of an analysis, in the form of a posterior: what takes a posterior takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.patient_spec import PatientAnalysis
from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.model.data import components
from hscb_bayes.model.data_vector import PARAMETERS_VARIABLE
from hscb_bayes.model.fit import provenance, with_natural_scales
from hscb_bayes.model.hierarchy import EFFECTS, hierarchy_of, log_prior_apart
from hscb_bayes.model.known_patients import effect_deviations
from hscb_bayes.model.levels import PARTIAL, PATIENTS_OF, correlation_root
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.process.pathway import TRANSITIONS

DIMS = ("chain", "draw")

Variables = dict[str, tuple[tuple[str, ...], np.ndarray]]


def draw_prior(analysis: Analysis | Pool | PatientAnalysis, *, draws: int, chains: int, seed: int) -> xr.DataTree:
    """Independent draws from the prior of an analysis, with the variables, coordinates and provenance of ``sample``.

    Parameters
    ----------
    draws
        Per chain.
    seed
        Of the draws.

    Examples
    --------
    >>> tree = draw_prior(load_analysis("main"), draws=500, chains=2, seed=1)  # doctest: +SKIP
    """
    rng, shape = np.random.default_rng(seed), (chains, draws)
    if isinstance(analysis, Pool):
        variables, coords = _of_pool(analysis, shape, rng)
    elif isinstance(analysis, PatientAnalysis):
        variables, coords = _of_patients(analysis, shape, rng)
    else:
        variables, coords = _of_paper(analysis, shape, rng)
    parameters = analysis.parameters
    own = {"chain": np.arange(chains), "draw": np.arange(draws), "parameter": list(parameters), **coords}
    dataset = xr.Dataset({name: ((*DIMS, *dims), values) for name, (dims, values) in variables.items()}, own)
    stats = xr.Dataset({"diverging": (DIMS, np.zeros(shape, bool)), "n_steps": (DIMS, np.ones(shape, int))})
    tree = xr.DataTree.from_dict({"posterior": with_natural_scales(dataset, parameters), "sample_stats": stats})
    tree.attrs.update(provenance(analysis, {"draws": draws, "chains": chains, "seed": seed, "sampler": "prior"}))
    return tree


def _normals(
    beliefs: tuple[np.ndarray, np.ndarray], shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[tuple[str, ...], np.ndarray]:
    """Parameters of the baselines from their means and deviations."""
    mean, deviation = beliefs
    return ("parameter",), mean + deviation * rng.standard_normal((*shape, mean.size))


def _of_paper(
    analysis: Analysis, shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[Variables, Mapping[str, Any]]:
    variables: Variables = {PARAMETERS_VARIABLE: _normals(prior_normals(analysis), shape, rng)}
    coords: dict[str, Any] = {"transition": list(TRANSITIONS), "study": [analysis.study.id]}
    size, between = (*shape, len(TRANSITIONS)), analysis.table.between_studies
    if between is not None:
        spread = between.deviation * np.abs(rng.standard_normal(size))
        variables["between_studies"] = (("transition",), spread)
        variables["study_effect"] = (("study", "transition"), (spread * rng.standard_normal(size))[..., None, :])
    deviation = None if analysis.known is None else analysis.known.said.deviation
    if deviation is not None:
        variables[EFFECT] = (("transition",), deviation * rng.standard_normal(size))
    return variables, coords


def _of_patients(
    analysis: PatientAnalysis, shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[Variables, Mapping[str, Any]]:
    variables: Variables = {PARAMETERS_VARIABLE: _normals(prior_normals(analysis), shape, rng)}
    size, terms, said = (*shape, len(TRANSITIONS)), len(analysis.terms), analysis.table.centres
    coords = {"transition": list(TRANSITIONS), "other_transition": list(TRANSITIONS)}
    if terms:
        ratios = analysis.term_deviations * rng.standard_normal((*size, terms))
        variables["log_hazard_ratio"] = (("transition", "term"), ratios)
    if said is not None:
        partial = 2.0 * rng.beta(PARTIAL, PARTIAL, size=(*shape, PARTIAL.size)) - 1.0
        root = np.eye(len(TRANSITIONS))
        if said.correlated:
            flat = [correlation_root(one, np) for one in partial.reshape(-1, PARTIAL.size)]
            root = np.reshape(flat, (*size, len(TRANSITIONS)))
            correlation = root @ np.swapaxes(root, -1, -2)
            variables["centre_correlation"] = (("transition", "other_transition"), correlation)
        spread = said.deviation * np.abs(rng.standard_normal(size))
        standard = root @ rng.standard_normal((*size, len(analysis.centres)))
        variables["between_centres"] = (("transition",), spread)
        variables["centre_effect"] = (("transition", "centre"), spread[..., None] * standard)
    return variables, coords | {"term": list(analysis.terms), "centre": list(analysis.centres)}


def _of_pool(pool: Pool, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Variables, Mapping[str, Any]]:
    variables: Variables = {PARAMETERS_VARIABLE: _normals(prior_normals(pool.members[0]), shape, rng)}
    beliefs, deviations = hierarchy_of(pool), effect_deviations(pool)
    between = beliefs.between * np.abs(rng.standard_normal((*shape, len(EFFECTS))))
    shifts = beliefs.shift * rng.standard_normal((*shape, *beliefs.shift.shape))
    shared = beliefs.belongs @ shifts
    alike = rng.uniform(size=(*shape, len(pool.studies), 1)) < np.exp(beliefs.log_weights[0])[:, None]
    standard = rng.standard_normal(shared.shape) * np.where(alike, 1.0, 1.0 / beliefs.drawn_apart)
    dims = ("study", "effect")
    variables["between_studies"] = (("effect",), between)
    variables["shift_effect"] = (("shift", "effect"), shifts)
    variables["study_effect"] = (dims, shared + beliefs.differs * between[..., None, :] * standard)
    if components(pool) > 1:
        apart = shared + beliefs.differs * beliefs.apart * beliefs.drawn_apart * standard
        variables["study_effect_apart"] = (dims, apart)
        variables["log_prior_apart"] = (("study",), log_prior_apart(standard, beliefs.drawn_apart, np))
    if deviations:
        own = np.array(list(deviations.values()))[:, None]
        variables[EFFECT] = (
            (PATIENTS_OF, "transition"),
            own * rng.standard_normal((*shape, len(own), len(TRANSITIONS))),
        )
    coords = {"effect": list(EFFECTS), "study": list(pool.studies), "shift": list(beliefs.names)}
    return variables, coords | {PATIENTS_OF: list(deviations), "transition": list(TRANSITIONS)}
