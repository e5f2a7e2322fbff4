"""The one error that a user can cause and repair, and how a command says it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

REFUSED = 2  # exit status
NEXT_LINE = "\n  "
MOST_LINES = 40  # of one refusal


class InputError(ValueError):
    """What was read cannot be used; the message is a sentence with an address.

    It names the file and the item, what was required, what was found, and where to look: lower case, no full stop,
    strings as their ``repr``. The command line prints it as ``error: <message>`` and exits with status 2. Where several
    things are wrong, each takes an argument and a line of its own below the first; of more than 40 the message says how
    many there are.

    Examples
    --------
    >>> raise InputError("x.toml: item 'os_1y': lower 0.94 is above the estimate 0.85; check Figure 1C")
    Traceback (most recent call last):
        ...
    hscb_bayes.errors.InputError: x.toml: item 'os_1y': lower 0.94 is above the estimate 0.85; check Figure 1C
    """

    def __str__(self) -> str:
        lines, more = self.args[:MOST_LINES], len(self.args) - MOST_LINES
        return NEXT_LINE.join([*(_printable(str(line)) for line in lines), *([f"and {more} more"] if more > 0 else [])])


class Refusals:
    """What is wrong with several parts of one thing, said together at the end.

    Examples
    --------
    >>> refusals = Refusals()
    >>> for key in ("schema", "study"):
    ...     refusals.add(f"x.toml: {key} is missing")
    >>> refusals.say()
    Traceback (most recent call last):
        ...
    hscb_bayes.errors.InputError: x.toml: schema is missing
      x.toml: study is missing
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], None] = {}

    def add(self, *lines: str) -> None:
        """Keep what is wrong with a part; the same of two parts is kept once."""
        self._found[lines] = None

    @contextmanager
    def of_a_part(self) -> Iterator[None]:
        """Keep what is wrong with a part, where it is refused."""
        try:
            yield
        except InputError as error:
            self.add(*error.args)

    def say(self, *, order: Callable[[str], Any] | None = None) -> None:
        """Refuse, where something is wrong.

        Parameters
        ----------
        order
            What lines are sorted by, each of them by itself and once; left out: as they were found.

        Raises
        ------
        InputError
            With a line for each thing that is wrong.
        """
        lines = [line for part in self._found for line in part]
        if lines:
            raise InputError(*(lines if order is None else sorted(dict.fromkeys(lines), key=order)))


def say_refused(error: InputError) -> int:
    """Write ``error: <message>`` on standard error; returns the status."""
    sys.stderr.write(f"error: {error}\n")
    return REFUSED


def _printable(line: str) -> str:
    """The line with what a terminal would act on, or nobody would see, as an escape."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in line)


@contextmanager
def refusals_said() -> Iterator[None]:
    """End the process with the sentence of an ``InputError`` instead of a traceback."""
    try:
        yield
    except InputError as error:
        raise SystemExit(say_refused(error)) from None
