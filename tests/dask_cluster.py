"""A Dask cluster of this machine, for the tests and the benchmarks of executors."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WORKERS = 2


@contextmanager
def local_cluster(workers: int = WORKERS) -> Iterator[Any]:
    """Workers in processes of their own, with one thread each.

    Raises
    ------
    ImportError
        When the package distributed is not installed.
    """
    from distributed import LocalCluster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as running:
            yield running
