"""A folder of results that is there whole, old or new, at every moment; one run at a time writes to it.

A run fills a folder beside the old one and holds a lock on it. The lock ends with the process, however it ends: a
folder of such a name without a lock is what a killed run left, and the next run removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hscb_bayes.errors import InputError
from hscb_bayes.report.exchange import exchange
from hscb_bayes.sentences import quote
from hscb_bayes.stopping import removed_when_stopped, whole_or_not_at_all

UNFINISHED, REPLACED = ".unfinished", ".replaced"  # how names of folders beside the results end
PATIENCE = 2.0  # seconds; whoever holds the folder above for longer is no run, such as a script under flock
OF_ANOTHER = {errno.EWOULDBLOCK, errno.EACCES}  # what a lock says that another process holds


def destination(out: str | Path) -> Path:
    """The directory that ``--out`` means, with links followed.

    Raises
    ------
    InputError
        When links lead in a circle, or it is too long.
    """
    try:
        found = Path(out).resolve()
        reason = "links in a circle" if found.is_symlink() else None
    except OSError as error:
        reason = _reason(error)
    except (RuntimeError, ValueError) as error:  # links in a circle before Python 3.13; a zero character
        reason = str(error)
    if reason is not None:
        raise InputError(_unwritable(quote(str(out)), reason))
    return found


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the place of ``out`` when all went well; else ``out`` stays as it was.

    What an earlier run that was killed left beside ``out`` is removed.

    Raises
    ------
    InputError
        When nothing can be written there, or another run is writing to ``out``.
    """
    with failures_in_sentences(out):
        _refuse_what_cannot_be_replaced(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary, lock = _locked_folder(out)
    with removed_when_stopped(temporary):
        try:
            yield temporary
            with failures_in_sentences(out):
                temporary.chmod(0o755)
                with whole_or_not_at_all():
                    _put(temporary, out)
        finally:
            _remove(temporary)  # what is new where something failed, else what was in its place
            os.close(lock)


@contextmanager
def failures_in_sentences(out: Path) -> Iterator[None]:
    """What the system says when something cannot be written, as a sentence that begins with ``out``.

    Raises
    ------
    InputError
        In the place of ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise InputError(_unwritable(str(out), _reason(error))) from None


def partial(path: Path) -> Path:
    """The name that a file has while it is being written."""
    return path.with_name(f".{path.name}.part")


def write_whole(path: Path, text: str) -> Path:
    """Write a text to a temporary name, then rename it; returns the path."""
    temporary = partial(path)
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()
    return path


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _unwritable(out: str, reason: str) -> str:
    return f"{out}: required a place that can be written to, found: {reason[:1].lower()}{reason[1:]}"


def _refuse_what_cannot_be_replaced(out: Path) -> None:
    """Say before the work what a rename would say after it."""
    if not out.exists():
        return
    folder, parent = out.stat(), out.parent.stat()
    if out.is_mount():
        raise InputError(f"{out}: required a directory that can be replaced, found a mount point; name one inside it")
    theirs = os.geteuid() not in (0, folder.st_uid, parent.st_uid)
    if parent.st_mode & stat.S_ISVTX and theirs:
        raise InputError(f"{out}: required a directory that can be replaced, found one of another user")


def _locked_folder(out: Path) -> tuple[Path, int]:
    """A folder beside ``out`` that this process has locked, and the lock's descriptor."""
    beside = os.open(out.parent, os.O_RDONLY)
    try:
        _locked(beside, patience=PATIENCE)  # nobody looks between the next two steps
        _clear(out)
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}-", suffix=UNFINISHED, dir=out.parent))
        lock = os.open(temporary, os.O_RDONLY)
        _locked(lock)
    finally:
        os.close(beside)
    return temporary, lock


def _locked(descriptor: int, *, patience: float = 0.0) -> bool | None:
    """Whether the lock is ours, after some seconds of patience; None on a file system without locks."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in OF_ANOTHER:
                return None
            if time.monotonic() >= deadline:
                return False
            time.sleep(patience / 100)
        else:
            return True


def _clear(out: Path) -> None:
    """Remove what killed runs left; refuse where a run is going on."""
    beside = re.compile(rf"\.{re.escape(out.name)}-[^.]+(?:{re.escape(UNFINISHED)}|{re.escape(REPLACED)})")
    for left in sorted(out.parent.iterdir()):
        if not beside.fullmatch(left.name) or left.is_symlink() or not left.is_dir():
            continue
        descriptor = os.open(left, os.O_RDONLY)
        try:
            free = _locked(descriptor)
            if free is False:
                raise InputError(f"{out}: another run is writing to it; wait for its end or choose another --out")
            if left.name.endswith(REPLACED) and not out.exists():
                left.rename(out)
            elif free:
                _remove(left)
        finally:
            os.close(descriptor)


def _put(temporary: Path, out: Path) -> None:
    """Let ``temporary`` be ``out``; what was there has then the temporary name, or none."""
    if not out.exists():
        temporary.rename(out)
    elif not exchange(temporary, out):
        _put_in_two_steps(temporary, out)


def _put_in_two_steps(temporary: Path, out: Path) -> None:
    """For systems that cannot exchange names. Between the steps the old results have another name; ``_clear`` knows."""
    old = temporary.with_suffix(REPLACED)
    out.rename(old)
    try:
        temporary.rename(out)
    except BaseException:
        old.rename(out)
        raise
    _remove(old)


def _remove(folder: Path) -> None:
    """Remove a folder of ours, also one that was made read-only."""
    if folder.is_dir():
        with suppress(OSError):
            folder.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
