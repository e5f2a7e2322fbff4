"""Work on many simulated studies, each recorded when it is done, so that a run goes on where it was stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.evidence.patients.stored import text_of_patients
from hscb_bayes.model.known_rows import tables_of
from hscb_bayes.software import files_of_the_package


class Numbered(Protocol):
    """A dataclass of numbers and texts, made from the simulated study of this number."""

    @property
    def study(self) -> int:
        """The number."""


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
