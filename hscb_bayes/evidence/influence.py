"""What each patient adds to an estimate that is read off a curve: its influence, which depends on his exit alone.

An estimator is, to first order, its expectation and a sum over patients of their influences. Variances, and covariances
of estimates about the same patients, follow from the probabilities of the exits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

FEWEST_LEFT = 1e-3  # of the patients: where fewer are left a curve has no variance of its own, only rounding
NOBODY = 1e-12  # patients: of a row in which there is none


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Kaplan-Meier as it is expected: log of its value, shape (...), and influences divided by it, (..., place)."""

    log_value: Any
    influence: Any


def curve_and_influence(patients: Any, until: Any, edges: int, xp: Any) -> Curve:
    r"""Kaplan-Meier as it is expected, and what each way to leave adds to it.

    With d deaths in an interval, l losses and Y at risk, of whom half of the lost are counted, the curve falls by
    1 - d / Y, and a patient's influence on its value S after the last of the intervals is

        -S sum over intervals of (1[dies in it] - R d / Y) / (Y - d),

    R being 1 where the patient is at risk throughout or dies, 1/2 where he is lost in it, and 0 after his exit. Its
    variance is Greenwood's.

    Parameters
    ----------
    patients
        Expected number by place, shape (..., place).
    until
        1 for intervals up to the day of the estimate, shape (..., edge).
    edges
        How many there are.

    References
    ----------
    Reid N. Influence functions for censored data. Ann Stat 1981;9:78-92.
    """
    deaths, losses, there = patients[..., :edges], patients[..., edges : 2 * edges], patients[..., 2 * edges :]
    leave = deaths + losses
    later = there + xp.matmul(leave, np.tri(edges, k=-1))  # a sum of what is later: no difference of large numbers
    left = no_less(later + 0.5 * losses, FEWEST_LEFT * patients.sum(axis=-1, keepdims=True) + NOBODY, xp)
    at_risk = left + deaths
    of_death = until / left
    of_risk = of_death * deaths / at_risk
    passed = xp.cumsum(of_risk, axis=-1)
    influence = xp.concatenate([passed - of_death, passed - 0.5 * of_risk, passed[..., -1:]], axis=-1)
    return Curve(log_value=(until * (xp.log(left) - xp.log(at_risk))).sum(axis=-1), influence=influence)


def no_less(value: Any, least: Any, xp: Any) -> Any:
    """The larger of two positive numbers, without an edge between them."""
    ratio = (value / least) ** 8 + 1.0
    return least * xp.sqrt(xp.sqrt(xp.sqrt(ratio)))


def exchanged(values: Any, is_reverse: Any, edges: int, xp: Any) -> Any:
    """Values by place, (row, place), with deaths and losses exchanged in rows of follow-up; as they are in others."""
    turned = xp.concatenate([values[..., edges : 2 * edges], values[..., :edges], values[..., 2 * edges :]], axis=-1)
    return values + is_reverse[..., None] * (turned - values)
