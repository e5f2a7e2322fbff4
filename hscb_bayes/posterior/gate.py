"""The gate: one definition of "has converged" for the command line, the report and the tests.

R-hat below 1.01, bulk and tail effective sample size above 400, no divergent transition; for every scalar of the
posterior and every reported point of a curve. What does not vary (survival at day 0) has nothing to converge.

References
----------
Vehtari A, Gelman A, Simpson D, Carpenter B, Burkner PC. Rank-normalization, folding, and localization: an improved
R-hat. Bayesian Anal 2021;16:667-718.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats

if TYPE_CHECKING:
    from hscb_bayes.posterior.posterior import Posterior

LARGEST_R_HAT = 1.01
FEWEST_DRAWS = 400.0  # effective
FEWEST_CHAINS = 2
TAILS = (0.05, 0.95)  # the limits of the intervals that are reported
MOST_SENTENCES = 5


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether the draws may be used, the worst of each diagnostic, and a sentence for each failure."""

    is_converged: bool
    worst_r_hat: float
    worst_ess_bulk: float
    worst_ess_tail: float
    divergences: int
    failures: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Diagnosed:
    """Diagnostics of named points, each (point,)."""

    names: list[str]
    r_hat: np.ndarray
    bulk: np.ndarray
    tail: np.ndarray


def verdict(posterior: Posterior, extra: xr.Dataset | None = None) -> Verdict:
    """Judge a posterior, and what is reported from it.

    Parameters
    ----------
    extra
        Whatever else is reported, with dimensions ``chain`` and ``draw``. Times that are not reached (inf) count as
        later than any other: the diagnostics are of ranks.
    """
    dataset = posterior.dataset
    points = [*_points(dataset), *_points(extra if extra is not None else xr.Dataset())]
    found = _diagnose(points)
    divergences = int(posterior.tree["sample_stats"]["diverging"].sum())
    failures = tuple(_failures(found, divergences, dataset.sizes["chain"]))
    return Verdict(
        is_converged=not failures,
        worst_r_hat=float(np.max(found.r_hat, initial=-np.inf)),
        worst_ess_bulk=float(np.min(found.bulk, initial=np.inf)),
        worst_ess_tail=float(np.min(found.tail, initial=np.inf)),
        divergences=divergences,
        failures=failures,
    )


def passes_gate(posterior: Posterior) -> bool:
    """Whether a posterior, without more that is reported of it, has converged."""
    return verdict(posterior).is_converged


def has_no_divergence(posterior: Posterior) -> bool:
    """Whether no transition diverged: what is asked of a smaller fit beside that of a pool."""
    return not bool(posterior.tree["sample_stats"]["diverging"].any())


def _points(dataset: xr.Dataset) -> Iterator[tuple[str, np.ndarray]]:
    """Every number that varies, as (name, (chain, draw)); one a coordinate of what has more dimensions."""
    for name, array in dataset.data_vars.items():
        ordered = array.transpose("chain", "draw", ...)
        values = ordered.values.reshape(*ordered.shape[:2], -1)
        for k, index in enumerate(np.ndindex(ordered.shape[2:])):
            column = values[:, :, k]
            if not np.all(column == column[0, 0]):
                yield _address(str(name), ordered, index), _finite(column)


def _address(name: str, array: xr.DataArray, index: tuple[int, ...]) -> str:
    dims = array.dims[2:]
    labels = [f"{dim}={array[dim].values[k]}" for dim, k in zip(dims, index, strict=True)]
    return f"{name}[{', '.join(labels)}]" if labels else name


def _finite(values: np.ndarray) -> np.ndarray:
    """inf replaced by what is larger than all other values; NaN stays."""
    if not np.isposinf(values).any():
        return values
    largest = np.max(values[np.isfinite(values)], initial=0.0)
    return np.where(np.isposinf(values), 2.0 * abs(largest) + 1.0, values)


def _diagnose(points: list[tuple[str, np.ndarray]]) -> _Diagnosed:
    names = [name for name, _ in points]
    if not points:
        return _Diagnosed(names=names, r_hat=np.empty(0), bulk=np.empty(0), tail=np.empty(0))
    values = np.stack([column for _, column in points])
    with np.errstate(divide="ignore", invalid="ignore"):  # chains that stand still: NaN or infinite, which fails
        return _Diagnosed(
            names=names,
            r_hat=np.atleast_1d(array_stats.rhat(values, method="rank")),
            bulk=np.atleast_1d(array_stats.ess(values, method="bulk")),
            tail=np.atleast_1d(array_stats.ess(values, method="tail", prob=TAILS)),
        )


def _failures(found: _Diagnosed, divergences: int, chains: int) -> Iterator[str]:
    """Sentences; a diagnostic that cannot be computed (NaN) fails."""
    if not found.names:
        yield "required draws that vary, found none that does"
    if chains < FEWEST_CHAINS:
        yield f"required at least {FEWEST_CHAINS} chains, found {chains}"
    if divergences:
        yield f"required no divergent transition, found {divergences}"
    yield from _worst(
        "R-hat", found.names, found.r_hat, f"below {LARGEST_R_HAT}", ~(found.r_hat < LARGEST_R_HAT), digits=4
    )
    for label, values in (("bulk", found.bulk), ("tail", found.tail)):
        bad = ~(values > FEWEST_DRAWS)
        yield from _worst(f"{label} effective draws", found.names, -values, f"above {FEWEST_DRAWS:g}", bad, digits=0)


def _worst(
    label: str, names: list[str], badness: np.ndarray, limit: str, bad: np.ndarray, *, digits: int
) -> Iterator[str]:
    """Sentences about the worst, worst first, and how many more there are."""
    order = [k for k in np.argsort(np.where(np.isnan(badness), -np.inf, -badness), kind="stable") if bad[k]]
    for k in order[:MOST_SENTENCES]:
        yield f"{label} of {names[k]}: required {limit}, found {abs(badness[k]):.{digits}f}"
    if len(order) > MOST_SENTENCES:
        yield f"{label}: {len(order) - MOST_SENTENCES} more not {limit}"
