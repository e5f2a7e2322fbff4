"""What is said while a run goes on."""

import io
import threading

import pytest

from hscb_bayes.analysis.load import load, load_alternatives
from hscb_bayes.report.expected import expected_steps
from hscb_bayes.report.progress import Expected, Progress, on_standard_error


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self) -> bool:
        return True


def test_a_step_is_a_line_where_nobody_watches() -> None:
    stream = io.StringIO()
    progress = Progress(stream=stream)
    progress.step("sampling")
    progress.step("leaving out", 2, 5)
    progress.end()
    assert stream.getvalue() == "sampling\nleaving out 2 of 5\n"


def test_a_terminal_shows_the_last_step_alone_and_nothing_at_the_end() -> None:
    stream = Terminal()
    progress = Progress(stream=stream)
    progress.step("sampling")
    progress.step("leaving out", 2, 5)
    progress.end()
    assert stream.getvalue() == "\r\x1b[2Ksampling ...\r\x1b[2Kleaving out 2 of 5 ...\r\x1b[2K"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = on_standard_error(progress=False)
    progress.step("sampling")
    progress.make_room()
    progress.end()
    assert capsys.readouterr() == ("", "")


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    on_standard_error(progress=True).step("sampling")
    assert capsys.readouterr() == ("", "sampling\n")


class Clock:
    """Seconds that are set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


STEPS = [Expected(words="sampling", seconds=2.0), Expected(words="leaving out", seconds=1.0, count=4)]


def test_what_is_left_is_told_at_the_pace_of_what_is_done() -> None:
    """Sampling took three times as long as was expected; so will the rest, of which one of four is half done."""
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream=stream, steps=STEPS, clock=clock)
    progress.step("sampling")
    assert progress.left() == 6.0
    clock.now = 6.0
    progress.step("leaving out", 1, 4)
    assert progress.left() == 12.0
    clock.now = 7.5
    assert progress.left() == 10.5
    clock.now = 30.0
    assert progress.left() == 9.0
    progress.tell_time()
    progress.end()
    progress.tell_time()
    assert stream.getvalue() == "sampling\nleaving out 1 of 4\nafter 30 s, about 9 s left\n"


def test_a_terminal_tells_the_time_beside_the_step_and_not_over_the_bars_of_the_sampler() -> None:
    clock, stream = Clock(), Terminal()
    progress = Progress(stream=stream, steps=STEPS, clock=clock)
    progress.step("sampling")
    clock.now = 1.0
    progress.tell_time()
    assert stream.getvalue().endswith("\r\x1b[2Ksampling ... 1 s, about 5 s left")
    progress.make_room()
    said = stream.getvalue()
    progress.tell_time()
    assert stream.getvalue() == said


def test_the_time_alone_is_told_where_nothing_is_expected() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream=stream, clock=clock)
    clock.now = 20.0
    progress.tell_time()
    assert stream.getvalue() == "after 20 s\n"


def test_a_thread_tells_the_time_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hscb_bayes.report.progress.EVERY_ELSEWHERE", 0.01)
    stream, told = io.StringIO(), threading.Event()
    progress = Progress(stream=stream, steps=STEPS)
    monkeypatch.setattr(progress, "tell_time", told.set)
    progress.watch()
    assert told.wait(10.0)
    progress.end()
    assert progress.ended.is_set()


@pytest.mark.parametrize("name", ["main", "pooled", "with_centre"])
def test_every_step_that_takes_long_is_expected(name: str) -> None:
    analysis = load(name)
    alternatives = load_alternatives(analysis)
    words = {step.words: step.count for step in expected_steps(analysis, alternatives, quick=False)}
    assert words["sampling"] == words["judging convergence"] == words["writing the report"] == 1
    beside = "other beliefs" if analysis.has_hierarchy else "fitting alternatives"
    assert words[beside] == len(alternatives)
    assert beside not in {step.words for step in expected_steps(analysis, alternatives, quick=True)}
