"""Cumulative incidence of response, as it is expected under losses: what each first exit adds to it.

A patient's first exit is a response that is seen, a death without one, or the end of follow-up without either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hscb_bayes.evidence.influence import FEWEST_LEFT, NOBODY, no_less
from hscb_bayes.evidence.joint_arrays import JointArrays
from hscb_bayes.evidence.special import Special
from hscb_bayes.process.exits import CLASSES
from hscb_bayes.process.incidence import Outcomes


@dataclass(frozen=True, kw_only=True)
class ExpectedIncidence:
    """Incidence of response by the end of follow-up as it is expected, and what a patient adds to it.

    Of patients with a response it is known how they leave, not when they responded: ``by_group`` (..., group * class,
    place) and ``by_cell`` (..., cell * class), the mean over all places, have the mean of the times of response for
    them, and ``within`` (...) is the variance that is left between these. ``value`` (...).
    """

    value: Any
    by_group: Any
    by_cell: Any
    within: Any


def expected_incidence(
    outcomes: Outcomes, by_group: Any, weights: Any, data: JointArrays, special: Special
) -> ExpectedIncidence:
    """What ``moments`` needs of the row of an incidence.

    Parameters
    ----------
    by_group
        Expected numbers by group, class and place, in a row.
    weights
        What takes cells to expected numbers in groups, shape (..., group, cell).
    """
    xp, edges, place = special.xp, special.length(data.passed), special.length(data.of_place)
    groups, everybody = special.length(data.sizes), data.sizes.sum(axis=-1, keepdims=True)
    at, passed = ((data.of_incidence * part).sum(axis=-2) for part in (data.at, data.passed))
    of_cells = weights.sum(axis=-2)[..., None, :]
    responded, responding = (xp.matmul(of_cells, part)[..., 0, :] for part in (outcomes.responded, outcomes.responding))
    others = special.unflatten(by_group, (groups, len(CLASSES), place))[..., 1, :].sum(axis=-2)
    responses = responding * passed
    deaths, losses = (others[..., k * edges : (k + 1) * edges] * passed for k in range(2))
    there = everybody - (responses + deaths + losses).sum(axis=-1, keepdims=True)
    of_responses, of_others = incidence_influence(responses, deaths, losses, there, xp)
    mean = (responses * of_responses).sum(axis=-1) / (responses.sum(axis=-1) + NOBODY)
    by_class = xp.stack([mean[..., None] + xp.zeros_like(of_others), of_others], axis=-2)
    by_cell = (outcomes.exits * by_class[..., None, :, :]).sum(axis=-1)
    return ExpectedIncidence(
        value=(responded * at).sum(axis=-1) / everybody[..., 0],
        by_group=xp.concatenate([by_class] * groups, axis=-2),
        by_cell=special.flatten(by_cell, 2),
        within=(responses * (of_responses - mean[..., None]) ** 2).sum(axis=-1),
    )


def incidence_influence(responses: Any, deaths: Any, losses: Any, there: Any, xp: Any) -> tuple[Any, Any]:
    r"""What a patient adds to the Aalen-Johansen incidence of response at the last edge, by his first exit.

    With S the share without response or death, Y at risk (of whom half of the lost are counted) and F the incidence,

        sum over intervals of  S(before) dM1 / Y  -  (F(last) - F(after)) dM / (Y - d),

    dM1 and dM being what a patient has of responses and of either exit, less what is expected of him while he is at
    risk. The variance is that of the jackknife.

    Parameters
    ----------
    responses, deaths, losses
        Expected numbers of patients by interval, shape (..., edge).
    there
        Expected number who are followed beyond the last edge without either, shape (..., 1).

    Returns
    -------
    Of those who respond in each interval, shape (..., edge); and of the others by place, (..., place).

    References
    ----------
    Allignol A, Schumacher M, Beyersmann J. Biom J 2010;52:126-137.
    """
    edges = int((responses if xp is np else responses.type).shape[-1])
    events = responses + deaths
    leave = events + losses
    everybody = leave.sum(axis=-1, keepdims=True) + there
    later = there + xp.matmul(leave, np.tri(edges, k=-1))
    left = no_less(later + 0.5 * losses, FEWEST_LEFT * everybody + NOBODY, xp)
    at_risk = left + events
    kept = xp.exp(xp.cumsum(xp.log(left) - xp.log(at_risk), axis=-1))
    before = xp.concatenate([xp.ones_like(kept[..., :1]), kept[..., :-1]], axis=-1)
    rises = before * responses / at_risk
    still = rises.sum(axis=-1, keepdims=True) - xp.cumsum(rises, axis=-1)
    of_response, of_event = before / at_risk, still / left
    of_risk = (of_response * responses - of_event * events) / at_risk
    passed = xp.cumsum(of_risk, axis=-1)
    others = xp.concatenate([-of_event - passed, 0.5 * of_risk - passed, -passed[..., -1:]], axis=-1)
    return of_response - of_event - passed, others
