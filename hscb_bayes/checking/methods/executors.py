"""Where many independent fits run: processes of this machine, or a Dask cluster by the address of its scheduler.

Whoever runs them takes a ``concurrent.futures.Executor`` and does not know which. A fit's random numbers come from its
own number, so that results are the same wherever it runs, and as often as it has to be started again.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, Protocol

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.stored import text_of_patients
from hscb_bayes.model.known_patients import tables_of
from hscb_bayes.stopping import end_with_parent


class Numbered(Protocol):
    """A dataclass of numbers and texts, made from the simulated study of this number."""

    @property
    def study(self) -> int:
        """The number."""


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
        _start_tracker()
        with ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=end_with_parent
        ) as executor:
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


def each_once[Result: Numbered](
    work: Callable[[str, int, int], Result],
    path: str,
    *,
    kind: Callable[..., Result],
    studies: int,
    seed: int,
    record: Path,
    executor: Executor,
) -> Iterator[Result]:
    """Work on every simulated study of an analysis file: ``work(path, study, seed)``.

    What is already in ``record`` (a JSON line each) is not done again, so that a run can be resumed.
    """
    done = _recorded(record, kind)
    yield from (result for study, result in done.items() if study < studies)
    left = [study for study in range(studies) if study not in done]
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("".join(f"{_line(result)}\n" for result in done.values()))  # without a torn line
    waiting = {executor.submit(work, path, study, seed) for study in left}
    try:
        with record.open("a") as file:
            for finished in as_completed(waiting):
                result = finished.result()
                file.write(f"{_line(result)}\n")
                file.flush()
                yield result
    finally:
        for work_to_come in waiting:
            work_to_come.cancel()


def _line(result: Any) -> str:
    return json.dumps(asdict(result))


def _recorded[Result: Numbered](record: Path, kind: Callable[..., Result]) -> dict[int, Result]:
    if not record.is_file():
        return {}
    lines = [kind(**json.loads(line)) for line in record.read_text().splitlines() if line.endswith("}")]
    return {line.study: line for line in lines}


def fingerprint(analysis: Analysis) -> str:
    """Of all that an analysis and its studies say and of the package's code: work by another is not taken up."""
    told = hashlib.sha256(analysis.text.encode())
    for member in analysis.members:
        told.update(f"{member.text}{member.study.sha256}".encode())
    for table in tables_of(analysis).values():
        told.update(text_of_patients(table.patients).encode())
    for file in files_of_the_package():
        told.update(file.read_bytes())
    return told.hexdigest()[:12]


def files_of_the_package() -> list[Path]:
    """All of its Python files."""
    return sorted(Path(__file__).parents[2].rglob("*.py"))
