"""Simulated literatures: several papers, drawn from the beliefs of a pool and printed as the pooled ones are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from hscb_bayes.analysis.level import EFFECTS, ON_HAZARDS, STUDY
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.pool import Pool
from hscb_bayes.checking.methods.simulated_members import printed_and_censored, simulate_with_known
from hscb_bayes.model.known_patients import effect_deviations
from hscb_bayes.model.level_arrays import level_arrays, places, shift_arrays, shifted, study_parameters
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.simulate import simulate_cohort
from hscb_bayes.posterior.exchangeable import effects_as_drawn
from hscb_bayes.posterior.headline import calibration_quantities
from hscb_bayes.posterior.posterior import Posterior
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
    level, mixing = pool.levels[STUDY], level_arrays(pool.levels[STUDY])
    mean, deviation = prior_normals(pool)
    parameters = (mean + deviation * rng.standard_normal(mean.size))[None]
    among = places(level.effects)
    between, apart = (
        (mixing["between"] * np.abs(rng.standard_normal(len(level.effects)))) @ among,
        mixing["apart"] @ among,
    )
    shifts = shift_arrays(pool)
    shared = shifts["belongs"] @ (shifts["shift"] * rng.standard_normal(shifts["shift"].shape)) @ places(shifted(pool))
    alike = rng.uniform(size=(len(pool.studies), 1)) < np.exp(mixing["log_weights"][0])[:, None]
    standard = rng.standard_normal(shared.shape)
    return Truth(
        parameters=parameters,
        between=between[None],
        effects=(shared + mixing["differs"] * standard * np.where(alike, between, apart))[None],
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
    members, numbers, censored, sizes = list[Member](), {}, list[float](), list[int]()
    for k, member in enumerate(pool.members):
        effects, study = truth.effects[:, k], member.study.id
        own, on_hazards = study_parameters(truth.parameters, effects, pool.parameter_ids, np), effects[:, :ON_HAZARDS]
        if member.known is None:
            found = (member, *printed_and_censored(member, simulate_cohort(member, own, on_hazards, rng=rng)))
        else:
            found = simulate_with_known(member, own, truth.of_known.get(study), on_hazards, rng=rng)
        members.append(found[0])
        numbers[study] = found[1]
        censored.append(found[2])
        sizes.append(member.patients)
    return replace(pool, members=tuple(members)), numbers, float(np.average(censored, weights=sizes))


def true_quantities(truth: Truth, pool: Pool) -> dict[str, np.ndarray]:
    """The calibrated quantities of a truth, shape (1,) each."""
    return _quantities(pool, truth.parameters, truth.between, truth.effects, truth.next_effects)


def drawn_quantities(posterior: Posterior, pool: Pool, *, seed: int) -> dict[str, np.ndarray]:
    """The same of a posterior, shape (draw,) each: of the average study, of each one, and of the next."""
    between = posterior.among_effects("between_studies")
    following = posterior.next(seed=seed)
    found = _quantities(pool, posterior.parameters, between, effects_as_drawn(posterior), None)
    return found | _estimands(NEXT, following.parameters, following.effect, pool)


def _quantities(
    pool: Pool,
    parameters: np.ndarray,
    between: np.ndarray,
    effects: np.ndarray,
    next_effects: np.ndarray | None,
) -> dict[str, np.ndarray]:
    ids, spread = pool.parameter_ids, pool.levels[STUDY].between
    found = {f"{AVERAGE}:{id}": parameters[:, k] for k, id in enumerate(ids) if id in pool.believed}
    found |= {f"between:{effect}": between[:, k] for k, effect in enumerate(EFFECTS) if spread.get(effect, 0.0)}
    found |= _estimands(AVERAGE, parameters, None, pool)
    for k, member in enumerate(pool.members):
        own = study_parameters(parameters, effects[:, k], ids, np)
        quantities = calibration_quantities(own, member, effects[:, k, :ON_HAZARDS])
        found |= {f"{member.study.id}:{name}": quantities[name] for name in ESTIMANDS}
    if next_effects is not None:
        own = study_parameters(parameters, next_effects, ids, np)
        found |= _estimands(NEXT, own, next_effects[:, :ON_HAZARDS], pool)
    return found


def _estimands(whose: str, parameters: np.ndarray, effect: np.ndarray | None, pool: Pool) -> dict[str, np.ndarray]:
    """With the patients of the first study."""
    quantities = calibration_quantities(parameters, pool.members[0], effect)
    return {f"{whose}:{name}": quantities[name] for name in ESTIMANDS}
