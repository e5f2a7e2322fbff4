"""What robust weights buy: simulated literatures in which one study is not of the kind.

The same literatures are fitted by pools that differ in the weight of a study being one of its kind: once as they were
drawn, and once with one study moved by a hazard ratio on all three transitions (response so much slower, both deaths so
much sooner). The average study, the first one and the next one have not changed: does the analysis still find them?

References
----------
Neuenschwander B, Wandel S, Roychoudhury S, Bailey S. Robust exchangeability designs for early phase clinical trials
with multiple strata. Pharm Stat 2016;15:123-134.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.read_pool import load_pool
from hscb_bayes.arguments import seed as seed_number
from hscb_bayes.checking.methods.calibrate import CHAINS, POOL_ATTEMPTS, POOL_TUNE, SEED, WORKERS, gate, write_table
from hscb_bayes.checking.methods.literature import (
    AVERAGE,
    ESTIMANDS,
    NEXT,
    printed_literature,
    quantities,
    true_literature,
    with_effects,
)
from hscb_bayes.checking.methods.recorded import each_once, fingerprint
from hscb_bayes.errors import InputError, refusals_said
from hscb_bayes.executors import executor_at
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model, with_data
from hscb_bayes.posterior.exchangeable import exchangeable_probability
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import sample
from hscb_bayes.stopping import end_on_signals

POOLS = ("pooled", "pooled_weight_80", "pooled_weight_50")
STUDY, RATIO = "scb2024", 4.0  # the study that is moved, by a hazard ratio
LITERATURES = 100
AS_DRAWN = "as drawn"
WORSE = {"response": -1.0, "death_without_response": 1.0, "death_after_response": 1.0}
COLUMNS = (
    "pool", "weight", "literature", "quantity", "literatures", "failures", "cover90", "width90", "error", "of_its_kind",
    "command", "versions", "seed", "date",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Found:
    """One literature fitted: truth and the 5%, 50% and 95% points by quantity, and the moved study's weight."""

    study: int
    truth: dict[str, float]
    points: dict[str, list[float]]
    of_its_kind: float
    passed: bool


def moved(truth: Posterior, study: str, ratio: float) -> Posterior:
    """The same literature with one study worse by a hazard ratio on every transition."""
    effects = truth.dataset["study_effect"].copy(deep=True)
    change = np.log(ratio) * np.array([WORSE.get(str(effect), 0.0) for effect in effects["effect"].values])
    effects.loc[{"study": study}] += change
    return with_effects(truth, effects.values)


def fit_literature(name: str, literature: int, seed: int, *, study: str, ratio: float) -> Found:
    """Draw a literature from the beliefs of the first of ``POOLS``, move one study, and fit a pool to its print."""
    compiled, drawn_by = _compiled(name), _pool(POOLS[0])
    rng = np.random.default_rng([seed, literature])
    truth = moved(true_literature(drawn_by, rng=rng), study, ratio)
    simulated, numbers, _ = printed_literature(drawn_by, truth, rng=rng)
    for draws, target_accept in POOL_ATTEMPTS:
        program = with_data(compiled, replace(compiled.analysis, members=simulated.members), numbers)
        posterior = sample(
            program,
            draws=draws,
            tune=POOL_TUNE,
            chains=CHAINS,
            cores=1,
            target_accept=target_accept,
            seed=seed + literature,
        )
        drawn = quantities(posterior, seed=seed + literature)
        wanted = [id for id in drawn if id.partition(":")[0] in (AVERAGE, NEXT, study, drawn_by.studies[0])]
        wanted = [id for id in wanted if id.partition(":")[2] in ESTIMANDS]
        passed, _ = gate(posterior, {id: drawn[id] for id in wanted})
        if passed:
            break
    true, kind = quantities(truth, seed=int(rng.integers(2**32))), exchangeable_probability(posterior)
    return Found(
        study=literature,
        truth={id: float(true[id][0]) for id in wanted},
        points={id: [float(point) for point in np.quantile(drawn[id], (0.05, 0.5, 0.95))] for id in wanted},
        of_its_kind=float(kind[:, drawn_by.studies.index(study)].mean()),
        passed=passed,
    )


@cache
def _pool(name: str) -> Analysis:
    return load_pool(name)


@cache
def _compiled(name: str) -> Compiled:
    """One program per process and pool."""
    return compile_model(build(_pool(name)))


def coverage_row(found: list[Found], quantity: str) -> dict[str, object]:
    """Coverage and mean width of the 90% interval, and the mean distance of the median from the truth."""
    points = np.array([one.points[quantity] for one in found])
    truth = np.array([one.truth[quantity] for one in found])
    held = (points[:, 0] <= truth) & (truth <= points[:, 2])
    return {
        "quantity": quantity,
        "literatures": len(found),
        "failures": sum(not one.passed for one in found),
        "cover90": round(float(held.mean()), 3),
        "width90": round(float((points[:, 2] - points[:, 0]).mean()), 3),
        "error": round(float(np.abs(points[:, 1] - truth).mean()), 3),
        "of_its_kind": round(float(np.mean([one.of_its_kind for one in found])), 3),
    }


def compare(
    *, literatures: int, seed: int, study: str, ratio: float, work: Path, executor: Executor
) -> list[dict[str, object]]:
    """Rows of the table: every pool, on the literatures as drawn and with the study moved."""
    rows: list[dict[str, object]] = []
    if study not in _pool(POOLS[0]).studies:
        raise InputError(f"--study: required one of {', '.join(_pool(POOLS[0]).studies)}, found {study!r}")
    for name in POOLS:
        pool = _pool(name)
        for size, words in ((1.0, AS_DRAWN), (ratio, f"{study} moved by {ratio:g}")):
            record = work / f"{name}_{fingerprint(pool)}_{study}_{size:g}_{seed}.jsonl"
            found: list[Found] = []
            for one in each_once(
                partial(fit_literature, study=study, ratio=size),
                pool.path,
                kind=Found,
                studies=literatures,
                seed=seed,
                record=record,
                executor=executor,
            ):
                found.append(one)
                sys.stderr.write(f"\r{name}, {words}: {len(found)} of {literatures}")
            sys.stderr.write("\n")
            head = {"pool": name, "weight": pool.levels["study"].weight_of(study), "literature": words}
            rows += [head | coverage_row(found, quantity) for quantity in found[0].points]
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Command line of the comparison."""
    if arguments is None:
        end_on_signals()
    parser = argparse.ArgumentParser(
        prog="python -m hscb_bayes.checking.methods.robust", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--literatures", type=int, default=LITERATURES)
    parser.add_argument("--study", default=STUDY, help="the one that is moved")
    parser.add_argument("--ratio", type=float, default=RATIO, help="hazard ratio that it is moved by")
    parser.add_argument("--seed", type=seed_number, default=SEED)
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes")
    parser.add_argument("--cluster", metavar="ADDRESS", help="address of a Dask scheduler instead of processes")
    parser.add_argument("--work", type=Path, default=Path("results/calibration"), help="where single fits are kept")
    parser.add_argument("--out", type=Path, help="table to write; printed if left out")
    options = parser.parse_args(arguments)
    command = f"python -m hscb_bayes.checking.methods.robust --literatures {options.literatures}"
    with executor_at(options.cluster, workers=options.workers) as executor:
        rows = compare(
            literatures=options.literatures,
            seed=options.seed,
            study=options.study,
            ratio=options.ratio,
            work=options.work,
            executor=executor,
        )
    for row in rows:
        sys.stdout.write(f"{row}\n")
    if options.out:
        write_table(options.out, COLUMNS, rows, command=command, seed=options.seed)


if __name__ == "__main__":
    with refusals_said():
        main()
