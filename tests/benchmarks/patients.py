"""Patients one by one: beside Stan, and how cost grows to a million."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from arviz_stats.base import array_stats

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.risk import times_at_risk
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.patient_likelihood import baseline_ids
from hscb_bayes.model.program import Program
from hscb_bayes.posterior.gate import verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import sample
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.pathway import TRANSITIONS, Pathway
from hscb_bayes.process.simulate import simulate_course
from tests.benchmarks.measuring import MissingError, Row, bounded, command, seconds

SEED = 1
RUNS, STAN_RUNS, CALLS = 5, 4, 20
HERE = Path(__file__).parent
BMT = HERE.parent / "data" / "bmt.toml"
STAN_PYTHON = "HSCB_STAN_PYTHON"  # a Python with PyStan 3
SHARED = Path(os.environ.get("HSCB_SHARED", HERE.parents[2] / "shared"))
EBMT = SHARED / "data" / "ebmt3.csv"
SIZES = (2_000, 20_000, 200_000, 1_000_000)
NANOSECONDS, MILLISECONDS = 1e9, 1e3
MOST_NANOSECONDS = 25.0  # a patient and transition, at a million
MOST_SECONDS, MOST_MEGABYTES = 60.0, 4000.0  # of a million patients
MILLION = "a million patients, piecewise exponential, three binary covariates"
USUAL = {"ours": 0.9, "stan": 0.8, "warm_up": 1000}  # target acceptance; Stan's is its default, which suits it best
SMALL_STEPS = {"ours": 0.95, "stan": 0.98, "warm_up": 500}  # few centres leave a funnel: as a run of an analysis
SAMPLED = ("log_hazard_ratio", "between_centres", *(f"partly_centred_{name}" for name in TRANSITIONS))
CUTS = (14.0, 28.0, 60.0, 365.0)


def ebmt_beside_stan() -> list[Row]:
    """2,204 transplants, six covariate terms on each transition."""
    if not EBMT.is_file():
        raise MissingError(f"{EBMT} is not there; set HSCB_SHARED to where its folder is")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ebmt3.toml"
        file.write_text(_ebmt_text())
        analysis = load_patients(file)
    return [_beside_stan("2,204 transplants, six covariates", analysis, USUAL)]


def bmt_beside_stan() -> list[Row]:
    """137 transplants in four hospitals with effects on each transition."""
    return [_beside_stan("137 transplants, effects of four hospitals", load_patients(BMT), SMALL_STEPS)]


def _beside_stan(words: str, analysis: Member, how: Mapping[str, float]) -> Row:
    """Milliseconds for an effective draw of the parameter that has fewest, warm-up included, compiling not."""
    compiled = compile_model(build(analysis))
    ours = [_milliseconds_per_draw(compiled, how["ours"], int(how["warm_up"]), SEED + run) for run in range(2 * RUNS)]
    found, times = stan_draws(analysis, how["stan"], int(how["warm_up"]))
    theirs = [MILLISECONDS * took / fewest([draws]) for draws, took in zip(found, times, strict=True)]
    return Row(
        what=f"an effective draw of the slowest parameter, {words}", unit="milliseconds", values=ours,
        peer="Stan (PyStan 3), the same model vectorised by hand", against=float(np.median(theirs)), seed=SEED,
    )  # fmt: skip


def _milliseconds_per_draw(compiled: Compiled, target_accept: float, tune: int, seed: int) -> float:
    """One run of four chains on two cores."""
    found: list[Posterior] = []
    took = seconds(lambda: found.append(sample(compiled, target_accept=target_accept, tune=tune, seed=seed)))
    judged = verdict(found[0])
    if not judged.is_converged:
        raise SystemExit(f"benchmarks: {compiled.analysis.path}: {'; '.join(judged.failures)}")
    draws, names = found[0].dataset, (*compiled.analysis.believed, *SAMPLED)
    parts = [draws[name].transpose("chain", "draw", ...).values for name in names if name in draws]
    return MILLISECONDS * took / fewest([part.reshape(*part.shape[:2], -1) for part in parts])


def fewest(parts: Sequence[np.ndarray]) -> float:
    """Fewest bulk effective draws of the columns of arrays, (chain, draw, column) each."""
    columns = np.concatenate(parts, axis=2).transpose(2, 0, 1)
    return float(np.min(array_stats.ess(columns, method="bulk")))


def stan_draws(analysis: Member, target_accept: float, warm_up: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws (run, chain, draw, parameter) of the same model and priors from Stan, and the seconds that they took.

    Raises
    ------
    MissingError
        When no Python with PyStan is named.
    """
    python = os.environ.get(STAN_PYTHON)
    if python is None:
        raise MissingError(f"set {STAN_PYTHON} to a Python that has PyStan 3")
    with tempfile.TemporaryDirectory() as folder:
        data, results = Path(folder) / "data.json", Path(folder) / "draws.npz"
        how = {"seeds": [SEED + run for run in range(STAN_RUNS)], "target_accept": target_accept, "warm_up": warm_up}
        data.write_text(json.dumps(_stan_data(analysis) | how))
        script = [python, str(HERE / "stan_draws.py"), str(HERE / "illness_death.stan"), str(data), str(results)]
        finished = subprocess.run(script, check=False, capture_output=True, text=True)
        if finished.returncode:
            raise SystemExit(f"benchmarks: {python} could not draw from {script[2]}:\n{finished.stderr}")
        with np.load(results) as found:
            return found["draws"], found["seconds"]


def _stan_data(analysis: Member) -> dict[str, object]:
    """The table as the Stan program takes it, a row for each patient at risk of a transition."""
    mean, deviation = prior_normals(analysis)
    order = [analysis.parameter_ids.index(id) for k in range(3) for id in baseline_ids(analysis, k)]
    told: dict[str, object] = {
        "terms": len(analysis.terms),
        "centres": len(analysis.centres),
        "prior_mean": mean[order].tolist(),
        "prior_deviation": deviation[order].tolist(),
        "term_deviation": analysis.term_deviations.tolist(),
        "centre_deviation": analysis.levels["centre"].between["response"] if analysis.centres else 1.0,
        "log_year": float(np.log(YEAR)),
    }
    each = times_at_risk(analysis.patients, clock=analysis.hazards.clock)
    for k, rows in enumerate(each, start=1):
        told |= {
            f"log_time_{k}": np.log(rows.time).tolist(),
            f"event_{k}": rows.event.tolist(),
            f"x_{k}": analysis.own_design[rows.who].tolist(),
            f"centre_{k}": (analysis.own_centre[rows.who] + 1).tolist(),
        }
    return told | {"rows": [rows.time.size for rows in each]}


def _ebmt_text() -> str:
    """The analysis of the 2,204 transplants, with the beliefs of the 137."""
    text = BMT.read_text(encoding="utf-8")
    prior = text[text.index("[prior.response_median]") : text.index("[endpoints]")]
    levels = {"dissub": ["AML", "ALL", "CML"], "age": ["<=20", "20-40", ">40"],
              "drmatch": ["No gender mismatch", "Gender mismatch"], "tcd": ["No TCD", "TCD"]}  # fmt: skip
    covariates = "".join(
        f'[covariates.{name}]\ncolumn = "{name}"\nlabel = "{name}"\nlevels = {json.dumps(of)}\n'
        'hazard_ratio_rarely_above = 8.0\nwhy = "wide"\n\n'
        for name, of in levels.items()
    )
    return (
        f'schema = 1\ntitle = "ebmt3"\nquestion = "speed"\n\n[patients]\nfile = {json.dumps(str(EBMT))}\n'
        'units = "days"\nwhy = "mstate"\n\n[patients.wide]\nresponse_day = "prtime"\nresponse_seen = "prstat"\n'
        f'last_day = "rfstime"\ndied = "rfsstat"\n\n{covariates}[hazards]\nnever_respond = false\n\n{prior}'
    )


def patient_growth() -> list[Row]:
    """Log density and gradient, by how many patients; no two of them alike."""
    rows = []
    for size in SIZES:
        program = compile_model(build(made(size, binary=False))).program  # compiled once for each size
        points = np.repeat(program.start[None] + 0.01, max(2, CALLS * SIZES[1] // size), axis=0)
        values = _nanoseconds(program, points, size * len(TRANSITIONS))
        what, unit = f"log density and gradient of {size:,} patients, six covariates", "nanoseconds"
        is_last = size == SIZES[-1]
        rows.append(
            bounded(what, unit, values, at_most=MOST_NANOSECONDS, seed=SEED)
            if is_last
            else Row(what=what, unit=unit, values=values, seed=SEED)
        )
    return rows


def _nanoseconds(program: Program, points: np.ndarray, size: int) -> list[float]:
    """For each of ``size`` pieces of one evaluation; the first, which loads the data into the caches, not counted."""
    program.evaluated(points[:1])
    return [NANOSECONDS * seconds(lambda: program.evaluated(points)) / (len(points) * size) for _ in range(RUNS)]


def million() -> list[Row]:
    """From a table in memory to a posterior, in a process of its own."""
    code = "from tests.benchmarks.patients import fit_a_million; fit_a_million()"
    finished = command(sys.executable, "-c", code)
    return [
        bounded(f"{MILLION}: simulated, fitted", "s", [finished.seconds], at_most=MOST_SECONDS, seed=SEED),
        bounded(f"{MILLION}: peak memory", "MB", [finished.megabytes], at_most=MOST_MEGABYTES, seed=SEED),
    ]


def fit_a_million() -> None:
    """Simulate, fit, and see that it converged to the truth."""
    analysis = made(SIZES[-1], binary=True)
    posterior = sample(build(analysis), seed=SEED)
    if not verdict(posterior).is_converged:
        raise SystemExit("; ".join(verdict(posterior).failures))


def made(size: int, *, binary: bool) -> Member:
    """A simulated table of patients; six covariates and Weibull hazards, or three binary ones and piecewise hazards."""
    rng, terms = np.random.default_rng(SEED), 3 if binary else 6
    x = (rng.random((size, terms)) < 0.5).astype(float) if binary else rng.normal(size=(size, terms))
    ratios = rng.normal(scale=0.2, size=(3, terms))
    hazards = [Weibull(shape=shape, log_scale=scale) for shape, scale in ((1.3, 2.9), (1.0, 5.5), (0.9, 6.5))]
    relative = x @ ratios.T
    pathway = Pathway(
        response=hazards[0], death_without_response=hazards[1], death_after_response=hazards[2],
        log_hazard_ratio=(0.0, 0.0, 0.0), study_effect=tuple(relative[:, k, None] for k in range(3)),
    )  # fmt: skip
    course, end = simulate_course(pathway, np.zeros(size), shape=(size,), rng=rng), rng.uniform(100.0, 1500.0, size)
    last = np.minimum(course.death_day, end)
    response = np.where(course.response_day < last, course.response_day, np.inf)
    patients = Patients(
        id=np.arange(size).astype(str), entry_day=np.zeros(size), unresponded_until=np.minimum(response, last),
        response_day=response, last_day=last, died=course.death_day <= end,
        covariates={f"x{k}": x[:, k] for k in range(terms)},
    )  # fmt: skip
    return _analysis_of(patients, terms, binary=binary)


def _analysis_of(patients: Patients, terms: int, *, binary: bool) -> Member:
    table = load_patients(BMT)
    covariate = table.table.covariates["age"].model_copy(update={"reference": 0.0, "per": 1.0})
    hazards, prior = table.table.hazards, dict(table.table.prior)
    if binary:
        pieces = dict.fromkeys(TRANSITIONS, "piecewise_exponential")
        hazards = hazards.model_copy(update={**pieces, "cuts": dict.fromkeys(TRANSITIONS, CUTS)})
        prior |= {f"{name}_step": prior[f"{name}_shape"] for name in TRANSITIONS}
    covariates = {f"x{k}": covariate.model_copy(update={"column": f"x{k}"}) for k in range(terms)}
    said = table.table.model_copy(
        update={"covariates": covariates, "centres": None, "hazards": hazards, "prior": prior}
    )
    return replace(table, table=said).with_patients(patients)
