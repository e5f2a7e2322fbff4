"""The fits beside the one that is reported: without a number, a study or a centre, each alone, and alternatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import xarray as xr

from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.checking.leave_centre_out import leave_centres_out
from hscb_bayes.checking.leave_out import each_number, each_study, leave_out
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model, same_but_for_p_values, with_data
from hscb_bayes.model.data import layout_of
from hscb_bayes.posterior.gate import verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import headline
from hscb_bayes.posterior.sample import chosen_from, derived_seed, with_p_values
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.progress import Progress
from hscb_bayes.report.sampling import BESIDE_PRINT, attempts_of, sampled_without_divergence

HEADLINE = "learned"  # the section that reports the headline


def with_other_fits(
    fits: Fits, compiled: Compiled, alternatives: Mapping[str, Any], *, seed: int, say: Progress
) -> Fits:
    """The fits with those beside the main one that its analysis asks for.

    Parameters
    ----------
    compiled
        Of the main analysis.
    alternatives
        Analyses by name.
    """

    def leaving_out(done: int, total: int) -> None:
        say.step("leaving out", done, total)

    analysis = fits.analysis
    if analysis.has_hierarchy:
        alone = _each_alone(analysis, seed=seed, say=say)
        without = leave_out(
            compiled,
            each_study(analysis),
            purpose="without",
            seed=seed,
            fit=partial(sampled_without_divergence, near=fits.main),
            step=lambda done, total: say.step("leaving out studies", done, total),
        )
        pools = _other_pools(fits.main, compiled, alternatives, seed=seed, say=say)
        return replace(fits, alone=alone, without=without, alternatives=pools)
    if analysis.has_print:
        left_out = leave_out(compiled, each_number(analysis), seed=seed, step=leaving_out)
        others = _others(fits, compiled, alternatives, seed=seed, say=say)
        return replace(
            fits,
            without=left_out,
            alternatives={name: fitted for name, (fitted, _) in others.items()},
            headlines={name: drawn for name, (_, drawn) in others.items()},
        )
    if analysis.centres:
        target = attempts_of(analysis)[0].target_accept
        return replace(fits, centres=leave_centres_out(compiled, seed=seed, target_accept=target, step=leaving_out))
    return fits


def _each_alone(pool: Any, *, seed: int, say: Progress) -> dict[str, Posterior]:
    """Each study from its own print and the beliefs about the average study, as if there were no other."""
    say.step("each study alone")
    compiled = compile_model(build(replace(pool, pooling="none")))
    together = sampled_without_divergence(compiled, seed=derived_seed(seed, "alone", 0))
    return {study: together.of(study=study) for study in pool.studies}


def _other_pools(
    main: Posterior, compiled: Compiled, pools: Mapping[str, Any], *, seed: int, say: Progress
) -> dict[str, Posterior]:
    """The pools with other beliefs that the report compares; those of one layout share a program."""
    programs, found = [compiled], {}
    for position, (name, other) in enumerate(pools.items()):
        say.step("other beliefs", position + 1, len(pools))
        program = next((one for one in programs if layout_of(one.analysis) == layout_of(other)), None)
        if program is None:
            program = compile_model(build(other))
            programs.append(program)
        own = derived_seed(seed, "belief", position)
        near = main if program is compiled else None
        found[name] = sampled_without_divergence(with_data(program, other), seed=own, near=near)
    return found


def _others(
    fits: Fits, compiled: Compiled, analyses: Mapping[str, Any], *, seed: int, say: Progress
) -> dict[str, tuple[Posterior, xr.Dataset]]:
    """The analyses of the same paper that the report compares, each with its headline."""
    found = {}
    for position, (name, other) in enumerate(analyses.items()):
        say.step("fitting alternatives", position + 1, len(analyses))
        found[name] = _other(fits, compiled, other, seed=derived_seed(seed, "alternative", position))
    return found


def _other(fits: Fits, compiled: Compiled, other: Any, *, seed: int) -> tuple[Posterior, xr.Dataset]:
    """Another analysis fitted; one that differs by a fitted P value alone takes the draws of the main one."""
    if fitted_p_values(other) and same_but_for_p_values(fits.analysis, other):
        posterior = with_p_values(fits.main, other, seed=seed)
        drawn = chosen_from(fits.reported[HEADLINE], posterior)
    else:
        same = layout_of(other) == layout_of(fits.analysis)
        program = with_data(compiled, other) if same else compile_model(build(other))
        posterior = BESIDE_PRINT.sampled(program, seed=seed)
        drawn = headline(posterior)
    return replace(posterior, converged=verdict(posterior, drawn).is_converged), drawn
