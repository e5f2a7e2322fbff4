"""The way of one analysis: audit, fit, replicate, check, report, into a directory that is there whole or not at all."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xarray as xr

from hscb_bayes.analysis.convergence import Verdict, verdict
from hscb_bayes.analysis.fit import (
    Compiled,
    analysis_of,
    compile_model,
    draws_of,
    layout_of,
    load_posterior,
    same_but_for_p_values,
    sample,
    save_posterior,
    with_analysis,
    with_p_values,
)
from hscb_bayes.analysis.headline import headline_from_draws
from hscb_bayes.analysis.model import build
from hscb_bayes.analysis.p_value import fitted_p_values
from hscb_bayes.analysis.predict import cumulative_incidence, survival
from hscb_bayes.analysis.spec import Analysis, find_analysis, load_analysis
from hscb_bayes.checking.check import check
from hscb_bayes.checking.leave_one_out import leave_one_out
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import Finding, audit
from hscb_bayes.report.assemble import Results, write_report
from hscb_bayes.report.tables import alternatives_table, audit_table, prediction_table, summary_table

CURVE_DAYS = (1, 2, 3, 5, 7, 9, 11, 14, 17, 21, 28, 42, 60, 90, 120, 150, 180, 240, 300, 365)
ALTERNATIVE_DRAWS, ALTERNATIVE_CHAINS = 500, 2


def run(
    path: str | Path, out: str | Path, *, seed: int, progress: bool = False, allow_unconverged: bool = False
) -> Path:
    """Run an analysis file, or a shipped analysis by name, into a directory; returns the path of its report.

    Everything is written beside ``out`` under a temporary name and renamed at the end, so that an interrupted run
    leaves earlier results as they were.

    Raises
    ------
    InputError
        When a file is not as it should be, a conflict in the print is not handled, or the posterior has not converged
        and ``allow_unconverged`` is false.
    """
    out = Path(out)
    _refuse_strangers(out)
    analysis = load_analysis(path)
    findings = audit(analysis.study)
    _refuse_unhandled(analysis, findings)
    say = _speaker(progress=progress)
    say("compiling")
    compiled = compile_model(build(analysis))
    say("sampling")
    posterior = sample(compiled, seed=seed, progress=False)
    judged = _judge(posterior, analysis)
    if not judged.is_converged and not allow_unconverged:
        raise InputError(f"{analysis.path}: the posterior has not converged: {'; '.join(judged.failures)}")
    say("leaving each number out")
    left_out = leave_one_out(compiled, seed=seed)
    say("replicating and checking")
    checked = check(posterior, seed=seed, left_out=left_out)
    say("fitting the alternatives")
    results = Results(
        analysis=analysis,
        findings=findings,
        posterior=posterior,
        verdict=judged,
        check=checked,
        summary=summary_table(draws_of(posterior), analysis, seed=seed),
        alternatives=_alternatives(compiled, analysis, posterior, seed=seed),
        predictions=prediction_table(
            posterior, duration=list(analysis.table.report.durations), days=[7.0, 14.0, 28.0, 365.0]
        ),
        curve_days=CURVE_DAYS,
        seed=seed,
    )
    say("writing the report")
    _write(results, out)
    return out / "report.html"


def report_again(results: str | Path) -> Path:
    """Write ``report.html`` of a results directory again from its posterior and tables."""
    folder = Path(results)
    posterior = load_posterior(folder / "posterior.nc")
    analysis = analysis_of(posterior)
    tables = {name: pd.read_csv(folder / f"{name}.csv") for name in ("check", "summary", "alternatives", "predictions")}
    again = Results(
        analysis=analysis,
        findings=audit(analysis.study),
        posterior=posterior,
        verdict=_judge(posterior, analysis),
        curve_days=CURVE_DAYS,
        seed=int(posterior.attrs.get("seed", 0)),
        **tables,
    )
    return write_report(again, folder / "report.html")


def _judge(posterior: xr.DataTree, analysis: Analysis) -> Verdict:
    durations = list(analysis.table.report.durations)
    curves = {
        "response_curve": cumulative_incidence(posterior, days=CURVE_DAYS, duration=durations),
        "survival_curve": survival(posterior, days=CURVE_DAYS, duration=durations),
    }
    return verdict(posterior, xr.Dataset(curves))


def _refuse_unhandled(analysis: Analysis, findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        if finding.severity == "conflict" and finding.id not in analysis.table.handled:
            raise InputError(
                f"{analysis.path}: handled: the print has a conflict that the analysis does not handle; required an "
                f'entry "{finding.id}" that says how: {finding.sentence}'
            )


def _refuse_strangers(out: Path) -> None:
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "posterior.nc").is_file())):
        raise InputError(f"{out}: required a new directory or one that hscb run made; it holds something else")


def _alternatives(compiled: Compiled, analysis: Analysis, posterior: xr.DataTree, *, seed: int) -> pd.DataFrame:
    found = {analysis.name: (analysis.table.title, headline_from_draws(draws_of(posterior), analysis))}
    for name in analysis.table.report.alternatives:
        other = load_analysis(find_analysis(analysis.path).parent / f"{name}.toml")
        draws = _alternative(compiled, analysis, other, posterior, seed=seed)
        found[name] = (other.table.title, headline_from_draws(draws_of(draws), other))
    return alternatives_table(found)


def _alternative(
    compiled: Compiled, analysis: Analysis, other: Analysis, posterior: xr.DataTree, *, seed: int
) -> xr.DataTree:
    """The posterior of another analysis; one that differs by a fitted P value alone takes the draws of this one."""
    if fitted_p_values(other) and same_but_for_p_values(analysis, other):
        return with_p_values(posterior, other, seed=seed)
    same = layout_of(other) == layout_of(analysis)
    program = with_analysis(compiled, other) if same else compile_model(build(other))
    return sample(program, draws=ALTERNATIVE_DRAWS, tune=ALTERNATIVE_DRAWS, chains=ALTERNATIVE_CHAINS, seed=seed)


def _speaker(*, progress: bool) -> Callable[[str], None]:
    def say(step: str) -> None:
        if progress:
            sys.stderr.write(f"{step} ...\n")

    return say


def _write(results: Results, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        save_posterior(results.posterior, temporary / "posterior.nc")
        audit_table(results.findings).to_csv(temporary / "audit.csv", index=False)
        for name in ("check", "summary", "alternatives", "predictions"):
            getattr(results, name).to_csv(temporary / f"{name}.csv", index=False)
        write_report(results, temporary / "report.html")
        _replace(temporary, out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace(temporary: Path, out: Path) -> None:
    old = temporary.with_name(f"{temporary.name}-old")
    if out.exists():
        out.rename(old)
    temporary.chmod(0o755)
    temporary.rename(out)
    shutil.rmtree(old, ignore_errors=True)
