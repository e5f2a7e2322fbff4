"""What is being done, on standard error: a line that is rewritten on a terminal, a line a step elsewhere."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TextIO

CLEAR = "\r\x1b[2K"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Says what is being done, to ``stream``; to nobody where that is None."""

    stream: TextIO | None

    @property
    def has_terminal(self) -> bool:
        """Whether somebody is watching a terminal, where the sampler can show its own bars."""
        return self.stream is not None and self.stream.isatty()

    def step(self, what: str, done: int | None = None, total: int | None = None) -> None:
        """Begin a step: "leaving out 2 of 5"."""
        if self.stream is None:
            return
        count = "" if done is None else f" {done} of {total}"
        self.stream.write(f"{CLEAR}{what}{count} ..." if self.has_terminal else f"{what}{count}\n")
        self.stream.flush()

    def make_room(self) -> None:
        """End the line that is rewritten, so that the sampler's bars start on their own."""
        if self.stream is not None and self.has_terminal:
            self.stream.write("\n")

    def end(self) -> None:
        """Take the last step off the terminal."""
        if self.stream is not None and self.has_terminal:
            self.stream.write(CLEAR)


def on_standard_error(*, progress: bool) -> Progress:
    """Progress on standard error, or none."""
    return Progress(stream=sys.stderr if progress else None)
