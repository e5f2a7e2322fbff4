"""Measure what users feel and write docs/results/benchmarks.csv: medians, lowest and highest of some runs."""

from __future__ import annotations

import csv
import datetime as dt
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from hscb_bayes.analysis.fit import compile_model, sample
from hscb_bayes.analysis.model import build
from hscb_bayes.analysis.spec import load_analysis
from hscb_bayes.checking.replicate import replicate

OUT = Path("docs/results/benchmarks.csv")
COLUMNS = ("what", "peer", "value", "low", "high", "unit", "ratio", "command", "versions", "seed", "date")
SEED = 1
RUNS = 5


def spread(measure: Callable[[], float], runs: int = RUNS) -> dict[str, float]:
    """Median, lowest and highest of some runs."""
    values = [measure() for _ in range(runs)]
    return {"value": statistics.median(values), "low": min(values), "high": max(values)}


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def command(*arguments: str) -> Callable[[], float]:
    """Wall time of a command in a process of its own."""
    return lambda: seconds(lambda: subprocess.run(arguments, check=True, capture_output=True))


def main() -> None:
    """Measure and write."""
    python, hscb = sys.executable, str(Path(sys.executable).with_name("hscb"))
    built = build(load_analysis("main"))
    compiled = []
    rows = [
        (
            "compile main, caches as they are",
            spread(lambda: seconds(lambda: compiled.append(compile_model(built))), 1),
            "s",
        )
    ]

    def microseconds_per_step() -> float:
        posterior = []
        wall = seconds(
            lambda: posterior.append(sample(compiled[0], seed=SEED, chains=1, cores=1, draws=2000, tune=500))
        )
        return 1e6 * wall / (float(posterior[0]["sample_stats"]["n_steps"].mean()) * 2500)

    rows.append(("leapfrog step of main, one chain", spread(microseconds_per_step), "microseconds"))
    posterior = sample(compiled[0], seed=SEED)
    rows.append(
        ("4,000 replicates with all statistics", spread(lambda: seconds(lambda: replicate(posterior, seed=SEED))), "s")
    )
    rows.append(("import hscb_bayes", spread(command(python, "-c", "import hscb_bayes")), "s"))
    rows.append(("hscb --help", spread(command(hscb, "--help")), "s"))
    rows.append(("hscb audit", spread(command(hscb, "audit", "models/evidence/gagelmann2023.toml")), "s"))
    rows.append(
        ("hscb run main, warm", spread(command(hscb, "run", "main", "--quiet", "--out", "results/bench"), 3), "s")
    )
    write(rows)


def write(rows: list[tuple[str, dict[str, float], str]]) -> None:
    """Write the table under a temporary name, then rename it."""
    stamp = {
        "command": "make bench",
        "versions": "; ".join(
            f"{name} {version(name)}" for name in ("hscb_bayes", "pymc", "pytensor", "nutpie", "numpy")
        ),
        "seed": SEED,
        "date": dt.date.today().isoformat(),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    temporary = OUT.with_suffix(".part")
    with temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for what, figures, unit in rows:
            rounded = {name: float(f"{value:.3g}") for name, value in figures.items()}
            writer.writerow({"what": what, "unit": unit} | rounded | stamp)
    temporary.replace(OUT)


if __name__ == "__main__":
    main()
