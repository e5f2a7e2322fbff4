"""The arrays that the joint likelihood of a paper's numbers takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hscb_bayes.process.incidence import OutcomeNodes

INDICATORS = ("responded", "responded_alive", "neutropenic_alive")
COUNT_ROWS = 2  # responders, and patients alive without response: known exactly, conditioned on
SMALLEST = 1e-9  # floor of a probability before its logarithm


@dataclass(frozen=True, kw_only=True)
class JointArrays:
    """One paper's numbers as arrays (NumPy, or ``pm.Data`` of the same names).

    Shapes: ``x`` (group * node,); ``averages`` (group, group * node), rows summing to one; ``sizes`` (group,);
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
