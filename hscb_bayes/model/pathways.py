"""From parameters to the pathway: written once for the sampler, for predictions and for replicates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.priors import NEGLIGIBLE, PARAMETERS
from hscb_bayes.process.follow_up import YEAR, FollowUp
from hscb_bayes.process.hazards import FAMILIES
from hscb_bayes.process.pathway import TRANSITIONS, Pathway

PARAMETER_IDS = tuple(PARAMETERS)
HALF = np.log(np.log(2.0))  # log cumulative hazard at the median


def prior_normals(analysis: Analysis) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every parameter on its unbounded scale, shape (parameter,).

    A parameter that has no part is a constant, with a standard deviation of 0: a share so low that it is nothing, or a
    slope of zero.

    Parameters
    ----------
    analysis
        Of whatever form; of a pool the parameters are those of the average study.
    """
    hazards, believed = analysis.hazards, analysis.believed
    mean, deviation = np.zeros(len(analysis.parameters)), np.zeros(len(analysis.parameters))
    for k, (id, parameter) in enumerate(analysis.parameters.items()):
        if id in believed:
            mean[k], deviation[k] = analysis.prior[hazards.beliefs.get(id, id)].normal(parameter.scale)
        elif parameter.scale != "log":
            mean[k] = NEGLIGIBLE
    return mean, deviation


def pathway_of(values: Mapping[str, Any], analysis: Member, xp: Any, effect: Any = (0.0, 0.0, 0.0)) -> Pathway:
    """The pathway that parameters on their unbounded scales mean.

    Parameters
    ----------
    values
        By parameter id: scalars, or arrays with two trailing axes of length one.
    effect
        What the study adds to the log hazard of each transition.
    """
    hazards = analysis.hazards
    slope = values["odds_ratio_never_respond"] if hazards.never_respond_by_duration else 0.0
    someone = hazards.never_respond or analysis.is_printed  # to a print nobody is a share that is next to nothing
    return Pathway(
        response=hazard_of("response", hazards, values, xp),
        death_without_response=hazard_of("death_without_response", hazards, values, xp),
        death_after_response=hazard_of("death_after_response", hazards, values, xp),
        log_hazard_ratio=(
            values["hazard_ratio_response"],
            values["hazard_ratio_death_without_response"],
            values["hazard_ratio_death_after_response"],
        ),
        study_effect=tuple(effect[k] for k in range(len(TRANSITIONS))),
        logit_never=values["never_respond"] if someone else -np.inf,
        logit_never_slope=slope,
        clock=hazards.clock,
    )


def pathway_of_draws(parameters: np.ndarray, analysis: Member, effect: np.ndarray | None = None) -> Pathway:
    """The pathway of many draws.

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    effect
        What is added to the log hazards, shape (draw, transition), or (draw, transition, node); nothing if left out.
    """
    values = {id: parameters[:, k][:, None, None] for k, id in enumerate(analysis.parameter_ids)}
    if effect is None:
        return pathway_of(values, analysis, np)
    by_node = effect.reshape(*effect.shape[:2], -1, 1)
    return pathway_of(values, analysis, np, tuple(by_node[:, k] for k in range(len(TRANSITIONS))))


def hazard_of(transition: str, hazards: Hazards, values: Mapping[str, Any], xp: Any) -> Any:
    """The baseline hazard of a transition: of response by its median, of the others by their mortality in a year."""
    shapes = [values[id] for id in hazards.shape_parameters(transition)]
    is_response = transition == "response"
    log_day, log_cumulative = (values["response_median"], HALF) if is_response else (np.log(YEAR), values[transition])
    cuts = hazards.cuts.get(transition, ())
    return FAMILIES[hazards.family(transition)].through(log_day, log_cumulative, shapes, cuts=cuts, xp=xp)


def follow_up_of(logit_lost: Any, xp: Any, reach: tuple[Any, Any] = (1.0, 0.0)) -> FollowUp:
    """The censoring distribution from the log odds of being lost by one year.

    Parameters
    ----------
    reach
        ``reached`` and ``reached_per_day`` of ``FollowUp``.
    """
    lost = 1.0 / (1.0 + xp.exp(-logit_lost))
    return FollowUp(lost_by_one_year=lost, reached=reach[0], reached_per_day=reach[1])
