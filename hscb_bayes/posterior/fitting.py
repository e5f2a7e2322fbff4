"""Fits as plain data, made in this process or elsewhere: the same draws either way.

Elsewhere, an analysis arrives as the texts that a posterior keeps of it, and is read and checked like a file. Every
process compiles the model of an analysis once, and keeps machine code on its own disk. The posterior comes back without
the analysis, which is here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from hscb_bayes.analysis.kept import analysis_of, texts_of
from hscb_bayes.executors import cores_of_worker, refuse_other_software
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model, with_data
from hscb_bayes.model.held_out import NOTHING, HeldOut
from hscb_bayes.posterior.attempt import Attempt, sampled_until
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.software import software

PROGRAMS = 8  # compiled models that a process keeps for fits that are sent to it
_compiling = threading.Lock()  # a worker may have several threads, and PyTensor's settings are the process' own


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """One fit: all that a process needs to make it.

    Parameters
    ----------
    model
        The analysis whose compiled model is given data: ``analysis``, or another of its layout. Chains start in the
        middle of its prior.
    analysis
        What is fitted.
    without
        What is left out of its data.
    attempts
        What the sampler is asked for, the next where one does not pass.
    passes
        Whether a posterior is good enough; a function of a module, which is sent by its name.
    """

    model: Any
    analysis: Any
    without: HeldOut = NOTHING
    attempts: tuple[Attempt, ...]
    passes: Callable[[Posterior], bool]
    seed: int

    def posterior(self, program: Compiled) -> Posterior:
        """Make the fit with the compiled model of ``model``."""
        compiled = with_data(program, self.analysis, without=self.without)
        return sampled_until(compiled, self.attempts, passes=self.passes, seed=self.seed)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitting:
    """Where fits are made: in this process, one after the other, or by an executor, side by side.

    Parameters
    ----------
    programs
        Compiled models of this process by the analysis that each is of; others are added when they are needed.
    executor
        Of other processes, such as ``on_cluster`` gives; none: this process.
    """

    programs: dict[Any, Compiled]
    executor: Executor | None = None

    @classmethod
    def of(cls, compiled: Compiled, executor: Executor | None) -> Fitting:
        """With one compiled model to begin with."""
        return cls(programs={compiled.model: compiled}, executor=executor)

    def begun(self, fit: Fit) -> Callable[[], Posterior]:
        """Begin a fit; a call of what is returned waits for its posterior. In this process, the call makes it."""
        if self.executor is None:
            return lambda: fit.posterior(self._program(fit.model))
        future = self.executor.submit(_made, _Message.of(fit))
        return lambda: _received(fit, future.result())

    def _program(self, model: Any) -> Compiled:
        if model not in self.programs:
            self.programs[model] = compile_model(build(model))
        return self.programs[model]


def collected(
    fits: Mapping[str, Callable[[], Posterior]], step: Callable[[int, int], None] | None = None
) -> dict[str, Posterior]:
    """Posteriors of fits that were begun, by name.

    Parameters
    ----------
    step
        Told which fit is waited for, from 1, and how many there are.
    """
    found = {}
    for position, (name, posterior) in enumerate(fits.items()):
        if step is not None:
            step(position + 1, len(fits))
        found[name] = posterior()
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Message:
    """A fit as it is sent: its analyses as texts."""

    model: str
    analysis: str
    without: HeldOut
    attempts: tuple[Attempt, ...]
    passes: Callable[[Posterior], bool]
    seed: int

    @classmethod
    def of(cls, fit: Fit) -> _Message:
        return cls(
            model=_text(fit.model),
            analysis=_text(fit.analysis),
            without=fit.without,
            attempts=fit.attempts,
            passes=fit.passes,
            seed=fit.seed,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Answer:
    """A posterior as it comes back, without its analysis, and what made it."""

    posterior: Posterior
    software: Mapping[str, str]


@lru_cache(maxsize=PROGRAMS)
def _text(analysis: Any) -> str:
    return json.dumps(texts_of(analysis))


@lru_cache(maxsize=PROGRAMS)
def _compiled(text: str) -> Compiled:
    return compile_model(build(analysis_of(json.loads(text))))


def _made(message: _Message) -> _Answer:
    """Make a fit that was sent here, on as many cores as this worker has."""
    with _compiling:
        program = _compiled(message.model)
    is_own, cores = message.analysis == message.model, cores_of_worker()
    fit = Fit(
        model=program.analysis,
        analysis=program.analysis if is_own else analysis_of(json.loads(message.analysis)),
        without=message.without,
        attempts=tuple(replace(one, cores=min(cores or one.cores, one.chains)) for one in message.attempts),
        passes=message.passes,
        seed=message.seed,
    )
    posterior = replace(fit.posterior(program), analysis=None, without=NOTHING, points=None)
    return _Answer(posterior=posterior, software=software())


def _received(fit: Fit, answer: _Answer) -> Posterior:
    """The posterior with its analysis again."""
    refuse_other_software(answer.software, "a worker")  # one that came later
    return replace(answer.posterior, analysis=fit.analysis, without=fit.without)
