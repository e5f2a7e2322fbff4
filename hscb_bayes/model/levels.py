"""Levels in the model: what studies and centres add, each effect drawn with a spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.model.data import components
from hscb_bayes.model.hierarchy import EFFECTS, differing, hierarchy_of, log_prior_apart, shifted
from hscb_bayes.process.pathway import TRANSITIONS

SHIFT_DIMS = ("shift", "shifted_effect")
LKJ = 2.0
PAIRS = ("response, death without", "response, death after", "death without, death after")
PARTIAL = np.array([LKJ + 0.5, LKJ + 0.5, LKJ])  # parameters of a beta on (-1, 1), for partial correlations of three
PATIENTS_OF = "patients_of"  # dimension of a posterior: studies whose known patients have effects of their own


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyEffects:
    """What studies add, by component: being one of their kind, and on their own where some may be.

    Parameters
    ----------
    effects
        Shape (component, study, effect) of all ``EFFECTS``; 0 where studies do not differ.
    log_probability
        Of each component given the standard effects, shape (component, study).
    """

    effects: Any
    log_probability: Any


def alike(analysis: Analysis, between: Any) -> StudyEffects:
    """Of studies without a hierarchy: nothing, or of the only one effects on the log hazards with a spread.

    Parameters
    ----------
    between
        Scale of the spread, shape (); None where studies are not said to differ.
    """
    studies = max(len(analysis.studies), 1)
    certain = pt.zeros((1, studies))
    if between is None:
        return StudyEffects(effects=pt.zeros((1, studies, len(EFFECTS))), log_probability=certain)
    spread = pm.HalfNormal("between_studies", sigma=between, dims="transition")
    standard = pm.Normal("standard_study_effect", dims=("study", "transition"))
    effect = pm.Deterministic("study_effect", spread * standard, dims=("study", "transition"))
    return StudyEffects(effects=_of_all(effect[None], TRANSITIONS, (1, studies)), log_probability=certain)


def studies_of_a_pool(pool: Analysis, beliefs: Mapping[str, Any]) -> StudyEffects:
    """Effects of each study on a scale of its own: non-centred.

    Whether a study is one of its kind or on its own, its standard effects are the same, and their prior is a mixture;
    the scale differs. With others for a study on its own a chain would have to come upon those that fit it by chance,
    all of them at once.
    """
    near_zero = pm.distributions.transforms.log_exp_m1  # a logarithm near zero alone
    spread = pm.HalfNormal("standard_between", default_transform=near_zero, dims="effect")
    between = pm.Deterministic("between_studies", beliefs["between"] * spread, dims="effect")
    several = components(pool) > 1
    standard = _mixed(pool, beliefs) if several else pm.Normal("standard_study_effect", dims=("study", "effect"))
    shared: Any = 0.0
    if hierarchy_of(pool).names:
        shift = pm.Deterministic(
            "shift_effect",
            beliefs["shift"] * pm.Normal("standard_shift", dims=SHIFT_DIMS),
            dims=SHIFT_DIMS,
        )
        shared = pt.matmul(beliefs["belongs"], pt.matmul(shift, _places(shifted(pool), differing(pool))))
    own = shared + beliefs["differs"] * between * standard
    effects = [pm.Deterministic("study_effect", own, dims=("study", "effect"))]
    log_probability = pt.zeros((1, len(pool.studies)))
    if several:
        apart = shared + beliefs["differs"] * beliefs["apart"] * beliefs["drawn_apart"] * standard
        effects.append(pm.Deterministic("study_effect_apart", apart, dims=("study", "effect")))
        of_standard = log_prior_apart(standard, beliefs["drawn_apart"], pt)
        pm.Deterministic("log_prior_apart", of_standard, dims="study")
        log_probability = _log_joint(standard, beliefs["log_weights"], beliefs["drawn_apart"])
        log_probability = log_probability - pt.logsumexp(log_probability, axis=0, keepdims=True)
    shape = (len(effects), len(pool.studies))
    return StudyEffects(
        effects=_of_all(pt.stack(effects), differing(pool), shape),
        log_probability=pt.specify_shape(log_probability, shape),
    )


def _of_all(effects: Any, names: Sequence[str], shape: tuple[int, ...]) -> Any:
    """Effects of some names, (..., name), among all ``EFFECTS``."""
    return pt.specify_shape(pt.matmul(effects, _places(names, EFFECTS)), (*shape, len(EFFECTS)))


def _places(names: Sequence[str], among: Sequence[str]) -> np.ndarray:
    """1 where a name stands among others, shape (name, other)."""
    return np.array([[float(name == other) for other in among] for name in names])


def _log_joint(standard: Any, log_weights: Any, drawn_apart: Any) -> Any:
    """Log of weight times density of standard effects over that of N(0, 1), shape (component, study)."""
    apart = log_prior_apart(standard, drawn_apart, pt)
    return log_weights + pt.stack([pt.zeros_like(apart), apart])


def _mixed(pool: Analysis, beliefs: Mapping[str, Any]) -> Any:
    """Standard effects, (study, effect): N(0, 1) of one of its kind, N(0, 1 / r) of a study on its own."""

    def logp(standard: Any, log_weights: Any, drawn_apart: Any, _shape: Any) -> Any:
        alike = -0.5 * (standard**2 + np.log(2.0 * np.pi)).sum(axis=-1)
        return (alike + pt.logsumexp(_log_joint(standard, log_weights, drawn_apart), axis=0)).sum()

    def random(
        log_weights: np.ndarray, drawn_apart: np.ndarray, shape: np.ndarray, rng: np.random.Generator, size: Any
    ) -> np.ndarray:
        is_alike = rng.uniform(size=(len(shape), 1)) < np.exp(log_weights[0])[:, None]
        return rng.standard_normal(shape.shape) * np.where(is_alike, 1.0, 1.0 / drawn_apart)

    zeros = np.zeros((len(pool.studies), len(differing(pool))))
    return pm.CustomDist(
        "standard_study_effect",
        beliefs["log_weights"],
        beliefs["drawn_apart"],
        zeros,
        logp=logp,
        random=random,
        support_point=lambda _rv, _size, *_parameters: pt.as_tensor_variable(zeros),
        signature="(c,s),(e),(s,e)->(s,e)",
        dims=("study", "effect"),
    )


def effects_of_known(deviation: Any, *, by_study: bool) -> Any:
    """What patients who are known one by one add to the log hazards of their study, shape (table, transition).

    Parameters
    ----------
    deviation
        Standard deviations, shape (table,); None where nothing is added.
    by_study
        Whether the variable has a dimension of studies.
    """
    if deviation is None:
        return pt.zeros((0, len(TRANSITIONS)))
    if by_study:
        return pm.Normal(EFFECT, sigma=deviation[:, None], dims=(PATIENTS_OF, "transition"))
    return pm.Normal(EFFECT, sigma=deviation[0], dims="transition")[None]


def centre_effects(table: Any, centred: Any, deviation: Any) -> Any:
    """What each centre adds to the log hazards, shape (transition, centre).

    An effect is s e with a spread s and a standard normal e. Sampled is s^w e: the standard effect where w is 0, which
    suits a centre that tells little, and the effect itself where it is 1, which suits one that tells much.

    Parameters
    ----------
    centred
        The exponents w, shape (transition, centre).
    deviation
        Scale of the half-normal spread, shape ().

    References
    ----------
    Papaspiliopoulos O, Roberts GO, Skold M. A general framework for the parametrization of hierarchical models. Stat
    Sci 2007;22:59-73.
    """
    effects, standard = list[Any](), list[Any]()
    spread, root = _between_centres(deviation, correlated=table.has_correlated_centres)
    log_spread = pt.log(spread)[:, None]
    scales, rests = pt.exp(centred * log_spread), pt.exp((1.0 - centred) * log_spread)
    for k, name in enumerate(TRANSITIONS):
        mean = sum((root[k, j] * standard[j] for j in range(k)), start=pt.zeros(len(table.centres)))
        partly = pm.Normal(f"partly_centred_{name}", mu=scales[k] * mean, sigma=scales[k] * root[k, k], dims="centre")
        standard.append((partly / scales[k] - mean) / root[k, k])
        effects.append(partly * rests[k])
    return pm.Deterministic("centre_effect", pt.stack(effects), dims=("transition", "centre"))


def _between_centres(deviation: Any, *, correlated: bool) -> tuple[Any, Any]:
    """Spread of each transition's effects, and the Cholesky factor of their correlation.

    References
    ----------
    Lewandowski D, Kurowicka D, Joe H. Generating random correlation matrices based on vines and extended onion method.
    J Multivar Anal 2009;100:1989-2001.
    """
    near_zero = pm.distributions.transforms.log_exp_m1  # a logarithm near zero alone
    spread = pm.HalfNormal("between_centres", sigma=deviation, default_transform=near_zero, dims="transition")
    if not correlated:
        return spread, np.eye(len(TRANSITIONS))
    partial = pm.Beta("centre_partial_correlation", alpha=PARTIAL, beta=PARTIAL, dims="pair")
    root = correlation_root(2.0 * partial - 1.0, pt)
    correlation = pt.fill_diagonal((root[:, None] * root[None]).sum(axis=-1), 1.0)
    pm.Deterministic("centre_correlation", correlation, dims=("transition", "other_transition"))
    return spread, root


def correlation_root(partial: Any, xp: Any) -> Any:
    """Cholesky factor of the correlation of three with partial correlations of 1 and 2, 1 and 3, 2 and 3 given 1."""
    left = xp.sqrt(1.0 - partial**2)
    zero, one = xp.zeros(()), xp.ones(())
    return xp.stack(
        [
            xp.stack([one, zero, zero]),
            xp.stack([partial[0], left[0], zero]),
            xp.stack([partial[1], left[1] * partial[2], left[1] * left[2]]),
        ]
    )
