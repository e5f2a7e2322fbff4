"""How the sampler runs: by what an analysis has, then in smaller steps and for longer while the gate is missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.errors import InputError
from hscb_bayes.model.compiled import Compiled
from hscb_bayes.posterior.attempt import Attempt
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.progress import Progress
from hscb_bayes.report.reported import Reported, reported_of

SMALLER = "sampling again, with smaller steps"
LAST = "sampling a last time, with still smaller steps and longer tuning"
OF_PRINT = (
    Attempt(),
    Attempt(words=SMALLER, target_accept=0.98),
    Attempt(words=LAST, draws=2000, tune=3000, target_accept=0.995),
)
OF_TABLE = (  # small steps, and smaller ones where the gate is missed: few centres leave a funnel
    Attempt(tune=500, target_accept=0.95),
    Attempt(words=SMALLER, tune=500, target_accept=0.99),
    Attempt(words=LAST, draws=2000, tune=2000, target_accept=0.998),
)
OF_CENTRES_APART = (  # chains seldom change whether a centre is on its own, and small steps do not help
    Attempt(draws=3000, tune=500, target_accept=0.9),
    Attempt(words="sampling again, for longer", draws=10_000, tune=1000, target_accept=0.95),
)
OF_HIERARCHY = (
    Attempt(tune=500, target_accept=0.8),
    Attempt(words="sampling again, for longer", draws=3000, tune=500, target_accept=0.95),
    Attempt(words=LAST, draws=3000, tune=1500, target_accept=0.99),
)
BESIDE_PRINT = Attempt(draws=1000, tune=500, chains=2)  # fewer, and R-hat is noise
BESIDE_HIERARCHY = (  # smaller steps where a transition diverged
    Attempt(draws=750, tune=300, chains=2, target_accept=0.8),
    Attempt(draws=750, tune=500, chains=2, target_accept=0.95),
)
FEWEST, MOST = 10, 1_000_000  # draws, or steps of tuning, that can be asked for
TUNE_NEAR = 100  # from a posterior at hand


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a user asks of the sampler: draws and steps of tuning a chain, and the share of proposals to accept.

    What is left out is as usual. Attempts that ask for more, or for smaller steps, keep to that.

    Raises
    ------
    InputError
        When a number cannot be.
    """

    draws: int | None = None
    tune: int | None = None
    target_accept: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("draws", self.draws), ("tune", self.tune)):
            if value is not None and not FEWEST <= value <= MOST:
                raise InputError(f"{name}: required {FEWEST} to {MOST}, found {value}")
        if self.target_accept is not None and not 0.5 <= self.target_accept < 1.0:
            raise InputError(f"target_accept: required at least 0.5 and below 1, found {self.target_accept:g}")

    def of(self, attempt: Attempt) -> Attempt:
        """An attempt that is asked for so."""
        return replace(
            attempt,
            draws=self.draws or attempt.draws,
            tune=max(self.tune or 0, attempt.tune),
            target_accept=max(self.target_accept or 0.0, attempt.target_accept),
        )


USUAL = Asked()


def attempts_of(analysis: Analysis, *, quick: bool = False, asked: Asked = USUAL) -> tuple[Attempt, ...]:
    """The attempts at the posterior that is reported, the next where one misses the gate.

    A quick run tries half of the chains first.
    """
    return tuple(map(asked.of, _attempts_of(analysis, quick=quick)))


def in_words(attempts: Sequence[Attempt]) -> str:
    """What was tried in vain, and what to try next."""
    last, many = attempts[-1], len(attempts)
    times = "once" if many == 1 else f"{many} times, the last time"
    return (
        f"it was sampled {times} with target_accept {last.target_accept:g} and {last.tune} steps of tuning; try "
        "--target-accept 0.999 with --tune 5000, and look for a belief that says next to nothing or a number that "
        "contradicts another"
    )


def _attempts_of(analysis: Analysis, *, quick: bool) -> tuple[Attempt, ...]:
    if quick:
        usual = _attempts_of(analysis, quick=False)
        return (replace(usual[0], chains=usual[0].chains // 2), *usual)
    if analysis.has_hierarchy:
        return OF_HIERARCHY
    if any(level.is_mixed for level in analysis.levels.values()):
        return OF_CENTRES_APART
    return OF_PRINT if analysis.has_print else OF_TABLE


def sampled_until_converged(
    compiled: Compiled, *, seed: int, say: Progress, quick: bool = False, asked: Asked = USUAL
) -> tuple[Posterior, Reported]:
    """The posterior of the first attempt that passes the gate, or of the last one, and what is reported of it."""
    for attempt in attempts_of(compiled.analysis, quick=quick, asked=asked):
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
