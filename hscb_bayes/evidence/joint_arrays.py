"""The arrays that the joint likelihood of a paper's numbers takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hscb_bayes.process.incidence import OutcomeNodes

INDICATORS = ("responded", "responded_alive", "neutropenic_alive")
COUNT_ROWS = 2  # responders, and patients alive without response: known exactly, conditioned on
SMALLEST = 1e-9  # floor of a probability before its logarithm


@dataclass(frozen=True, kw_only=True)
class JointArrays:
    """One paper's numbers as arrays (NumPy, or ``pm.Data`` of the same names).

    Shapes: ``x`` (group * node,); ``averages`` (group, group * node), rows summing to one; ``sizes`` (group,);
    ``contrasts`` (2, group * node) what takes the mean over all patients and the slope in the standardised covariate;
    ``interval`` (column,) 1 for columns of ``nodes`` that are intervals of which it is known how many responded, 0
    for densities; ``columns_within`` (column,) 1 for all intervals, up to the day; ``times`` (column,) how many
    responses fall into each; ``unresponded`` () patients without response; ``neutropenic`` (2,) of them alive and
    dead at the day; ``rows`` (row, group * 3) what each row sums, counts first; ``quadratic`` (group * 9, row * row)
    the same twice, as ``quadratic_form`` makes it; ``observed``, ``noise`` (row,) values and the variance of their
    rounding; ``lower``, ``upper``, ``known``, ``printed_factor`` (estimate,) the lattice step, whether the number is
    there, and how much its printed interval widens the variance (0: not known, ask the censoring distribution);
    ``overlap`` () 1 for the joint likelihood, 0 to treat all estimates as independent, which counts the same death
    many times; ``day`` ().
    """

    nodes: OutcomeNodes
    x: Any
    averages: Any
    sizes: Any
    contrasts: Any
    interval: Any
    columns_within: Any
    times: Any
    unresponded: Any
    neutropenic: Any
    rows: Any
    quadratic: Any
    observed: Any
    noise: Any
    lower: Any
    upper: Any
    known: Any
    printed_factor: Any
    overlap: Any
    day: Any


def contrasts(x: np.ndarray, averages: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Row 0 takes the mean over all patients of a function of the covariate node, row 1 its slope; (2, group * node).

    The slope is per standard deviation of the covariate ``x`` (group * node,), by least squares; 0 where all are alike.
    """
    weight = sizes / sizes.sum() @ averages
    centred = x - weight @ x
    deviation = np.sqrt(weight @ centred**2)
    return np.stack([weight, weight * centred / deviation if deviation > 0.0 else np.zeros_like(weight)])
