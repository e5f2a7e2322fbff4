"""What belongs to a results directory: its files by their SHA-256, written last; a part is never taken for all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hscb_bayes import __version__
from hscb_bayes.errors import InputError
from hscb_bayes.report.folder import failures_in_sentences
from hscb_bayes.sentences import quote

MANIFEST, PAGE = "manifest.json", "report.html"
FORMAT = 1  # of the directory: another number means other files, or other columns in them


@contextmanager
def written(out: Path, folder: Path) -> Iterator[None]:
    """Inside, results are written into ``folder``, which will be ``out``; then what belongs to them is listed.

    Raises
    ------
    InputError
        When something cannot be written.
    """
    with failures_in_sentences(out):
        yield
        write_manifest(folder)


def write_manifest(folder: Path) -> None:
    """List the files of a directory; not the page, which can be written again."""
    files = {path.name: _sha256(path) for path in sorted(folder.iterdir()) if path.name not in (MANIFEST, PAGE)}
    told = {"format": FORMAT, "version": __version__, "files": files}
    (folder / MANIFEST).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def check_manifest(folder: Path) -> None:
    """Refuse a directory that is not, file by file, what ``hscb run`` wrote.

    Raises
    ------
    InputError
        When it is not there, another version wrote it, or a file is missing or is another one.
    """
    try:
        for name, expected in files_of(folder).items():
            path = folder / name
            if not path.is_file():
                raise InputError(f"{path}: there is no such file; make it with hscb run")
            if _sha256(path) != expected:
                raise InputError(
                    f"{path}: required the file that hscb run wrote, found another one, or a part of it (its SHA-256 "
                    f"is not that in {MANIFEST}); make it again with hscb run"
                )
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{folder}: the results cannot be read: {reason[:1].lower()}{reason[1:]}") from None


def files_of(folder: Path) -> dict[str, str]:
    """Names and digests of the files that belong to a directory of results; raises what ``check_manifest`` raises."""
    path = folder / MANIFEST
    if not folder.is_dir():
        found = "a file" if folder.is_file() else "nothing"
        raise InputError(f"{folder}: required a directory that hscb run made, found {found}")
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; make it with hscb run")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not _are_names(told.get("files")):
        raise InputError(f"{path}: required the list of files that hscb run wrote, found something else")
    if told.get("format") != FORMAT:
        raise InputError(
            f"{path}: required results of format {FORMAT}, found {quote(told.get('format'))}, which hscb_bayes "
            f"{str(told.get('version'))[:20]} wrote; make them again with hscb run"
        )
    return dict(told["files"])


def _are_names(files: Any) -> bool:
    return isinstance(files, dict) and all(
        isinstance(digest, str) and Path(name).name == name for name, digest in files.items()
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
