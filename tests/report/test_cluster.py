"""A run whose other fits are made by a cluster: the same tables, and nothing lost where a worker is killed."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from hscb_bayes import cli
from hscb_bayes.analysis.load import load
from hscb_bayes.checking.leave_out import each_number, fits_without
from hscb_bayes.executors import on_cluster
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import compile_model
from hscb_bayes.posterior.attempt import Attempt
from hscb_bayes.posterior.fitting import Fitting, collected
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report import sampling
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.other_fits import with_other_fits
from hscb_bayes.report.progress import Progress
from hscb_bayes.report.sections import sections_of
from tests import corners
from tests.dask_cluster import local_cluster
from tests.results_of_draws import fits_of

cloudpickle = pytest.importorskip("cloudpickle", reason="the package distributed, which brings it, is not installed")
pytest.importorskip("distributed", reason="the package distributed is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("small_pool"), pytest.mark.filterwarnings("ignore")]

FEW = Attempt(draws=60, tune=60, chains=2)
SEED = 3


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    """Of two workers in processes of their own, which know of this file only what is sent to them."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with local_cluster() as running, on_cluster(running.scheduler_address) as executor:
        yield executor
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def tables_of(fits: Fits) -> dict[str, str]:
    """Every table of a run as the text of its file."""
    sections = sections_of(fits.analysis)
    return {name: table(fits).to_csv() for section in sections for name, table in section.tables.items()}


def test_tables_of_a_pool_are_those_of_one_process_to_the_last_byte(
    executor: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "BESIDE_HIERARCHY", (FEW, replace(FEW, target_accept=0.95)))
    path = corners.pool(tmp_path, "ordinary", 15, with_table=True, weight=0.8)
    pool = load(path)
    path.write_text(path.read_text().replace("response = 4.0", "response = 2.0", 1))
    compiled, alternatives = compile_model(build(pool)), {"narrower": load(path)}
    main = fits_of(FEW.sampled(compiled, seed=SEED))
    found, said = [], []
    for where in (None, executor):
        stream = io.StringIO()
        fits = with_other_fits(main, compiled, alternatives, executor=where, seed=SEED, say=Progress(stream=stream))
        found.append(tables_of(fits))
        said.append(stream.getvalue())
    assert found[0] == found[1]
    assert said[0] == said[1]
    assert said[1].splitlines() == [
        "each study alone", "leaving out studies 1 of 2", "leaving out studies 2 of 2", "other beliefs 1 of 1",
    ]  # fmt: skip


def passes_unless_killed(folder: Path, _posterior: Posterior) -> bool:
    """Where a fit is judged: the first process that comes here is killed, in the middle of its fit."""
    with (folder / "judged").open("a") as file:
        file.write("x")
    try:
        (folder / "killed").touch(exist_ok=False)
    except FileExistsError:
        return True
    os.kill(os.getpid(), signal.SIGKILL)
    return False


def test_a_worker_that_is_killed_loses_no_fit_and_none_is_made_twice(executor: Executor, tmp_path: Path) -> None:
    compiled = compile_model(build(load(corners.paper(tmp_path, "ordinary", 15))))
    parts = each_number(compiled.analysis)
    here, there = (
        {
            name: Fitting.of(compiled, where).begun(fit)
            for name, fit in fits_without(compiled, parts, attempts=(FEW,), passes=passes, seed=SEED).items()
        }
        for where, passes in ((None, lambda _: True), (executor, partial(passes_unless_killed, tmp_path)))
    )
    expected, found = collected(here), collected(there)
    assert (tmp_path / "killed").exists()
    assert (tmp_path / "judged").read_text() == "x" * (len(parts) + 1)
    assert list(found) == list(parts)
    for name, posterior in expected.items():
        assert posterior.tree.equals(found[name].tree)
        assert found[name].converged


def test_a_dead_address_is_refused_before_anything_is_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hscb_bayes.executors.PATIENCE", "1s")
    out = tmp_path / "out"
    assert cli.main(["run", "main", "--out", str(out), "--quiet", "--cluster", "tcp://127.0.0.1:9"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: --cluster: required the address of a Dask scheduler, found 'tcp://127.0.0.1:9': "
    )
    assert list(tmp_path.iterdir()) == []
