"""One definition of a converged posterior, used by the command line, the report and the tests."""

from __future__ import annotations

from dataclasses import dataclass

import arviz_stats
import numpy as np
import xarray as xr

LARGEST_R_HAT = 1.01
SMALLEST_ESS = 400.0


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether every scalar and every reported curve point has converged, and the worst of each measure."""

    is_converged: bool
    worst_r_hat: float
    worst_ess_bulk: float
    worst_ess_tail: float
    divergences: int
    failures: tuple[str, ...]


def verdict(posterior: xr.DataTree, extra: xr.Dataset | None = None) -> Verdict:
    """Judge a posterior: R-hat below 1.01, bulk and tail effective sample size above 400, no divergence.

    Parameters
    ----------
    extra
        Reported curves and quantities, dims ``chain``, ``draw`` and any others. Points that do not vary, or that are
        not finite in every draw (a time that is not reached), are passed over.
    """
    named = posterior["posterior"].to_dataset().drop_vars("parameters", errors="ignore")
    everything = named if extra is None else named.merge(extra, compat="override", join="outer")
    r_hat, bulk, tail = (
        arviz_stats.rhat(everything),
        arviz_stats.ess(everything, method="bulk"),
        arviz_stats.ess(everything, method="tail"),
    )
    failures: list[str] = []
    worst = {"r_hat": 1.0, "bulk": np.inf, "tail": np.inf}
    for name, values in everything.data_vars.items():
        varies = xr.DataArray(np.isfinite(values)).all(("chain", "draw")) & (values.std(("chain", "draw")) > 1e-12)
        if not bool(varies.any()):
            continue
        found = (
            float(r_hat[name].where(varies).max()),
            float(bulk[name].where(varies).min()),
            float(tail[name].where(varies).min()),
        )
        worst = {
            "r_hat": max(worst["r_hat"], found[0]),
            "bulk": min(worst["bulk"], found[1]),
            "tail": min(worst["tail"], found[2]),
        }
        if found[0] >= LARGEST_R_HAT or min(found[1:]) <= SMALLEST_ESS:
            failures.append(
                f"{name}: R-hat {found[0]:.3f}, effective draws {found[1]:.0f} bulk and {found[2]:.0f} tail"
            )
    divergences = int(posterior["sample_stats"]["diverging"].sum())
    if divergences:
        failures.append(f"{divergences} divergent transitions")
    return Verdict(
        is_converged=not failures,
        worst_r_hat=worst["r_hat"],
        worst_ess_bulk=worst["bulk"],
        worst_ess_tail=worst["tail"],
        divergences=divergences,
        failures=tuple(failures),
    )
