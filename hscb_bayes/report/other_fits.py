"""The fits beside the one that is reported: without a number, a study or a centre, each alone, and alternatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import xarray as xr

from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.checking.leave_centre_out import leave_centres_out
from hscb_bayes.checking.leave_out import each_number, each_study, fits_without, short_attempts
from hscb_bayes.model.compiled import Compiled, same_but_for_p_values
from hscb_bayes.model.data import layout_of
from hscb_bayes.posterior.fitting import Fit, Fitting, collected
from hscb_bayes.posterior.gate import has_no_divergence, verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import chosen_from, derived_seed, with_p_values
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.progress import Progress
from hscb_bayes.report.sampling import BESIDE_PRINT, attempts_beside, attempts_of
from hscb_bayes.report.sections.alternatives import answers, answers_of

Begun = dict[str, Callable[[], Posterior]]  # fits that were begun, by name


def with_other_fits(
    fits: Fits,
    compiled: Compiled,
    alternatives: Mapping[str, Any],
    *,
    executor: Executor | None = None,
    seed: int,
    say: Progress,
) -> Fits:
    """The fits with those beside the main one that its analysis asks for.

    An executor is given all of them at once. They are waited for in the order in which this process makes them.

    Parameters
    ----------
    compiled
        Of the main analysis.
    alternatives
        Analyses by name.
    executor
        Of other processes that make the fits; none: this process.
    """

    def leaving_out(done: int, total: int) -> None:
        say.step("leaving out", done, total)

    analysis = fits.analysis
    if analysis.has_hierarchy:
        return _with_other_pools(fits, compiled, alternatives, Fitting.of(compiled, executor), seed=seed, say=say)
    if analysis.has_print:
        fitting = Fitting.of(compiled, executor)
        without = _begun(fitting, fits_without(compiled, each_number(analysis), attempts=short_attempts(), seed=seed))
        others = _begun(fitting, _other_fits(fits, compiled, alternatives, seed=seed))
        fits = replace(fits, without=collected(without, leaving_out))
        return _with_alternatives(fits, alternatives, others, seed=seed, say=say)
    if analysis.centres:
        target = attempts_of(analysis)[0].target_accept
        centres = leave_centres_out(compiled, executor=executor, seed=seed, target_accept=target, step=leaving_out)
        return replace(fits, centres=centres)
    return fits


def _begun(fitting: Fitting, fits: Mapping[str, Fit]) -> Begun:
    return {name: fitting.begun(fit) for name, fit in fits.items()}


def _with_other_pools(
    fits: Fits, compiled: Compiled, pools: Mapping[str, Any], fitting: Fitting, *, seed: int, say: Progress
) -> Fits:
    pool, near = compiled.analysis, attempts_beside(fits.main)
    alone = fitting.begun(_each_alone(pool, seed=seed))
    left_out = fits_without(
        compiled, each_study(pool), purpose="without", attempts=near, passes=has_no_divergence, seed=seed
    )
    without = _begun(fitting, left_out)
    others = _begun(fitting, _other_pools(fits.main, compiled, pools, seed=seed))
    say.step("each study alone")
    together = alone()
    return replace(
        fits,
        alone={study: together.of(study=study) for study in pool.studies},
        without=collected(without, lambda done, total: say.step("leaving out studies", done, total)),
        alternatives=collected(others, lambda done, total: say.step("other beliefs", done, total)),
    )


def _each_alone(pool: Any, *, seed: int) -> Fit:
    """Each study from its own print and the beliefs about the average study, as if there were no other."""
    apart = replace(pool, pooling="none")
    return Fit(
        model=apart,
        analysis=apart,
        attempts=attempts_beside(None),
        passes=has_no_divergence,
        seed=derived_seed(seed, "alone", 0),
    )


def _other_pools(main: Posterior, compiled: Compiled, pools: Mapping[str, Any], *, seed: int) -> dict[str, Fit]:
    """The pools with other beliefs that the report compares; those of one layout share a program."""
    models, found, near = [compiled.model], {}, attempts_beside(main)
    for position, (name, other) in enumerate(pools.items()):
        model = next((one for one in models if layout_of(one) == layout_of(other)), None)
        if model is None:
            model = other
            models.append(model)
        found[name] = Fit(
            model=model,
            analysis=other,
            attempts=near if model is compiled.model else attempts_beside(None),
            passes=has_no_divergence,
            seed=derived_seed(seed, "belief", position),
        )
    return found


def _other_fits(fits: Fits, compiled: Compiled, analyses: Mapping[str, Any], *, seed: int) -> dict[str, Fit]:
    """Those of the analyses of the same paper that the report compares, but for those that take draws of the main one.

    No two of them share a program, unless it is the main one's.
    """
    return {
        name: Fit(
            model=compiled.model if layout_of(other) == layout_of(fits.analysis) else other,
            analysis=other,
            attempts=(BESIDE_PRINT,),
            passes=has_no_divergence,
            seed=derived_seed(seed, "alternative", position),
        )
        for position, (name, other) in enumerate(analyses.items())
        if not _is_weighted(fits, other)
    }


def _is_weighted(fits: Fits, other: Any) -> bool:
    """Whether an analysis differs by a fitted P value alone: it takes the draws of the main one by their weights."""
    return other.has_one_print and bool(fitted_p_values(other)) and same_but_for_p_values(fits.analysis, other)


def _with_alternatives(fits: Fits, analyses: Mapping[str, Any], begun: Begun, *, seed: int, say: Progress) -> Fits:
    """The fits with the analyses of the same paper that the report compares, each with its answers."""
    found = dict[str, tuple[Posterior, xr.Dataset]]()
    for position, (name, other) in enumerate(analyses.items()):
        say.step("fitting alternatives", position + 1, len(analyses))
        if name in begun:
            posterior = begun[name]()
            drawn = answers(posterior, seed=seed)
        else:
            posterior = with_p_values(fits.main, other, seed=derived_seed(seed, "alternative", position))
            drawn = chosen_from(fits.reported[answers_of(fits.analysis).name], posterior)
        found[name] = replace(posterior, converged=verdict(posterior, drawn).is_converged), drawn
    return replace(
        fits,
        alternatives={name: posterior for name, (posterior, _) in found.items()},
        headlines={name: drawn for name, (_, drawn) in found.items()},
    )
