"""The same work by one process, by two, and by Dask clusters: refits of a calibration, and the fits beside a pool."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.load import load, load_alternatives
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.checking.methods.calibrate import SEED, Refit, refit
from hscb_bayes.checking.methods.recorded import each_once
from hscb_bayes.executors import executor_at, on_cluster
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.other_fits import with_other_fits
from hscb_bayes.report.progress import Progress
from hscb_bayes.report.sampling import OF_HIERARCHY
from tests.benchmarks.measuring import MissingError, Row, seconds
from tests.dask_cluster import WORKERS, local_cluster

RUNS = 3
STUDIES = 16
POOL, POOL_SEED = "pooled", 1


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


def fits_beside() -> list[Row]:
    """The fits beside the pooled analysis by one Dask worker of one core, and by two such: wall and processor time.

    Clusters of one and of two workers take turns. Each is new and makes all fits twice: at first every worker compiles
    the models that it meets, whose machine code is on disk, and then it has them. Processor time is that of the worker
    that has most of it: the wall time of cores on which nothing else runs, but for waiting.

    Raises
    ------
    RuntimeError
        If two clusters do not give the same draws.
    """
    if find_spec("distributed") is None:
        raise MissingError("required the package distributed; install hscb_bayes[cluster]")
    expected, runs = _beside(None, []).draws, dict[tuple[int, bool], list[_Made]]()
    for _ in range(RUNS):
        for workers in (1, WORKERS):
            with local_cluster(workers) as cluster, on_cluster(cluster.scheduler_address) as executor:
                pids = [worker.pid for worker in cluster.workers.values()]
                for has_compiled in (False, True):
                    runs.setdefault((workers, has_compiled), []).append(_beside(executor, pids))
    every = [one.draws for found in runs.values() for one in found]
    if any(not np.array_equal(draws[name], expected[name]) for draws in every for name in expected):
        raise RuntimeError("fits_beside: a cluster gave other draws than one process")
    beside = f"{len(expected)} fits beside the pooled analysis by Dask workers of one core"
    return [
        *_compared(f"{beside} that compile first", [runs[workers, False] for workers in (1, WORKERS)], "wall"),
        *_compared(f"{beside} that have compiled", [runs[workers, True] for workers in (1, WORKERS)], "wall"),
        *_compared(
            f"{beside} that have compiled, processor time of the busiest",
            [runs[workers, True] for workers in (1, WORKERS)],
            "busiest",
        ),
        Row(
            what=f"the longest of {len(expected)} fits beside the pooled analysis, processor time",
            unit="s",
            values=[max(one.each) for one in runs[1, True]],
            seed=POOL_SEED,
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class _Made:
    """All fits once.

    Seconds of all of them, processor time of the worker that has most of it and, where fits are made one after the
    other, of each; and draws by the fit's name.
    """

    wall: float
    busiest: float
    each: list[float]
    draws: dict[str, np.ndarray]


def _compared(what: str, made: list[list[_Made]], name: str) -> list[Row]:
    """A row of one worker, and a row of several beside it."""
    one, several = ([getattr(run, name) for run in runs] for runs in made)
    words = f"{what}: {WORKERS} workers, after"
    return [
        Row(what=f"{what}: 1 worker, before", unit="s", values=one, seed=POOL_SEED),
        Row(what=words, unit="s", values=several, peer="1 worker", against=median(one), seed=POOL_SEED),
    ]


@dataclass(kw_only=True, eq=False)
class _Clocked(Progress):
    """Remembers the processor time of each worker when a step begins, shape (step, worker)."""

    pids: list[int]
    times: list[list[float]] = field(default_factory=list)

    def step(self, what: str = "", done: int | None = None, total: int | None = None) -> None:
        self.times.append([_processor_time(pid) for pid in self.pids])


def _processor_time(pid: int) -> float:
    """Seconds of a process, all of its threads together."""
    from psutil import Process  # comes with distributed

    used = Process(pid).cpu_times()
    return float(used.user + used.system)


def _beside(executor: Executor | None, pids: list[int]) -> _Made:
    fits, compiled, alternatives = _pooled()
    say, start = _Clocked(stream=None, pids=pids), time.perf_counter()
    found = with_other_fits(fits, compiled, alternatives, executor=executor, seed=POOL_SEED, say=say)
    wall = time.perf_counter() - start
    say.step()
    spent = np.diff(say.times, axis=0)
    posteriors = {"alone": found.alone[fits.analysis.studies[0]], **found.without, **found.alternatives}
    return _Made(
        wall=wall,
        busiest=float(spent.sum(axis=0).max(initial=0.0)),
        each=spent.sum(axis=1).tolist(),
        draws={name: posterior.parameters for name, posterior in posteriors.items()},
    )


@cache
def _pooled() -> tuple[Fits, Compiled, Mapping[str, Analysis]]:
    """The pooled analysis fitted, its compiled model, and the pools that its report compares."""
    pool = load(POOL)
    compiled = compile_model(build(pool))
    main = OF_HIERARCHY[0].sampled(compiled, seed=POOL_SEED)
    return Fits(main=main, reported={}, seed=POOL_SEED), compiled, load_alternatives(pool)
