"""The way of one analysis: audit, fit, replicate, check, report, into a directory that is there whole or not at all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from hscb_bayes.analysis.handled import check_handled
from hscb_bayes.analysis.layers import find_analysis
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.analysis.spec import Analysis, load_analysis
from hscb_bayes.checking.check import check
from hscb_bayes.checking.leave_one_out import leave_one_out
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model, same_but_for_p_values, with_data
from hscb_bayes.model.data import layout_of
from hscb_bayes.posterior.gate import verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import headline, nonresponder_death_day
from hscb_bayes.posterior.reported import Reported, reported
from hscb_bayes.posterior.sample import chosen_from, derived_seed, sample, with_p_values
from hscb_bayes.posterior.sensitivity import by_response_contraction, sensitivity
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.report.assemble import write_report
from hscb_bayes.report.folder import destination, replaced
from hscb_bayes.report.manifest import PAGE, written
from hscb_bayes.report.progress import Progress, shown
from hscb_bayes.report.results import (
    AUDIT,
    Tables,
    accepted,
    read_results,
    refuse_strangers,
    results_of,
    write_tables,
)
from hscb_bayes.report.tables import (
    alternatives_table,
    by_response_table,
    curve_table,
    death_table,
    p_value_table,
    prediction_table,
    probability_table,
)

CURVE_DAYS = (1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 14.0, 17.0, 21.0, 28.0, 42.0, 60.0, 90.0, 180.0, 270.0, 365.0)
TABLE_DAYS = (7.0, 14.0, 28.0, 365.0)
ALTERNATIVE_DRAWS, ALTERNATIVE_TUNE, ALTERNATIVE_CHAINS = 1000, 500, 2  # fewer, and R-hat is noise


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """An analysis, its posterior, and ``predict.headline`` of it."""

    analysis: Analysis
    posterior: Posterior
    headline: xr.Dataset


def run(
    path: str | Path, out: str | Path, *, seed: int, progress: bool = False, allow_unconverged: bool = False
) -> Path:
    """Run an analysis file, or a shipped analysis by name, into a directory; returns the path of its report.

    Everything is written beside ``out`` under a temporary name, which changes places with ``out`` at the end, so that
    an interrupted run leaves earlier results as they were.

    Parameters
    ----------
    seed
        Of all random numbers.
    progress
        Whether to say on standard error what is being done.
    allow_unconverged
        Whether to write the report although the gate fails; it then says so on top.

    Raises
    ------
    InputError
        When a file is not as it should be, a conflict in the print is not handled, the posterior has not converged and
        ``allow_unconverged`` is false, ``out`` cannot be written, or another run is writing to it.
    """
    out, say = destination(out), shown(progress=progress)
    refuse_strangers(out, Tables, AUDIT)
    analysis = load_analysis(path)
    check_handled(analysis, audit(analysis.study))
    try:
        with replaced(out) as folder:
            posterior, tables = _made(analysis, seed=seed, say=say, allow_unconverged=allow_unconverged)
            say.step("writing the report")
            with written(out, folder):
                results = results_of(posterior, tables)
                write_tables(results, posterior, folder)
                write_report(results, folder / PAGE)
    finally:
        say.end()
    return out / PAGE


def curve_days(analysis: Analysis) -> tuple[float, ...]:
    """Days of the curves: over one year, and on by quarters to the last printed survival."""
    last = max((item.day for item in analysis.study.items if isinstance(item, Survival)), default=YEAR)
    quarters = (YEAR * (1.0 + k / 4.0) for k in range(1, math.ceil(4.0 * (last - YEAR) / YEAR) + 1))
    return (*CURVE_DAYS, *(min(day, last) for day in quarters))


def _made(analysis: Analysis, *, seed: int, say: Progress, allow_unconverged: bool) -> tuple[Posterior, Tables]:
    """The posterior with its verdict, and all tables."""
    say.step("compiling the model, once")
    compiled = compile_model(build(analysis))
    say.step("sampling")
    say.make_room()
    posterior = sample(compiled, seed=seed, progress=say.has_terminal)
    say.step("judging convergence")
    draws = reported(posterior, days=curve_days(analysis), durations=analysis.durations)
    gate = draws.verdict(posterior)
    posterior = accepted(posterior, gate, address=analysis.path, allow_unconverged=allow_unconverged)
    return posterior, _tables(compiled, posterior, draws, seed=seed, say=say)


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


def _tables(compiled: Compiled, posterior: Posterior, draws: Reported, *, seed: int, say: Progress) -> Tables:
    analysis = compiled.analysis
    left_out = leave_one_out(compiled, seed=seed, step=lambda done, total: say.step("leaving out", done, total))
    say.step("replicating and checking")
    checked = check(posterior, seed=seed, left_out=left_out)
    main = Fitted(analysis=analysis, posterior=posterior, headline=draws.headline)
    others = _alternatives(compiled, main, seed=seed, say=say)
    say.step("summarising")
    return Tables(
        check=checked,
        summary=sensitivity(posterior, fitted=draws.headline, seed=seed),
        alternatives=_compared(main, others),
        predictions=prediction_table(posterior, duration=analysis.durations, days=TABLE_DAYS),
        curves=curve_table(draws.curves),
        by_response=by_response_table(
            draws.by_response, by_response_contraction(posterior, draws.by_response, seed=seed)
        ),
        death_days=_death_days(main, others, seed=seed),
        p_values=p_value_table(posterior, seed=seed),
        probabilities=probability_table(draws.headline, analysis),
    )


def _alternatives(compiled: Compiled, main: Fitted, *, seed: int, say: Progress) -> dict[str, Fitted]:
    """The analyses that the report compares, by name."""
    found: dict[str, Fitted] = {}
    names = [name for name in main.analysis.table.report.alternatives if name != main.analysis.name]
    for position, name in enumerate(names):
        say.step("fitting alternatives", position + 1, len(names))
        other = load_analysis(find_analysis(main.analysis.path).parent / f"{name}.toml")
        found[name] = _alternative(compiled, main, other, seed=derived_seed(seed, "alternative", position))
    return found


def _alternative(compiled: Compiled, main: Fitted, other: Analysis, *, seed: int) -> Fitted:
    """Another analysis fitted; one that differs by a fitted P value alone takes the draws of this one."""
    if fitted_p_values(other) and same_but_for_p_values(main.analysis, other):
        weighted = with_p_values(main.posterior, other, seed=seed)
        return Fitted(analysis=other, posterior=weighted, headline=chosen_from(main.headline, weighted))
    same = layout_of(other) == layout_of(main.analysis)
    program = with_data(compiled, other) if same else compile_model(build(other))
    posterior = sample(program, draws=ALTERNATIVE_DRAWS, tune=ALTERNATIVE_TUNE, chains=ALTERNATIVE_CHAINS, seed=seed)
    return Fitted(analysis=other, posterior=posterior, headline=headline(posterior))


def _compared(main: Fitted, others: Mapping[str, Fitted]) -> pd.DataFrame:
    """Headline quantities under every analysis, and whether each passed its gate."""
    found = {main.analysis.name: (main.analysis, main.headline, True)}
    for name, other in others.items():
        is_converged = verdict(other.posterior, other.headline).is_converged
        found[name] = (other.analysis, other.headline, is_converged)
    return alternatives_table(found)


def _death_days(main: Fitted, others: Mapping[str, Fitted], *, seed: int) -> pd.DataFrame:
    """Days of death of non-responders in this analysis, and in those in which everybody would respond in the end."""
    share = "with" if main.analysis.table.hazards.never_respond else "without"
    found = {main.analysis.name: (f"this analysis, {share} a share who never respond", main)}
    for name, other in others.items():
        if not other.analysis.table.hazards.never_respond:
            found[name] = (other.analysis.table.title, other)
    days = {name: (words, nonresponder_death_day(one.posterior, seed=seed)) for name, (words, one) in found.items()}
    return death_table(days)
