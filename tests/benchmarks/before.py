"""The same work by an earlier clone of this package and by this one, in turn, on one machine.

``HSCB_BEFORE`` is the folder of the earlier clone, in which ``make setup`` has run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from tests.benchmarks.measuring import MissingError, Row, command

HERE = Path(__file__).parents[2]
SEED = 1
STUDIES, CALIBRATED = 5, 40
RUNS, POOLED_RUNS = 2, 1
REFITS = """
import sys, time
from hscb_bayes.checking.methods.calibrate import SEED, refit
refit("main", 0, SEED)
start = time.perf_counter()
for study in range(1, int(sys.argv[1]) + 1):
    refit("main", study, SEED)
print((time.perf_counter() - start) / int(sys.argv[1]))
"""


def before_and_after() -> list[Row]:
    """Cold and warm runs of a paper, of a pool and of patients; refits; a calibration on two cores.

    Raises
    ------
    MissingError
        When there is no earlier clone.
    """
    earlier = os.environ.get("HSCB_BEFORE")
    if not earlier or not (Path(earlier) / ".venv").is_dir():
        raise MissingError("set HSCB_BEFORE to an earlier clone in which make setup has run")
    clones = [Path(earlier), HERE]
    return [
        *_cold(clones),
        _compared("hscb run main, warm", clones, lambda clone: _run(clone, "main", {}), RUNS, warm=True),
        _compared("refit of a simulated study on one core", clones, _refit, RUNS),
        _compared(f"{CALIBRATED} calibration studies of main, two processes, start included", clones, _calibration, 1),
        _compared("hscb run pooled, warm", clones, lambda clone: _run(clone, "pooled", {}), POOLED_RUNS, warm=True),
    ]


def _cold(clones: list[Path]) -> list[Row]:
    """No compiled code; then another layout, the first one's code being there; then patients with hospitals."""
    names = {
        "hscb run main, cold": "main",
        "hscb run stasia2014, compiled code of main alone there": "stasia2014",
        "hscb run of 137 transplants with hospitals, cold": "tests/data/bmt_changing.toml",
    }
    found: dict[str, list[float]] = {what: [] for what in names}
    for clone in clones:
        with tempfile.TemporaryDirectory() as fresh, tempfile.TemporaryDirectory() as other:
            for what, name in names.items():
                found[what].append(_run(clone, name, _caches(other if name.startswith("tests") else fresh)))
    return [_row(what, [before], [after], clones) for what, (before, after) in found.items()]


def _caches(folder: str) -> dict[str, str]:
    return {
        "XDG_CACHE_HOME": f"{folder}/caches",
        "PYTENSOR_FLAGS": f"base_compiledir={folder}/pytensor",
        "NUMBA_CACHE_DIR": f"{folder}/numba",
    }


def _compared(what: str, clones: list[Path], measure: Callable[[Path], float], runs: int, *, warm: bool = False) -> Row:
    """Both in turn; ``warm`` where a run that is not counted goes before."""
    values: list[list[float]] = [[], []]
    for run in range(runs + warm):
        for own, clone in zip(values, clones, strict=True):
            seconds = measure(clone)
            if run or not warm:
                own.append(seconds)
    return _row(what, *values, clones)


def _row(what: str, before: list[float], after: list[float], clones: list[Path]) -> Row:
    commit = subprocess.run(
        ["git", "-C", str(clones[0]), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    spread = f"{min(before):.3g} to {max(before):.3g}" if len(before) > 1 else f"{before[0]:.3g}"
    return Row(
        what=f"{what}, before and after",
        unit="s",
        values=after,
        peer=f"the package at {commit}, {spread} s",
        against=median(before),
        seed=SEED,
    )


def _run(clone: Path, name: str, environment: Mapping[str, str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        told = str(clone / name) if "/" in name else name
        arguments = ["run", told, "--quiet", "--seed", str(SEED), "--out", f"{folder}/out"]
        return command(str(clone / ".venv/bin/hscb"), *arguments, environment=environment).seconds


def _refit(clone: Path) -> float:
    told = subprocess.run(
        [_python(clone), "-c", REFITS, str(STUDIES)], capture_output=True, text=True, check=True, cwd=clone
    )
    return float(told.stdout)


def _calibration(clone: Path) -> float:
    with tempfile.TemporaryDirectory() as folder:
        module = "hscb_bayes.cli calibrate" if clone == HERE else "hscb_bayes.checking.methods.calibrate"
        arguments = ["-m", *module.split(), "calibration", "--studies", str(CALIBRATED)]
        return command(_python(clone), *arguments, "--work", folder, "--out", f"{folder}/table.csv").seconds


def _python(clone: Path) -> str:
    return sys.executable if clone == HERE else str(clone / ".venv/bin/python")
