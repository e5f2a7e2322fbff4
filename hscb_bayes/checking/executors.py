"""Where many independent fits run: processes of this machine, or a Dask cluster by the address of its scheduler.

Whoever runs them takes a ``concurrent.futures.Executor`` and does not know which. A fit's random numbers come from its
own number, so that results are the same wherever it runs, and as often as it has to be started again.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from hscb_bayes.errors import InputError

PATIENCE = "20s"  # for an answer of the scheduler


@contextmanager
def executor_at(scheduler: str | None, *, workers: int) -> Iterator[Executor]:
    """An executor: ``workers`` processes, or the cluster of a Dask scheduler.

    Parameters
    ----------
    scheduler
        Address such as ``"tcp://10.0.0.1:8786"``; its workers need this package. A task whose worker dies is run again
        by another.

    Raises
    ------
    InputError
        When Dask is not installed, or nobody answers at the address.
    """
    if scheduler is None:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as executor:
            yield executor
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--scheduler: required the package distributed; install hscb_bayes[cluster]") from None
    try:
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"--scheduler: required the address of a Dask scheduler, found {scheduler!r}: {error}"
        ) from None
    with client:
        yield client.get_executor(pure=False)
