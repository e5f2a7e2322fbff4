"""Fits run anywhere: the same numbers from processes and from a cluster, and every fit once although a worker dies."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.checking.methods.calibrate import Refit
from hscb_bayes.checking.methods.executors import each_once, executor_at
from hscb_bayes.errors import InputError
from tests.dask_cluster import local_cluster

cloudpickle = pytest.importorskip("cloudpickle", reason="the package distributed, which brings it, is not installed")
pytest.importorskip("distributed", reason="the package distributed is not installed")

STUDIES, SEED = 24, 11


def stand_in(name: str, study: int, seed: int) -> Refit:
    """What a refit returns, made in a moment."""
    time.sleep(0.05)
    rank = float(np.random.default_rng([seed, study]).uniform())
    return Refit(study=study, ranks={name: rank}, effective=500.0, passed=True, censored=0.0)


def all_refits(executor: Executor, record: Path) -> Iterator[Refit]:
    yield from each_once(stand_in, "os_1y", kind=Refit, studies=STUDIES, seed=SEED, record=record, executor=executor)


@pytest.fixture
def cluster() -> Iterator[object]:
    """Two workers in processes of their own, which know of this file only what is sent to them."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with local_cluster() as running:
        yield running
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.mark.filterwarnings("ignore")
def test_a_run_survives_a_worker_that_is_killed(cluster: object, tmp_path: Path) -> None:
    found: list[Refit] = []
    with executor_at(cluster.scheduler_address, workers=1) as executor:
        for refit in all_refits(executor, tmp_path / "cluster.jsonl"):
            found.append(refit)
            if len(found) == STUDIES // 2:
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    assert sorted(refit.study for refit in found) == list(range(STUDIES))
    expected = {study: stand_in("os_1y", study, SEED) for study in range(STUDIES)}
    assert {refit.study: refit for refit in found} == expected


def test_an_address_where_nobody_answers_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hscb_bayes.checking.methods.executors.PATIENCE", "1s")
    sentence = r"--scheduler: required the address of a Dask scheduler, found 'tcp://127"
    with pytest.raises(InputError, match=sentence), executor_at("tcp://127.0.0.1:9", workers=1):
        pass


def test_processes_are_the_default() -> None:
    with executor_at(None, workers=1) as executor:
        assert executor.submit(abs, -3).result() == 3
