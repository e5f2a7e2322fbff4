"""What is being done and how long it still takes, on standard error.

On a terminal one line is written again and again. Elsewhere there is a line for each step, and one every 20 seconds.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

CLEAR = "\r\x1b[2K"
EVERY, EVERY_ELSEWHERE = 1.0, 20.0  # seconds: a terminal's line, and a line elsewhere
SHORTEST = 1.0  # seconds of a step's expectation before which nothing is known of the machine's pace


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A step of a run as it is begun with ``Progress.step``: how often, and how long it takes each time."""

    words: str
    seconds: float
    count: int = 1


@dataclass(kw_only=True, eq=False)
class Progress:
    """Says what is being done, to ``stream``; to nobody where that is None.

    Attributes
    ----------
    steps
        What is going to be done, in order; none where nobody knows.
    clock
        Seconds.
    """

    stream: TextIO | None
    steps: Sequence[Expected] = ()
    clock: Callable[[], float] = time.monotonic
    started: float = field(init=False)
    done: float = 0.0  # expected seconds of the steps before this one
    own: float = 0.0  # expected seconds of this one
    since: float = field(init=False)
    line: str = ""
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.started = self.since = self.clock()

    @property
    def has_terminal(self) -> bool:
        """Whether somebody is watching a terminal, where the sampler can show its own bars."""
        return self.stream is not None and self.stream.isatty()

    def step(self, what: str, done: int | None = None, total: int | None = None) -> None:
        """Begin a step: "leaving out 2 of 5"."""
        if self.stream is None:
            return
        with self.lock:
            self._reach(what, done)
            self.line = what if done is None else f"{what} {done} of {total}"
            self._write(f"{CLEAR}{self.line} ..." if self.has_terminal else f"{self.line}\n")

    def make_room(self) -> None:
        """End the line that is rewritten, so that the sampler's bars start on their own."""
        if self.has_terminal:
            with self.lock:
                self.line = ""
                self._write("\n")

    def tell_time(self) -> None:
        """Say how long it has taken and how long it still takes; nothing while the sampler shows its own bars."""
        with self.lock:
            if self.stream is None or self.ended.is_set() or (self.has_terminal and not self.line):
                return
            said = f"{self.clock() - self.started:.0f} s"
            left = self.left()
            said += "" if left is None else f", about {left:.0f} s left"
            self._write(f"{CLEAR}{self.line} ... {said}" if self.has_terminal else f"after {said}\n")

    def left(self) -> float | None:
        """Expected seconds until the end, at the pace of the steps that are done; None where nothing is known."""
        expected = sum(step.seconds * step.count for step in self.steps)
        if not expected:
            return None
        pace = (self.since - self.started) / self.done if self.done > SHORTEST else 1.0
        now = max(self.own * pace - (self.clock() - self.since), 0.0)
        return now + max(expected - self.done - self.own, 0.0) * pace

    def watch(self) -> None:
        """Tell the time again and again, in a thread that ends with the process or with ``end``."""
        if self.stream is not None:
            threading.Thread(target=self._watch, name="progress", daemon=True).start()

    def end(self) -> None:
        """Take the last step off the terminal."""
        self.ended.set()
        if self.has_terminal:
            with self.lock:
                self._write(CLEAR)

    def _watch(self) -> None:
        while not self.ended.wait(EVERY if self.has_terminal else EVERY_ELSEWHERE):
            self.tell_time()

    def _reach(self, what: str, done: int | None) -> None:
        """Count what is expected of the steps before this one."""
        self.since = self.clock()
        before = 0.0
        for step in self.steps:
            if step.words == what:
                self.done, self.own = before + step.seconds * ((done or 1) - 1), step.seconds
                return
            before += step.seconds * step.count

    def _write(self, text: str) -> None:
        if self.stream is not None:
            self.stream.write(text)
            self.stream.flush()


def on_standard_error(*, progress: bool, steps: Sequence[Expected] = ()) -> Progress:
    """Progress on standard error, or none."""
    return Progress(stream=sys.stderr if progress else None, steps=steps)
