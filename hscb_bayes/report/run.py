"""The way of one analysis of any form: load, sample, judge, fit beside it, tables, page.

Results come into a directory that is there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.handled import check_handled
from hscb_bayes.analysis.load import load, load_alternatives
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.executors import cluster_or_none
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import compile_model
from hscb_bayes.posterior.posterior import PRIOR_ONLY
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.report.expected import COMPILING, DRAWING, REPORTING, SUMMARISING, expected_steps, steps_of_prior
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.folder import destination, replaced
from hscb_bayes.report.manifest import PAGE, written
from hscb_bayes.report.other_fits import with_other_fits
from hscb_bayes.report.page import write_report
from hscb_bayes.report.progress import Expected, Progress, on_standard_error
from hscb_bayes.report.reported import reported_of
from hscb_bayes.report.results import (
    QUICK,
    Results,
    accepted,
    read_results,
    refuse_strangers,
    results_of,
    write_results,
)
from hscb_bayes.report.sampling import USUAL, Asked, attempts_of, in_words, sampled_until_converged
from hscb_bayes.report.sections import sections_of

PRIOR_DRAWS, PRIOR_CHAINS = 1000, 4  # independent ones, where nothing is fitted


def run(
    path: str | Path,
    out: str | Path,
    *,
    seed: int,
    progress: bool = False,
    allow_unconverged: bool = False,
    quick: bool = False,
    prior_only: bool = False,
    cluster: str | None = None,
    asked: Asked = USUAL,
) -> Path:
    """Run an analysis file, or a shipped analysis by name, into a directory; returns the path of its report.

    Everything is written beside ``out`` under a temporary name, which changes places with ``out`` at the end, so that
    an interrupted run leaves earlier results as they were.

    Parameters
    ----------
    path
        Of an analysis of a paper, of a pool or of a table of patients.
    seed
        Of all random numbers.
    progress
        Whether to say on standard error what is being done.
    allow_unconverged
        Whether to write the report although the gate fails; it then says so on top.
    quick
        Whether to sample half of the chains and to fit nothing beside the analysis, for work on an analysis file. The
        gate is the same, and the report says so on top.
    prior_only
        Whether nothing is fitted: the report is of draws from the prior, and says so on top. Its check has what studies
        would print by the beliefs alone.
    cluster
        Address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``, whose workers make the fits beside the analysis;
        if left out this process makes them. The results are the same.
    asked
        How the analysis itself is sampled, where not as usual.

    Raises
    ------
    InputError
        When a file is not as it should be, a conflict in the print is not handled, the posterior has not converged and
        ``allow_unconverged`` is false, ``out`` cannot be written, another run is writing to it, or the cluster cannot
        be used; and when a run of the prior alone is asked to sample.
    """
    out = destination(out)
    if prior_only and (quick or cluster is not None or asked != USUAL):
        raise InputError("prior_only: required nothing that is about sampling beside it, since nothing is sampled")
    analysis, alternatives = _analyses(path)
    say = on_standard_error(
        progress=progress, steps=_expected(analysis, alternatives, quick=quick, prior_only=prior_only)
    )
    refuse_strangers(out, [name for section in sections_of(analysis) for name in section.files])
    if analysis.left_out is not None:
        say.step(f"without a value of some covariate and left out: {analysis.left_out}")
        say.make_room()
    say.watch()
    try:
        with cluster_or_none(None if quick else cluster) as executor, replaced(out) as folder:
            results = (
                results_of_prior(analysis, seed=seed, say=say)
                if prior_only
                else computed_results(
                    analysis,
                    alternatives,
                    executor=executor,
                    seed=seed,
                    say=say,
                    allow_unconverged=allow_unconverged,
                    quick=quick,
                    asked=asked,
                )
            )
            say.step(REPORTING)
            with written(out, folder):
                write_results(results, folder)
                write_report(results, folder / PAGE)
    finally:
        say.end()
    return out / PAGE


def report_again(folder: str | Path) -> Path:
    """Write ``report.html`` of a results directory again from its posterior and tables; returns its path.

    Raises
    ------
    InputError
        When something that ``hscb run`` writes is missing.
    """
    results = read_results(Path(folder))
    try:
        return write_report(results, Path(folder) / PAGE)
    except KeyError as error:
        raise InputError(f"{folder}: required tables that this version of hscb run wrote; {error} is missing") from None


def _analyses(path: str | Path) -> tuple[Any, Mapping[str, Any]]:
    """The analysis, and by name those that its report compares; refused where one leaves a conflict unhandled."""
    analysis = load(path)
    alternatives = load_alternatives(analysis)
    for member in (member for one in (analysis, *alternatives.values()) for member in one.prints):
        check_handled(member, audit(member.study))
    return analysis, alternatives


def computed_results(
    analysis: Analysis,
    alternatives: Mapping[str, Any],
    *,
    executor: Executor | None = None,
    seed: int,
    say: Progress,
    allow_unconverged: bool,
    quick: bool = False,
    asked: Asked = USUAL,
) -> Results:
    """The posterior with its verdict, and all tables; ``quick`` and ``asked`` as ``run`` takes them.

    Parameters
    ----------
    executor
        Of other processes that make the fits beside the analysis; none: this process.

    Raises
    ------
    InputError
        When the posterior has not converged and ``allow_unconverged`` is false.
    """
    say.step(COMPILING)
    compiled = compile_model(build(analysis))
    posterior, reported = sampled_until_converged(compiled, seed=seed, say=say, quick=quick, asked=asked)
    verdict = reported.verdict
    tried = in_words(attempts_of(analysis, quick=quick, asked=asked))
    posterior = accepted(posterior, verdict, tried, address=analysis.path, allow_unconverged=allow_unconverged)
    posterior = replace(posterior, settings={**posterior.settings, QUICK: True}) if quick else posterior
    fits = Fits(main=posterior, reported=reported.by_section, seed=seed)
    fits = fits if quick else with_other_fits(fits, compiled, alternatives, executor=executor, seed=seed, say=say)
    return _summarised(fits, say)


def results_of_prior(analysis: Analysis, *, seed: int, say: Progress) -> Results:
    """Draws from the prior in place of a posterior, with their verdict, and all tables."""
    say.step(DRAWING)
    drawn = draw_prior(analysis, draws=PRIOR_DRAWS, chains=PRIOR_CHAINS, seed=seed)
    drawn = replace(drawn, settings={**drawn.settings, PRIOR_ONLY: True})
    reported = reported_of(drawn, seed=seed)
    posterior = accepted(drawn, reported.verdict, "", address=analysis.path, allow_unconverged=True)
    return _summarised(Fits(main=posterior, reported=reported.by_section, seed=seed), say)


def _summarised(fits: Fits, say: Progress) -> Results:
    say.step(SUMMARISING)
    sections = sections_of(fits.analysis)
    tables = {name: table(fits) for section in sections for name, table in section.tables.items()}
    texts = {name: text(fits) for section in sections for name, text in section.texts.items()}
    return results_of(fits.main, tables, texts)


def _expected(analysis: Analysis, alternatives: Mapping[str, Any], *, quick: bool, prior_only: bool) -> list[Expected]:
    return steps_of_prior() if prior_only else expected_steps(analysis, alternatives, quick=quick)
