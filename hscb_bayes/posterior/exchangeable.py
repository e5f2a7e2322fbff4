"""Whether each study, or centre, is one of its kind or on its own: probabilities, and effects drawn by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import STUDY, Level, LevelName
from hscb_bayes.model.held_out import NOTHING, HeldOut
from hscb_bayes.model.known_patients import added_to_known
from hscb_bayes.model.known_rows import tables_of
from hscb_bayes.model.level_arrays import level_arrays, shift_arrays, study_parameters
from hscb_bayes.model.levels import Law, log_prior_apart, root_of_effects
from hscb_bayes.model.patient_likelihood import coefficients, log_likelihood_of_table
from hscb_bayes.model.patient_rows import table_data
from hscb_bayes.model.print_likelihood import CELLS, arrays_of, log_likelihood_by_study, print_data

if TYPE_CHECKING:
    from hscb_bayes.posterior.posterior import Posterior

ALIKE, APART = "study_effect", "study_effect_apart"  # variables: effects of a study of the kind, and of one on its own


def effects_as_drawn(pooled: Posterior) -> np.ndarray:
    """Each study's or arm's effects, shape (draw, study, effect).

    Where studies may be on their own, each draw says of each study by its probability whether it is.
    """
    if pooled.analysis.has_arms:
        return shift_arrays(pooled.analysis)["belongs"] @ pooled.among_effects("shift_effect")
    alike = pooled.among_effects(ALIKE)
    if APART not in pooled.dataset:
        return alike
    uniform = np.random.default_rng([int(pooled.settings["seed"]), 1]).uniform(size=alike.shape[:2])
    return np.where((uniform < exchangeable_probability(pooled))[..., None], alike, pooled.among_effects(APART))


def exchangeable_probability(posterior: Posterior, level: LevelName = STUDY) -> np.ndarray:
    """Probability of each unit of a level to be one of its kind, given what is drawn.

    Parameters
    ----------
    posterior
        Of a pool, or of a table of patients.
    level
        Whose units: the studies of a pool, or the centres of a table.

    Returns
    -------
    Shape (draw, unit); ones where no unit may be on its own.
    """
    analysis = posterior.analysis
    found = analysis.levels.get(level)
    if found is None or not found.is_mixed:
        return np.ones((len(posterior.parameters), len(analysis.studies if level == STUDY else analysis.centres)))
    return _by_likelihoods(posterior, found) if found.mixed_in == "likelihood" else _by_priors(posterior, found)


def _by_likelihoods(pooled: Posterior, level: Level) -> np.ndarray:
    """Where a study has other effects as one of its kind and on its own: what its print and its patients say."""
    pool = pooled.analysis
    by_component = np.stack([pooled.among_effects(name) for name in (ALIKE, APART)], axis=1)
    log_likelihood = log_likelihood_of_studies(
        pooled.parameters[:, None, None, :], by_component, pool, numbers=pooled.numbers, without=pooled.without
    )
    log_likelihood = log_likelihood + log_likelihood_of_known(pooled, by_component)
    weighted = np.array(list(pool.powers.values())) * log_likelihood + level_arrays(level)["log_weights"]
    weighted[:, 1] += pooled.flat(log_prior_apart(level))
    return np.asarray(expit(weighted[:, 0] - weighted[:, 1]))


def _by_priors(posterior: Posterior, level: Level) -> np.ndarray:
    """Where a unit has the same effects either way: how dense the two priors are there."""
    spread, root = posterior.flat(level.spread), None
    spread = spread[:, level.spread_of_units] if level.within else spread[:, None]
    if level.correlated:
        root = root_of_effects(np.linalg.cholesky(posterior.flat(f"{level.name}_correlation")), len(level.effects))
    law = Law(level=replace(level, centred=False), spread=spread, root=root, beliefs=level_arrays(level), xp=np)
    own = law.log_apart(posterior.flat(f"{level.name}_effect") / spread)
    alike, apart = level_arrays(level)["log_weights"]
    return np.asarray(expit(alike - apart - own))


def log_likelihood_of_studies(
    parameters: np.ndarray,
    effects: np.ndarray,
    pool: Analysis,
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
    data = print_data(without.members_of(pool), numbers, without=without.items_of(pool))
    with np.errstate(over="ignore"):  # a hazard beyond all numbers leaves nobody waiting, which is right
        return log_likelihood_by_study(parameters, effects, arrays_of(data), data[CELLS], pool, np)


def log_likelihood_of_known(pooled: Posterior, by_component: np.ndarray) -> np.ndarray:
    """Log likelihood of patients known one by one, shape (draw, component, study); zeros where there are none.

    Parameters
    ----------
    by_component
        Effects of studies, shape (draw, component, study, effect).
    """
    pool, draws = pooled.analysis, pooled.parameters
    found = np.zeros(by_component.shape[:-1])
    of_known, ratios, of_centres = pooled.effects_of_known, pooled.log_hazard_ratios, pooled.centre_effects
    left_out = pooled.without.patients_by_study(pool)
    for study, table in tables_of(pool).items():
        if left_out[study].all():
            continue
        place, data = pool.studies.index(study), table_data(table, without=left_out[study])
        for draw, component in np.ndindex(found.shape[:2]):
            effects = by_component[draw, component, place]
            each = study_parameters(draws[draw], effects, pool.parameter_ids, np)
            values = dict(zip(pool.parameter_ids, each[:, None], strict=True))
            own = added_to_known(pool, study, of_known[draw], effects)
            points = coefficients(table, values, np, own=own, ratios=ratios[draw], of_centres=of_centres[draw])
            found[draw, component, place] = log_likelihood_of_table(table, points, data, np)
    return found
