"""The model of several studies: the average study, how studies differ, and each one's joint likelihood, all at once.

The text of the likelihood is that of one study; here it runs over an axis of studies, and over another of components
where studies may be on their own. Cells, the nodes of the covariate, of all studies are in a row: a study without a
covariate has one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.evidence.joint import log_likelihood_terms
from hscb_bayes.evidence.joint_arrays import JointArrays, cell_members, stacked
from hscb_bayes.model.build import NODE_FIELDS
from hscb_bayes.model.data_vector import DATA_VARIABLE, PARAMETERS_VARIABLE, Built, entry_names, packed, unpacked
from hscb_bayes.model.hierarchy import (
    COMPONENTS,
    EFFECTS,
    SMALLEST_WEIGHT,
    hierarchy_of,
    log_prior_apart,
    study_parameters,
)
from hscb_bayes.model.known_in_pool import (
    PATIENTS_OF,
    effect_deviations,
    known_data_of,
    log_likelihood_of_known_by_study,
)
from hscb_bayes.model.marks import places
from hscb_bayes.model.pathways import PARAMETER_IDS, follow_up_of, pathway_of, prior_normals
from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from hscb_bayes.model.simulate import fitted_values, simulate_numbers
from hscb_bayes.process.incidence import OutcomeNodes, Outcomes, outcome_probabilities
from hscb_bayes.process.pathway import TRANSITIONS

LOST = PARAMETER_IDS.index("lost_by_one_year")
BELIEFS = (
    "prior_mean", "prior_deviation", "belongs", "shift", "between", "apart", "drawn_apart", "log_weights", "power",
    "differs", "members",
)  # fmt: skip


def pool_data(
    pool: Pool,
    numbers: Mapping[str, Mapping[str, float]] | None = None,
    *,
    without: Collection[str] = (),
) -> dict[str, np.ndarray]:
    """All that the model of a pool takes as data.

    Parameters
    ----------
    numbers
        By study id, its numbers by id; those printed if left out.
    without
        Ids of studies to leave out.
    """
    room = max(places(member) for member in pool.members)
    papers = [paper_of(member, (numbers or {}).get(member.study.id), room, without) for member in pool.members]
    arrays, beliefs = stacked(papers), hierarchy_of(pool)
    data = {field.name: getattr(arrays, field.name) for field in fields(arrays) if field.name != "nodes"}
    data |= {name: getattr(arrays.nodes, name) for name in NODE_FIELDS}
    mean, deviation = prior_normals(pool.members[0])
    log_weights = beliefs.log_weights[: components(pool)]
    data |= {"prior_mean": mean, "prior_deviation": deviation, "belongs": beliefs.belongs, "shift": beliefs.shift}
    data |= {"between": beliefs.between, "apart": beliefs.apart, "drawn_apart": beliefs.drawn_apart}
    data |= {
        "log_weights": log_weights,
        "power": beliefs.power,
        "differs": beliefs.differs,
        "members": cell_members(papers),
    }
    data |= known_data_of(pool, without=without)
    return {name: np.asarray(value, dtype=float) for name, value in data.items()}


def same_layout(one: Pool, other: Pool, numbers: Mapping[str, Mapping[str, float]] | None = None) -> bool:
    """Whether two pools share a compiled program: the same hazards, and arrays of the same shapes.

    ``numbers``: of the other, as ``pool_data`` takes them.
    """
    hazards = [pool.members[0].table.hazards for pool in (one, other)]
    shapes = [
        {name: value.shape for name, value in data.items()} for data in (pool_data(one), pool_data(other, numbers))
    ]
    return hazards[0] == hazards[1] and shapes[0] == shapes[1]


def paper_of(member: Analysis, numbers: Mapping[str, float] | None, room: int, without: Collection[str]) -> JointArrays:
    """The arrays of one study, of its print or of other numbers; of a study that is left out they say nothing."""
    left_out = member.table.fit.items if member.study.id in without else ()
    return joint_arrays(member, printed_values(member) if numbers is None else numbers, without=left_out, room=room)


def components(pool: Pool) -> int:
    """1 where every study is taken to be exchangeable, 2 where some may be on their own."""
    weights = [pool.table.exchangeable.weight_of(study) for study in pool.studies]
    return len(COMPONENTS) if min(weights) < 1.0 - SMALLEST_WEIGHT else 1


def coords_of(pool: Pool, kept: Mapping[str, np.ndarray]) -> dict[str, list[str]]:
    """Coordinates of a model whose data are ``kept``."""
    return {
        "entry": entry_names(kept),
        "parameter": list(PARAMETER_IDS),
        "effect": list(EFFECTS),
        "study": list(pool.studies),
        "shift": list(hierarchy_of(pool).names),
        "transition": list(TRANSITIONS),
        PATIENTS_OF: list(effect_deviations(pool)),
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class PoolInputs:
    """The data of a pool in the graph of its model: beliefs, the prints, and patients known one by one."""

    beliefs: Mapping[str, Any]
    arrays: JointArrays
    known: Mapping[str, Any]


def taken(pool: Pool, kept: Mapping[str, np.ndarray]) -> PoolInputs:
    """Give a model that is being built the data ``kept`` of a pool."""
    entries = pm.Data(DATA_VARIABLE, packed(kept), dims="entry")
    shapes = {name: value.shape for name, value in kept.items()}
    data = unpacked(pt.specify_shape(entries, (sum(value.size for value in kept.values()),)), shapes)
    beliefs, known = ({name: data.pop(name) for name in names} for names in (BELIEFS, known_data_of(pool)))
    nodes = OutcomeNodes(**{name: data.pop(name) for name in NODE_FIELDS})
    return PoolInputs(beliefs=beliefs, arrays=JointArrays(nodes=nodes, **data), known=known)


def build_pool(pool: Pool) -> Built:
    """Build the model of a pooled analysis; ``model.build`` calls it."""
    kept = pool_data(pool)
    with pm.Model(coords=coords_of(pool, kept)) as model:
        data = taken(pool, kept)
        beliefs = data.beliefs
        parameters = pm.Normal(
            PARAMETERS_VARIABLE, mu=beliefs["prior_mean"], sigma=beliefs["prior_deviation"], dims="parameter"
        )
        (effects, log_prior), of_known = _effects(beliefs, kept), effects_of_known(pool)

        def logp(_value: Any, parameters: Any, effects: Any, log_prior: Any, of_known: Any, _terms: Any) -> Any:
            by_study = log_likelihood_by_study(parameters, effects, data.arrays, beliefs["members"], pool, pt)
            if data.known:
                each = study_parameters(parameters, effects, pt)
                beside = [
                    log_likelihood_of_known_by_study(each[component], of_known, data.known, pool, pt)
                    for component in range(components(pool))
                ]
                by_study = by_study + pt.stack(beside)
            weighted = beliefs["power"] * by_study + log_prior + beliefs["log_weights"]
            return pt.logsumexp(weighted, axis=0).sum() if components(pool) > 1 else weighted.sum()

        def random(
            parameters: np.ndarray,
            effects: np.ndarray,
            _log_prior: np.ndarray,
            _of_known: np.ndarray,
            _terms: np.ndarray,
            rng: np.random.Generator,
            size: Any,
        ) -> np.ndarray:
            return simulate_literature(pool, parameters, effects, rng=rng)

        printed = np.concatenate([fitted_values(member, printed_values(member)) for member in pool.members])
        pm.CustomDist(
            "print",
            parameters,
            effects,
            log_prior,
            of_known,
            np.zeros(printed.size),
            logp=logp,
            random=random,
            signature="(p),(c,s,k),(c,s),(w,h),(t)->(t)",
            observed=printed,
        )
    return Built(analysis=pool, model=model, shapes={name: value.shape for name, value in kept.items()})


def _effects(beliefs: Mapping[str, Any], kept: Mapping[str, np.ndarray]) -> tuple[Any, Any]:
    """Study effects, shape (component, study, effect), each on a scale of its own: non-centred.

    Beside them what a component adds to the log prior of a study's standard effects, shape (component, study).

    Whether a study is one of its kind or on its own, its standard effects are the same; scale and prior differ. With
    others for a study on its own a chain would have to come upon those that fit it by chance, all of them at once.
    """
    near_zero = pm.distributions.transforms.log_exp_m1  # a logarithm near zero alone
    spread = pm.HalfNormal("standard_between", default_transform=near_zero, dims="effect")
    between = pm.Deterministic("between_studies", beliefs["between"] * spread, dims="effect")
    standard = pm.Normal("standard_study_effect", dims=("study", "effect"))
    shared: Any = 0.0
    if kept["belongs"].shape[1] > 0:
        shift = pm.Deterministic(
            "shift_effect",
            beliefs["shift"] * pm.Normal("standard_shift", dims=("shift", "effect")),
            dims=("shift", "effect"),
        )
        shared = pt.matmul(beliefs["belongs"], shift)
    own = shared + beliefs["differs"] * between * standard
    studies = kept["belongs"].shape[0]
    effects, log_prior = [pm.Deterministic("study_effect", own, dims=("study", "effect"))], [pt.zeros(studies)]
    if kept["log_weights"].shape[0] > 1:
        apart = shared + beliefs["differs"] * beliefs["apart"] * beliefs["drawn_apart"] * standard
        effects.append(pm.Deterministic("study_effect_apart", apart, dims=("study", "effect")))
        of_standard = log_prior_apart(standard, beliefs["drawn_apart"], pt)
        log_prior.append(pm.Deterministic("log_prior_apart", of_standard, dims="study"))
    shape = (len(effects), studies)
    return pt.specify_shape(pt.stack(effects), (*shape, len(EFFECTS))), pt.specify_shape(pt.stack(log_prior), shape)


def effects_of_known(pool: Pool) -> Any:
    """What patients who are known one by one add to the log hazards of their study, shape (study, transition)."""
    deviations = np.array(list(effect_deviations(pool).values()))
    if not deviations.size:
        return pt.zeros((0, len(TRANSITIONS)))
    return pm.Normal(EFFECT, sigma=deviations[:, None], dims=(PATIENTS_OF, "transition"))


def log_likelihood_by_study(
    parameters: Any, effects: Any, arrays: JointArrays, members: Any, pool: Pool, xp: Any
) -> Any:
    """Log likelihood of each study's print.

    Parameters
    ----------
    parameters
        Of the average study, shape (..., parameter), with an axis of length one for every axis of ``effects`` but the
        last, or none.
    effects
        Shape (..., study, effect).
    members
        What ``cell_members`` returns.

    Returns
    -------
    Shape (..., study).
    """
    each = study_parameters(parameters, effects, xp)
    cells = xp.matmul(members, each)
    values = {id: cells[..., k : k + 1] for k, id in enumerate(PARAMETER_IDS)}
    of_cells = follow_up_of(values["lost_by_one_year"], xp)
    outcomes = outcome_probabilities(pathway_of(values, pool.members[0], xp), arrays.x, arrays.nodes, of_cells, xp)
    by_study = Outcomes(
        seen=outcomes.seen[..., None, :, :],
        responses=outcomes.responses[..., None, :, :],
        by_day=outcomes.by_day[..., None, :, :],
        course=outcomes.course[..., None, :, :],
    )
    of_studies = follow_up_of(each[..., LOST : LOST + 1], xp)
    return log_likelihood_terms(by_study, arrays, of_studies, xp).sum(axis=-1)


def simulate_literature(
    pool: Pool, parameters: np.ndarray, effects: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """One new literature's value for each term of the likelihood; the studies are those of the first component."""
    each = study_parameters(parameters, effects[0], np)
    none = np.zeros(3)
    return np.concatenate([simulate_numbers(member, each[k], none, rng=rng) for k, member in enumerate(pool.members)])
