"""The machinery of the benchmarks; none of these tests is a timing."""

import csv
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.model.patient_rows import patient_rows
from tests.benchmarks import __main__ as benchmarks
from tests.benchmarks import executing, patients, table
from tests.benchmarks.measuring import MissingError, Row, bounded, command, digits
from tests.benchmarks.pooling import pool_of_copies


def cells(what: str, value: float, name: str = "sleep") -> dict[str, str]:
    return table.stamped(name, [Row(what=what, unit="s", values=[value])])[0]


def test_a_row_has_the_median_and_the_spread_of_its_runs() -> None:
    row = Row(what="sleep", unit="s", values=[3.0, 1.0, 2.0]).cells()
    assert (row["value"], row["low"], row["high"], row["ratio"]) == ("2", "1", "3", "")


def test_the_ratio_to_a_slower_peer_is_above_one() -> None:
    assert Row(what="sleep", unit="s", values=[2.0], peer="bed", against=8.0).cells()["ratio"] == "4"


def test_a_bound_that_is_not_met_has_a_ratio_below_one() -> None:
    row = bounded("sleep", "s", [4.0], at_most=1.0).cells()
    assert (row["peer"], row["ratio"]) == ("at most 1 s", "0.25")


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123456, "0.0123"), (1234.5, "1230"), (25.0, "25"), (6130.0, "6130"), (1e-7, "0.0000001")]
)
def test_values_have_three_digits_and_no_exponent(value: float, text: str) -> None:
    assert digits(value) == text


def test_a_table_has_its_columns_and_says_what_made_it(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.csv"
    table.add(path, [cells("sleep", 1.0)])
    (row,) = csv.DictReader(path.read_text().splitlines())
    assert list(row) == ["what", "peer", "value", "low", "high", "unit", "ratio", "command", "versions", "seed", "date"]
    assert row["command"] == "python -m tests.benchmarks sleep"
    assert "hscb_bayes " in row["versions"]


def test_measuring_again_replaces_a_row_in_its_place_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.csv"
    table.add(path, [cells("sleep", 1.0), cells("eat", 2.0, "table")])
    table.add(path, [cells("sleep", 3.0), cells("drink", 4.0)])
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [(row["what"], row["value"]) for row in rows] == [("sleep", "3"), ("eat", "2"), ("drink", "4")]


def test_what_a_command_no_longer_measures_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.csv"
    table.add(path, [cells("sleep", 1.0, "bed"), cells("dream", 2.0, "bed"), cells("eat", 2.0, "table")])
    table.add(path, [cells("sleep", 3.0, "bed")])
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [(row["what"], row["value"]) for row in rows] == [("sleep", "3"), ("eat", "2")]


def test_without_names_everything_is_measured() -> None:
    assert table.known([]) == list(table.BENCHMARKS)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"benchmarks: 'nap' is unknown; known are before_and_after, run_warm, "):
        table.known(["audit", "nap"])


def test_a_command_has_a_wall_time_and_a_peak_of_memory() -> None:
    finished = command(sys.executable, "-c", "held = bytearray(b'1' * 50_000_000)")
    assert finished.seconds > 0.0
    assert 50.0 < finished.megabytes < 500.0


def test_a_command_is_given_its_environment() -> None:
    code = "import os, sys; sys.exit(os.environ['HSCB_BENCHMARK'] != 'here')"
    assert command(sys.executable, "-c", code, environment={"HSCB_BENCHMARK": "here"}).seconds > 0.0


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match=r"import sys; sys\.exit\(3\): ended with 3; run it by hand to see why"):
        command(sys.executable, "-c", "import sys; sys.exit(3)")


@pytest.mark.parametrize("size", [2, 9])
def test_copies_are_studies_of_their_own(size: int) -> None:
    with pool_of_copies(size) as pool:
        assert len(set(pool.studies)) == size
        assert len({member.study.title for member in pool.members}) <= 7


def test_what_needs_other_software_is_left_out_or_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def needs_a_bed() -> list[Row]:
        raise MissingError("set BED to where it is")

    measured = {"sleep": needs_a_bed, "eat": lambda: [Row(what="eat", unit="s", values=[1.0])]}
    monkeypatch.setattr(benchmarks, "BENCHMARKS", measured)
    monkeypatch.setattr(table, "BENCHMARKS", measured)
    benchmarks.main(["--out", str(tmp_path / "table.csv")])
    assert capsys.readouterr().err == "sleep is left out: set BED to where it is\n"
    assert [row["what"] for row in csv.DictReader((tmp_path / "table.csv").read_text().splitlines())] == ["eat"]
    with pytest.raises(SystemExit, match="benchmarks: sleep: set BED to where it is"):
        benchmarks.main(["sleep", "--out", str(tmp_path / "table.csv")])


def test_the_stan_program_is_given_the_same_rows_and_priors() -> None:
    analysis = load_patients(patients.BMT)
    told = patients._stan_data(analysis)
    assert told["rows"] == [137, 137, 120]
    assert np.shape(told["x_1"]) == (137, 3)
    assert set(told["centre_3"]) == {1, 2, 3, 4}
    assert told["prior_mean"][0] == pytest.approx(np.log(25.0))
    assert told["centre_deviation"] == pytest.approx(np.log(4.0) / (np.sqrt(2.0) * 1.959963984540054))


def test_large_tables_are_what_they_say() -> None:
    analysis = patients.made(500, binary=True)
    assert (len(analysis.patients), analysis.terms) == (500, ("x0", "x1", "x2"))
    shapes = {name: rows.shape for name, rows in patient_rows(analysis).items()}
    assert max(shape[0] for shape in shapes.values()) <= 8 * 3 * (len(patients.CUTS) + 1)


@pytest.mark.parametrize("same", [True, False])
def test_executors_are_timed_beside_one_process_and_must_give_its_numbers(
    monkeypatch: pytest.MonkeyPatch, *, same: bool
) -> None:
    measured = iter([([8.0], {0: 1}), ([4.0], {0: 1}), ([5.0], {0: 1 if same else 2})])
    monkeypatch.setattr(executing, "_measured", lambda _executor: next(measured))
    if same:
        assert [row.cells()["ratio"] for row in executing.executors()] == ["", "2", "1.6"]
    else:
        with pytest.raises(RuntimeError, match="a Dask cluster of 2 workers gave other numbers than one process"):
            executing.executors()


@pytest.mark.parametrize("same", [True, False])
def test_clusters_are_timed_in_turn_and_must_give_the_draws_of_one_process(
    monkeypatch: pytest.MonkeyPatch, *, same: bool
) -> None:
    def made(executor: int | None, pids: list[int]) -> executing._Made:
        assert len(pids) == (executor or 0)
        draws = np.zeros(3) + (0.0 if same or executor is None else 1.0)
        busiest = 10.0 / (executor or 1)
        return executing._Made(wall=1.2 * busiest, busiest=busiest, each=[3.0, 5.0], draws={"alone": draws, "a": draws})

    def cluster(workers: int) -> AbstractContextManager[SimpleNamespace]:
        own = {name: SimpleNamespace(pid=name) for name in range(workers)}
        return nullcontext(SimpleNamespace(scheduler_address=workers, workers=own))

    monkeypatch.setattr(executing, "local_cluster", cluster)
    monkeypatch.setattr(executing, "on_cluster", nullcontext)
    monkeypatch.setattr(executing, "_beside", made)
    if same:
        rows = [row.cells() for row in executing.fits_beside()]
        assert [row["ratio"] for row in rows] == ["", "2", "", "2", "", "2", ""]
        assert [row["value"] for row in rows] == ["12", "6", "12", "6", "10", "5", "5"]
        assert len({row["what"] for row in rows}) == len(rows)
    else:
        with pytest.raises(RuntimeError, match="fits_beside: a cluster gave other draws than one process"):
            executing.fits_beside()
