"""The quantities that an analysis is asked for, from raw draws: what the summary, the alternatives and the calibration share.

Time zero is the boost; the horizon is one year (365 days). "The cohort" is the study's own patients with their own
durations of neutropenia: an average over the covariate nodes that the likelihood uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hscb_bayes.analysis.arrays import baseline, covariate_nodes
from hscb_bayes.analysis.pathways import PARAMETER_IDS, pathway_of
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.incidence import cumulative_incidence, survival
from hscb_bayes.process.pathway import TRANSITIONS, Pathway

EARLY = 28.0  # days: the four weeks within which a boost is usually said to have worked
CHUNK = 125  # draws at once, so that the arrays of a quadrature stay in the cache


@dataclass(frozen=True, kw_only=True)
class Average:
    """An average over patients: covariate nodes ``x`` (node,) and ``weight`` (row, node), rows summing to one."""

    x: np.ndarray
    weight: np.ndarray


def pathway_from_draws(parameters: np.ndarray, analysis: Analysis, effect: np.ndarray | None = None) -> Pathway:
    """The pathway of many draws.

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    effect
        Study effects on the log hazards, shape (draw, transition); none if left out.
    """
    values = {id: parameters[:, k][:, None, None] for k, id in enumerate(PARAMETER_IDS)}
    if effect is None:
        return pathway_of(values, analysis, np)
    return pathway_of(values, analysis, np, tuple(effect[:, k][:, None, None] for k in range(len(TRANSITIONS))))


def cohort_average(analysis: Analysis) -> tuple[Average, tuple[str, ...]]:
    """Averages over the whole cohort ("all") and, where the analysis splits it by duration, over "short" and "long"."""
    cohort = baseline(analysis)
    x, groups = covariate_nodes(cohort)
    sizes = np.array(cohort.sizes, dtype=float)
    whole = sizes @ groups / sizes.sum()
    if sizes.size == 1:
        return Average(x=x, weight=whole[None]), ("all",)
    return Average(x=x, weight=np.vstack([whole, groups])), ("all", "short", "long")


def calibration_quantities(
    parameters: np.ndarray, analysis: Analysis, effect: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """One-year survival of the cohort and of its groups by duration, response by day 28, and the three hazard ratios.

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    effect
        Study effects, shape (draw, transition); none if left out.

    Returns
    -------
    By name, shape (draw,). Hazard ratios are per doubling of neutropenia, or long over short in the step form. A cohort
    that is not split by duration has no ``os_1y_short`` and ``os_1y_long``.
    """
    average, names = cohort_average(analysis)
    alive, responded = [], []
    for start in range(0, len(parameters), CHUNK):
        part = slice(start, start + CHUNK)
        pathway = pathway_from_draws(parameters[part], analysis, None if effect is None else effect[part])
        alive.append(survival(pathway, average.x, np.array([YEAR]))[..., 0] @ average.weight.T)
        responded.append(cumulative_incidence(pathway, average.x, np.array([EARLY]))[..., 0] @ average.weight[0])
    survived = np.concatenate(alive)
    by_group = {"os_1y" if name == "all" else f"os_1y_{name}": survived[:, k] for k, name in enumerate(names)}
    return {**by_group, "response_by_28": np.concatenate(responded), **hazard_ratios_from_draws(parameters)}


def hazard_ratios_from_draws(parameters: np.ndarray) -> dict[str, np.ndarray]:
    """Hazard ratio of each transition, ``hazard_ratio_<transition>``, shape (draw,)."""
    names = [f"hazard_ratio_{transition}" for transition in TRANSITIONS]
    return {name: np.exp(parameters[:, PARAMETER_IDS.index(name)]) for name in names}
