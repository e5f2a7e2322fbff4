"""The way of an analysis of patients: one fit, its curves, replicated tables, and the report."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import xarray as xr

from hscb_bayes.analysis.patient_spec import PatientAnalysis, load_patients
from hscb_bayes.checking.leave_centre_out import CENTRES, NUMBERS, leave_centres_out
from hscb_bayes.checking.leave_patient_out import leave_patient_out
from hscb_bayes.checking.replicate_patients import check_of_patients
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import compile_model
from hscb_bayes.posterior.gate import verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import sample
from hscb_bayes.posterior.stored import save
from hscb_bayes.report.folder import destination, replaced
from hscb_bayes.report.manifest import PAGE, written
from hscb_bayes.report.patient_page import write_patient_report
from hscb_bayes.report.patient_tables import (
    PatientTables,
    baseline_table,
    centre_table,
    contrast_table,
    observed_table,
    occupancy_table,
    ratio_table,
    reported_curves,
    shown,
    times_table,
)
from hscb_bayes.report.progress import Progress
from hscb_bayes.report.progress import shown as progress_of
from hscb_bayes.report.results import (
    POSTERIOR,
    accepted,
    read_csv_files,
    read_posterior,
    refuse_strangers,
    write_csv_files,
)

TUNE = 500
TARGET_ACCEPTS = (0.95, 0.99)  # small steps, and smaller ones where the gate is missed: few centres leave a funnel


def run_patients(
    path: str | Path, out: str | Path, *, seed: int, progress: bool = False, allow_unconverged: bool = False
) -> Path:
    """Run an analysis of patients into a directory, as ``run`` does that of a paper; returns the path of its report.

    Raises
    ------
    InputError
        As ``run`` does.
    """
    out, say = destination(out), progress_of(progress=progress)
    refuse_strangers(out, PatientTables)
    analysis = load_patients(path)
    if analysis.patients.left_out.patients:
        say.step(f"without a value of some covariate and left out: {analysis.patients.left_out}")
        say.make_room()
    try:
        with replaced(out) as folder:
            posterior, tables = _made(analysis, seed=seed, say=say, allow_unconverged=allow_unconverged)
            say.step("writing the report")
            with written(out, folder):
                save(posterior, folder / POSTERIOR)
                write_csv_files(tables, folder)
                write_patient_report(posterior, tables, folder / PAGE)
    finally:
        say.end()
    return out / PAGE


def report_patients_again(folder: Path) -> Path:
    """Write ``report.html`` of a results directory again from its posterior and tables; returns its path.

    Raises
    ------
    InputError
        When something that ``hscb run`` writes is missing.
    """
    posterior = read_posterior(folder)
    tables = PatientTables(**read_csv_files(PatientTables, folder))
    return write_patient_report(posterior, tables, folder / PAGE)


def _made(
    analysis: PatientAnalysis, *, seed: int, say: Progress, allow_unconverged: bool
) -> tuple[Posterior, PatientTables]:
    """The posterior with its verdict, and all tables."""
    say.step("compiling the model, once")
    compiled = compile_model(build(analysis))
    for target_accept, words in zip(TARGET_ACCEPTS, ("sampling", "sampling again, with smaller steps"), strict=True):
        say.step(words)
        say.make_room()
        posterior = sample(compiled, tune=TUNE, seed=seed, target_accept=target_accept, progress=say.has_terminal)
        say.step("judging convergence")
        curves = reported_curves(posterior)
        gate = verdict(posterior, xr.Dataset(shown(curves)))
        if gate.is_converged:
            break
    posterior = accepted(posterior, gate, address=analysis.path, allow_unconverged=allow_unconverged)
    say.step("replicating and checking")
    checked = check_of_patients(posterior, days=analysis.table.report.days, seed=seed)
    none = pd.DataFrame(columns=list(CENTRES)), pd.DataFrame(columns=list(NUMBERS))
    foretold, numbers = (
        none
        if not analysis.centres
        else leave_centres_out(
            compiled,
            seed=seed,
            target_accept=TARGET_ACCEPTS[0],
            step=lambda done, total: say.step("leaving out", done, total),
        )
    )
    say.step("summarising")
    tables = PatientTables(
        check=checked,
        occupancy=occupancy_table(curves),
        observed=observed_table(analysis),
        times=times_table(curves),
        ratios=ratio_table(posterior),
        contrasts=contrast_table(posterior),
        centres=centre_table(posterior),
        left_out_centres=foretold,
        left_out_numbers=numbers,
        baselines=baseline_table(posterior),
        loo=leave_patient_out(posterior),
    )
    return posterior, tables
