"""Fits that leave something out: a number, a study, patients, a centre. What do the others say about it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.model.compiled import Compiled
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.posterior.attempt import Attempt
from hscb_bayes.posterior.fitting import Fit, Fitting, collected
from hscb_bayes.posterior.gate import passes_gate
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import TARGET_ACCEPT, derived_seed

DRAWS, TUNE, CHAINS = 750, 500, 2
MOST_FITS = 10  # of more centres than that, several are left out together


def leave_out(
    compiled: Compiled,
    parts: Mapping[str, HeldOut],
    *,
    purpose: str = "left out",
    attempts: tuple[Attempt, ...] | None = None,
    executor: Executor | None = None,
    seed: int,
    step: Callable[[int, int], None] | None = None,
) -> dict[str, Posterior]:
    """Fit the analysis of a compiled model once without each of some parts.

    The program is compiled already; each fit is short.

    Parameters
    ----------
    compiled
        What ``compile_model`` returned.
    parts
        What is left out, by a name: ``each_number``, ``each_study`` or ``each_centre`` of the analysis, or any other.
    purpose
        Of the seeds of the fits, which are derived from ``seed``: each has its own.
    attempts
        What the sampler is asked for until a fit passes the gate; ``short_attempts`` if left out.
    executor
        Of other processes that make the fits, such as that of a Dask client; if left out this process makes them. The
        draws are the same.
    step
        Told before each fit, or before it is waited for, which one it is, from 1, and how many there are.

    Returns
    -------
    By the name of the part the posterior without it, which says whether it ``converged``.

    Examples
    --------
    >>> compiled = compile_model(build(load("main")))  # doctest: +SKIP
    >>> left_out = leave_out(compiled, each_number(compiled.analysis), seed=1)  # doctest: +SKIP
    >>> table = check(sample(compiled, seed=1), seed=1, left_out=left_out)  # doctest: +SKIP
    """
    fitting = Fitting.of(compiled, executor)
    fits = fits_without(compiled, parts, purpose=purpose, attempts=attempts or short_attempts(), seed=seed)
    return collected({name: fitting.begun(fit) for name, fit in fits.items()}, step)


def fits_without(
    compiled: Compiled,
    parts: Mapping[str, HeldOut],
    *,
    purpose: str = "left out",
    attempts: tuple[Attempt, ...],
    passes: Callable[[Posterior], bool] = passes_gate,
    seed: int,
) -> dict[str, Fit]:
    """The fits that ``leave_out`` makes, by the name of the part that each is without.

    Parameters
    ----------
    passes
        Whether a posterior is good enough.
    """
    return {
        name: Fit(
            model=compiled.model,
            analysis=compiled.analysis,
            without=without,
            attempts=attempts,
            passes=passes,
            seed=derived_seed(seed, purpose, position),
        )
        for position, (name, without) in enumerate(parts.items())
    }


def short_attempts(target_accept: float = TARGET_ACCEPT) -> tuple[Attempt, ...]:
    """A short fit, and where it misses the gate four times the draws and a quarter of what may be refused.

    Parameters
    ----------
    target_accept
        As ``sample`` takes it.
    """
    return tuple(
        Attempt(draws=times * DRAWS, tune=TUNE, chains=CHAINS, target_accept=1.0 - (1.0 - target_accept) / times)
        for times in (1, 4)
    )


def each_number(analysis: Analysis) -> dict[str, HeldOut]:
    """Every fitted number of an analysis of one print, or of its arms, by its id."""
    return {id: HeldOut(numbers={one.study.id: [id]}) for one in analysis.members for id in one.fit.items}


def each_study(analysis: Analysis) -> dict[str, HeldOut]:
    """Every study of a pool, by its id."""
    return {study: HeldOut(studies=[study]) for study in analysis.studies}


def each_centre(analysis: Analysis) -> dict[str, HeldOut]:
    """Every centre of a table, or of many ten sets of centres, by their names joined by "+"."""
    whose = _centre_of_each(analysis)
    return {"+".join(names): HeldOut(patients=np.isin(whose, names)) for names in folds_of(analysis)}


def folds_of(analysis: Analysis) -> list[list[str]]:
    """Sets of centres that are left out together, of about as many patients each."""
    whose = _centre_of_each(analysis)
    size = {name: int((whose == name).sum()) for name in analysis.centres}
    if len(size) <= MOST_FITS:
        return [[name] for name in analysis.centres]
    sets: list[list[str]] = [[] for _ in range(MOST_FITS)]
    for name in sorted(size, key=lambda name: -size[name]):
        min(sets, key=lambda names: sum(size[one] for one in names)).append(name)
    return sets


def _centre_of_each(analysis: Analysis) -> np.ndarray:
    """Name of the centre of everybody who is known one by one, in the order of the tables; "" of one without centre."""
    known = [member for member in analysis.members if member.known is not None]
    each = [np.array(member.centres or ("",))[member.own_centre] for member in known]
    return np.concatenate([np.empty(0, dtype=str), *each])
