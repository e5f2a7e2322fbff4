"""Quadrature over the day of response and over the cohort's covariate.

Every integral along the pathway is int g(u) dF(u), with F the net distribution of the response time. There are two
rules for it, and a test holds them against each other:

* ``response_rule`` lies in F itself: nodes are quantiles of the response time, weights its mass, so that it does not
  care how early or how sharply patients respond. Panels are graded at both ends, where g may have an unbounded slope.
  Predictions use it.
* ``day_rule`` has fixed nodes in days, panels between the days that a paper prints. The likelihood uses it: the print
  itself puts the nodes where the response is, and what depends on a parameter stays small.

Covariate: the Gauss rule of the patients themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from hscb_bayes.process.pathway import Pathway

FIRST_PANEL_NODES = 8
MIDDLE_PANEL_NODES = 5
LAST_PANEL_NODES = 12
SINGLE_PANEL_NODES = 32
FIRST_DAYS, MIDDLE_DAYS, LAST_DAYS = 10, 5, 14
FIRST_POWER = 4
SMALLEST_PROBABILITY = 1e-300  # keeps log finite beyond the last response
SMALLEST_CUMULATIVE_HAZARD = 1e-30  # keeps log H finite where a panel holds no mass


@dataclass(frozen=True, kw_only=True)
class UnitRule:
    """Nodes and weights on (0, 1) for each of P panels: ``position`` (node,), ``weight`` (node,), ``panel`` (node,)."""

    position: np.ndarray
    weight: np.ndarray
    panel: np.ndarray

    def indicator(self) -> np.ndarray:
        """1 where a node lies in a panel, shape (node, panel): a sum by panel is one product with it."""
        return indicator(self.panel)


def indicator(panel: np.ndarray) -> np.ndarray:
    """1 where a node lies in a panel, shape (node, panel)."""
    return (panel[:, None] == np.arange(panel.max() + 1)).astype(float)


@dataclass(frozen=True, kw_only=True)
class ResponseRule:
    """Nodes on the day of response: ``log_days`` and net probability ``mass``, shape (..., covariate, node)."""

    log_days: Any
    mass: Any
    unit: UnitRule


@cache
def legendre(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights on (0, 1), computed once and read-only."""
    position, weight = np.polynomial.legendre.leggauss(nodes)
    return _kept((position + 1.0) / 2.0), _kept(weight / 2.0)


def _kept(values: np.ndarray) -> np.ndarray:
    values.setflags(write=False)
    return values


def graded(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Legendre rule under the smooth step s^3 (10 - 15 s + 6 s^2): crowded at both ends."""
    s, weight = legendre(nodes)
    return s**3 * (10.0 - 15.0 * s + 6.0 * s**2), weight * 30.0 * (s * (1.0 - s)) ** 2


def panel_rule(
    panels: int,
    *,
    first: int = FIRST_PANEL_NODES,
    middle: int = MIDDLE_PANEL_NODES,
    last: int = LAST_PANEL_NODES,
    single: int = SINGLE_PANEL_NODES,
) -> UnitRule:
    """Rule for ``panels`` neighbouring panels."""
    sizes = [single] if panels == 1 else [first] + [middle] * (panels - 2) + [last]
    rules = [graded(size) for size in sizes]
    return UnitRule(
        position=np.concatenate([rule[0] for rule in rules]),
        weight=np.concatenate([rule[1] for rule in rules]),
        panel=np.repeat(np.arange(panels), [rule[0].size for rule in rules]),
    )


def response_rule(pathway: Pathway, x: Any, log_cuts: Any, unit: UnitRule, xp: Any) -> ResponseRule:
    """Rule for int g(u) dF(u | x) over [0, c_1], [c_1, c_2], ..., one panel of ``unit`` each.

    Parameters
    ----------
    x
        Covariate, shape (..., covariate).
    log_cuts
        Log of increasing days, shape (..., 1 or covariate, panel). Equal neighbours give a panel of no mass.
    """
    remaining = xp.exp(-pathway.cumulative_hazard(0, x, log_cuts, xp))
    before = xp.concatenate([xp.ones_like(remaining[..., :1]), remaining[..., :-1]], axis=-1)
    width = (before - remaining)[..., unit.panel]
    complement = xp.maximum(before[..., unit.panel] - width * unit.position, SMALLEST_PROBABILITY)
    cumulative_at_node = xp.maximum(-xp.log(complement), SMALLEST_CUMULATIVE_HAZARD)
    log_days = pathway.response.log_time_at(xp.log(cumulative_at_node) - pathway.log_relative_hazard(0, x), xp)
    log_days = xp.minimum(log_days, log_cuts[..., unit.panel])  # where a hazard died out, rounding may leave the panel
    mass = (1.0 - pathway.never_share(x, xp)) * width * unit.weight
    return ResponseRule(log_days=log_days, mass=mass, unit=unit)


@dataclass(frozen=True, kw_only=True)
class DayRule:
    """Fixed nodes on (0, last cut): ``days``, ``weights`` in days, ``panel``; each shape (node,).

    ``until`` (node, node) takes the masses at the nodes, values times weights, to their integral up to each node.
    """

    days: np.ndarray
    weights: np.ndarray
    panel: np.ndarray
    until: np.ndarray

    def indicator(self) -> np.ndarray:
        """1 where a node lies in a panel, shape (node, panel): a sum by panel is one product with it."""
        return indicator(self.panel)


def day_rule(cuts: np.ndarray, *, first: int = FIRST_DAYS, middle: int = MIDDLE_DAYS, last: int = LAST_DAYS) -> DayRule:
    """Composite Gauss-Legendre rule on [0, c_1], [c_1, c_2], ..., [c_(P-1), c_P], P > 1.

    The first panel is mapped by u = c v^4, which tames a density that is infinite at zero; the others are even in log
    time. Equal neighbours among ``cuts`` (days, increasing, > 0) give a panel of weight zero.
    """
    v, weight = legendre(first)
    days, weights = [cuts[0] * v**FIRST_POWER], [cuts[0] * FIRST_POWER * v ** (FIRST_POWER - 1) * weight]
    sizes = [first] + [middle] * (len(cuts) - 2) + [last]
    for lower, upper, size in zip(cuts[:-1], cuts[1:], sizes[1:], strict=True):
        v, weight = legendre(size)
        days.append(lower * (upper / lower) ** v)
        weights.append(days[-1] * np.log(upper / lower) * weight)
    panel = np.repeat(np.arange(len(cuts)), sizes)
    until = (panel[:, None] > panel).astype(float)
    for place, size in enumerate(sizes):
        until[np.ix_(panel == place, panel == place)] = _until_nodes(size)
    return DayRule(days=np.concatenate(days), weights=np.concatenate(weights), panel=panel, until=until)


@cache
def _until_nodes(nodes: int) -> np.ndarray:
    """Integrals up to each Legendre node of the polynomial through masses at all of them, shape (node, node)."""
    z = np.polynomial.legendre.leggauss(nodes)[0]
    values = np.polynomial.legendre.legvander(z, nodes)
    order = np.arange(1, nodes)
    rising = np.column_stack([z + 1.0, (values[:, 2:] - values[:, :-2]) / (2 * order + 1)]) / 2.0
    return _kept(rising @ ((2 * np.arange(nodes) + 1)[:, None] * values[:, :nodes].T))


def covariate_rule(x: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss rule of the discrete distribution that puts equal mass on every patient's ``x``.

    With m nodes it integrates polynomials of degree 2 m - 1 over the patients exactly.

    Parameters
    ----------
    x
        The patients' covariate, shape (patient,).
    nodes
        Number of nodes m at the most; where there are fewer distinct values the rest get weight zero.

    Returns
    -------
    Nodes and weights, shape (nodes,) each; the weights sum to one.

    References
    ----------
    Golub GH, Welsch JH. Calculation of Gauss quadrature rules. Math Comp 1969;23:221-230.
    """
    distinct, count = np.unique(x, return_counts=True)
    mass = count / count.sum()
    if distinct.size <= nodes:
        padding = nodes - distinct.size
        return np.pad(distinct, (0, padding), mode="edge"), np.pad(mass, (0, padding))
    diagonal, off_diagonal = np.zeros(nodes), np.zeros(nodes)
    previous, current = np.zeros_like(distinct), np.ones_like(distinct)
    for k in range(nodes):
        diagonal[k] = np.sum(mass * distinct * current**2)
        following = (distinct - diagonal[k]) * current - off_diagonal[k] * previous
        if k + 1 < nodes:
            off_diagonal[k + 1] = np.sqrt(np.sum(mass * following**2))
            previous, current = current, following / off_diagonal[k + 1]
    jacobi = np.diag(diagonal) + np.diag(off_diagonal[1:], 1) + np.diag(off_diagonal[1:], -1)
    node, vector = np.linalg.eigh(jacobi)
    return node, vector[0] ** 2
