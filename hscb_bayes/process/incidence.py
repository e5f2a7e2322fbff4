"""What the hazards imply: cumulative incidence, survival, state occupancy, quantiles, time in a state.

All functions run on NumPy with any leading axes of draws (see ``pathway``), the covariate ``x`` on an axis of its own:
shapes are (..., covariate, day). By rounding, what is left of a whole does not fall below zero, nor a sum rise above
one. ``outcome_probabilities`` runs on ``pytensor.tensor`` as well: it is what the likelihood is made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hscb_bayes.process.exits import StatesOverTime, exit_probabilities, responses_seen
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.quadrature import (
    SINGLE_PANEL_NODES,
    SMALLEST_CUMULATIVE_HAZARD,
    DayRule,
    graded,
    panel_rule,
    response_rule,
)

SMALLEST_MASS = 1e-30  # of a panel; keeps a quotient finite where a panel holds no response
SHORTEST_STAY = 1e-9  # days; keeps log(t - u) finite where rounding puts a node on the last cut
STATE_NODES = 6  # of the responses before a day


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Probabilities of a patient's outcomes by a day.

    ``seen`` (..., covariate, panel): responses while still followed, in each panel of the nodes; ``responses`` the same
    with complete follow-up. ``by_day`` (..., covariate, 2): responded, and alive without response, both with complete
    follow-up. ``course`` (..., covariate, 4 * node): of patients who are
    followed and have not responded, one block after the other, how many there are at each node, how many of them would
    not respond by the day, and the masses of death and of loss at the node. ``survival``
    (..., covariate, edge): alive on the days of the nodes' ``log_edges``; ``responded`` (..., covariate, edge) by then,
    with complete follow-up, and ``responding`` between them while still followed; ``exits`` (..., covariate, class,
    place): how follow-up ends between them, as ``exits.exit_probabilities`` has it.
    """

    seen: Any
    responses: Any
    by_day: Any
    course: Any
    survival: Any
    responded: Any
    responding: Any
    exits: Any


@dataclass(frozen=True, kw_only=True)
class OutcomeNodes:
    """Where outcomes by day ``day`` are evaluated; all of it data, nothing depends on a parameter.

    ``days`` (node,); ``weights`` (node,) in days; ``panels`` (node, panel) 1 where a node lies in a panel; ``log_cuts``
    (panel,) log of the days at which panels end; ``until`` (node, node) as in ``DayRule``; ``log_since`` (node,) log of
    the days from the node to ``day``; ``log_end`` (1,) log of ``day``; ``log_edges`` (edge,) log of other days.
    Where covariates have nodes of their own, as those of different studies, all but ``panels`` and ``until`` have an
    axis for them in front.
    """

    days: Any
    weights: Any
    panels: Any
    log_cuts: Any
    until: Any
    log_since: Any
    log_end: Any
    log_edges: Any


def outcome_nodes(cuts: np.ndarray, *, rule: DayRule, edges: np.ndarray) -> OutcomeNodes:
    """Nodes for the outcomes by the last of ``cuts``.

    Parameters
    ----------
    cuts
        Days at which panels end, increasing, shape (panel,); the last is the day.
    rule
        The rule of ``quadrature.day_rule`` for ``cuts``.
    edges
        Other days on which states are asked for, shape (edge,).
    """
    return OutcomeNodes(
        days=rule.days,
        weights=rule.weights,
        panels=rule.indicator(),
        log_cuts=np.log(cuts),
        until=rule.until,
        log_since=np.log(cuts[-1] - rule.days),
        log_end=np.log(cuts[-1:]),
        log_edges=np.log(edges),
    )


def outcome_probabilities(pathway: Pathway, x: Any, nodes: OutcomeNodes, follow_up: FollowUp, xp: Any) -> Outcomes:
    """Probabilities of all outcomes by a day, by quadrature over the day of response; ``x`` (..., covariate).

    Nodes share out, within each panel, the net probability of response in it, F1(c_k) - F1(c_(k-1)), which is known in
    closed form: however steeply a hazard rises between two nodes, no probability leaves [0, 1].
    """
    log_days = xp.log(nodes.days)
    net = pathway.net_response_density(x, log_days, xp)
    by_rule = xp.matmul(net * nodes.weights, nodes.panels)
    share = pathway.net_responded_between(x, nodes.log_cuts, xp) / xp.maximum(by_rule, SMALLEST_MASS)
    weights = nodes.weights * xp.matmul(share, nodes.panels.T)
    waiting = pathway.not_dead_before_response(x, log_days, xp)
    mass = net * waiting * weights
    followed = follow_up.still_followed(nodes.days, xp)
    neutropenic = event_free(pathway, x, nodes.log_end, xp)[..., 0]
    free = pathway.not_responded(x, log_days, xp) * waiting * followed
    never = pathway.not_responded(x, nodes.log_end, xp) * waiting * followed
    hazard = xp.exp(pathway.death_without_response.log_hazard(log_days, xp) + pathway.log_relative_hazard(1, x))
    leaving = free * nodes.weights
    over_time = states_over_time(pathway, x, nodes.log_edges, xp)
    at_edges = follow_up.still_followed(xp.exp(nodes.log_edges), xp)
    return Outcomes(
        seen=xp.matmul(mass * followed, nodes.panels),
        responses=xp.matmul(mass, nodes.panels),
        by_day=xp.stack([mass.sum(axis=-1), neutropenic], axis=-1),
        course=xp.concatenate([free, never, leaving * hazard, leaving * follow_up.ending(nodes.days, xp)], axis=-1),
        survival=over_time.free + over_time.alive,
        responded=over_time.responded,
        responding=responses_seen(over_time, at_edges, xp),
        exits=exit_probabilities(over_time, at_edges, xp),
    )


def event_free(pathway: Pathway, x: Any, log_days: Any, xp: Any) -> Any:
    """P(neither response nor death by t | x): still neutropenic and alive."""
    return pathway.not_responded(x, log_days, xp) * pathway.not_dead_before_response(x, log_days, xp)


def cumulative_incidence(pathway: Pathway, x: np.ndarray, days: np.ndarray) -> np.ndarray:
    """P(response by t | x), death without response competing; ``days`` increasing and > 0."""
    unit = panel_rule(len(days), middle=6)
    rule = response_rule(pathway, x, np.log(np.asarray(days, dtype=float)), unit, np)
    mass = rule.mass * pathway.not_dead_before_response(x, rule.log_days, np)
    return np.minimum(np.cumsum(mass @ unit.indicator(), axis=-1), 1.0)


def survival(pathway: Pathway, x: np.ndarray, days: np.ndarray) -> np.ndarray:
    """P(alive at t | x)."""
    return np.minimum(responded_alive(pathway, x, days) + event_free(pathway, x, np.log(days), np), 1.0)


def responded_alive(
    pathway: Pathway, x: np.ndarray, days: np.ndarray, *, nodes: int = SINGLE_PANEL_NODES
) -> np.ndarray:
    """P(responded and alive at t | x) = int_0^t S2(u) S3(t - u) dF(u), with a rule of ``nodes`` for each day."""
    unit = panel_rule(1, single=nodes)
    columns = []
    for log_day in np.log(np.asarray(days, dtype=float)):
        rule = response_rule(pathway, x, np.full(1, log_day), unit, np)
        mass = rule.mass * pathway.not_dead_before_response(x, rule.log_days, np)
        log_since = np.log(np.maximum(np.exp(log_day) - np.exp(rule.log_days), SHORTEST_STAY))
        alive = pathway.alive_after_response(x, rule.log_days, log_since, log_day, np)
        columns.append((mass * alive).sum(axis=-1))
    return np.stack(columns, axis=-1)


def state_occupancy(
    pathway: Pathway, x: np.ndarray, days: np.ndarray, *, nodes: int = SINGLE_PANEL_NODES
) -> np.ndarray:
    """P(in state s at t | x) for the states of ``pathway.STATES``, shape (..., covariate, day, state)."""
    neutropenic = event_free(pathway, x, np.log(days), np)
    responded = responded_alive(pathway, x, days, nodes=nodes)
    dead = np.maximum(1.0 - neutropenic - responded, 0.0)
    return np.stack([neutropenic, responded, dead], axis=-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class FromState:
    """Probabilities of being in a state on a day, and then in each state on later days.

    ``start`` (..., covariate), of a response on a known day a density; ``later`` (..., covariate, day, state) of both.
    Their ratio is the transition probability; averages over patients are taken before it.
    """

    start: Any
    later: Any


def given(joint: np.ndarray, condition: np.ndarray) -> np.ndarray:
    """P(joint | condition) from both probabilities, or densities; NaN where the condition has none: undefined."""
    shape = np.broadcast_shapes(joint.shape, condition.shape)
    share = np.divide(joint, condition, out=np.full(shape, np.nan), where=condition > 0.0)
    return np.clip(share, 0.0, 1.0)


def from_no_response(pathway: Pathway, x: np.ndarray, at: float, days: np.ndarray) -> FromState:
    """Of patients who are alive without response on day ``at`` > 0; ``days`` not before it."""
    position, weight = graded(SINGLE_PANEL_NODES)
    start = event_free(pathway, x, np.log(np.array([at])), np)[..., 0]
    columns = []
    for day in days:
        nodes = at + (day - at) * position
        density = pathway.response_density(x, np.log(nodes), np)
        since = np.log(np.maximum(day - nodes, SHORTEST_STAY))
        alive = pathway.alive_after_response(x, np.log(nodes), since, np.log(np.array([day])), np)
        responded = (density * alive) @ (weight * (day - at))
        waiting = event_free(pathway, x, np.log(np.array([day])), np)[..., 0]
        dead = np.maximum(start - waiting - responded, 0.0)
        columns.append(np.stack([waiting, responded, dead], axis=-1))
    return FromState(start=start, later=np.stack(columns, axis=-2))


def from_responded(pathway: Pathway, x: np.ndarray, response: float, at: float, days: np.ndarray) -> FromState:
    """Of patients who responded on day ``response`` and are alive on day ``at``; ``days`` not before it."""
    log_response = np.log(np.array([response]))
    density = pathway.response_density(x, log_response, np)
    times = np.concatenate([[at], days])
    since = np.log(np.maximum(times - response, SHORTEST_STAY))
    alive = density * pathway.alive_after_response(x, log_response, since, np.log(times), np)
    start, later = alive[..., 0], alive[..., 1:]
    dead = start[..., None] - later
    return FromState(start=start, later=np.stack([np.zeros_like(later), later, dead], axis=-1))


def states_over_time(pathway: Pathway, x: Any, log_days: Any, xp: Any) -> StatesOverTime:
    """Where patients are on some days; ``x`` (..., covariate), ``log_days`` (day,) or (covariate, day).

    Every day has a rule of its own for the responses before it, whose nodes are quantiles of the day of response: it
    does not matter how early or how sharply patients respond. Runs on ``pytensor.tensor`` as well.
    """
    days = int((log_days if xp is np else log_days.type).shape[-1])
    position, weight = (np.tile(part, days) for part in graded(STATE_NODES))
    day_of = np.repeat(np.arange(days), STATE_NODES)
    net = -xp.expm1(-pathway.cumulative_hazard(0, x, log_days, xp))[..., day_of]
    cumulative = xp.maximum(-xp.log1p(-net * position), SMALLEST_CUMULATIVE_HAZARD)
    found = pathway.response.log_time_at(xp.log(cumulative) - pathway.log_relative_hazard(0, x), xp)
    log_now = log_days[..., day_of]
    log_node = xp.minimum(found, log_now)
    mass = (1.0 - pathway.never_share(x, xp)) * net * weight * pathway.not_dead_before_response(x, log_node, xp)
    log_since = xp.log(xp.maximum(xp.exp(log_now) - xp.exp(log_node), SHORTEST_STAY))
    alive = mass * pathway.alive_after_response(x, log_node, log_since, log_now, xp)
    by_day = (*(mass if xp is np else mass.type).shape[:-1], days, STATE_NODES)
    return StatesOverTime(
        free=event_free(pathway, x, log_days, xp),
        responded=mass.reshape(by_day).sum(axis=-1),
        alive=alive.reshape(by_day).sum(axis=-1),
    )
