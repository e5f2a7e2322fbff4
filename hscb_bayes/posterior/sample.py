"""Sampling: compile once, sample, and a posterior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import nutpie
import xarray as xr

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.errors import InputError
from hscb_bayes.model.compiled import Compiled, compile_model, p_values_of
from hscb_bayes.model.data_vector import Built
from hscb_bayes.model.held_out import NOTHING
from hscb_bayes.model.neighbourhood import Neighbourhood
from hscb_bayes.model.program import TRIES
from hscb_bayes.posterior.p_value import resampled
from hscb_bayes.posterior.posterior import DIMS, KEPT, UNBOUNDED, Posterior, tree_of_parameters

DRAWS, TUNE, CHAINS, CORES = 1000, 1000, 4, 2
CHOSEN = "chosen_draw"  # in sample_stats: which draw stands in a place, where draws were resampled by their weights
DIAGONAL: Literal["diag"] = "diag"
LOW_RANK: Literal["low_rank"] = "low_rank"  # what covariates, centres and studies add is correlated with the average
TARGET_ACCEPT = 0.9  # small steps: cells that are nearly empty curve the posterior
STATS = ["diverging", "n_steps"]
POINTS = "unconstrained_draw"  # as nutpie calls them


def derived_seed(seed: int, purpose: str, position: int) -> int:
    """A seed of its own for one of several fits, so that their Monte Carlo errors are independent."""
    return int(np.random.SeedSequence([seed, position, *purpose.encode()]).generate_state(1)[0])


def sample(
    model: Built | Compiled,
    *,
    draws: int = DRAWS,
    tune: int = TUNE,
    chains: int = CHAINS,
    cores: int = CORES,
    target_accept: float = TARGET_ACCEPT,
    progress: bool = False,
    near: Neighbourhood | None = None,
    seed: int,
) -> Posterior:
    """Draw from the posterior with nutpie.

    Parameters
    ----------
    model
        What ``build`` or ``compile_model`` returned.
    draws, tune
        Per chain.
    target_accept
        Share of proposals that the step size aims to accept.
    near
        Where a posterior of the same layout lies that is not far away: chains start around it, wider than its draws, on
        its scales, so that ``tune`` may be a hundred.
    seed
        Of the sampler. The same seed gives the same draws on one kind of processor with the same versions of libraries.

    Raises
    ------
    InputError
        When the data are so unlike the priors that their probability cannot be computed where chains would start.

    Examples
    --------
    >>> posterior = sample(build(load("main")), seed=1)  # doctest: +SKIP
    >>> az.summary(posterior.tree)  # doctest: +SKIP
    """
    compiled = compile_model(model) if isinstance(model, Built) else model
    if compiled.program.first_point(seed) is None:
        raise InputError(
            f"{compiled.analysis.path}: required data whose probability under the priors can be computed, found none "
            f"at {TRIES} starting points: what is printed is too unlike the priors, or of too many patients; compare "
            "the findings of hscb audit and the priors with what is printed"
        )
    program = compiled.program if near is None else compiled.program.near(near)
    adaptation = DIAGONAL if near is not None or compiled.analysis.has_one_print else LOW_RANK
    settings = {"draws": draws, "tune": tune, "chains": chains, "seed": seed, "sampler": "nutpie NUTS"}
    settings |= {"target_accept": target_accept, "adaptation": adaptation}
    running = nutpie.sample(
        program.for_nutpie(),
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        target_accept=target_accept,
        adaptation=adaptation,
        seed=seed,
        save_warmup=False,
        store_unconstrained=compiled.analysis.has_hierarchy and near is None,
        progress_bar=progress,
        blocking=False,
    )
    drawn = _awaited(running)
    posterior = Posterior(
        analysis=compiled.analysis,
        tree=_tree_of(compiled.analysis, drawn["posterior"].to_dataset(), drawn["sample_stats"].to_dataset()[STATS]),
        settings=settings,
        without=compiled.without,
        numbers=compiled.numbers,
        points=_points_of(drawn),
    )
    return _weighted(posterior, compiled.analysis, compiled.p_values, seed=seed)


def _tree_of(analysis: Analysis, dataset: xr.Dataset, stats: xr.Dataset) -> xr.DataTree:
    """Draws of a model's variables as the tree of a posterior."""
    on_scales = {id: dataset[f"{id}_{analysis.parameters[id].scale}__"] for id in analysis.believed}
    further = {
        str(name): values
        for name, values in dataset.data_vars.items()
        if name not in on_scales and not str(name).endswith("__")
    }
    return tree_of_parameters(analysis, on_scales, further, stats)


def _points_of(drawn: xr.DataTree) -> np.ndarray | None:
    """Draws on the sampler's own scales, shape (draw, coordinate), where they were asked for."""
    stats = drawn["sample_stats"].to_dataset()
    return stats[POINTS].values.reshape(-1, stats[POINTS].shape[-1]) if POINTS in stats else None


def _awaited(running: Any) -> xr.DataTree:
    """All draws, or what stopped the sampler: nutpie's own ``blocking`` returns the draws made before a Ctrl-C."""
    try:
        return running.wait()
    except BaseException:
        running.cancel()
        raise


def with_p_values(posterior: Posterior, analysis: Member, *, seed: int) -> Posterior:
    """The posterior of ``analysis`` from that of the same analysis without its P values: draws chosen by their weights.

    Parameters
    ----------
    posterior
        Of an analysis that fits no P value and is the same otherwise.
    """
    return _weighted(posterior, analysis, p_values_of(analysis, None, NOTHING), seed=seed)


def _weighted(posterior: Posterior, analysis: Any, p_values: Mapping[str, float], *, seed: int) -> Posterior:
    if not p_values:
        return posterior
    items = {item.id: item for member in analysis.members for item in fitted_p_values(member)}
    printed = {items[id]: value for id, value in p_values.items()}
    chosen = resampled(posterior.parameters, analysis, printed, posterior.effect, seed=seed)
    groups = {name: posterior.tree[name].to_dataset() for name in KEPT}
    stats = groups["sample_stats"]
    stats[CHOSEN] = stats["diverging"].copy(data=chosen.reshape(stats["diverging"].shape))
    picked = {name: _picked(groups[name], stats[CHOSEN]) for name in ("posterior", UNBOUNDED)}
    return replace(
        posterior,
        analysis=analysis,
        tree=xr.DataTree.from_dict({**picked, "sample_stats": stats}),
        settings={**posterior.settings, "p_values": "draws resampled by their weights"},
    )


def chosen_from(quantities: xr.Dataset, weighted: Posterior) -> xr.Dataset:
    """Quantities (chain, draw) of a posterior, for the draws of it that ``with_p_values`` chose."""
    return _picked(quantities, weighted.tree["sample_stats"].to_dataset()[CHOSEN])


def _picked(dataset: xr.Dataset, chosen: xr.DataArray) -> xr.Dataset:
    """Draws by their position, chains one after the other."""
    coords = {dim: dataset[dim].values for dim in DIMS}
    shape = tuple(len(values) for values in coords.values())
    chain, draw = (xr.DataArray(index, dims=coords) for index in np.unravel_index(chosen.values, shape))
    return dataset.isel(chain=chain, draw=draw).assign_coords(coords)
