"""Exits: when, and how, the follow-up of patients ends, as probabilities that add up to exactly one.

Days are cut by edges. A patient's follow-up ends in one of the intervals between them, by a death that is seen or by
the end of follow-up, or goes on beyond the last edge. Patients who were seen to respond before their exit are told
apart from the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CLASSES = ("responded", "not_responded")  # before the exit


@dataclass(frozen=True, kw_only=True)
class StatesOverTime:
    """Probabilities on some days, with complete follow-up, shape (..., covariate, day) each.

    ``free``: alive without response. ``responded``: has responded. ``alive``: has responded and is alive.
    """

    free: Any
    responded: Any
    alive: Any


def places(edges: int) -> int:
    """How many ways to leave there are: a death or a loss in each interval, or neither."""
    return 2 * edges + 1


def exit_probabilities(states: StatesOverTime, followed: Any, xp: Any) -> Any:
    """Probability of each exit, by class: deaths by interval, losses by interval, still there.

    Within an interval the share followed, and that of patients in a state, count with the mean of their ends: whatever
    the intervals are, probabilities add up to one.

    Parameters
    ----------
    states
        At the edges, shape (..., edge).
    followed
        Share whose follow-up goes on beyond each edge, shape (..., edge).

    Returns
    -------
    Shape (..., class, place).
    """
    mean, lost = 0.5 * (_before(followed, 1.0, xp) + followed), _before(followed, 1.0, xp) - followed
    responded = states.responded - _before(states.responded, 0.0, xp)
    deaths = {
        "responded": responded - (states.alive - _before(states.alive, 0.0, xp)),
        "not_responded": _before(states.free, 1.0, xp) - states.free - responded,
    }
    there = {"responded": (states.alive, 0.0), "not_responded": (states.free, 1.0)}
    found = []
    for name in CLASSES:
        now, first = there[name]
        at_risk = 0.5 * (_before(now, first, xp) + now)
        parts = [xp.maximum(deaths[name], 0.0) * mean, at_risk * lost, (now * followed)[..., -1:]]
        found.append(xp.concatenate(parts, axis=-1))
    return xp.stack(found, axis=-2)


def responses_seen(states: StatesOverTime, followed: Any, xp: Any) -> Any:
    """Probability of a response in each interval that is seen, shape (..., edge); arguments as of the exits.

    Their sum is the probability of all exits after a response.
    """
    mean = 0.5 * (_before(followed, 1.0, xp) + followed)
    return (states.responded - _before(states.responded, 0.0, xp)) * mean


def _before(values: Any, first: float, xp: Any) -> Any:
    """Values at the edge before; at the first edge those at time zero."""
    return xp.concatenate([xp.full_like(values[..., :1], first), values[..., :-1]], axis=-1)
