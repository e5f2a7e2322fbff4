"""From parameters to the pathway: written once for the sampler, for predictions and for replicates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hscb_bayes.analysis.priors import NEGLIGIBLE, PARAMETERS
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.process.follow_up import YEAR, FollowUp
from hscb_bayes.process.hazards import FAMILIES
from hscb_bayes.process.pathway import TRANSITIONS, Pathway

PARAMETER_IDS = tuple(PARAMETERS)
HALF = np.log(np.log(2.0))  # log cumulative hazard at the median


def prior_normals(analysis: Analysis) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every parameter on its unbounded scale, shape (parameter,).

    A share that the analysis says is not there has a mean so low that it is nothing; a slope that is not used is zero.
    """
    table = analysis.table
    absent = {
        "never_respond": not table.hazards.never_respond,
        "lost_by_one_year": table.follow_up.complete,
    }
    unused = {"odds_ratio_never_respond": not table.hazards.never_respond_by_duration}
    mean, deviation = np.zeros(len(PARAMETER_IDS)), np.ones(len(PARAMETER_IDS))
    for k, id in enumerate(PARAMETER_IDS):
        if absent.get(id, False):
            mean[k] = NEGLIGIBLE
        elif not unused.get(id, False):
            mean[k], deviation[k] = table.prior[id].normal(PARAMETERS[id].scale)
    return mean, deviation


def pathway_of(values: Mapping[str, Any], analysis: Analysis, xp: Any, effect: Any = (0.0, 0.0, 0.0)) -> Pathway:
    """The pathway that parameters on their unbounded scales mean.

    Parameters
    ----------
    values
        By parameter id: scalars, or arrays with two trailing axes of length one.
    effect
        What the study adds to the log hazard of each transition.
    """
    hazards = analysis.table.hazards
    slope = values["odds_ratio_never_respond"] if hazards.never_respond_by_duration else 0.0
    return Pathway(
        response=_hazard(hazards.response, values["response_shape"], values["response_median"], HALF, xp),
        death_without_response=_mortality(hazards.death_without_response, "death_without_response", values, xp),
        death_after_response=_mortality(hazards.death_after_response, "death_after_response", values, xp),
        log_hazard_ratio=(
            values["hazard_ratio_response"],
            values["hazard_ratio_death_without_response"],
            values["hazard_ratio_death_after_response"],
        ),
        study_effect=tuple(effect[k] for k in range(len(TRANSITIONS))),
        logit_never=values["never_respond"],
        logit_never_slope=slope,
        clock=hazards.clock,
    )


def _mortality(family: str, id: str, values: Mapping[str, Any], xp: Any) -> Any:
    """A hazard by its shape and its log cumulative hazard at one year."""
    return _hazard(family, values[f"{id}_shape"], np.log(YEAR), values[id], xp)


def _hazard(family: str, log_shape: Any, log_day: Any, log_cumulative: Any, xp: Any) -> Any:
    """The hazard of a family with H(exp(``log_day``)) = exp(``log_cumulative``)."""
    shape = xp.exp(log_shape)
    return FAMILIES[family](shape=shape, log_scale=log_day - log_cumulative / shape)


def follow_up_of(logit_lost: Any, xp: Any) -> FollowUp:
    """The censoring distribution from the log odds of being lost by one year."""
    return FollowUp(lost_by_one_year=1.0 / (1.0 + xp.exp(-logit_lost)))
