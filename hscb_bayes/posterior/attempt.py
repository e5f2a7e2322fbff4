"""What the sampler is asked for, and what it is asked for next where that was not good enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from hscb_bayes.model.compiled import Compiled
from hscb_bayes.model.neighbourhood import Neighbourhood
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import CHAINS, CORES, DRAWS, TARGET_ACCEPT, TUNE, sample


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What ``sample`` is asked for, and what is said meanwhile."""

    words: str = "sampling"
    draws: int = DRAWS
    tune: int = TUNE
    chains: int = CHAINS
    cores: int = CORES
    target_accept: float = TARGET_ACCEPT
    near: Neighbourhood | None = field(default=None, compare=False)

    def sampled(self, compiled: Compiled, *, seed: int, progress: bool = False) -> Posterior:
        """The posterior."""
        return sample(
            compiled,
            draws=self.draws,
            tune=self.tune,
            chains=self.chains,
            cores=self.cores,
            target_accept=self.target_accept,
            progress=progress,
            near=self.near,
            seed=seed,
        )


def sampled_until(
    compiled: Compiled, attempts: Sequence[Attempt], *, passes: Callable[[Posterior], bool], seed: int
) -> Posterior:
    """The posterior of the first attempt that passes, or of the last one; it says whether it ``converged``.

    Parameters
    ----------
    passes
        Whether a posterior is good enough: ``gate.passes_gate`` or ``gate.has_no_divergence``.
    """
    for attempt in attempts:
        posterior = attempt.sampled(compiled, seed=seed)
        posterior = replace(posterior, converged=passes(posterior))
        if posterior.converged:
            break
    return posterior
