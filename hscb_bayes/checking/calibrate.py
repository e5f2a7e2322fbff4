"""Calibration: simulated papers, refitted by the same code. Do 90% intervals hold 90% of the truths?

For each study parameters are drawn from the prior of an analysis, patients are drawn from the pathway, their numbers
are printed as the paper prints them, and the model is fitted to that print. No study is dropped for what it shows:
refits that fail their gate are counted. The model is compiled once.

References
----------
Talts S, et al. Validating Bayesian inference algorithms with simulation-based calibration. arXiv:1804.06788.
Sailynoja T, Burkner PC, Vehtari A. Graphical test for discrete uniformity. Stat Comput 2022;32:32.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import arviz_stats
import numpy as np
import xarray as xr
from arviz_stats import ecdf_utils

from hscb_bayes.analysis.fit import Compiled, compile_model, draws_of, sample, with_analysis
from hscb_bayes.analysis.headline import calibration_quantities
from hscb_bayes.analysis.model import build
from hscb_bayes.analysis.pathways import prior_normals
from hscb_bayes.analysis.simulate import printed_by, simulate_cohort
from hscb_bayes.analysis.spec import Analysis, load_analysis

SEED = 20261124  # of the test of record, written down before it was run
STUDIES = 1000
DRAWS, TUNE, CHAINS = 600, 400, 2
LARGEST_R_HAT = 1.05
BAND = 0.99
BAND_SIMULATIONS = 2000
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


def prior_draw(analysis: Analysis, *, rng: np.random.Generator) -> np.ndarray:
    """Parameters drawn from the prior, shape (1, parameter)."""
    mean, deviation = prior_normals(analysis)
    return (mean + deviation * rng.standard_normal(mean.size))[None]


def simulated_print(analysis: Analysis, study: int, seed: int) -> tuple[np.ndarray, dict[str, float], float]:
    """Truth, printed numbers and share censored before one year of one simulated study."""
    rng = np.random.default_rng([seed, study])
    truth = prior_draw(analysis, rng=rng)
    cohort = simulate_cohort(analysis, truth, rng=rng)
    censored = float(np.mean(~cohort.died & (cohort.last_day < 365.0)))
    return truth, {id: float(value[0]) for id, value in printed_by(analysis, cohort).items()}, censored


def refit(compiled: Compiled, analysis: Analysis, study: int, seed: int) -> Refit:
    """Simulate one study and fit the analysis to its print."""
    truth, numbers, censored = simulated_print(analysis, study, seed)
    posterior = sample(
        with_analysis(compiled, analysis, numbers),
        draws=DRAWS, tune=TUNE, chains=CHAINS, cores=CHAINS, seed=seed + study,
    )  # fmt: skip
    draws = draws_of(posterior)
    true, drawn = _estimands(truth, analysis), _estimands(draws, analysis)
    by_chain = {id: values.reshape(CHAINS, DRAWS) for id, values in drawn.items()}
    chains = xr.Dataset({id: (("chain", "draw"), values) for id, values in by_chain.items()})
    r_hat = float(arviz_stats.rhat(chains, method="split").to_array().max())
    effective = float(arviz_stats.ess(chains, method="bulk").to_array().min())
    diverged = bool(posterior["sample_stats"]["diverging"].any())
    return Refit(
        study=study,
        ranks={id: float(np.mean(drawn[id] < true[id])) for id in drawn},
        effective=effective,
        passed=r_hat < LARGEST_R_HAT and not diverged,
        censored=censored,
    )


def _estimands(parameters: np.ndarray, analysis: Analysis) -> dict[str, np.ndarray]:
    """The calibrated quantities, hazard ratios on the log scale."""
    quantities = calibration_quantities(parameters, analysis)
    is_ratio = {id: id.startswith("hazard_ratio_") for id in quantities}
    return {f"log_{id}" if is_ratio[id] else id: np.log(v) if is_ratio[id] else v for id, v in quantities.items()}


def refits(analysis: Analysis, *, studies: int, seed: int, record: Path) -> Iterator[Refit]:
    """All refits; those already in ``record`` (a JSON line each) are not run again, so that a run can be resumed."""
    done = _recorded(record)
    compiled: Compiled | None = None
    record.parent.mkdir(parents=True, exist_ok=True)
    with record.open("a") as file:
        for study in range(studies):
            if study not in done:
                compiled = compiled or compile_model(build(analysis))
                done[study] = refit(compiled, analysis, study, seed)
                file.write(json.dumps(done[study].__dict__) + "\n")
                file.flush()
            yield done[study]


def _recorded(record: Path) -> dict[int, Refit]:
    if not record.is_file():
        return {}
    lines = [Refit(**json.loads(line)) for line in record.read_text().splitlines() if line.endswith("}")]
    return {line.study: line for line in lines}


def summarise(results: list[Refit], quantity: str) -> dict[str, object]:
    """Coverage of central intervals, and whether the ECDF of the ranks stays inside its simultaneous 99% band."""
    ranks = np.array([result.ranks[quantity] for result in results])
    _, ecdf, lower, upper = ecdf_utils.ecdf_pit(ranks, BAND, BAND_SIMULATIONS)
    return {
        "quantity": quantity,
        "studies": len(results),
        "failures": sum(not result.passed for result in results),
        "cover50": round(float(np.mean(np.abs(ranks - 0.5) <= 0.25)), 4),
        "cover90": round(float(np.mean(np.abs(ranks - 0.5) <= 0.45)), 4),
        "in_band": str(bool(np.all((ecdf >= lower) & (ecdf <= upper)))).lower(),
        "mean_rank": round(float(ranks.mean()), 4),
        "fewest_effective_draws": round(min(result.effective for result in results)),
        "censored": round(float(np.mean([result.censored for result in results])), 3),
    }


def calibrate(name: str, *, studies: int = STUDIES, seed: int = SEED, work: Path) -> list[dict[str, object]]:
    """Rows of the calibration table for one analysis, whose own prior and follow-up make the simulated studies."""
    analysis = load_analysis(name)
    record = work / f"{analysis.name}_{seed}.jsonl"
    results = []
    for result in refits(analysis, studies=studies, seed=seed, record=record):
        results.append(result)
        sys.stderr.write(f"\r{analysis.name}: {len(results)} of {studies}")
    sys.stderr.write("\n")
    head = {
        "analysis": analysis.name,
        "likelihood": "joint" if analysis.table.fit.overlap else "independent",
        "follow_up": "complete" if analysis.table.follow_up.complete else "censored",
    }
    return [head | summarise(results, quantity) for quantity in results[0].ranks]


def write_rows(path: Path, rows: list[dict[str, object]], *, command: str, seed: int) -> None:
    """Add rows to a table of results, replacing those of the same analysis and likelihood."""
    old = list(csv.DictReader(path.open())) if path.is_file() else []
    new = {(row["analysis"], row["likelihood"], row["follow_up"]) for row in rows}
    kept = [row for row in old if (row["analysis"], row["likelihood"], row["follow_up"]) not in new]
    versions = "; ".join(f"{name} {version(name)}" for name in ("hscb_bayes", "pymc", "nutpie", "numpy"))
    stamp = {"command": command, "versions": versions, "seed": seed, "date": dt.date.today().isoformat()}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*kept, *(row | stamp for row in rows)])
    temporary.replace(path)


def main(arguments: list[str] | None = None) -> None:
    """Command line of the calibration run."""
    parser = argparse.ArgumentParser(prog="python -m hscb_bayes.checking.calibrate", description=__doc__.split("\n")[0])
    parser.add_argument("analyses", nargs="+", help="shipped analyses or files")
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--work", type=Path, default=Path("results/calibration"), help="where single refits are kept")
    parser.add_argument("--out", type=Path, help="table to add rows to; printed if left out")
    options = parser.parse_args(arguments)
    command = "python -m hscb_bayes.checking.calibrate " + " ".join(options.analyses)
    for name in options.analyses:
        rows = calibrate(name, studies=options.studies, seed=options.seed, work=options.work)
        for row in rows:
            sys.stdout.write(f"{row}\n")
        if options.out:
            write_rows(options.out, rows, command=command, seed=options.seed)


if __name__ == "__main__":
    main()
