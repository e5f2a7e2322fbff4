"""Draws from the prior of an analysis, in the form of a posterior: what takes a posterior takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.pool import Pool
from hscb_bayes.model.build import coords_of
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


def draw_prior(analysis: Any, *, draws: int, chains: int, seed: int) -> xr.DataTree:
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
    mean, deviation = prior_normals(analysis)
    each = (len(analysis.studies),) if analysis.each_alone else ()
    parameters_of = mean + deviation * rng.standard_normal((*shape, *each, mean.size))
    variables: Variables = {PARAMETERS_VARIABLE: ((*(("study",) if each else ()), "parameter"), parameters_of)}
    variables |= _ratios(analysis, shape, rng) | _centres(analysis, shape, rng)
    variables |= _studies(analysis, shape, rng) if analysis.has_hierarchy else _one_study(analysis, shape, rng)
    variables |= _known(analysis, shape, rng)
    coords = {name: labels for name, labels in coords_of(analysis).items() if name not in ("number", "pair")}
    parameters = analysis.parameters
    own = {"chain": np.arange(chains), "draw": np.arange(draws), "parameter": list(parameters), **coords}
    dataset = xr.Dataset({name: ((*DIMS, *dims), values) for name, (dims, values) in variables.items()}, own)
    stats = xr.Dataset({"diverging": (DIMS, np.zeros(shape, bool)), "n_steps": (DIMS, np.ones(shape, int))})
    tree = xr.DataTree.from_dict({"posterior": with_natural_scales(dataset, parameters), "sample_stats": stats})
    tree.attrs.update(provenance(analysis, {"draws": draws, "chains": chains, "seed": seed, "sampler": "prior"}))
    return tree


def _ratios(analysis: Any, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
    if not analysis.terms:
        return {}
    ratios = analysis.term_deviations * rng.standard_normal((*shape, len(TRANSITIONS), len(analysis.terms)))
    return {"log_hazard_ratio": (("transition", "term"), ratios)}


def _centres(analysis: Any, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
    deviation = analysis.deviation_between_centres
    if deviation is None:
        return {}
    found, size, root = Variables(), (*shape, len(TRANSITIONS)), np.eye(len(TRANSITIONS))
    partial = 2.0 * rng.beta(PARTIAL, PARTIAL, size=(*shape, PARTIAL.size)) - 1.0
    if analysis.has_correlated_centres:
        flat = [correlation_root(one, np) for one in partial.reshape(-1, PARTIAL.size)]
        root = np.reshape(flat, (*size, len(TRANSITIONS)))
        found["centre_correlation"] = (("transition", "other_transition"), root @ np.swapaxes(root, -1, -2))
    spread = deviation * np.abs(rng.standard_normal(size))
    standard = root @ rng.standard_normal((*size, len(analysis.centres)))
    found["between_centres"] = (("transition",), spread)
    found["centre_effect"] = (("transition", "centre"), spread[..., None] * standard)
    return found


def _one_study(analysis: Any, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
    deviation, size = analysis.deviation_between_studies, (*shape, len(TRANSITIONS))
    if deviation is None:
        return {}
    spread = deviation * np.abs(rng.standard_normal(size))
    effect = (spread * rng.standard_normal(size))[..., None, :]
    return {"between_studies": (("transition",), spread), "study_effect": (("study", "transition"), effect)}


def _studies(pool: Pool, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
    beliefs, dims = hierarchy_of(pool), ("study", "effect")
    between = beliefs.between * np.abs(rng.standard_normal((*shape, len(EFFECTS))))
    shifts = beliefs.shift * rng.standard_normal((*shape, *beliefs.shift.shape))
    shared = beliefs.belongs @ shifts
    alike = rng.uniform(size=(*shape, len(pool.studies), 1)) < np.exp(beliefs.log_weights[0])[:, None]
    standard = rng.standard_normal(shared.shape) * np.where(alike, 1.0, 1.0 / beliefs.drawn_apart)
    found: Variables = {
        "between_studies": (("effect",), between),
        "shift_effect": (("shift", "effect"), shifts),
        "study_effect": (dims, shared + beliefs.differs * between[..., None, :] * standard),
    }
    if components(pool) > 1:
        apart = shared + beliefs.differs * beliefs.apart * beliefs.drawn_apart * standard
        found["study_effect_apart"] = (dims, apart)
        found["log_prior_apart"] = (("study",), log_prior_apart(standard, beliefs.drawn_apart, np))
    return found


def _known(analysis: Any, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
    deviations = np.array(list(effect_deviations(analysis).values()))
    if not deviations.size:
        return {}
    effects = deviations[:, None] * rng.standard_normal((*shape, deviations.size, len(TRANSITIONS)))
    if len(analysis.members) > 1:
        return {EFFECT: ((PATIENTS_OF, "transition"), effects)}
    return {EFFECT: (("transition",), effects[..., 0, :])}
