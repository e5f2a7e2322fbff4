"""Calibration: simulated papers, literatures or tables of patients, refitted. Do 90% intervals hold 90%?

For each study parameters are drawn from the prior of an analysis, patients are drawn from the pathway, their numbers
are printed as the paper prints them, and the model is fitted to that print. No study is dropped for what it shows:
refits that fail their gate are counted. The model is compiled once.

References
----------
Talts S, et al. Validating Bayesian inference algorithms with simulation-based calibration. arXiv:1804.06788.
Sailynoja T, Burkner PC, Vehtari A. Graphical test for discrete uniformity. Stat Comput 2022;32:32.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from arviz_stats import ecdf_utils
from arviz_stats.base import array_stats

from hscb_bayes import csv_file
from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.member import Member
from hscb_bayes.checking.methods.literature import printed_literature, quantities, true_literature
from hscb_bayes.checking.methods.recorded import each_once, fingerprint
from hscb_bayes.checking.methods.simulated_members import drawn_effect, printed_and_censored, simulate_with_known
from hscb_bayes.checking.methods.simulated_patients import patient_quantities, simulated_table
from hscb_bayes.errors import InputError
from hscb_bayes.executors import executor_at
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model, with_data
from hscb_bayes.model.known_rows import tables_of
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.simulate import simulate_cohort
from hscb_bayes.posterior.headline import calibration_quantities
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.sample import sample
from hscb_bayes.process.follow_up import YEAR

SEED = 20261124  # of the test of record, written down before it was run
TUNE, CHAINS = 500, 2
# Draws a chain and target acceptance; a refit that misses its gate, or has too few effective draws, is done once more.
ATTEMPTS = ((600, 0.9), (3000, 0.98))
FEWEST_EFFECTIVE_DRAWS = 400.0
# Of a literature, whose density takes three times as long and whose trees are four times as large.
POOL_ATTEMPTS = ((400, 0.8), (2000, 0.9))
POOL_TUNE = 300
FEWEST_POOL_DRAWS = 100.0
WORKERS = 2
REFIT_R_HAT = 1.05  # a thousand short refits: the gate of a single posterior would fail some by noise
# Of a table of patients: small steps for the funnel of few centres.
TABLE_ATTEMPTS = ((600, 0.98), (3000, 0.995))
# Where a centre may be on its own: more draws, since chains seldom change what it is.
APART_ATTEMPTS = ((2000, 0.9), (6000, 0.95))
FEWEST_TABLE_DRAWS = 200.0
BAND = 0.99
LOST = "lost_by_one_year"  # ranked too where follow-up is not complete: it moves every answer a little
BAND_SIMULATIONS = 2000
SHOWN = ("analysis", "quantity", "studies", "failures", "cover50", "cover90", "in_band", "mean_rank")
COLUMNS = (
    "analysis", "likelihood", "follow_up", "quantity", "studies", "failures", "cover50", "cover90", "in_band",
    "mean_rank", "fewest_effective_draws", "censored", "command", "versions", "seed", "date",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Refit:
    """One simulated study refitted: rank of the truth in (0, 1) by quantity, and whether the refit passed its gate."""

    study: int
    ranks: dict[str, float]
    effective: float
    passed: bool
    censored: float


def prior_draw(analysis: Member, *, rng: np.random.Generator) -> np.ndarray:
    """Parameters drawn from the prior, shape (1, parameter)."""
    mean, deviation = prior_normals(analysis)
    return (mean + deviation * rng.standard_normal(mean.size))[None]


def simulated_print(analysis: Member, study: int, seed: int) -> tuple[np.ndarray, Member, dict[str, float], float]:
    """Truth, analysis, printed numbers and share censored before one year of one simulated study.

    The analysis is the one that is given, with simulated patients where it knows some one by one.
    """
    rng = np.random.default_rng([seed, study])
    truth = prior_draw(analysis, rng=rng)
    if analysis.known is not None:
        return truth, *simulate_with_known(analysis, truth, drawn_effect(analysis, rng=rng), rng=rng)
    cohort = simulate_cohort(analysis, truth, rng=rng)
    return truth, analysis, *printed_and_censored(analysis, cohort)


def refit(name: str, study: int, seed: int) -> Refit:
    """Simulate one study of an analysis and fit the analysis to its print; the same in whatever process it runs."""
    compiled = _compiled(name)
    analysis = compiled.analysis
    if analysis.table.between_studies is not None:
        raise InputError(f"{analysis.path}: between_studies: a calibration of one study has no use for study effects")
    truth, simulated, numbers, censored = simulated_print(analysis, study, seed)
    return _ranked(
        with_data(compiled, simulated, {simulated.study.id: numbers}),
        _estimands(truth, analysis),
        lambda posterior: _estimands(posterior.parameters, analysis),
        Simulated(study=study, seed=seed, censored=censored),
        attempts=ATTEMPTS,
        fewest=FEWEST_EFFECTIVE_DRAWS,
    )


def refit_literature(name: str, study: int, seed: int) -> Refit:
    """Simulate one literature of a pool and fit the pool to its print; the same in whatever process it runs."""
    compiled = _compiled(name)
    pool, rng = compiled.analysis, np.random.default_rng([seed, study])
    truth = true_literature(pool, rng=rng)
    simulated, numbers, censored = printed_literature(pool, truth, rng=rng)
    return _ranked(
        with_data(compiled, simulated, numbers),
        quantities(truth, seed=int(rng.integers(2**32))),
        lambda posterior: quantities(posterior, seed=seed + study),
        Simulated(study=study, seed=seed, censored=censored),
        attempts=POOL_ATTEMPTS,
        tune=POOL_TUNE,
        fewest=FEWEST_POOL_DRAWS,
    )


def refit_table(name: str, study: int, seed: int) -> Refit:
    """Simulate one table of an analysis of patients and fit it; the same in whatever process it runs."""
    compiled = _compiled(name)
    analysis, rng = compiled.analysis, np.random.default_rng([seed, study])
    truth = draw_prior(analysis, draws=1, chains=1, seed=rng)
    simulated = simulated_table(analysis, truth, rng=rng)
    patients = simulated.patients
    return _ranked(
        with_data(compiled, simulated),
        patient_quantities(truth, analysis),
        lambda posterior: patient_quantities(posterior, analysis),
        Simulated(study=study, seed=seed, censored=float(np.mean(~patients.died & (patients.last_day < YEAR)))),
        attempts=APART_ATTEMPTS if any(level.is_mixed for level in analysis.levels.values()) else TABLE_ATTEMPTS,
        fewest=FEWEST_TABLE_DRAWS,
    )


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Which simulated study, or literature, a refit is of."""

    study: int
    seed: int
    censored: float


def _ranked(
    program: Compiled,
    true: Mapping[str, np.ndarray],
    drawn_from: Callable[[Posterior], Mapping[str, np.ndarray]],
    simulated: Simulated,
    *,
    attempts: Sequence[tuple[int, float]],
    tune: int = TUNE,
    fewest: float,
) -> Refit:
    """Fit, once more where the first attempt is not good enough, and rank the truth among the draws."""
    for draws, target_accept in attempts:
        posterior = sample(
            program,
            draws=draws,
            tune=tune,
            chains=CHAINS,
            cores=1,
            target_accept=target_accept,
            seed=simulated.seed + simulated.study,
        )
        drawn = drawn_from(posterior)
        passed, effective = gate(posterior, drawn)
        if passed and effective >= fewest:
            break
    ranks = {id: float(np.mean(drawn[id] < true[id])) for id in drawn}
    return Refit(
        study=simulated.study,
        ranks=ranks,
        effective=effective,
        passed=passed and effective >= fewest,
        censored=simulated.censored,
    )


def gate(posterior: Posterior, drawn: Mapping[str, np.ndarray]) -> tuple[bool, float]:
    """Whether a refit has converged, and the fewest effective draws of a quantity."""
    by_chain = np.stack([values.reshape(CHAINS, -1) for values in drawn.values()])
    r_hat = float(np.max(array_stats.rhat(by_chain, method="split")))
    effective = float(np.min(array_stats.ess(by_chain, method="bulk")))
    diverged = bool(posterior.tree["sample_stats"]["diverging"].any())
    return r_hat < REFIT_R_HAT and not diverged, effective


@cache
def _compiled(name: str) -> Compiled:
    """One program per process and analysis."""
    return compile_model(build(load(name), spare=True))


def _estimands(parameters: np.ndarray, analysis: Member) -> dict[str, np.ndarray]:
    """The calibrated quantities, hazard ratios on the log scale and the share lost on the logit scale."""
    quantities = calibration_quantities(parameters, analysis)
    if not analysis.follow_up.complete:
        quantities[LOST] = parameters[:, analysis.parameter_ids.index(LOST)]
    is_ratio = {id: id.startswith("hazard_ratio_") for id in quantities}
    return {f"log_{id}" if is_ratio[id] else id: np.log(v) if is_ratio[id] else v for id, v in quantities.items()}


def coverage_row(results: list[Refit], quantity: str) -> dict[str, object]:
    """Coverage of central intervals, and whether the ECDF of the ranks stays inside its simultaneous 99% band."""
    ranks = np.array([result.ranks[quantity] for result in results])
    passed = [result for result in results if result.passed]
    _, ecdf, lower, upper = ecdf_utils.ecdf_pit(ranks, BAND, BAND_SIMULATIONS)
    return {
        "quantity": quantity,
        "studies": len(results),
        "failures": len(results) - len(passed),
        "cover50": round(float(np.mean(np.abs(ranks - 0.5) <= 0.25)), 4),
        "cover90": round(float(np.mean(np.abs(ranks - 0.5) <= 0.45)), 4),
        "in_band": str(bool(np.all((ecdf >= lower) & (ecdf <= upper)))).lower(),
        "mean_rank": round(float(ranks.mean()), 4),
        "fewest_effective_draws": round(min((result.effective for result in passed), default=0.0)),
        "censored": round(float(np.mean([result.censored for result in results])), 3),
    }


def calibrate(name: str, *, studies: int, seed: int = SEED, work: Path, executor: Executor) -> list[dict[str, object]]:
    """Rows of the calibration table for one analysis, whose own prior and follow-up make the simulated studies."""
    analysis = load(name)
    refit_one = refit_of(analysis)
    record = work / f"{analysis.name}_{fingerprint(analysis)}_{seed}.jsonl"
    results = []
    for result in each_once(
        refit_one, analysis.path, kind=Refit, studies=studies, seed=seed, record=record, executor=executor
    ):
        results.append(result)
        sys.stderr.write(f"\r{analysis.name}: {len(results)} of {studies}")
    sys.stderr.write("\n")
    head = {"analysis": analysis.name} | _kind_of(analysis)
    return [head | coverage_row(results, quantity) for quantity in results[0].ranks]


def refit_of(analysis: Analysis) -> Callable[[str, int, int], Refit]:
    """What refits simulated data of an analysis: a literature, one printed study, or a table."""
    if len(analysis.members) > 1:
        return refit_literature
    return refit if analysis.has_print else refit_table


def _kind_of(analysis: Analysis) -> dict[str, str]:
    """Which likelihood, and whether everybody is followed to the end."""
    words = [] if not analysis.has_print else ["joint" if analysis.members[0].fit.overlap else "independent"]
    words += ["patients"] if tables_of(analysis) and len(analysis.members) < 2 else []
    follow_up = "complete" if analysis.is_complete else "censored"
    return {"likelihood": " and ".join(words), "follow_up": follow_up}


def write_rows(path: Path, rows: list[dict[str, object]], *, command: str, seed: int) -> None:
    """Add rows to a table of results, replacing those of the same analysis and likelihood."""
    old = csv_file.read_rows(path)
    new = {(row["analysis"], row["likelihood"], row["follow_up"]) for row in rows}
    kept = [row for row in old if (row["analysis"], row["likelihood"], row["follow_up"]) not in new]
    write_table(path, COLUMNS, rows, command=command, seed=seed, kept=kept)


def write_table(
    path: Path,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, object]],
    *,
    command: str,
    seed: int,
    kept: Sequence[Mapping[str, object]] = (),
) -> None:
    """Write rows, each with what made it, after those that are kept."""
    versions = "; ".join(f"{name} {version(name)}" for name in ("hscb_bayes", "pymc", "nutpie", "numpy"))
    stamp = {"command": command, "versions": versions, "seed": seed, "date": dt.date.today().isoformat()}
    path.parent.mkdir(parents=True, exist_ok=True)
    csv_file.write_rows(path, columns, [*kept, *({**row, **stamp} for row in rows)])


def calibrate_into(
    names: Sequence[str], *, studies: int, seed: int, cluster: str | None, workers: int, work: Path, out: Path | None
) -> str:
    """Calibrate analyses one after the other, and say in a table what came of it.

    Parameters
    ----------
    names
        Analysis files, or names of shipped ones.
    cluster, workers
        Address of a Dask scheduler, or else how many processes do the work.
    work
        Folder in which single refits are kept: a run goes on where it stopped.
    out
        Table to which rows are added; None for none.
    """
    command = f"hscb calibrate {' '.join(names)} --studies {studies}"
    found: list[dict[str, object]] = []
    with executor_at(cluster, workers=workers) as executor:
        for name in names:
            rows = calibrate(name, studies=studies, seed=seed, work=work, executor=executor)
            if out is not None:
                write_rows(out, rows, command=command, seed=seed)
            found += rows
    return pd.DataFrame(found)[list(SHOWN)].to_string(index=False)
