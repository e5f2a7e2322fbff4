"""A fit that is sent away as plain data comes back as it would have been made here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.load import load
from hscb_bayes.checking.leave_out import each_centre, each_number, each_study, fits_without, leave_out
from hscb_bayes.errors import InputError
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model, with_data
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.posterior import fitting
from hscb_bayes.posterior.attempt import Attempt
from hscb_bayes.posterior.fitting import Fit, Fitting
from hscb_bayes.posterior.gate import has_no_divergence
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.software import software
from tests import corners
from tests.by_copy import ByCopy
from tests.report.conftest import prior_posterior

FEW = Attempt(draws=30, tune=40, chains=2)
SEED = 5
HERE = software()


def paper(folder: Path) -> Path:
    return corners.paper(folder, "ordinary", 15)


def table(folder: Path) -> Path:
    return corners.table_of_patients(folder, "ordinary", 15, "of two centres")


def pool(folder: Path) -> Path:
    return corners.pool(folder, "ordinary", 15, with_table=True, weight=0.8)


FORMS: Mapping[str, tuple[Callable[[Path], Path], Callable[[Analysis], dict[str, HeldOut]]]] = {
    "a paper without each number": (paper, each_number),
    "a table without each centre": (table, each_centre),
    "a pool without each study": (pool, each_study),
}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """A process to which nothing was sent yet."""
    fitting._compiled.cache_clear()
    yield
    fitting._compiled.cache_clear()


def assert_same(one: Posterior, other: Posterior) -> None:
    assert one.tree.equals(other.tree)
    assert one.analysis is other.analysis
    assert one.without is other.without
    told = [(each.settings, each.numbers, each.converged, each.versions) for each in (one, other)]
    assert told[0] == told[1]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_what_is_left_out_elsewhere_gives_the_draws_that_it_gives_here(form: str, tmp_path: Path) -> None:
    write, parts_of = FORMS[form]
    compiled = compile_model(build(load(write(tmp_path))))
    main, parts = FEW.sampled(compiled, seed=SEED), parts_of(compiled.analysis)
    assert (main.neighbourhood is None) == (form != "a pool without each study")
    attempts, executor = (replace(FEW, near=main.neighbourhood),), ByCopy()
    here = leave_out(compiled, parts, attempts=attempts, seed=SEED)
    there = leave_out(compiled, parts, attempts=attempts, seed=SEED, executor=executor)
    assert list(here) == list(there) == list(parts)
    for name in parts:
        assert_same(here[name], there[name])
    assert len(executor.bytes_sent) == len(parts)


@pytest.mark.slow
def test_chains_start_where_they_do_here_for_another_analysis_of_the_layout(tmp_path: Path) -> None:
    """The middle of the prior is that of the analysis whose model was compiled."""
    path = paper(tmp_path)
    first = load(path)
    path.write_text(path.read_text().replace("best_guess = 14.0", "best_guess = 9.0", 1))
    compiled = with_data(compile_model(build(first)), load(path))
    parts = each_number(first)
    here, there = (
        leave_out(compiled, parts, attempts=(FEW,), seed=SEED, executor=executor) for executor in (None, ByCopy())
    )
    for name, posterior in here.items():
        assert_same(posterior, there[name])


@pytest.fixture
def compiled_analyses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the analyses that are compiled; nothing is sampled, and every fit has draws from the prior."""
    names: list[str] = []

    def compiled(built: Any) -> Compiled:
        names.append(built.analysis.name)
        return Compiled(analysis=built.analysis, program=None, shapes=built.shapes)  # type: ignore[arg-type]

    monkeypatch.setattr(fitting, "compile_model", compiled)
    monkeypatch.setattr(fitting, "with_data", lambda _program, analysis, *, without: (analysis, without))
    monkeypatch.setattr(fitting, "sampled_until", lambda data, *_, **__: prior_posterior(data[0]))
    return names


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_process_compiles_the_model_of_an_analysis_once(compiled_analyses: list[str], *, is_sent: bool) -> None:
    main, other = load("main"), load("rejeski2022")
    where = Fitting(programs={}, executor=ByCopy() if is_sent else None)
    for analysis in (main, other, main, other):
        one = Fit(model=analysis, analysis=analysis, attempts=(FEW,), passes=has_no_divergence, seed=SEED)
        assert where.begun(one)().analysis is analysis
    assert compiled_analyses == ["main", "rejeski2022"]


def test_what_is_left_out_stays_at_home_and_is_said(compiled_analyses: list[str]) -> None:
    main = load("main")
    given = Compiled(analysis=main, program=None, shapes={})  # type: ignore[arg-type]
    found = leave_out(given, each_number(main), seed=SEED, executor=ByCopy())
    assert {name: posterior.without.numbers for name, posterior in found.items()} == {
        id: {"gagelmann2023": [id]} for id in main.fit.items
    }
    assert compiled_analyses == ["main"]


def test_fits_are_all_begun_before_one_is_waited_for(compiled_analyses: list[str]) -> None:
    main, executor, told = load("main"), ByCopy(), list[tuple[int, int, int]]()
    given = Compiled(analysis=main, program=None, shapes={})  # type: ignore[arg-type]
    parts = each_number(main)
    leave_out(
        given, parts, seed=SEED, executor=executor, step=lambda k, n: told.append((k, n, len(executor.bytes_sent)))
    )
    assert told == [(k + 1, len(parts), len(parts)) for k in range(len(parts))]


@pytest.mark.parametrize("name", ["nutpie", "the code of hscb_bayes"])
def test_a_fit_by_other_software_is_refused(
    name: str, compiled_analyses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "software", lambda: {**HERE, name: "0.1"})
    main = load("main")
    given = Compiled(analysis=main, program=None, shapes={})  # type: ignore[arg-type]
    own = HERE[name]
    with pytest.raises(InputError) as caught:
        leave_out(given, each_number(main), seed=SEED, executor=ByCopy())
    assert str(caught.value) == (
        f"--cluster: a worker: required the software that is here, found that {name} is 0.1, and {own} here; the same "
        "seed would give other draws"
    )
    assert compiled_analyses == ["main"]


@pytest.mark.parametrize(("threads", "cores"), [(None, 2), (1, 1), (2, 2), (8, 2)])
def test_a_fit_takes_the_cores_of_its_worker_as_far_as_it_has_chains(
    threads: int | None, cores: int, compiled_analyses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[int]()

    def sampled(data: Any, attempts: tuple[Attempt, ...], **_: Any) -> Posterior:
        asked.extend(attempt.cores for attempt in attempts)
        return prior_posterior(data[0])

    monkeypatch.setattr(fitting, "cores_of_worker", lambda: threads)
    monkeypatch.setattr(fitting, "sampled_until", sampled)
    main = load("main")
    one = Fit(model=main, analysis=main, attempts=(FEW, FEW), passes=has_no_divergence, seed=SEED)
    Fitting(programs={}, executor=ByCopy()).begun(one)()
    assert asked == [cores, cores]
    assert compiled_analyses == ["main"]


def test_what_is_sent_is_small_and_says_nothing_of_files(tmp_path: Path, compiled_analyses: list[str]) -> None:
    """The draws of the pool's posterior are not sent, but where they lie."""
    analysis, executor = load(pool(tmp_path)), ByCopy()
    for file in tmp_path.iterdir():
        file.unlink()
    given = Compiled(analysis=analysis, program=None, shapes={})  # type: ignore[arg-type]
    fits = fits_without(given, each_study(analysis), attempts=(FEW,), passes=has_no_divergence, seed=SEED)
    where = Fitting.of(given, executor)
    assert [where.begun(fit)().analysis is analysis for fit in fits.values()] == [True, True]
    assert max(executor.bytes_sent) < 50_000
