"""From the posterior of a pool to that of one study, of the average study, and of the next one.

What comes out is a posterior of an analysis of one study: whatever takes a posterior (curves, headline, replicates, the
check) takes these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import xarray as xr
from scipy.special import expit

from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.model.data_vector import PARAMETERS_VARIABLE
from hscb_bayes.model.fit import draws_of, pool_of, provenance, with_natural_scales
from hscb_bayes.model.held_out import NOTHING, NUMBERS, HeldOut, left_out_of
from hscb_bayes.model.hierarchy import EFFECTS, hierarchy_of, study_parameters
from hscb_bayes.model.known_patients import effect_deviations, known_of, points_of, tables_of
from hscb_bayes.model.levels import PATIENTS_OF
from hscb_bayes.model.patient_likelihood import log_likelihood_of_table
from hscb_bayes.model.patient_rows import table_data
from hscb_bayes.model.print_likelihood import CELLS, arrays_of, log_likelihood_by_study, print_data
from hscb_bayes.process.pathway import TRANSITIONS


def study_posterior(pooled: xr.DataTree, study: str) -> xr.DataTree:
    """Posterior of the parameters of one of the pooled studies: shrunken towards the others.

    Raises
    ------
    InputError
        When there is no study of that id.
    """
    pool = pool_of(pooled)
    member = pool.member(study)
    effects = study_effects_of(pooled)[:, pool.studies.index(study)]
    return _moved(pooled, member, effects, known_of=known_of(pool, study))


def average_posterior(pooled: xr.DataTree) -> xr.DataTree:
    """Posterior of the average study of the population and the definition that are asked about.

    Its patients are those of the first study of the pool.
    """
    pool = pool_of(pooled)
    return _moved(pooled, pool.members[0], np.zeros((draws_of(pooled).shape[0], len(EFFECTS))))


def next_posterior(pooled: xr.DataTree, *, seed: int, exchangeable: float = 1.0) -> xr.DataTree:
    """What a new study of the population and the definition that are asked about would have as its parameters.

    Parameters
    ----------
    exchangeable
        Probability that it is one of the kind; with the rest it is on its own.
    """
    pool, rng = pool_of(pooled), np.random.default_rng(seed)
    spread = _effects(pooled, "between_studies")
    standard = rng.normal(size=spread.shape)
    alike = rng.uniform(size=(len(spread), 1)) < exchangeable
    effects = standard * np.where(alike, spread, hierarchy_of(pool).apart)
    return _moved(pooled, pool.members[0], effects)


def posterior_alone(together: xr.DataTree, study: str) -> xr.DataTree:
    """Posterior of one study, from that of all of them without a hierarchy.

    Raises
    ------
    InputError
        When there is no study of that id.
    """
    pool = pool_of(together)
    member = pool.member(study)
    parameters = together["posterior"][PARAMETERS_VARIABLE].sel(study=study, drop=True)
    own = parameters.transpose("chain", "draw", "parameter")
    return posterior_of(member, own, together, known_of=known_of(pool, study))


def study_effects_of(pooled: xr.DataTree) -> np.ndarray:
    """Each study's effects, shape (draw, study, effect).

    Where studies may be on their own, each draw says of each study by its probability whether it is.
    """
    alike = _effects(pooled, "study_effect")
    if "study_effect_apart" not in pooled["posterior"].data_vars:
        return alike
    apart = _effects(pooled, "study_effect_apart")
    seed = int(json.loads(pooled.attrs["settings"])["seed"])
    uniform = np.random.default_rng([seed, 1]).uniform(size=alike.shape[:2])
    return np.where((uniform < exchangeable_probability(pooled))[..., None], alike, apart)


def exchangeable_probability(pooled: xr.DataTree) -> np.ndarray:
    """Probability of each study to be one of its kind, given the parameters; shape (draw, study)."""
    pool = pool_of(pooled)
    if "study_effect_apart" not in pooled["posterior"].data_vars:
        return np.ones((draws_of(pooled).shape[0], len(pool.studies)))
    by_component = np.stack([_effects(pooled, name) for name in ("study_effect", "study_effect_apart")], axis=1)
    log_likelihood = log_likelihood_of_studies(
        draws_of(pooled)[:, None, None, :],
        by_component,
        pool,
        numbers=json.loads(pooled.attrs.get(NUMBERS, "{}")),
        without=left_out_of(pooled.attrs),
    )
    log_likelihood = log_likelihood + log_likelihood_of_known(pooled, by_component)
    beliefs = hierarchy_of(pool)
    weighted = beliefs.power * log_likelihood + beliefs.log_weights
    weighted[:, 1] += _effects(pooled, "log_prior_apart")
    return np.asarray(expit(weighted[:, 0] - weighted[:, 1]))


def log_likelihood_of_studies(
    parameters: np.ndarray,
    effects: np.ndarray,
    pool: Pool,
    *,
    numbers: Mapping[str, Mapping[str, float]] | None = None,
    without: HeldOut = NOTHING,
) -> np.ndarray:
    """Log likelihood of each study's print, over many draws at once.

    Parameters
    ----------
    parameters
        Shape (..., 1, parameter).
    effects
        Shape (..., study, effect).
    numbers, without
        As ``model_data`` takes them.

    Returns
    -------
    Shape (..., study).
    """
    data = print_data(pool.members, numbers, without=without.items_of(pool))
    with np.errstate(over="ignore"):  # a hazard beyond all numbers leaves nobody waiting, which is right
        return log_likelihood_by_study(parameters, effects, arrays_of(data), data[CELLS], pool, np)


def log_likelihood_of_known(pooled: xr.DataTree, by_component: np.ndarray) -> np.ndarray:
    """Log likelihood of patients known one by one, shape (draw, component, study); zeros where there are none.

    Parameters
    ----------
    by_component
        Effects of studies, shape (draw, component, study, effect).
    """
    pool, draws = pool_of(pooled), draws_of(pooled)
    found, tables, with_effect = np.zeros(by_component.shape[:-1]), tables_of(pool), list(effect_deviations(pool))
    own = _effects(pooled, EFFECT) if with_effect else np.zeros((len(draws), 0, len(TRANSITIONS)))
    gone = left_out_of(pooled.attrs).studies
    for study, table in tables.items():
        if study in gone:
            continue
        place, data = pool.studies.index(study), table_data(table)
        for draw, component in np.ndindex(found.shape[:2]):
            each = study_parameters(draws[draw], by_component[draw, component, place], np)
            values = dict(zip(pool.parameter_ids, each[:, None], strict=True))
            effect = own[draw, with_effect.index(study)] if study in with_effect else None
            points = points_of(table, values, effect, np)
            found[draw, component, place] = log_likelihood_of_table(table, points, data, np)
    return found


def _effects(pooled: xr.DataTree, name: str) -> np.ndarray:
    """A variable over chains and draws, chains one after the other."""
    variable = pooled["posterior"][name]
    values = variable.transpose("chain", "draw", ...).values
    return values.reshape(-1, *values.shape[2:])


def _moved(pooled: xr.DataTree, member: Analysis, effects: np.ndarray, *, known_of: str | None = None) -> xr.DataTree:
    """The posterior of one study: parameters of the average one, moved by effects (draw, effect)."""
    average = pooled["posterior"][PARAMETERS_VARIABLE].transpose("chain", "draw", "parameter")
    own = study_parameters(draws_of(pooled), effects, np).reshape(average.shape)
    return posterior_of(member, average.copy(data=own), pooled, known_of=known_of)


def posterior_of(
    member: Analysis, parameters: xr.DataArray, pooled: xr.DataTree, *, known_of: str | None = None
) -> xr.DataTree:
    """A posterior of one study, as its own analysis would have it.

    Parameters
    ----------
    parameters
        On their unbounded scales, (chain, draw, parameter).
    pooled
        What they were drawn with.
    known_of
        The study whose known patients have effects of their own, where it has such patients.
    """
    posterior = xr.Dataset({PARAMETERS_VARIABLE: parameters})
    if known_of is not None:
        posterior[EFFECT] = pooled["posterior"][EFFECT].sel({PATIENTS_OF: known_of}, drop=True)
    tree = xr.DataTree.from_dict(
        {
            "posterior": with_natural_scales(posterior, member.parameters),
            "sample_stats": pooled["sample_stats"].to_dataset(),
        }
    )
    tree.attrs.update(provenance(member, json.loads(pooled.attrs["settings"])))
    return tree
