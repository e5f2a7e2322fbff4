"""Fits run anywhere: the same numbers from processes and from a cluster, and every fit once although a worker dies."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hscb_bayes.checking.methods.calibrate import Refit
from hscb_bayes.checking.methods.recorded import each_once
from hscb_bayes.errors import InputError
from hscb_bayes.executors import cluster_or_none, cores_of_worker, executor_at, on_cluster
from tests.dask_cluster import local_cluster

cloudpickle = pytest.importorskip("cloudpickle", reason="the package distributed, which brings it, is not installed")
KilledWorker = pytest.importorskip("distributed", reason="the package distributed is not installed").KilledWorker
pytestmark = pytest.mark.xdist_group("stand_in_cluster")

STUDIES, SEED = 24, 11


def stand_in(name: str, study: int, seed: int) -> Refit:
    """What a refit returns, made in a moment."""
    time.sleep(0.05)
    rank = float(np.random.default_rng([seed, study]).uniform())
    return Refit(study=study, ranks={name: rank}, effective=500.0, passed=True, censored=0.0)


def all_refits(executor: Executor, record: Path) -> Iterator[Refit]:
    yield from each_once(stand_in, "os_1y", kind=Refit, studies=STUDIES, seed=SEED, record=record, executor=executor)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers in processes of their own, which know of this file only what is sent to them."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with local_cluster() as running:
        yield running
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.mark.filterwarnings("ignore")
def test_a_run_survives_a_worker_that_is_killed(cluster: Any, tmp_path: Path) -> None:
    found: list[Refit] = []
    with executor_at(cluster.scheduler_address, workers=1) as executor:
        for refit in all_refits(executor, tmp_path / "cluster.jsonl"):
            found.append(refit)
            if len(found) == STUDIES // 2:
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    assert sorted(refit.study for refit in found) == list(range(STUDIES))
    expected = {study: stand_in("os_1y", study, SEED) for study in range(STUDIES)}
    assert {refit.study: refit for refit in found} == expected


@pytest.mark.filterwarnings("ignore")
def test_work_may_take_the_cores_of_its_worker(cluster: Any) -> None:
    with on_cluster(cluster.scheduler_address) as executor:
        assert executor.submit(cores_of_worker).result() == 1
    assert cores_of_worker() is None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KilledWorker("fit", None, 3), "a piece of work ended 4 workers; look at their memory and their logs"),
        (CancelledError(), "the scheduler ended before the work was done"),
    ],
    ids=["the work kills its workers", "the scheduler ends"],
)
def test_what_ends_on_the_cluster_gets_a_sentence(cluster: Any, error: Exception, sentence: str) -> None:
    address = cluster.scheduler_address
    with pytest.raises(InputError) as caught, on_cluster(address):
        raise error
    assert str(caught.value) == f"--cluster: {address}: {sentence}"


@pytest.mark.filterwarnings("ignore")
def test_workers_with_other_software_get_a_sentence(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hscb_bayes.executors.difference", lambda _there: "nutpie is 0.1, and 0.2 here")
    with pytest.raises(InputError) as caught, on_cluster(cluster.scheduler_address):
        pass
    worker, sentence = str(caught.value).removeprefix("--cluster: tcp://").split(": ", 1)
    assert f"tcp://{worker}" in {each.worker_address for each in cluster.workers.values()}
    assert sentence == (
        "required the software that is here, found that nutpie is 0.1, and 0.2 here; the same seed would give other "
        "draws"
    )


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_without_a_worker_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hscb_bayes.executors.PATIENCE", "0.1s")
    with local_cluster(workers=0) as running:
        address = running.scheduler_address
        with pytest.raises(InputError) as caught, on_cluster(address):
            pass
    assert str(caught.value) == (
        f"--cluster: {address}: required a worker, found none within 0.1s; start one with dask worker {address}"
    )


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere", ""])
def test_an_address_where_nobody_answers_gets_a_sentence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hscb_bayes.executors.PATIENCE", "1s")
    sentence = f"--cluster: required the address of a Dask scheduler, found '{address}"
    with pytest.raises(InputError, match=sentence), on_cluster(address):
        pass


def test_without_dask_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError) as caught, on_cluster("tcp://127.0.0.1:9"):
        pass
    assert str(caught.value) == "--cluster: required the package distributed; install hscb_bayes[cluster]"


def test_processes_are_the_default() -> None:
    with executor_at(None, workers=1) as executor:
        assert executor.submit(abs, -3).result() == 3


def test_without_an_address_there_is_no_executor() -> None:
    with cluster_or_none(None) as executor:
        assert executor is None
