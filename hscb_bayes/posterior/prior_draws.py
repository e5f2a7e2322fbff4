"""Draws from the prior of an analysis, in the form of a posterior: what takes a posterior takes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.level import EFFECTS, STUDY, Level
from hscb_bayes.model.build import coords_of
from hscb_bayes.model.known_patients import effect_deviations
from hscb_bayes.model.level_arrays import indicators, level_arrays, shift_arrays, shifted_effects, study_shifts
from hscb_bayes.model.levels import (
    PARTIAL,
    PATIENTS_OF,
    SHIFT_DIMS,
    Law,
    correlation_root,
    log_prior_apart,
    root_of_effects,
)
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
    variables, (shifts, common) = _ratios(analysis, shape, rng), _shifts(analysis, shape, rng)
    for name, level in analysis.levels.items():
        variables |= _level(level, shape, rng, common if name == STUDY else 0.0)
    variables |= shifts | _known(analysis, shape, rng)
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


def _level(level: Level, shape: tuple[int, ...], rng: np.random.Generator, common: Any = 0.0) -> Variables:
    """Effects of the units of a level; ``common`` is what shifts add, shape (..., unit, effect)."""
    level, beliefs, dims = replace(level, centred=False), level_arrays(level), (level.name, level.dim)
    spreads = (len(level.spreads),) if level.within else ()
    between = beliefs["between"] * np.abs(rng.standard_normal((*shape, *spreads, len(level.effects))))
    of_units = between[..., level.spread_of_units, :] if level.within else between[..., None, :]
    found, root = Variables(), None
    if level.correlated:
        partial = 2.0 * rng.beta(PARTIAL, PARTIAL, size=(*shape, PARTIAL.size)) - 1.0
        of_hazards = np.reshape(
            [correlation_root(one, np) for one in partial.reshape(-1, PARTIAL.size)], (*shape, 3, 3)
        )
        pair = ("transition", "other_transition")
        found[f"{level.name}_correlation"] = (pair, of_hazards @ np.swapaxes(of_hazards, -1, -2))
        root = root_of_effects(of_hazards, len(level.effects))
    law = Law(level=level, spread=of_units, root=root, beliefs=beliefs, xp=np)
    sampled = law.drawn(rng, shape)
    found[level.spread] = (level.dims_of_spread, between)
    found[f"{level.name}_effect"] = (dims, common + beliefs["differs"] * law.of_one_of_the_kind * sampled)
    if level.components > 1:
        found[f"{level.name}_effect_apart"] = (dims, common + beliefs["differs"] * law.of_one_apart * sampled)
        found[log_prior_apart(level)] = ((level.name,), law.log_apart(sampled))
    return found


def _shifts(analysis: Analysis, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Variables, Any]:
    """Those of studies, and what they add to the effects of each, shape (..., study, effect)."""
    if not study_shifts(analysis):
        return {}, 0.0
    beliefs = shift_arrays(analysis)
    shift = beliefs["shift"] * rng.standard_normal((*shape, *beliefs["shift"].shape))
    effects = analysis.levels[STUDY].effects if STUDY in analysis.levels else EFFECTS
    common = beliefs["belongs"] @ shift @ indicators(shifted_effects(analysis), effects)
    return {"shift_effect": (SHIFT_DIMS, shift)}, common


def _known(analysis: Analysis, shape: tuple[int, ...], rng: np.random.Generator) -> Variables:
    deviations = np.array(list(effect_deviations(analysis).values()))
    if not deviations.size:
        return {}
    effects = deviations[:, None] * rng.standard_normal((*shape, deviations.size, len(TRANSITIONS)))
    if len(analysis.members) > 1:
        return {EFFECT: ((PATIENTS_OF, "transition"), effects)}
    return {EFFECT: (("transition",), effects[..., 0, :])}
