"""The odd analyses: they are legal, and a few are run the whole way."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from hscb_bayes.analysis.member import load_analysis
from hscb_bayes.analysis.patient_analysis import is_of_patients, load_patients
from hscb_bayes.analysis.pool import is_pool, load_pool
from tests.robustness import odd
from tests.robustness.fast import Kept
from tests.robustness.odd_cases import Odd, every_case

CASES = {case.name: case for case in every_case()}
FEWEST = 200
WHOLE = (
    "paper, nobody responds, usual",
    "paper, everybody dies, never",
    "table, one patient, died, usual",
    "table, zero events, usual",
    "table with centres, everyone dead on day 1, usual",
)


def loaded(case: Odd, folder: Path) -> str:
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
    path = folder / "x.toml"
    if is_pool(path):
        return f"pool of {len(load_pool(path).members)}"
    if is_of_patients(path):
        return "table with centres" if load_patients(path).centres else "table"
    return f"paper by {'duration' if load_analysis(path).by_duration else 'nothing'}"


def test_there_are_two_hundred_of_all_kinds() -> None:
    kinds = Counter(name.split(",")[0] for name in CASES)
    assert len(CASES) >= FEWEST
    assert set(kinds) == {"paper", "table", "table with centres", "pool"}
    assert min(kinds.values()) > 20


@pytest.mark.parametrize("name", CASES)
def test_an_odd_analysis_is_legal(name: str, tmp_path: Path) -> None:
    assert loaded(CASES[name], tmp_path)


def test_what_contradicts_itself_and_is_not_handled_is_refused() -> None:
    row = odd.judged(CASES["paper, contradictory, usual, handled False"], {}, 1, seed=1)
    assert row["end"] == "refused"


@pytest.fixture(scope="module")
def kept() -> Kept:
    return {}


@pytest.mark.slow
@pytest.mark.xdist_group("odd")
@pytest.mark.parametrize("name", WHOLE)
def test_an_odd_analysis_ends_in_a_report_or_a_sentence(name: str, kept: Kept) -> None:
    row = odd.judged(CASES[name], kept, 1, seed=1)
    assert (row["end"], row["place"], row["words"]) == ("report", "", "")


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state, out = tmp_path / "odd.csv", tmp_path / "robustness.csv"
    for name in list(CASES)[:-1]:
        odd.note(state, {"name": name, "end": "report", "place": "", "words": "", "seconds": "1.0"})
    assert odd.main(["--state", str(state), "--out", str(out), "--seconds", "0"]) == 3
    assert f"{len(CASES) - 1} of {len(CASES)}" in capsys.readouterr().out
    odd.note(state, {"name": list(CASES)[-1], "end": "traceback", "place": "x", "words": "x", "seconds": "1.0"})
    assert odd.main(["--state", str(state), "--out", str(out), "--seconds", "0"]) == 1
    (row,) = csv.DictReader(out.read_text().splitlines())
    assert (row["cases"], row["tracebacks"]) == (str(len(CASES)), "1")
