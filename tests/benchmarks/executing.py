"""The same refits by one process, by two, and by a Dask cluster of two workers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.checking.methods.calibrate import SEED, Refit, refit
from hscb_bayes.checking.methods.recorded import each_once
from hscb_bayes.executors import executor_at
from tests.benchmarks.measuring import MissingError, Row, seconds
from tests.dask_cluster import WORKERS, local_cluster

RUNS = 3
STUDIES = 16


def executors() -> list[Row]:
    """Wall time of some refits wherever they run; the first time, which compiles, is not counted.

    Raises
    ------
    RuntimeError
        If two executors do not give the same numbers.
    """
    one, expected = _measured(partial(executor_at, None, workers=1))
    rows = [Row(what=f"refits of {STUDIES} simulated studies by one process", unit="s", values=one, seed=SEED)]
    others: dict[str, Callable[[], AbstractContextManager[Executor]]] = {
        f"{WORKERS} processes": partial(executor_at, None, workers=WORKERS),
        f"a Dask cluster of {WORKERS} workers": _cluster,
    }
    for name, executor in others.items():
        values, found = _measured(executor)
        if found != expected:
            raise RuntimeError(f"executors: {name} gave other numbers than one process")
        what = f"refits of {STUDIES} simulated studies by {name}"
        rows.append(Row(what=what, unit="s", values=values, peer="one process", against=median(one), seed=SEED))
    return rows


def _measured(executor: Callable[[], AbstractContextManager[Executor]]) -> tuple[list[float], dict[int, Refit]]:
    """Seconds of each run but the first, and what came out of it, by study."""
    with executor() as running:
        found = _refits(running)
        return [seconds(lambda: _refits(running)) for _ in range(RUNS)], found


def _refits(executor: Executor) -> dict[int, Refit]:
    with tempfile.TemporaryDirectory() as folder:
        path, record = load_analysis("calibration").path, Path(folder) / "refits.jsonl"
        found = each_once(refit, path, kind=Refit, studies=STUDIES, seed=SEED, record=record, executor=executor)
        return {one.study: one for one in found}


@contextmanager
def _cluster() -> Iterator[Executor]:
    if find_spec("distributed") is None:
        raise MissingError("required the package distributed; install hscb_bayes[cluster]")
    with local_cluster() as cluster, executor_at(cluster.scheduler_address, workers=WORKERS) as executor:
        yield executor
