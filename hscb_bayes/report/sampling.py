"""How long the sampler runs: chosen by what an analysis has, and once more where the gate is missed."""

from __future__ import annotations

from dataclasses import replace

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.model.compiled import Compiled
from hscb_bayes.posterior.attempt import Attempt
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.progress import Progress
from hscb_bayes.report.reported import Reported, reported_of

OF_PRINT = (Attempt(),)
OF_TABLE = (  # small steps, and smaller ones where the gate is missed: few centres leave a funnel
    Attempt(tune=500, target_accept=0.95),
    Attempt(words="sampling again, with smaller steps", tune=500, target_accept=0.99),
)
OF_CENTRES_APART = (  # chains seldom change whether a centre is on its own, and small steps do not help
    Attempt(draws=3000, tune=500, target_accept=0.9),
    Attempt(words="sampling again, for longer", draws=10_000, tune=1000, target_accept=0.95),
)
OF_HIERARCHY = (
    Attempt(tune=500, target_accept=0.8),
    Attempt(words="sampling again, for longer", draws=3000, tune=500, target_accept=0.95),
)
BESIDE_PRINT = Attempt(draws=1000, tune=500, chains=2)  # fewer, and R-hat is noise
BESIDE_HIERARCHY = (  # smaller steps where a transition diverged
    Attempt(draws=750, tune=300, chains=2, target_accept=0.8),
    Attempt(draws=750, tune=500, chains=2, target_accept=0.95),
)
TUNE_NEAR = 100  # from a posterior at hand


def attempts_of(analysis: Analysis, *, quick: bool = False) -> tuple[Attempt, ...]:
    """The attempts at the posterior that is reported, the next where one misses the gate.

    A quick run tries half of the chains first.
    """
    if quick:
        usual = attempts_of(analysis)
        return (replace(usual[0], chains=usual[0].chains // 2), *usual)
    if analysis.has_hierarchy:
        return OF_HIERARCHY
    if any(level.is_mixed for level in analysis.levels.values()):
        return OF_CENTRES_APART
    return OF_PRINT if analysis.has_print else OF_TABLE


def sampled_until_converged(
    compiled: Compiled, *, seed: int, say: Progress, quick: bool = False
) -> tuple[Posterior, Reported]:
    """The posterior of the first attempt that passes the gate, or of the last one, and what is reported of it."""
    for attempt in attempts_of(compiled.analysis, quick=quick):
        say.step(attempt.words)
        say.make_room()
        posterior = attempt.sampled(compiled, seed=seed, progress=say.has_terminal)
        say.step("judging convergence")
        reported = reported_of(posterior, seed=seed)
        if reported.verdict.is_converged:
            break
    return posterior, reported


def attempts_beside(near: Posterior | None) -> tuple[Attempt, ...]:
    """The attempts at a smaller fit beside that of a pool, the next where a transition diverged.

    Parameters
    ----------
    near
        The posterior of the pool, where the fit is of the same layout: the first attempt starts around it.
    """
    place = None if near is None else near.neighbourhood
    if place is None:
        return BESIDE_HIERARCHY
    first, *others = BESIDE_HIERARCHY
    return (replace(first, tune=TUNE_NEAR, near=place), *others)
