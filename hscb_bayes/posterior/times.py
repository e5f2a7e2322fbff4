"""Times, for many draws at once: mean days in each state, quantiles of the response time, survival from a landmark.

The nodes are fixed days, shared by all draws and patients, so that the density of response is evaluated once. Shapes
are (draw, covariate, ...); a test holds them against ``process.incidence``, whose nodes follow the response
distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from hscb_bayes.process.incidence import event_free, responded_alive
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.quadrature import DayRule, day_rule, legendre

FIRST_CUT, RATIO = 0.5, 1.6  # panels from half a day, each end 1.6 times the one before
FIRST_NODES, NODES = 10, 4
STAY_NODES = 6
NEWTON_NODES = 8
MOST_STEPS = 40  # within a panel; convergence is quadratic, five or six are usual
CLOSE = 1e-12  # of a day found
SOONEST = 1e-300  # day; its log is finite
LEAST_DENSITY = 1e-200  # a panel whose response falls between its nodes has it shared out evenly


@cache
def _rule(*days: float) -> tuple[np.ndarray, DayRule]:
    """Panel ends, a geometric grid and ``days``, and nodes within the panels."""
    last = max(days)
    count = max(int(np.ceil(np.log(last / FIRST_CUT) / np.log(RATIO))), 1)
    grid = FIRST_CUT * RATIO ** np.arange(count)
    cuts = np.unique(np.concatenate([grid[grid < last], [min(days) / 2.0], days]))
    return cuts, day_rule(cuts, first=FIRST_NODES, middle=NODES, last=NODES)


def time_in_states(pathway: Pathway, x: np.ndarray, horizon: float) -> np.ndarray:
    """Mean days in each state up to ``horizon``, shape (draw, covariate, state).

    Neutropenic: int_0^horizon P(event-free at t) dt. Responded: int_0^horizon f(u) int_u^horizon S3(u, t) dt du, with
    f the density of response and S3 survival after it.
    """
    cuts, rule = _rule(horizon)
    log_nodes = np.log(rule.days)
    neutropenic = event_free(pathway, x, log_nodes, np) @ rule.weights
    root, weight = legendre(STAY_NODES)  # t = u + (horizon - u) root^2: S3 may fall with an infinite slope at first
    left = (horizon - rule.days)[:, None]
    stay = left * root**2
    alive = pathway.alive_after_response(
        x,
        np.repeat(log_nodes, STAY_NODES),
        np.log(stay.ravel()),
        np.log(rule.days[:, None] + stay).ravel(),
        np,
    )
    by_node = alive.reshape(*alive.shape[:-1], *stay.shape) @ (2.0 * root * weight)
    mass = _response_mass(pathway, x, cuts, rule) * left[:, 0]
    responded = np.einsum("...u,...u->...", mass, by_node)
    dead = np.maximum(horizon - neutropenic - responded, 0.0)
    return np.stack([neutropenic, responded, dead], axis=-1)


def response_quantile(
    pathway: Pathway, x: np.ndarray, weight: np.ndarray, probability: np.ndarray | float, horizon: float
) -> np.ndarray:
    """Day by which a share ``probability`` of patients has responded; inf where that is not so by ``horizon``.

    Parameters
    ----------
    weight
        Averages over the covariate, shape (row, covariate).
    probability
        Share of all patients, deaths before response competing; broadcasts to (draw, row).

    Returns
    -------
    Shape (draw, row). A Newton search within the panel that holds the day.
    """
    cuts, rule = _rule(horizon)
    mass = _response_mass(pathway, x, cuts, rule) @ rule.indicator()
    table = np.cumsum(np.einsum("dcp,rc->drp", mass, weight), axis=-1)
    table = np.concatenate([np.zeros((*table.shape[:-1], 1)), table], axis=-1)
    target = np.broadcast_to(np.asarray(probability, dtype=float), table.shape[:-1])
    panel = np.minimum((table[..., 1:] < target[..., None]).sum(axis=-1), cuts.size - 1)
    missing = target - np.take_along_axis(table, panel[..., None], axis=-1)[..., 0]
    edges = np.concatenate([[0.0], cuts])
    is_reached = table[..., -1] >= target
    days = [
        _newton(pathway, x, row, missing[:, r], edges[panel[:, r]], edges[panel[:, r] + 1], is_reached[:, r])
        for r, row in enumerate(weight)
    ]
    return np.where(is_reached, np.stack(days, axis=-1), np.inf)


def _response_mass(pathway: Pathway, x: np.ndarray, cuts: np.ndarray, rule: DayRule) -> np.ndarray:
    """Probability of response at each node, shape (draw, covariate, node).

    As in ``incidence.outcome_probabilities``, the nodes of a panel share out the net probability of response in it,
    which is known in closed form: none is lost between two nodes, however steep a hazard is.
    """
    log_nodes, panels = np.log(rule.days), rule.indicator()
    net = np.maximum(pathway.net_response_density(x, log_nodes, np), LEAST_DENSITY) * rule.weights
    share = pathway.net_responded_between(x, np.log(cuts), np) / (net @ panels)
    return net * (share @ panels.T) * pathway.not_dead_before_response(x, log_nodes, np)


def _newton(
    pathway: Pathway,
    x: np.ndarray,
    weight: np.ndarray,
    missing: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    is_sought: np.ndarray,
) -> np.ndarray:
    """The day from ``lower`` to ``upper`` at which ``missing`` more have responded than by ``lower``; all (draw,).

    Where ``is_sought`` is false there is no such day, and any is returned. A step that leaves what is left of the panel
    halves it instead.
    """
    share, node_weight = legendre(NEWTON_NODES)
    before = pathway.net_responded(x, np.log(np.maximum(lower, SOONEST))[:, None, None], np)[..., 0]
    low, high, day = lower, upper, (lower + upper) / 2.0
    for _ in range(MOST_STEPS):
        width = (day - lower)[:, None]
        log_days = np.log(np.concatenate([lower[:, None] + width * share**4, day[:, None]], axis=-1))[:, None]
        net = pathway.net_response_density(x, log_days, np)  # ^4 as in day_rule
        waiting = pathway.not_dead_before_response(x, log_days, np)
        parts = np.maximum(net[..., :-1], LEAST_DENSITY) * share**3 * node_weight
        by_day = pathway.net_responded(x, log_days[..., -1:], np)[..., 0] - before
        gap = missing - (by_day * (parts * waiting[..., :-1]).sum(axis=-1) / parts.sum(axis=-1)) @ weight
        low, high = np.where(gap > 0.0, day, low), np.where(gap > 0.0, high, day)
        slope = np.maximum((net[..., -1] * waiting[..., -1]) @ weight, np.abs(gap) / (upper - lower) + LEAST_DENSITY)
        step = np.clip(gap / slope, -day, upper - day)
        last, tried = day, day + step
        is_inside = ((tried > low) & (tried < high)) | (tried == last)
        day = np.where(is_inside, tried, (low + high) / 2.0)
        if np.all((np.abs(day - last) <= CLOSE * day) | ~is_sought):
            break
    return day


@dataclass(frozen=True, kw_only=True, eq=False)
class Landmark:
    """Alive at a landmark, and still at a horizon, by whether response had come by the landmark; (draw, covariate, 2).

    The last axis is neutropenic, responded.
    """

    at_landmark: np.ndarray
    at_horizon: np.ndarray


def from_landmark(pathway: Pathway, x: np.ndarray, landmark: float, horizon: float) -> Landmark:
    """Probabilities of being alive at the landmark in each state, and of that and being alive at the horizon."""
    cuts, rule = _rule(landmark, horizon)
    log_nodes = np.log(rule.days)
    alive = _response_mass(pathway, x, cuts, rule) * pathway.alive_after_response(
        x, log_nodes, np.log(horizon - rule.days), np.log(np.array([horizon])), np
    )
    early = rule.panel <= np.searchsorted(cuts, landmark)
    free = event_free(pathway, x, np.log(np.array([landmark, horizon])), np)
    responded = responded_alive(pathway, x, np.array([landmark]))[..., 0]
    return Landmark(
        at_landmark=np.stack([free[..., 0], responded], axis=-1),
        at_horizon=np.stack([alive[..., ~early].sum(axis=-1) + free[..., 1], alive[..., early].sum(axis=-1)], axis=-1),
    )
