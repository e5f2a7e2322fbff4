"""A Dask cluster of this machine, for the tests and the benchmarks of executors."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WORKERS = 2


@contextmanager
def local_cluster() -> Iterator[Any]:
    """Two workers in processes of their own.

    Raises
    ------
    ImportError
        When the package distributed is not installed.
    """
    from distributed import LocalCluster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with LocalCluster(n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None) as running:
            yield running
