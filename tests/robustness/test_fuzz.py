"""A short run of every target of the fuzzer, with a fixed seed, and its machinery."""

import csv
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.errors import InputError
from tests.robustness import fuzz, judging
from tests.robustness.judging import WrongAnswerError, outcome_of, sentence_fault
from tests.robustness.targets import TARGETS

SEED = 7
CASES = 300  # of each target
SECONDS = 2.0  # at most, of each target


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run_ends_right_or_in_a_sentence(name: str) -> None:
    _, tally = fuzz.run_cases(name, SEED * fuzz.PER_SEED, CASES, fuzz.ending_in(SECONDS))
    assert tally.cases > 0
    assert list(fuzz.failures({name: tally})) == []


def refuses(rng: np.random.Generator) -> None:
    raise InputError("x.toml: n: required a number, found 'x'")


def says_too_much(rng: np.random.Generator) -> None:
    raise InputError("x.toml: n: required", "a number")


def stumbles(rng: np.random.Generator) -> None:
    raise KeyError("x")


def errs(rng: np.random.Generator) -> None:
    raise WrongAnswerError("one is two", "1; 2")


def divides(rng: np.random.Generator) -> None:
    np.float64(1.0) / np.float64(0.0)


@pytest.mark.parametrize(
    ("target", "end", "place"),
    [
        (lambda rng: None, "right", ""),
        (refuses, "refused", ""),
        (says_too_much, "traceback", "more than one line in the sentence of no frame of the package"),
        (stumbles, "traceback", "KeyError in no frame of the package"),
        (divides, "traceback", "RuntimeWarning in no frame of the package"),
        (errs, "silent wrong", "one is two"),
    ],
)
def test_an_end_is_judged(target: judging.Target, end: str, place: str) -> None:
    outcome = outcome_of(target, 1)
    assert (outcome.end, outcome.place) == (end, place)


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("x.toml: n: required 1, found 2", ""),
        ("x.csv: 2 of 3 rows cannot be\n  id 'a': died is missing", ""),
        ("x.toml: n: required 1, found 2.", "ends in a full stop"),
        ("required 1", "no address"),
        ("x.toml: \x1b[31m", "unprintable characters"),
        ("x.toml: a\nb", "more than one line"),
    ],
)
def test_what_is_no_sentence_is_seen(message: str, fault: str) -> None:
    assert sentence_fault(message) == fault


def test_a_case_is_its_seed() -> None:
    first, second = (fuzz.run_cases("texts", 5, 50, fuzz.ending_in(60.0))[1] for _ in range(2))
    assert (first.ends, first.failures) == (second.ends, second.failures)


def test_the_parts_of_a_million_add_up() -> None:
    assert sum(fuzzed.thousands for fuzzed in TARGETS.values()) == 1000


def test_a_run_writes_a_row_for_each_part(tmp_path: Path) -> None:
    path = tmp_path / "robustness.csv"
    arguments = ["texts", "windows", "--cases", "40", "--processes", "1", "--out", str(path)]
    assert fuzz.main(arguments) == 0
    (row,) = csv.DictReader(path.read_text().splitlines())
    assert row["what"] == "fuzz, printed numbers: exact arithmetic"
    assert (row["cases"], row["tracebacks"], row["silent_wrong"], row["torn"]) == ("40", "0", "0", "0")


def test_an_unknown_target_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        fuzz.main(["txets"])
    assert "'txets' is unknown" in capsys.readouterr().err
