"""Fits that leave one number out: what do the others say about it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hscb_bayes.model.compiled import Compiled, with_data
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.posterior.gate import verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import TARGET_ACCEPT, derived_seed, sample

DRAWS, TUNE, CHAINS = 750, 500, 2


def leave_one_out(
    compiled: Compiled, *, seed: int, step: Callable[[int, int], None] | None = None
) -> dict[str, Posterior]:
    """Fit the analysis of a compiled model once without each of its numbers.

    The program is compiled already; each fit is short, enough for the check's quantiles. One that misses the gate is
    done once more, four times as long and with smaller steps.

    Parameters
    ----------
    compiled
        What ``compile_model`` returned.
    seed
        Each fit has one of its own, derived from it.
    step
        Told before each fit which one it is, from 1, and how many there are.

    Returns
    -------
    Fitted id to the posterior without it, which says whether it ``converged``.

    Examples
    --------
    >>> compiled = compile_model(build(load_analysis("main")))  # doctest: +SKIP
    >>> table = check(sample(compiled, seed=1), seed=1, left_out=leave_one_out(compiled, seed=1))  # doctest: +SKIP
    """
    analysis, posteriors = compiled.analysis, {}
    for position, id in enumerate(analysis.table.fit.items):
        if step is not None:
            step(position + 1, len(analysis.table.fit.items))
        posteriors[id] = _without(id, compiled, seed=derived_seed(seed, "left out", position))
    return posteriors


def _without(id: str, compiled: Compiled, *, seed: int) -> Posterior:
    apart = with_data(compiled, compiled.analysis, without=HeldOut(numbers={compiled.analysis.study.id: [id]}))
    return fitted(apart, seed=seed)


def fitted(program: Compiled, *, seed: int, target_accept: float = TARGET_ACCEPT) -> Posterior:
    """A short fit; where it misses the gate once more, with four times the draws and a quarter of what may be refused.

    It says whether it ``converged``.

    Parameters
    ----------
    target_accept
        As ``sample`` takes it.
    """
    for times in (1, 4):
        accept = 1.0 - (1.0 - target_accept) / times
        posterior = sample(program, draws=times * DRAWS, tune=TUNE, chains=CHAINS, target_accept=accept, seed=seed)
        posterior = replace(posterior, converged=verdict(posterior).is_converged)
        if posterior.converged:
            break
    return posterior
