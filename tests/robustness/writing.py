"""The writing stage of a run: the real one of ``run``, with its posterior and tables ready, in a forked process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pandas as pd

from hscb_bayes.analysis.member import load_analysis
from hscb_bayes.errors import InputError
from hscb_bayes.posterior import stored
from hscb_bayes.posterior.stored import load_posterior
from hscb_bayes.report import page, run
from hscb_bayes.report.manifest import check_manifest
from hscb_bayes.report.results import POSTERIOR, Results
from tests.report.conftest import CONVERGED, judged, prior_posterior, results_from_prior

MIXED = -9  # where a whole run is asked for, and two are there
MARK = "number"  # of a run, in a table and in the page, so that a mixture of two runs is seen


@dataclass(frozen=True, kw_only=True, eq=False)
class Ready:
    """All that a run of main writes, made without a sampler: results, the page, and the bytes of the posterior."""

    results: Results
    page: str
    content: bytes

    def to_netcdf(self, **_: object) -> memoryview:
        """The bytes; they take longer to make than all else takes to write, and are the same in every run."""
        return memoryview(self.content)


@cache
def ready() -> Ready:
    """Made once, before processes are forked."""
    analysis = load_analysis("main")
    posterior = judged(prior_posterior(analysis), CONVERGED)
    results = results_from_prior(posterior)
    with tempfile.TemporaryDirectory() as folder:
        stored.save(posterior, Path(folder) / POSTERIOR)
        content = (Path(folder) / POSTERIOR).read_bytes()
    return Ready(results=results, page=page.render(results), content=content)


class Writer:
    """Runs of main that begin with writing."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._ready = ready()
        self._loaded = ""

    def write(self, number: int, reached: Callable[[], None]) -> None:
        """Run main into ``out``; ``reached`` is called where writing begins. For a process of its own."""

        def made(*_: object, **__: object) -> Results:
            reached()
            results = self._ready.results
            marked = pd.concat([results.tables["death_days"].assign(**{MARK: number})] * 20)  # longer to write
            return replace(results, tables={**results.tables, "death_days": marked})

        run.computed_results = made
        run.load = lambda _: self._ready.results.analysis
        run.load_alternatives = lambda _: {}
        stored.sealed = lambda _: self._ready
        page.render = lambda _: f"{self._ready.page}<!-- {MARK} {number} -->"
        run.run("main", self.out, seed=1)

    def forked(self, number: int) -> tuple[int, int]:
        """Begin such a run in another process; its id, and a descriptor on which a byte comes where writing begins."""
        reader, writer = os.pipe()
        child = os.fork()
        if child:
            os.close(writer)
            return child, reader
        status = 1
        try:
            os.close(reader)
            self.write(number, lambda: os.close(writer) if os.write(writer, b".") else None)
            status = 0
        finally:
            os._exit(status)

    def number_in(self) -> int | None:
        """Which run is in ``out``, whole; None where there are no results that the package takes, or ``MIXED``."""
        try:
            check_manifest(self.out)
            table = set(pd.read_csv(self.out / "death_days.csv")[MARK])
            page = (self.out / "report.html").read_text(encoding="utf-8").rpartition(f"<!-- {MARK} ")[2].split()[0]
            if page != self._loaded:  # by its digest it is the posterior that was loaded before
                load_posterior(self.out / POSTERIOR)
        except (InputError, OSError):
            return None
        self._loaded = page
        return int(page) if table == {int(page)} else MIXED

    def left_beside(self) -> list[str]:
        """Names of what is beside ``out``."""
        return sorted(path.name for path in self.out.parent.iterdir() if path != self.out)
