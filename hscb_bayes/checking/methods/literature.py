"""Simulated literatures: several papers, drawn from the beliefs of a pool and printed as the pooled ones are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.spec import Analysis, needed_priors
from hscb_bayes.checking.methods.simulated_members import printed_and_censored, simulate_with_known
from hscb_bayes.model.fit import draws_of
from hscb_bayes.model.hierarchy import EFFECTS, hierarchy_of, study_parameters
from hscb_bayes.model.known_patients import effect_deviations
from hscb_bayes.model.pathways import PARAMETER_IDS, prior_normals
from hscb_bayes.model.simulate import simulate_cohort
from hscb_bayes.posterior.headline import calibration_quantities
from hscb_bayes.posterior.members import next_posterior, study_effects_of
from hscb_bayes.process.pathway import TRANSITIONS

ESTIMANDS = ("response_by_28", "os_1y")
AVERAGE, NEXT = "average", "next"


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a simulated literature was made from.

    ``parameters`` (1, parameter) of the average study; ``between`` (1, effect); ``effects`` (1, study, effect);
    ``next_effects`` (1, effect) of a study that is not in it; ``of_known`` by study id what its patients who are known
    one by one add to its log hazards, (transition,).
    """

    parameters: np.ndarray
    between: np.ndarray
    effects: np.ndarray
    next_effects: np.ndarray
    of_known: Mapping[str, np.ndarray]


def true_literature(pool: Pool, *, rng: np.random.Generator) -> Truth:
    """Draw the average study, the spread, and every study's effects from the beliefs of a pool."""
    beliefs = hierarchy_of(pool)
    mean, deviation = prior_normals(pool.members[0])
    parameters = (mean + deviation * rng.standard_normal(mean.size))[None]
    between = beliefs.between * np.abs(rng.standard_normal(len(EFFECTS)))
    shared = beliefs.belongs @ (beliefs.shift * rng.standard_normal(beliefs.shift.shape))
    alike = rng.uniform(size=(len(pool.studies), 1)) < np.exp(beliefs.log_weights[0])[:, None]
    standard = rng.standard_normal(shared.shape)
    return Truth(
        parameters=parameters,
        between=between[None],
        effects=(shared + beliefs.differs * standard * np.where(alike, between, beliefs.apart))[None],
        next_effects=(between * rng.standard_normal(len(EFFECTS)))[None],
        of_known={
            study: deviation * rng.standard_normal(len(TRANSITIONS))
            for study, deviation in effect_deviations(pool).items()
        },
    )


def printed_literature(
    pool: Pool, truth: Truth, *, rng: np.random.Generator
) -> tuple[Pool, dict[str, dict[str, float]], float]:
    """The pool, with simulated patients where it knows some one by one; each study's printed numbers by study id; and
    the share of all patients censored before one year.

    Where an analysis says how many responded because its paper does not, the simulated one says it rightly.
    """
    members, numbers, censored, sizes = list[Analysis](), {}, list[float](), list[int]()
    for k, member in enumerate(pool.members):
        own, study = study_parameters(truth.parameters, truth.effects[:, k], np), member.study.id
        if member.known is None:
            found = (member, *printed_and_censored(member, simulate_cohort(member, own, rng=rng)))
        else:
            found = simulate_with_known(member, own, truth.of_known.get(study), rng=rng)
        members.append(found[0])
        numbers[study] = found[1]
        censored.append(found[2])
        sizes.append(member.patients)
    return replace(pool, members=tuple(members)), numbers, float(np.average(censored, weights=sizes))


def true_quantities(truth: Truth, pool: Pool) -> dict[str, np.ndarray]:
    """The calibrated quantities of a truth, shape (1,) each."""
    return _quantities(pool, truth.parameters, truth.between, truth.effects, truth.next_effects)


def drawn_quantities(posterior: xr.DataTree, pool: Pool, *, seed: int) -> dict[str, np.ndarray]:
    """The same of a posterior, shape (draw,) each: of the average study, of each one, and of the next."""
    draws = draws_of(posterior)
    between = posterior["posterior"]["between_studies"].transpose("chain", "draw", "effect").values
    following = draws_of(next_posterior(posterior, seed=seed))
    found = _quantities(pool, draws, between.reshape(len(draws), -1), study_effects_of(posterior), None)
    return found | _estimands(NEXT, following, pool)


def _quantities(
    pool: Pool,
    parameters: np.ndarray,
    between: np.ndarray,
    effects: np.ndarray,
    next_effects: np.ndarray | None,
) -> dict[str, np.ndarray]:
    needed, spread = needed_priors(pool.members[0].table), hierarchy_of(pool).between > 0.0
    found = {f"{AVERAGE}:{id}": parameters[:, k] for k, id in enumerate(PARAMETER_IDS) if id in needed}
    found |= {f"between:{effect}": between[:, k] for k, effect in enumerate(EFFECTS) if spread[k]}
    found |= _estimands(AVERAGE, parameters, pool)
    for k, member in enumerate(pool.members):
        own = study_parameters(parameters, effects[:, k], np)
        quantities = calibration_quantities(own, member)
        found |= {f"{member.study.id}:{name}": quantities[name] for name in ESTIMANDS}
    if next_effects is not None:
        found |= _estimands(NEXT, study_parameters(parameters, next_effects, np), pool)
    return found


def _estimands(whose: str, parameters: np.ndarray, pool: Pool) -> dict[str, np.ndarray]:
    """With the patients of the first study."""
    quantities = calibration_quantities(parameters, pool.members[0])
    return {f"{whose}:{name}": quantities[name] for name in ESTIMANDS}
