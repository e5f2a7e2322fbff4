"""Calibration: refits are recorded one by one, taken up again, and judged."""

import json
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.checking.methods import calibrate
from hscb_bayes.checking.methods.calibrate import Refit, coverage_row, simulated_print, write_rows
from hscb_bayes.checking.methods.recorded import each_once

ROW = {"analysis": "a", "likelihood": "joint", "follow_up": "complete", "quantity": "os_1y", "studies": 3}


class AtOnce(Executor):
    """Runs a call when it is handed in."""

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future:
        future: Future = Future()
        try:
            future.set_result(function(*arguments, **named))
        except ValueError as error:
            future.set_exception(error)
        return future


def made(study: int, rank: float = 0.5, **changed: Any) -> Refit:
    usual = {"ranks": {"os_1y": rank}, "effective": 500.0, "passed": True, "censored": 0.0}
    return Refit(study=study, **usual | changed)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The studies that are refitted, by a stand-in that does not fit."""
    studies: list[int] = []
    monkeypatch.setattr(calibrate, "refit", lambda name, study, seed: studies.append(study) or made(study))
    return studies


def run(record: Path, studies: int) -> list[Refit]:
    path = load_analysis("calibration").path
    return list(each_once(calibrate.refit, path, kind=Refit, studies=studies, seed=7, record=record, executor=AtOnce()))


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path, asked: list[int]) -> None:
    record = tmp_path / "record.jsonl"
    run(record, 3)
    whole = record.read_text()
    record.write_text(whole[: len(whole) - 20])  # the last line is torn
    torn = json.loads(whole.splitlines()[-1])["study"]
    assert {result.study for result in run(record, 5)} == {0, 1, 2, 3, 4}
    assert sorted(asked) == sorted([0, 1, 2, 3, 4, torn])
    assert {json.loads(line)["study"] for line in record.read_text().splitlines()} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    ("analysis", "refitted"),
    [
        ("calibration", calibrate.refit),
        ("with_centre", calibrate.refit),
        ("calibration_pooled", calibrate.refit_literature),
        ("calibration_patients", calibrate.refit_table),
    ],
)
def test_each_form_is_refitted_in_its_way(analysis: str, refitted: Any) -> None:
    assert calibrate.refit_of(load(analysis)) is refitted


def test_a_simulated_study_is_the_same_whenever_it_is_made() -> None:
    analysis = load_analysis("calibration_censored")
    (truth, _, numbers, lost), (again, _, same, as_many) = (simulated_print(analysis, 3, 7) for _ in range(2))
    assert np.array_equal(truth, again)
    assert lost == as_many
    np.testing.assert_equal(numbers, same)
    assert not np.array_equal(truth, simulated_print(analysis, 4, 7)[0])


def test_failures_are_counted_and_kept() -> None:
    ranks = np.random.default_rng(3).uniform(size=200)
    results = [made(k, rank) for k, rank in enumerate(ranks[:-2])]
    results += [made(198, ranks[198], passed=False), made(199, ranks[199], passed=False, effective=100.0)]
    row = coverage_row(results, "os_1y")
    assert (row["studies"], row["failures"], row["fewest_effective_draws"]) == (200, 2, 500)
    assert row["cover90"] == pytest.approx(np.mean(np.abs(ranks - 0.5) <= 0.45), abs=1e-4)
    assert row["in_band"] == "true"


def test_ranks_that_crowd_in_the_middle_leave_the_band() -> None:
    ranks = 0.25 + 0.5 * np.random.default_rng(3).uniform(size=200)
    assert coverage_row([made(k, rank) for k, rank in enumerate(ranks)], "os_1y")["in_band"] == "false"


def test_new_rows_replace_those_of_the_same_analysis_alone(tmp_path: Path) -> None:
    table = tmp_path / "calibration.csv"
    other = ROW | {"analysis": "b"}
    write_rows(table, [ROW, other], command="first", seed=1)
    write_rows(table, [ROW | {"studies": 9}], command="second", seed=2)
    lines = table.read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["b", "a"]
    assert "second" in lines[2]
    assert [path.name for path in tmp_path.iterdir()] == ["calibration.csv"]
