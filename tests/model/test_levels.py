"""The law of what is sampled of a level, for every option that a level has, against SciPy's densities."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.exchangeable import Exchangeable
from hscb_bayes.analysis.level import CENTRE, ON_HAZARDS, SPREAD_WITHIN, STUDY, Level
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_pool import load_pool
from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.model.build import build
from hscb_bayes.model.level_arrays import SMALLEST_WEIGHT, level_arrays
from hscb_bayes.model.levels import SHAPES, Law, beliefs_needed, correlation_root, of_level, unit_effects
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.process.pathway import TRANSITIONS

ALGEBRA = 1e-9
DRAWS = 20_000
MODEL_DRAWS = 4_000
DATA = Path(__file__).parents[1] / "data"
FALSE_ALARM = norm.isf(1e-6 / 2)  # standard errors
UNITS = ("a", "b", "c", "d")
WEIGHTS = {"a": 0.3, "b": 0.8, "c": 0.99}
BETWEEN = {"response": 0.5, "death_without_response": 0.9, "death_after_response": 0.3}
FURTHER = {"never_respond": 0.7, "response_shape": 0.2, "lost_by_one_year": 0.4}
APART = {"response": 2.3, "death_without_response": 1.8, "death_after_response": 2.0, "never_respond": 0.7}
SPREAD = {"response": 0.4, "death_without_response": 1.3, "death_after_response": 0.2}
SPREAD |= {"never_respond": 0.6, "response_shape": 0.1, "lost_by_one_year": 0.9}
PARTIAL = np.array([0.5, -0.4, 0.3])
EXPONENTS = np.array([0.0, 0.2, 0.6, 0.95])  # by unit, and somewhat less for each further effect
quiet = pytest.mark.filterwarnings("ignore:Numba will use object mode:UserWarning")

OPTIONS = [
    {"name": name, "correlated": correlated, "centred": centred, "weights": weights, "mixed_in": mixed_in} | average
    for name, correlated, centred, weights, mixed_in, average in itertools.product(
        (STUDY, CENTRE), (False, True), (False, True), ({}, WEIGHTS), ("likelihood", "prior"), ({}, {"average": "a"})
    )
    if weights or mixed_in == "likelihood"
]


def words_of(options: Mapping[str, Any]) -> str:
    """The options that are not the default ones."""
    flags = [option for option in ("correlated", "centred", "average", "within") if options.get(option)]
    return ", ".join([options["name"], *flags, *([f"mixed in the {options['mixed_in']}"] * bool(options["weights"]))])


OPTIONS += [
    options | {"within": ("one", "other", "one", "other")}
    for options in OPTIONS
    if (options["correlated"] and options["mixed_in"] == "prior") or not (options["weights"] or options["correlated"])
]


@pytest.fixture(params=OPTIONS, ids=words_of)
def level(request: pytest.FixtureRequest) -> Level:
    between = BETWEEN if request.param["name"] == CENTRE else BETWEEN | FURTHER
    return Level(units=UNITS, between=between, apart=APART, **request.param)


def spread_of(level: Level) -> np.ndarray:
    """Of each unit, shape (unit, effect): units of the other group differ by 1.5 times as much."""
    own = np.array([SPREAD[effect] for effect in level.effects])
    return (
        own
        * np.array([1.5 if level.within and level.within[k] == "other" else 1.0 for k in range(len(UNITS))])[:, None]
    )


def as_given(level: Level) -> np.ndarray:
    """The spreads as a law takes them."""
    return spread_of(level) if level.within else spread_of(level)[0]


def exponents_of(level: Level) -> np.ndarray:
    """How far effects are centred, shape (unit, effect)."""
    return EXPONENTS[:, None] * 0.9 ** np.arange(len(level.effects)) * level.centred


def data_of(level: Level) -> dict[str, np.ndarray]:
    """The arrays of a level under the names of a model."""
    arrays = level_arrays(level) | {"centred": exponents_of(level)}
    return {of_level(level, name): arrays[name] for name in beliefs_needed(level)}


def law_of(level: Level, xp: Any) -> Law:
    """The law at a spread and a correlation."""
    root = np.eye(len(level.effects))
    root[:ON_HAZARDS, :ON_HAZARDS] = correlation_root(PARTIAL, np)
    arrays = level_arrays(level) | {"centred": exponents_of(level)}
    given = pt.as_tensor_variable if xp is pt else np.asarray
    return Law(
        level=level,
        spread=given(as_given(level)),
        root=given(root) if level.correlated else None,
        beliefs={name: given(arrays[name]) for name in SHAPES if name in beliefs_needed(level)},
        xp=xp,
    )


def correlation_of(level: Level) -> np.ndarray:
    """Of the effects, by the formulas of partial correlations, shape (effect, effect)."""
    found, (one, other, given) = np.eye(len(level.effects)), PARTIAL
    third = one * other + given * np.sqrt((1.0 - one**2) * (1.0 - other**2))
    if level.correlated:
        found[:ON_HAZARDS, :ON_HAZARDS] = [[1.0, one, other], [one, 1.0, third], [other, third, 1.0]]
    return found


def multiples_of(level: Level) -> tuple[np.ndarray, np.ndarray]:
    """What effects are of what is sampled, shape (unit, effect): of one of the kind, and of one on its own."""
    alike = spread_of(level) ** (1.0 - exponents_of(level))
    if level.mixed_in == "prior":
        return alike, alike
    between, apart = np.array(list(level.between.values())), deviations_apart(level)
    return alike, np.broadcast_to(apart * np.sqrt(np.minimum(between / apart, 1.0)), alike.shape)


def deviations_apart(level: Level) -> np.ndarray:
    """Of effects of a unit on its own, shape (effect,)."""
    return np.array([level.apart.get(effect, width) for effect, width in level.between.items()])


def components_of(level: Level, sampled: np.ndarray) -> np.ndarray:
    """Log density of what is sampled, by those of the effects, shape (component, unit)."""
    return np.array(
        [
            [
                multivariate_normal.logpdf(multiple * value, cov=own) + np.log(multiple).sum()
                for multiple, value, own in zip(multiples, sampled, covariance, strict=True)
            ]
            for multiples, covariance in zip(multiples_of(level), covariances_of(level), strict=True)
        ]
    )


def covariances_of(level: Level) -> tuple[np.ndarray, np.ndarray]:
    """Of the effects of each unit, shape (unit, effect, effect): of one of the kind, and of one on its own."""
    spread, apart = spread_of(level), np.diag(deviations_apart(level) ** 2)
    return spread[:, :, None] * correlation_of(level) * spread[:, None, :], np.broadcast_to(
        apart, (len(UNITS), *apart.shape)
    )


def sampled_of(level: Level, seed: int = 1) -> np.ndarray:
    """Some values of what is sampled, shape (unit, effect)."""
    return 1.5 * np.random.default_rng(seed).standard_normal((len(UNITS), len(level.effects)))


def weights_of(level: Level) -> np.ndarray:
    """Of each component, shape (component, unit); among units that may be on their own none is quite surely not."""
    alike = np.array([level.weight_of(unit) for unit in level.units])
    return np.stack([alike, np.maximum(1.0 - alike, SMALLEST_WEIGHT if level.is_mixed else 0.0)])


def test_the_log_density_is_that_of_a_mixture_of_normals(level: Level) -> None:
    value = sampled_of(level)
    graph = law_of(level, pt).log_density(pt.as_tensor_variable(value))
    found = pytensor.function([], graph, mode="FAST_COMPILE")()
    expected = logsumexp(components_of(level, value), b=weights_of(level), axis=0)
    assert_allclose(found, expected, rtol=ALGEBRA, atol=ALGEBRA)


def test_numpy_and_the_graph_say_the_same_of_a_unit_on_its_own(level: Level) -> None:
    value = sampled_of(level)
    if not level.is_mixed:
        alike = components_of(level, value)[0]
        assert_allclose(law_of(level, np).log_density(value), alike, rtol=ALGEBRA, atol=ALGEBRA)
        return
    alike, apart = components_of(level, value)
    assert_allclose(law_of(level, np).log_apart(value), apart - alike, rtol=ALGEBRA, atol=ALGEBRA)
    many = np.stack([value, 2.0 * value])
    assert_allclose(law_of(level, np).log_apart(many)[0], apart - alike, rtol=ALGEBRA, atol=ALGEBRA)


def test_effects_are_multiples_of_what_is_sampled(level: Level) -> None:
    law, (alike, apart) = law_of(level, np), multiples_of(level)
    assert_allclose(np.broadcast_to(law.of_one_of_the_kind, alike.shape), alike, rtol=ALGEBRA)
    if level.is_mixed:
        assert_allclose(np.broadcast_to(law.of_one_apart, apart.shape), apart, rtol=ALGEBRA)


def test_what_is_drawn_has_the_moments_of_the_law(level: Level) -> None:
    """Means, and second moments of all pairs of effects, of which the formula has the mixture."""
    drawn = law_of(level, np).drawn(np.random.default_rng(3), (DRAWS,))
    assert drawn.shape == (DRAWS, len(UNITS), len(level.effects))
    parts = zip(weights_of(level), covariances_of(level), multiples_of(level), strict=True)
    expected = sum(
        weight[:, None, None] * covariance / (multiple[:, :, None] * multiple[:, None, :])
        for weight, covariance, multiple in parts
    )
    products = drawn[..., :, None] * drawn[..., None, :]
    for values, mean in ((drawn, np.zeros(drawn.shape[1:])), (products, expected)):
        error = values.std(axis=0) / np.sqrt(DRAWS)
        assert np.all(abs(values.mean(axis=0) - mean) < FALSE_ALARM * error)


def test_a_unit_that_is_the_average_one_has_no_effect_of_its_own(level: Level) -> None:
    """What shifts add is all that it has; the others have their multiples of what is sampled."""
    common = np.full((len(UNITS), len(level.effects)), 0.25)
    coords = {level.name: UNITS, level.dim: level.effects, "pair": range(3), SPREAD_WITHIN: level.spreads}
    with pm.Model(coords=coords | dict.fromkeys(("transition", "other_transition"), TRANSITIONS)) as model:
        made = unit_effects(level, data_of(level), common)
    (sampled,) = (one for one in model.free_RVs if one.name.endswith(f"{level.name}_effect"))
    spreads = spread_of(level)[: len(level.spreads)] if level.within else spread_of(level)[0]
    standard_spread = spreads / level_arrays(level)["between"]
    at = {sampled: sampled_of(level), model[f"standard_{level.spread}"]: standard_spread}
    given = {variable: pt.as_tensor_variable(value) for variable, value in at.items()}
    (graph,) = pytensor.graph.clone_replace([made.effects], replace=given)
    found = pytensor.function([], graph, mode="FAST_COMPILE")()
    differs = np.array([float(unit != level.average) for unit in level.units])[:, None]
    for one, multiple in zip(found, multiples_of(level), strict=False):
        assert_allclose(one, common + differs * multiple * at[sampled], rtol=ALGEBRA)
    assert len(found) == level.components == 1 + (level.is_mixed and level.mixed_in == "likelihood")


def correlated_pool() -> Analysis:
    """The shipped pool, with correlated effects of studies."""
    pool = load_pool("pooled")
    between = pool.table.between_studies.model_copy(update={"correlated": True})
    return replace(pool, table=pool.table.model_copy(update={"between_studies": between}))


def centres_apart(*, correlated: bool = False) -> Member:
    """Four hospitals, of which each is one of a kind with probability 1/2."""
    analysis = load_patients(DATA / "bmt.toml")
    weights = Exchangeable(weight=0.5, why="a test")
    centres = analysis.table.centres.model_copy(update={"exchangeable": weights, "correlated": correlated})
    return replace(analysis, table=analysis.table.model_copy(update={"centres": centres}))


BUILT = {
    "pool with correlated studies": correlated_pool,
    "table with centres on their own": centres_apart,
    "table with correlated centres on their own": lambda: centres_apart(correlated=True),
}


@quiet
@pytest.mark.slow
@pytest.mark.parametrize("made", BUILT)
def test_the_model_and_the_draws_of_the_prior_say_the_same_of_effects(made: str) -> None:
    """Second moments of effects, and of products of two effects of a unit, from two generators."""
    analysis = BUILT[made]()
    (level,) = analysis.levels.values()
    effect, correlation = f"{level.name}_effect", f"{level.name}_correlation"
    names = [effect, level.spread, *([correlation] if level.correlated else [])]
    model = build(analysis).model
    several = pm.draw([model[name] for name in names], draws=MODEL_DRAWS, random_seed=1, mode="FAST_COMPILE")
    drawn = dict(zip(names, several, strict=True))
    prior = draw_prior(analysis, draws=MODEL_DRAWS, chains=1, seed=2)
    for name in names:
        assert drawn[name].shape == (MODEL_DRAWS, *prior.flat(name).shape[1:])
        agree_on_moments(drawn[name], prior.flat(name))
    agree_on_moments(*(np.einsum("nui,nuj->nuij", each, each) for each in (drawn[effect], prior.flat(effect))))


def agree_on_moments(one: np.ndarray, other: np.ndarray) -> None:
    """Means and mean squares of draws, shape (draw, ...), agree within their standard errors."""
    for power in (1, 2):
        values = [each**power for each in (one, other)]
        error = np.sqrt(sum(each.var(axis=0) / len(each) for each in values))
        assert np.all(abs(values[0].mean(axis=0) - values[1].mean(axis=0)) <= FALSE_ALARM * error)
