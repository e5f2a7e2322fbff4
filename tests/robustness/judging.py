"""One fuzzed case and how it ended: right, refused with a sentence, a traceback, or a wrong answer without a word.

A case is a target and a seed. Everything random in it comes from the seed, so that it can be run again alone.
"""

from __future__ import annotations

import re
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal

import numpy as np

import hscb_bayes
from hscb_bayes.errors import MOST_LINES, InputError

Target = Callable[[np.random.Generator], None]
End = Literal["right", "refused", "traceback", "silent wrong"]

LONGEST_SENTENCE = 3000  # characters; ten kinds of rows of a table, with their ids
SECONDS = 60  # of one case; more is a hang
PROBLEMS = re.compile(r"\d+ of \d+ rows cannot be$")  # the first line of what is said of several kinds of rows
LINE_OF_A_FILE = re.compile(r"  \S.*: \S")  # below the first, of what is said of several parts of a file
MORE = re.compile(r"  and \d+ more")
ARGUMENT = re.compile(r"[a-z_][\w.\[\], ]*: \S")  # "level: must lie between 0 and 1, found 2.0"
PACKAGE = f"{Path(hscb_bayes.__file__).parent}/"


class WrongAnswerError(Exception):
    """An answer that an oracle contradicts; ``oracle`` names what was compared."""

    def __init__(self, oracle: str, words: str) -> None:
        super().__init__(f"{oracle}: {words}")
        self.oracle = oracle


@dataclass(frozen=True)
class Outcome:
    """How a case ended, and where: the error and the innermost frame of the package, or the oracle."""

    end: End
    place: str = ""
    words: str = ""


def demand(holds: object, oracle: str, *found: object) -> None:
    """Raise ``WrongAnswerError`` unless something holds."""
    if not holds:
        raise WrongAnswerError(oracle, "; ".join(repr(one)[:300] for one in found))


def sentence_fault(message: str) -> str:
    """What a message lacks to be a sentence with an address, or several of files; empty where it lacks nothing."""
    first, *others = message.split("\n")
    if others and not PROBLEMS.search(first):
        if not all(LINE_OF_A_FILE.match(line) for line in others[: MOST_LINES - 1]):
            return "more than one line"
        if len(others) >= MOST_LINES and not (len(others) == MOST_LINES and MORE.fullmatch(others[-1])):
            return "too many lines"
        faults = (sentence_fault(line.removeprefix("error: ").strip()) for line in (first, *others[: MOST_LINES - 1]))
        return next((fault for fault in faults if fault), "")
    if not all(line.isprintable() for line in (first, *others)):
        return "unprintable characters"
    if not message.strip() or ": " not in message:
        return "no address"
    if len(message) > LONGEST_SENTENCE:
        return "too long"
    return "ends in a full stop" if message.endswith(".") and not message.endswith("...") else ""


def outcome_of(target: Target, seed: int, *, seconds: float = SECONDS, show: bool = False) -> Outcome:
    """Run one case. Warnings are errors; a case that takes too long is a traceback too.

    ``show`` writes the error as Python does.
    """
    caught = _Caught()
    with caught, _limited(seconds), warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Importing .* from 'pytensor.ifelse' is deprecated")
        target(np.random.default_rng(seed))
    error = caught.error
    if error is None:
        return Outcome("right")
    if show:
        traceback.print_exception(error)
    if isinstance(error, WrongAnswerError):
        return Outcome("silent wrong", error.oracle, str(error))
    if is_refused_argument(error):
        return Outcome("refused")
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, InputError):
        fault = sentence_fault(str(error))
        return Outcome("traceback", f"{fault} in the sentence of {_place(error)}", words) if fault else REFUSED
    return Outcome("traceback", f"{type(error).__name__} in {_place(error)}", words)


class _Caught:
    """Keeps whatever error ends the block, but not an interruption by the user."""

    error: BaseException | None = None

    def __enter__(self) -> _Caught:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self.error = error
        return not isinstance(error, KeyboardInterrupt)


REFUSED = Outcome("refused")


def is_refused_argument(error: BaseException) -> bool:
    """Whether it is a ``ValueError`` that the package raised itself, with the name of the argument first."""
    frames = traceback.extract_tb(error.__traceback__)
    raised_here = bool(frames) and PACKAGE in frames[-1].filename and "raise" in (frames[-1].line or "")
    return isinstance(error, ValueError) and raised_here and bool(ARGUMENT.match(str(error)))


def _place(error: BaseException) -> str:
    """File and function of the innermost frame of the package."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if PACKAGE in frame.filename]
    if not frames:
        return "no frame of the package"
    return f"{frames[-1].filename.rpartition(PACKAGE)[2]}:{frames[-1].name}"


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
