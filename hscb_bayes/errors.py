"""The one error that a user can cause and repair, and how a command says it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

REFUSED = 2  # exit status
NEXT_LINE = "\n  "


class InputError(ValueError):
    """What was read cannot be used; the message is a sentence with an address.

    It names the file and the item, what was required, what was found, and where to look: lower case, no full stop,
    strings as their ``repr``. The command line prints it as ``error: <message>`` and exits with status 2. Where several
    things are wrong, each takes an argument and a line of its own below the first.

    Examples
    --------
    >>> raise InputError("x.toml: item 'os_1y': lower 0.94 is above the estimate 0.85; check Figure 1C")
    Traceback (most recent call last):
        ...
    hscb_bayes.errors.InputError: x.toml: item 'os_1y': lower 0.94 is above the estimate 0.85; check Figure 1C
    """

    def __str__(self) -> str:
        return NEXT_LINE.join(_printable(str(line)) for line in self.args)


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
