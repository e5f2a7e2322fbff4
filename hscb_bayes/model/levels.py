"""Levels in the model: what studies, and what centres, add; each effect is drawn with a spread.

What is sampled is a multiple of the effects u. With a spread s, an exponent w of the unit and a standard effect e it is
s^w e: the standard effect where w is 0, which suits a unit that tells little, and the effect itself where w is 1, which
suits one that tells much.

References
----------
Papaspiliopoulos O, Roberts GO, Skold M. A general framework for the parametrization of hierarchical models. Stat Sci
2007;22:59-73. Lewandowski D, Kurowicka D, Joe H. Generating random correlation matrices based on vines and extended
onion method. J Multivar Anal 2009;100:1989-2001.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.level import EFFECTS, ON_HAZARDS, STUDY, Level
from hscb_bayes.model.level_arrays import OF_MIXTURES, indicators, shifted_effects, study_shifts
from hscb_bayes.process.pathway import TRANSITIONS

SHIFT_DIMS = ("shift", "shifted_effect")
LKJ = 2.0
PAIRS = ("response, death without", "response, death after", "death without, death after")
PARTIAL = np.array([LKJ + 0.5, LKJ + 0.5, LKJ])  # parameters of a beta on (-1, 1), for partial correlations of three
PATIENTS_OF = "patients_of"  # dimension of a posterior: studies whose known patients have effects of their own
SHAPES = {"centred": "(u,e)", "apart": "(e)", "drawn_apart": "(e)", "log_weights": "(c,u)"}  # of what a law depends on
LOG_ROOT = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitEffects:
    """What units add, by component: being one of their kind, and on their own where the likelihood is that of both.

    Parameters
    ----------
    effects
        Shape (component, unit, effect).
    log_probability
        Of each component given what is sampled, shape (component, unit).
    """

    effects: Any
    log_probability: Any


def study_effects(analysis: Analysis, data: Mapping[str, Any]) -> UnitEffects:
    """What studies, or arms, add, of all ``EFFECTS``; 0 where they do not differ."""
    level, studies, common = analysis.levels.get(STUDY), len(analysis.studies), 0.0
    effects = EFFECTS if level is None else level.effects
    if study_shifts(analysis):
        standard = pm.Normal("standard_shift", dims=SHIFT_DIMS)
        shift = pm.Deterministic("shift_effect", data["shift"] * standard, dims=SHIFT_DIMS)
        common = pt.matmul(data["belongs"], pt.matmul(shift, indicators(shifted_effects(analysis), effects)))
    if level is None:
        whole = pt.zeros((1, studies, len(EFFECTS))) + common
        return UnitEffects(effects=whole, log_probability=pt.zeros((1, studies)))
    found = unit_effects(level, data, common)
    whole = pt.matmul(found.effects, indicators(level.effects))
    shape = (level.components, studies)
    return UnitEffects(
        effects=pt.specify_shape(whole, (*shape, len(EFFECTS))),
        log_probability=pt.specify_shape(found.log_probability, shape),
    )


def unit_effects(level: Level, data: Mapping[str, Any], common: Any = 0.0) -> UnitEffects:
    """What the units of a level add.

    Parameters
    ----------
    data
        Has ``level_arrays`` under the names that ``of_level`` gives.
    common
        What shifts add, shape (unit, effect).
    """
    dims, near_zero = (level.name, level.dim), pm.distributions.transforms.log_exp_m1  # a logarithm near zero alone
    own = {name: data[of_level(level, name)] for name in beliefs_needed(level)}
    standard = pm.HalfNormal(f"standard_{level.spread}", default_transform=near_zero, dims=level.dims_of_spread)
    spread = pm.Deterministic(level.spread, own["between"] * standard, dims=level.dims_of_spread)
    spread = spread[level.spread_of_units] if level.within else spread
    beliefs = {name: own[name] for name in SHAPES if name in own}
    law = Law(level=level, spread=spread, root=_root(level), beliefs=beliefs, xp=pt)
    sampled, log_probability = _sampled(law, dims), pt.zeros((1, len(level.units)))
    effects = common + own["differs"] * law.of_one_of_the_kind * sampled
    found = [pm.Deterministic(f"{level.name}_effect", effects, dims=dims)]
    if level.components > 1:
        effects = common + own["differs"] * law.of_one_apart * sampled
        found.append(pm.Deterministic(f"{level.name}_effect_apart", effects, dims=dims))
        joint = law.joint(pm.Deterministic(log_prior_apart(level), law.log_apart(sampled), dims=level.name))
        log_probability = joint - pt.logsumexp(joint, axis=0, keepdims=True)
    return UnitEffects(effects=pt.stack(found), log_probability=log_probability)


def log_prior_apart(level: Level) -> str:
    """Variable: log prior density of what is sampled of a unit on its own, over that of one of the kind."""
    return f"log_prior_{level.name}_apart"


def of_level(level: Level, name: str) -> str:
    """What an array of a level is called among all data."""
    return f"{name}_{level.name}"


def beliefs_needed(level: Level) -> tuple[str, ...]:
    """Arrays that the effects of a level are made of."""
    centred, mixed = ("centred",) if level.centred else (), OF_MIXTURES if level.is_mixed else ()
    return ("between", "differs", *centred, *mixed)


@dataclass(frozen=True, kw_only=True, eq=False)
class Law:
    """The law of what is sampled of the units of a level, in a graph or in NumPy.

    Parameters
    ----------
    spread
        Shape (..., effect) with an axis of units, of length one or none where all units have one spread.
    root
        Cholesky factor of the correlation of the effects, shape (..., effect, effect); None without one.
    beliefs
        Those of ``level_arrays`` that are in ``SHAPES``, and ``centred`` (unit, effect), the exponents w.
    xp
        PyTensor's tensor module, or NumPy.
    """

    level: Level
    spread: Any
    root: Any
    beliefs: Mapping[str, Any]
    xp: Any

    @property
    def of_one_of_the_kind(self) -> Any:
        """By what the effects of one of the kind are a multiple of what is sampled, s^(1 - w)."""
        if not self.level.centred:
            return self.spread
        return self.xp.exp((1.0 - self.beliefs["centred"]) * self.xp.log(self.spread))

    @property
    def of_one_apart(self) -> Any:
        """The same of the effects of a unit on its own."""
        if self.level.mixed_in == "prior":
            return self.of_one_of_the_kind
        return self.beliefs["apart"] * self.beliefs["drawn_apart"]

    def log_density(self, value: Any) -> Any:
        """Shape (unit,)."""
        alike = self._log_alike(value)
        if not self.level.is_mixed:
            return alike
        return alike + self.xp.logsumexp(self.joint(self.log_apart(value)), axis=0)

    def joint(self, log_apart: Any) -> Any:
        """Log of weight times density over the density of one of the kind, shape (component, unit)."""
        return self.beliefs["log_weights"] + self.xp.stack([self.xp.zeros_like(log_apart), log_apart])

    def log_apart(self, value: Any) -> Any:
        """Log density of a unit on its own over that of one of the kind, shape (..., unit)."""
        deviation = self._deviation_apart
        own = -0.5 * (value / deviation) ** 2 - LOG_ROOT - self.xp.log(deviation)
        return own.sum(axis=-1) - self._log_alike(value)

    @property
    def _deviation_apart(self) -> Any:
        """Of what is sampled of a unit on its own."""
        if self.level.mixed_in == "likelihood":
            return 1.0 / self.beliefs["drawn_apart"]
        return self.beliefs["apart"] / self.of_one_of_the_kind

    @property
    def _log_scale(self) -> Any:
        """Log of the standard deviation of what is sampled of one of the kind, w log s."""
        return self.beliefs["centred"] * self.xp.log(self.spread) if self.level.centred else 0.0

    def _log_alike(self, value: Any) -> Any:
        log_scale, log_root = self._log_scale, 0.0
        standard = value / self.xp.exp(log_scale) if self.level.centred else value
        if self.root is not None:
            standard = whitened(standard, self.root, self.xp)
            diagonal = self.xp.stack([self.root[..., k, k] for k in range(len(self.level.effects))], axis=-1)
            log_root = self.xp.log(diagonal)[..., None, :]
        return (-0.5 * standard**2 - LOG_ROOT - log_scale - log_root).sum(axis=-1)

    def drawn(self, rng: np.random.Generator, shape: tuple[int, ...] = ()) -> np.ndarray:
        """What is sampled, in NumPy, shape (*shape, unit, effect)."""
        level = self.level
        standard = rng.standard_normal((*shape, len(level.units), len(level.effects)))
        correlated = standard if self.root is None else standard @ np.swapaxes(self.root, -1, -2)
        alike: np.ndarray = correlated * np.exp(self._log_scale)
        if not level.is_mixed:
            return alike
        is_alike = rng.uniform(size=(*standard.shape[:-1], 1)) < np.exp(self.beliefs["log_weights"][0])[:, None]
        return np.where(is_alike, alike, standard * self._deviation_apart)


def _sampled(law: Law, dims: tuple[str, str]) -> Any:
    """The variable that is sampled, shape (unit, effect)."""
    level = law.level
    name = f"{'partly_centred' if level.centred else 'standard'}_{level.name}_effect"
    if not level.centred and not level.is_mixed and law.root is None:
        return pm.Normal(name, dims=dims)
    zeros, root = np.zeros((len(level.units), len(level.effects))), [] if law.root is None else [law.root]

    def of(parameters: Sequence[Any], xp: Any) -> Law:
        spread, *rest = parameters[:-1]
        own = rest.pop(0) if root else None
        return replace(law, spread=spread, root=own, beliefs=dict(zip(law.beliefs, rest, strict=True)), xp=xp)

    def logp(value: Any, *parameters: Any) -> Any:
        return of(parameters, pt).log_density(value).sum()

    def random(*parameters: Any, rng: np.random.Generator, size: Any) -> np.ndarray:
        return of(parameters, np).drawn(rng)

    shapes = [
        "(u,e)" if level.within else "(e)",
        *(["(e,e)"] if root else []),
        *(SHAPES[name] for name in law.beliefs),
        "(u,e)",
    ]
    return pm.CustomDist(
        name, law.spread, *root, *law.beliefs.values(), zeros, logp=logp, random=random, dims=dims,
        support_point=lambda _rv, _size, *_parameters: pt.as_tensor_variable(zeros),
        signature=f"{','.join(shapes)}->(u,e)",
    )  # fmt: skip


def _root(level: Level) -> Any:
    """Cholesky factor of the correlation of a unit's effects, the three on hazards first; None without one."""
    if not level.correlated:
        return None
    partial = pm.Beta(f"{level.name}_partial_correlation", alpha=PARTIAL, beta=PARTIAL, dims="pair")
    root = correlation_root(2.0 * partial - 1.0, pt)
    correlation = pt.fill_diagonal((root[:, None] * root[None]).sum(axis=-1), 1.0)
    pm.Deterministic(f"{level.name}_correlation", correlation, dims=("transition", "other_transition"))
    if len(level.effects) == ON_HAZARDS:
        return root
    return pt.set_subtensor(pt.eye(len(level.effects))[:ON_HAZARDS, :ON_HAZARDS], root)


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


def root_of_effects(of_hazards: np.ndarray, effects: int) -> np.ndarray:
    """Cholesky factors of the correlation of all effects, in NumPy, shape (..., effect, effect).

    Parameters
    ----------
    of_hazards
        Of the three effects on hazards, which come first, shape (..., 3, 3); the others are independent.
    """
    found = np.broadcast_to(np.eye(effects), (*of_hazards.shape[:-2], effects, effects)).copy()
    found[..., :ON_HAZARDS, :ON_HAZARDS] = of_hazards
    return found


def whitened(standard: Any, root: Any, xp: Any) -> Any:
    """Independent standard effects of correlated ones, shape (..., unit, effect); those beyond the hazards as they are.

    Parameters
    ----------
    root
        Cholesky factor of the correlation, shape (..., effect, effect).
    """
    found = list[Any]()
    for k in range(ON_HAZARDS):
        rest = standard[..., k]
        for j, known in enumerate(found):
            rest = rest - root[..., k, j, None] * known
        found.append(rest / root[..., k, k, None])
    return xp.concatenate([xp.stack(found, axis=-1), standard[..., ON_HAZARDS:]], axis=-1)


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
