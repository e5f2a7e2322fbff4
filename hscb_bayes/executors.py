"""Where independent work runs: processes of this machine, or the workers of a Dask cluster.

Whoever hands in work takes a ``concurrent.futures.Executor`` and does not know which. A piece of work takes its random
numbers from its own seed, so that results are the same wherever it runs, and as often as it has to be started again.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing import resource_tracker
from typing import Any

from hscb_bayes.errors import InputError
from hscb_bayes.software import difference, software
from hscb_bayes.stopping import end_with_parent

PATIENCE = "20s"  # for an answer of the scheduler, and for its first worker


@contextmanager
def executor_at(cluster: str | None, *, workers: int) -> Iterator[Executor]:
    """An executor: a Dask cluster by its address, or so many processes of this machine where there is none.

    Raises
    ------
    InputError
        As ``on_cluster`` does.
    """
    if cluster is not None:
        with on_cluster(cluster) as executor:
            yield executor
        return
    _start_tracker()
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=end_with_parent) as executor:
        yield executor


def cluster_or_none(address: str | None) -> AbstractContextManager[Executor | None]:
    """The executor of a Dask cluster by its address; none where there is no address, for work in this process."""
    return nullcontext() if address is None else on_cluster(address)


@contextmanager
def on_cluster(address: str) -> Iterator[Executor]:
    """An executor whose work is done by the workers of a Dask scheduler.

    A piece of work whose worker dies is run again by another worker. When the block ends, by whatever error, work that
    has not begun is given up.

    Parameters
    ----------
    address
        Of the scheduler, such as ``"tcp://10.0.0.1:8786"``. The scheduler and its workers need this package; on the
        workers it has to be the same, with the same versions of packages.

    Raises
    ------
    InputError
        When Dask is not installed, nobody answers at the address, there is no worker, the scheduler or a worker has
        other software, a piece of work ends every worker that it meets, or the scheduler ends before the work is done.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise InputError("--cluster: required the package distributed; install hscb_bayes[cluster]") from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"--cluster: required the address of a Dask scheduler, found {address!r}: {error}") from None
    with client:
        _check_workers(client, address)
        try:
            yield client.get_executor(pure=False)
        except KilledWorker as error:
            raise InputError(
                f"--cluster: {address}: a piece of work ended {error.allowed_failures + 1} workers; look at their "
                "memory and their logs"
            ) from None
        except CancelledError:
            raise InputError(f"--cluster: {address}: the scheduler ended before the work was done") from None


def _check_workers(client: Any, address: str) -> None:
    """Refuse a cluster without a worker, and one where work would not be done as it is done here."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise InputError(
            f"--cluster: {address}: required a worker, found none within {PATIENCE}; start one with dask worker "
            f"{address}"
        ) from None
    try:
        client.run_on_scheduler(software)  # what is sent passes through it
    except ModuleNotFoundError as error:
        raise InputError(f"--cluster: {address}: required this package at the scheduler: {error}") from None
    for worker, found in client.run(software, on_error="return").items():
        if isinstance(found, Exception):
            raise InputError(f"--cluster: {worker}: required this package at every worker: {found}")
        refuse_other_software(found, worker)


def refuse_other_software(there: Mapping[str, str], worker: str) -> None:
    """Refuse work by other software than is here.

    Raises
    ------
    InputError
        When a version, or the package's code, is another one.
    """
    found = difference(there)
    if found is not None:
        raise InputError(
            f"--cluster: {worker}: required the software that is here, found that {found}; the same seed would give "
            "other draws"
        )


def cores_of_worker() -> int | None:
    """How many threads the Dask worker has that runs this piece of work; none where no such worker does."""
    if "distributed" not in sys.modules:
        return None
    from distributed import get_worker

    try:
        return int(get_worker().state.nthreads)
    except ValueError:
        return None


def _start_tracker() -> None:
    """Start the process that removes what a pool of ours leaves when we are stopped, without its warning about it."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore::UserWarning:multiprocessing.resource_tracker"
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before
