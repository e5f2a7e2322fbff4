"""Draws from the prior of an analysis, in the form of a posterior: what takes a posterior takes them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.model.build import coords_of
from hscb_bayes.model.data import components
from hscb_bayes.model.hierarchy import EFFECTS, differing, hierarchy_of, log_prior_apart, shifted
from hscb_bayes.model.known_patients import effect_deviations
from hscb_bayes.model.levels import PARTIAL, PATIENTS_OF, SHIFT_DIMS, correlation_root
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.posterior import DIMS, Posterior, tree_of_parameters
from hscb_bayes.process.pathway import TRANSITIONS

Variables = dict[str, tuple[tuple[str, ...], np.ndarray]]


def draw_prior(analysis: Analysis, *, draws: int, chains: int, seed: int | np.random.Generator) -> Posterior:
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
    variables = _ratios(analysis, shape, rng) | _centres(analysis, shape, rng)
    variables |= _studies(analysis, shape, rng) if analysis.has_hierarchy else _one_study(analysis, shape, rng)
    variables |= _known(analysis, shape, rng)
    coords = {
        name: labels
        for name, labels in coords_of(analysis).items()
        if name not in ("number", "pair", "patient", "outcome")
    }
    own = {"chain": np.arange(chains), "draw": np.arange(draws), **coords}
    dims = (*DIMS, *(("study",) if each else ()))
    for k, id in enumerate(analysis.parameters):
        if id in analysis.believed:
            variables[id] = (dims[2:], parameters_of[..., k])
    dataset = xr.Dataset({name: ((*DIMS, *dims), values) for name, (dims, values) in variables.items()}, own)
    drawn = {id: dataset[id] for id in analysis.believed}
    further = {str(name): values for name, values in dataset.data_vars.items() if name not in drawn}
    stats = xr.Dataset({"diverging": (DIMS, np.zeros(shape, bool)), "n_steps": (DIMS, np.ones(shape, int))})
    return Posterior(
        analysis=analysis,
        tree=tree_of_parameters(analysis, drawn, further, stats),
        settings={"draws": draws, "chains": chains, "sampler": "prior"}
        | ({"seed": seed} if isinstance(seed, int) else {}),
    )


def _ratios(analysis: Analysis, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
    if not analysis.terms:
        return {}
    ratios = analysis.term_deviations * rng.standard_normal((*shape, len(TRANSITIONS), len(analysis.terms)))
    return {"log_hazard_ratio": (("transition", "term"), ratios)}


def _centres(analysis: Analysis, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
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


def _one_study(analysis: Analysis, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
    deviation, size = analysis.deviation_between_studies, (*shape, len(TRANSITIONS))
    if deviation is None:
        return {}
    spread = deviation * np.abs(rng.standard_normal(size))
    effect = (spread * rng.standard_normal(size))[..., None, :]
    return {"between_studies": (("transition",), spread), "study_effect": (("study", "transition"), effect)}


def _studies(pool: Analysis, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
    beliefs, dims = hierarchy_of(pool), ("study", "effect")
    between = beliefs.between * np.abs(rng.standard_normal((*shape, len(EFFECTS))))
    shifts = beliefs.shift * rng.standard_normal((*shape, *beliefs.shift.shape))
    shared = beliefs.belongs @ shifts
    alike = rng.uniform(size=(*shape, len(pool.studies), 1)) < np.exp(beliefs.log_weights[0])[:, None]
    standard = rng.standard_normal(shared.shape) * np.where(alike, 1.0, 1.0 / beliefs.drawn_apart)
    found: Variables = {
        "between_studies": (("effect",), between),
        "study_effect": (dims, shared + beliefs.differs * between[..., None, :] * standard),
    }
    if components(pool) > 1:
        apart = shared + beliefs.differs * beliefs.apart * beliefs.drawn_apart * standard
        found["study_effect_apart"] = (dims, apart)
    own = [EFFECTS.index(effect) for effect in differing(pool)]
    found = {name: (dims, values[..., own]) for name, (dims, values) in found.items()}
    if beliefs.names:
        found["shift_effect"] = (SHIFT_DIMS, shifts[..., [EFFECTS.index(effect) for effect in shifted(pool)]])
    if components(pool) > 1:
        found["log_prior_apart"] = (("study",), log_prior_apart(standard, beliefs.drawn_apart, np))
    return found


def _known(analysis: Analysis, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
    deviations = np.array(list(effect_deviations(analysis).values()))
    if not deviations.size:
        return {}
    effects = deviations[:, None] * rng.standard_normal((*shape, deviations.size, len(TRANSITIONS)))
    if len(analysis.members) > 1:
        return {EFFECT: ((PATIENTS_OF, "transition"), effects)}
    return {EFFECT: (("transition",), effects[..., 0, :])}
