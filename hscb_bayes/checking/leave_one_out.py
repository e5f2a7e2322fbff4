"""Fits that leave one number out: what do the others say about it?"""

from __future__ import annotations

from collections.abc import Callable

import xarray as xr

from hscb_bayes.analysis.fit import Compiled, sample, with_analysis

DRAWS, TUNE, CHAINS = 500, 500, 2


def leave_one_out(
    compiled: Compiled, *, seed: int, step: Callable[[int, int], None] | None = None
) -> dict[str, xr.DataTree]:
    """Fit the analysis of a compiled model once without each of its numbers.

    The program is compiled already; each fit is short, enough for the check's quantiles.

    Parameters
    ----------
    compiled
        What ``compile_model`` returned.
    seed
        Of the first fit; the next take the numbers that follow.
    step
        Told before each fit which one it is, from 1, and how many there are.

    Returns
    -------
    Fitted id to the posterior without it; the tree's attribute ``left_out`` says so too.

    Examples
    --------
    >>> compiled = compile_model(build(load_analysis("main")))  # doctest: +SKIP
    >>> table = check(sample(compiled, seed=1), seed=1, left_out=leave_one_out(compiled, seed=1))  # doctest: +SKIP
    """
    analysis, posteriors = compiled.analysis, {}
    for position, id in enumerate(analysis.table.fit.items):
        if step is not None:
            step(position + 1, len(analysis.table.fit.items))
        apart = with_analysis(compiled, analysis, without=[id])
        tree = sample(apart, draws=DRAWS, tune=TUNE, chains=CHAINS, seed=seed + position)
        tree.attrs["left_out"] = id
        posteriors[id] = tree
    return posteriors
