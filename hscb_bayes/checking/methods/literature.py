"""Simulated literatures: several studies, drawn from the beliefs of a pool and seen as the pooled ones are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from scipy.special import expit

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import EFFECTS, STUDY
from hscb_bayes.analysis.member import Member
from hscb_bayes.checking.methods.simulated_members import printed_and_censored, simulate_with_known
from hscb_bayes.checking.methods.simulated_patients import simulated_table
from hscb_bayes.model.level_arrays import level_arrays, shifted_effects
from hscb_bayes.model.levels import log_prior_apart
from hscb_bayes.model.simulate import simulate_cohort
from hscb_bayes.posterior.exchangeable import ALIKE, APART, effects_as_drawn
from hscb_bayes.posterior.headline import shares
from hscb_bayes.posterior.posterior import KEPT, Posterior
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.process.follow_up import YEAR

ESTIMANDS = ("response_by_28", "os_1y")
AVERAGE, NEXT = "average", "next"


def true_literature(pool: Analysis, *, rng: np.random.Generator) -> Posterior:
    """One draw from the beliefs of a pool, in which each study is one of its kind or on its own."""
    prior = draw_prior(pool, draws=1, chains=1, seed=rng)
    if APART not in prior.dataset:
        return prior
    level, name = pool.levels[STUDY], log_prior_apart(pool.levels[STUDY])
    alike, apart = level_arrays(level)["log_weights"]
    is_alike = rng.uniform(size=alike.size) < expit(alike - apart - prior.flat(name)[0])
    chosen = np.where(is_alike[:, None], prior.dataset[ALIKE].values, prior.dataset[APART].values)
    return with_effects(prior, chosen)


def printed_literature(
    pool: Analysis, truth: Posterior, *, rng: np.random.Generator
) -> tuple[Analysis, dict[str, dict[str, float]], float]:
    """The pool, with simulated patients where it knows some one by one; each study's printed numbers by study id; and
    the share of all patients censored before one year.

    Where an analysis says how many responded because its paper does not, the simulated one says it rightly.

    Parameters
    ----------
    truth
        One draw, as ``true_literature`` makes it.
    """
    members, numbers, censored, sizes = list[Member](), {}, list[float](), list[int]()
    for member in pool.members:
        study = member.study.id
        found = _seen(member, truth.of(study=study), rng=rng)
        members.append(found[0])
        numbers[study] = found[1]
        censored.append(found[2])
        sizes.append(member.size)
    return replace(pool, members=tuple(members)), numbers, float(np.average(censored, weights=sizes))


def _seen(member: Member, truth: Posterior, *, rng: np.random.Generator) -> tuple[Member, dict[str, float], float]:
    """One study of a literature: with simulated patients if it knows some; its print; and the share censored."""
    if not member.is_printed:
        simulated = simulated_table(member, truth, rng=rng)
        lost = ~simulated.patients.died & (simulated.patients.last_day < YEAR)
        return simulated, {}, float(np.mean(lost))
    if member.known is None:
        cohort = simulate_cohort(member, truth.parameters, truth.effect, rng=rng)
        return member, *printed_and_censored(member, cohort)
    of_known = truth.effects_of_known[0]
    return simulate_with_known(member, truth.parameters, of_known[0] if len(of_known) else None, truth.effect, rng=rng)


def with_effects(posterior: Posterior, effects: np.ndarray) -> Posterior:
    """The same with other effects of studies, shape (chain, draw, study, effect), and no question which they are."""
    dataset = posterior.dataset.drop_vars([APART, log_prior_apart(posterior.analysis.levels[STUDY])], errors="ignore")
    groups = {name: posterior.tree[name].to_dataset() for name in KEPT}
    groups["posterior"] = dataset.assign({ALIKE: dataset[ALIKE].copy(data=effects)})
    return replace(posterior, tree=xr.DataTree.from_dict(groups))


def quantities(posterior: Posterior, *, seed: int) -> dict[str, np.ndarray]:
    """The calibrated quantities of a posterior of a pool or of arms, or of a truth, shape (draw,) each.

    They are the parameters of the average study, the spreads, and response by day 28 and one-year survival of the
    average study, of each one, and of the next; of arms the parameters of the reference, by what others differ from it,
    and these two shares of each arm and their differences.

    Parameters
    ----------
    seed
        Of the next study.
    """
    pool, ids = posterior.analysis, posterior.analysis.parameter_ids
    if pool.has_arms:
        return _of_arms(posterior)
    between, spread = posterior.among_effects("between_studies"), pool.levels[STUDY].between
    found = {f"{AVERAGE}:{id}": posterior.parameters[:, ids.index(id)] for id in pool.believed}
    found |= {f"between:{effect}": between[:, k] for k, effect in enumerate(EFFECTS) if spread.get(effect, 0.0)}
    each = {AVERAGE: posterior.average} | {study: posterior.of(study=study) for study in pool.studies}
    for whose, one in (each | {NEXT: posterior.next(seed=seed)}).items():
        told = shares(one)
        found |= {f"{whose}:{name}": told[name] for name in ESTIMANDS}
    return found


def _of_arms(posterior: Posterior) -> dict[str, np.ndarray]:
    analysis, effects = posterior.analysis, effects_as_drawn(posterior)
    reference, *others = analysis.studies
    ids = analysis.parameter_ids
    found = {f"{reference}:{id}": posterior.parameters[:, ids.index(id)] for id in analysis.believed}
    for effect in shifted_effects(analysis):
        place = EFFECTS.index(effect)
        found |= {f"{arm}:{effect}": effects[:, k, place] for k, arm in enumerate(others, start=1)}
    told = {arm: shares(posterior.of(study=arm)) for arm in analysis.studies}
    for name in ESTIMANDS:
        found |= {f"{arm}:{name}": told[arm][name] for arm in analysis.studies}
        found |= {f"{arm}-{reference}:{name}": told[arm][name] - told[reference][name] for arm in others}
    return found
