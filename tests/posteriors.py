"""Posteriors made by hand: draws as we like them in the place of those of the sampler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from hscb_bayes.model.build import coords_of
from hscb_bayes.model.level_arrays import indicators, shift_arrays, shifted_effects
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.digest import sealed
from hscb_bayes.posterior.headline import headline
from hscb_bayes.posterior.posterior import DIMS, Posterior, tree_of_parameters
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.stored import save
from hscb_bayes.process.pathway import TRANSITIONS


def made(analysis: Any, parameters: np.ndarray, *, seed: int = 1, **further: tuple[tuple[str, ...], Any]) -> Posterior:
    """The posterior of an analysis with these draws.

    Parameters
    ----------
    parameters
        On their unbounded scales in the order of the analysis, shape (chain, draw, parameter), or (chain, draw, study,
        parameter) where each study has its own. Those that have no part are left out.
    seed
        Of the sampler that is said to have made them.
    further
        Other variables: their dimensions after chain and draw, and an array.
    """
    chains, draws = parameters.shape[:2]
    coords = {"chain": np.arange(chains), "draw": np.arange(draws), "effect": list(TRANSITIONS)} | coords_of(analysis)

    def labelled(dims: tuple[str, ...], values: np.ndarray) -> xr.DataArray:
        whole = (*DIMS, *dims)
        return xr.DataArray(values, {dim: coords[dim] for dim in whole}, whole)

    dims = ("study",) if analysis.each_alone else ()
    drawn = {id: labelled(dims, parameters[..., analysis.parameter_ids.index(id)]) for id in analysis.believed}
    stats = xr.Dataset(
        {"diverging": (DIMS, np.zeros((chains, draws), bool)), "n_steps": (DIMS, np.ones((chains, draws), int))}
    )
    return Posterior(
        analysis=analysis,
        tree=tree_of_parameters(analysis, drawn, {name: labelled(*one) for name, one in further.items()}, stats),
        settings={"draws": draws, "chains": chains, "seed": seed},
    )


def headline_of(analysis: Any, parameters: np.ndarray, effect: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """The headline of draws of one study, by id, shape (draw,).

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    effect
        What the study adds to the log hazards, shape (draw, transition).
    """
    added = {} if effect is None else {"study_effect": (("effect",), effect[None])}
    return headline(made(analysis, parameters[None], **added))


def near_the_middle(analysis: Any, *, draws: int, chains: int, seed: int, part: float = 0.2) -> Posterior:
    """Draws from the prior of an analysis, with all parameters and effects a part of their distance to the middle."""
    prior, (mean, _) = draw_prior(analysis, draws=draws, chains=chains, seed=seed), prior_normals(analysis)
    parameters = (mean + part * (prior.parameters - mean)).reshape(chains, draws, *prior.parameters.shape[1:])
    further = dict[str, tuple[tuple[str, ...], Any]]()
    for name, values in prior.dataset.drop_vars(list(analysis.believed)).data_vars.items():
        factor = 1.0 if "correlation" in str(name) else part
        further[str(name)] = (tuple(map(str, values.dims[2:])), factor * values.values)
    return made(analysis, parameters, seed=seed, **further)


def shifts_at(pool: Any, point: Mapping[str, np.ndarray]) -> np.ndarray:
    """What populations and definitions add, (shift, effect), from variables of the model of a pool."""
    return np.asarray(shift_arrays(pool)["shift"] * point["standard_shift"] @ indicators(shifted_effects(pool)))


def save_changed(posterior: Posterior, path: Path, change: Callable[[xr.DataTree], Any]) -> None:
    """Write a posterior as a file whose tree, with all attributes, was changed before it was sealed."""
    save(posterior, path)
    tree = xr.open_datatree(BytesIO(path.read_bytes()), engine="h5netcdf").load()
    change(tree)
    sealed(tree).to_netcdf(path, engine="h5netcdf")


def point_of(analysis: Any, parameters: np.ndarray) -> dict[str, np.ndarray]:
    """Variables of the model on their unbounded scales, by name, from all parameters, shape (..., parameter)."""
    return {_named(analysis, id): parameters[..., analysis.parameter_ids.index(id)] for id in analysis.believed}


def parameters_at(analysis: Any, point: Mapping[str, np.ndarray]) -> np.ndarray:
    """All parameters, shape (..., parameter), from variables of the model on their unbounded scales, by name."""
    constants, ids = prior_normals(analysis)[0], analysis.parameter_ids
    columns = [point.get(_named(analysis, id), constant) for id, constant in zip(ids, constants, strict=True)]
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def _named(analysis: Any, id: str) -> str:
    return f"{id}_{analysis.parameters[id].scale}__"
