"""Whom a prediction is for: one duration of the condition, or the study's own patients on average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hscb_bayes.analysis.member import Member
from hscb_bayes.model.print_arrays import baseline, covariate_nodes

GROUPS = ("short", "long")


@dataclass(frozen=True, kw_only=True, eq=False)
class Average:
    """Averages over patients: covariate nodes ``x`` (node,) and ``weight`` (row, node), each row summing to one."""

    x: np.ndarray
    weight: np.ndarray

    def rows(self, which: Sequence[int]) -> Average:
        """Some of the averages."""
        return Average(x=self.x, weight=self.weight[list(which)])

    def of(self, values: np.ndarray) -> np.ndarray:
        """From (draw, node, ...) to (draw, row, ...)."""
        return np.moveaxis(np.tensordot(values, self.weight, axes=(1, 1)), -1, 1)

    def of_probabilities(self, values: np.ndarray) -> np.ndarray:
        """The same of probabilities: rounding of the weights, or an error of quadrature, does not leave [0, 1]."""
        return np.clip(self.of(values), 0.0, 1.0)


def cohort_average(analysis: Member) -> tuple[Average, tuple[str, ...]]:
    """Rows for the whole cohort ("all") and, where the analysis splits it by duration, for "short" and "long"."""
    cohort = baseline(analysis)
    x, groups = covariate_nodes(cohort)
    sizes = np.array(cohort.sizes, dtype=float)
    whole = sizes @ groups / sizes.sum()
    if sizes.size == 1:
        return Average(x=x, weight=whole[None]), ("all",)
    return Average(x=x, weight=np.vstack([whole, groups])), ("all", *GROUPS)


def patients_beyond(analysis: Member, duration: Sequence[float] | np.ndarray) -> np.ndarray:
    """How many of the cohort lie at or beyond each duration, seen from the median; 0 where it extrapolates."""
    own = baseline(analysis).durations
    days = np.atleast_1d(np.asarray(duration, dtype=float))
    shorter = (own <= days[:, None]).sum(axis=1)
    longer = (own >= days[:, None]).sum(axis=1)
    return np.minimum(shorter, longer)
