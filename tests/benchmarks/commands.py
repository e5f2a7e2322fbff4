"""What a user waits for at the command line."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.measuring import Finished, Row, bounded, command

HSCB = str(Path(sys.executable).with_name("hscb"))
STUDY = "models/evidence/gagelmann2023.toml"
RUNS, SHORT_RUNS = 3, 9
POOLED_RUNS = 2
WARM, COLD, PEAK, ANSWER = 25.0, 100.0, 1500.0, 1.0  # the most that each may be: s, s, MB, s
POOLED = 40.0  # s
SEED = 1


def run_warm() -> list[Row]:
    """The whole way of the main analysis, after a run that is not counted and fills the caches."""
    _run("main", {})
    finished = [_run("main", {}) for _ in range(RUNS)]
    return [
        bounded("hscb run main, warm", "s", [run.seconds for run in finished], at_most=WARM, seed=SEED),
        bounded("hscb run main, peak memory", "MB", [run.megabytes for run in finished], at_most=PEAK, seed=SEED),
    ]


def run_phases() -> list[Row]:
    """Where the time of a warm run goes: from one line of its progress to the next."""
    return _phase_rows("main", [_phases("main") for _ in range(RUNS)])


def pooled_run() -> list[Row]:
    """The whole way of the seven studies, after one that is not counted, and where the time goes."""
    _run("pooled", {})
    runs = [_phases("pooled") for _ in range(POOLED_RUNS)]
    whole = [sum(run.values()) for run in runs]
    return [bounded("hscb run pooled, warm", "s", whole, at_most=POOLED, seed=SEED), *_phase_rows("pooled", runs)]


def _phase_rows(name: str, runs: Sequence[Mapping[str, float]]) -> list[Row]:
    return [
        Row(what=f"hscb run {name}, warm, of it: {step}", unit="s", values=[run[step] for run in runs], seed=SEED)
        for step in runs[0]
    ]


def _phases(name: str) -> dict[str, float]:
    """Seconds by step, the counts of "fitting alternatives 3 of 8" added up."""
    spent: defaultdict[str, float] = defaultdict(float)
    step, since = "starting", time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        arguments = [HSCB, "run", name, "--seed", str(SEED), "--out", str(Path(folder) / name)]
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
            for line in running.stderr or ():
                now = time.perf_counter()
                spent[step] += now - since
                step, since = re.sub(r" \d+ of \d+$", "", line.strip()), now
    spent[step] += time.perf_counter() - since
    if running.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: ended with {running.returncode}; run it by hand to see why")
    return dict(spent)


def run_cold() -> list[Row]:
    """The same once with no compiled code: PyTensor and Numba keep theirs in a fresh folder."""
    with tempfile.TemporaryDirectory() as fresh:
        finished = _run(
            "main", {"PYTENSOR_FLAGS": f"base_compiledir={fresh}/pytensor", "NUMBA_CACHE_DIR": f"{fresh}/numba"}
        )
    return [bounded("hscb run main, cold", "s", [finished.seconds], at_most=COLD, seed=SEED)]


def _run(name: str, environment: Mapping[str, str]) -> Finished:
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / name)
        return command(HSCB, "run", name, "--quiet", "--seed", str(SEED), "--out", out, environment=environment)


def import_package() -> list[Row]:
    """A process that imports the package and ends."""
    return [Row(what="import hscb_bayes", unit="s", values=_times(sys.executable, "-c", "import hscb_bayes"))]


def show_help() -> list[Row]:
    """``hscb --help``."""
    return [bounded("hscb --help", "s", _times(HSCB, "--help"), at_most=ANSWER)]


def audit() -> list[Row]:
    """``hscb audit`` of the main study."""
    return [bounded("hscb audit", "s", _times(HSCB, "audit", STUDY), at_most=ANSWER)]


def _times(*arguments: str) -> list[float]:
    return [command(*arguments).seconds for _ in range(SHORT_RUNS)]
