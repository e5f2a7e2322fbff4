"""Ctrl-C and SIGTERM for a command: one line, status 130 or 143, and nothing half done left behind.

Python runs a signal's handler between two instructions of the main thread. A call into LLVM is one instruction and
takes a minute; the sampler swallows the exception. A thread that reads the descriptor of ``signal.set_wakeup_fd`` runs
all the same, since both calls let other threads run. It removes what is unfinished and ends the process.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM)
STATUS_OF_A_SIGNAL = 128  # a shell's: 130 is Ctrl-C, 143 is SIGTERM
EARLIER_RESULTS = "stopped; earlier results are as they were"
NEW_RESULTS = "stopped; the new results are complete"
CLEAR = "\r\x1b[2K"  # the line of the terminal on which the cursor is


class _Process:
    """What the watcher finds when a signal comes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.unfinished: set[Path] = set()
        self.line = EARLIER_RESULTS


_process = _Process()


def end_on_signals() -> None:
    """From here on SIGINT and SIGTERM end the process within two seconds, whatever the main thread is doing.

    For a process that runs one command and is nobody else's. Signals that it was started to ignore, as under
    ``nohup``, stay ignored. Outside the main thread, where no handler can be set, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    heard = [each for each in STOPPING_SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    threading.Thread(target=_watch, args=(reader, frozenset(heard)), name="stopping", daemon=True).start()
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for each in heard:
        signal.signal(each, _leave_it_to_the_watcher)


def end_with_parent() -> None:
    """For a process that works for another: leave Ctrl-C to that one, and end when it has ended, however it did."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def remove_when_stopped(folder: Path) -> None:
    """From here on, a process that is stopped removes the folder before it ends."""
    with _process.lock:
        _process.unfinished.add(folder)


@contextmanager
def removed_when_stopped(folder: Path) -> Iterator[None]:
    """Inside, a process that is stopped removes the folder before it ends; what was asked for is not there yet."""
    remove_when_stopped(folder)
    _process.line = EARLIER_RESULTS
    try:
        yield
    finally:
        with _process.lock:
            _process.unfinished.discard(folder)


@contextmanager
def whole_or_not_at_all() -> Iterator[None]:
    """A step that no signal stops in its middle; after it, what the command was asked for is there."""
    with _process.lock:
        yield
        _process.line = NEW_RESULTS


def _leave_it_to_the_watcher(*_: object) -> None:
    """A handler, because without one Python writes nothing to the descriptor."""


def _watch(reader: int, heard: frozenset[int]) -> None:
    while received := os.read(reader, 1):
        if received[0] in heard:
            _end(received[0])


def _end(number: int) -> None:
    _process.lock.acquire()  # for good: nothing is put in place from here on
    try:
        for folder in _process.unfinished:
            shutil.rmtree(folder, ignore_errors=True)
        os.write(2, f"{CLEAR if os.isatty(2) else ''}{_process.line}\n".encode())
    finally:
        os._exit(STATUS_OF_A_SIGNAL + number)
