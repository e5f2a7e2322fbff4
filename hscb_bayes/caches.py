"""Where libraries keep compiled code and fonts between runs; where they cannot, a folder for this process alone."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hscb_bayes.errors import InputError
from hscb_bayes.stopping import remove_when_stopped

ACCESS = os.R_OK | os.W_OK | os.X_OK
COMPILED = re.compile(r"(?:^|,)\s*(?:base_)?compiledir\s*=\s*([^,]+)")  # in PYTENSOR_FLAGS


def ensure_writable() -> None:
    """Before PyTensor, Numba and matplotlib are imported: see that they find a place they can write to.

    PyTensor does not start without one; the others say so on standard error. Nothing changes where their own places
    can be written to. Otherwise they get a temporary folder, which is removed when the process ends: nothing is kept,
    and the next run compiles again.

    Raises
    ------
    InputError
        When there is no place for temporary files either.
    """
    flags = os.environ.get("PYTENSOR_FLAGS", "")
    chosen = COMPILED.search(flags)
    if not _can_be_written(Path(chosen[1].strip() if chosen else "~/.pytensor")):
        kept = COMPILED.sub("", flags).strip(",")
        folder = _temporary()
        os.environ["PYTENSOR_FLAGS"] = f"{kept},base_compiledir={folder}".strip(",")
    numba = os.environ.get("NUMBA_CACHE_DIR")
    if not _can_be_written(Path(numba) if numba else _base("XDG_CACHE_HOME", "~/.cache") / "numba"):
        os.environ["NUMBA_CACHE_DIR"] = str(_temporary())
    if not all(_can_be_written(place) for place in _places_of_matplotlib()):
        os.environ["MPLCONFIGDIR"] = str(_temporary())


def _places_of_matplotlib() -> list[Path]:
    chosen = os.environ.get("MPLCONFIGDIR")
    if chosen:
        return [Path(chosen)]
    bases = _base("XDG_CONFIG_HOME", "~/.config"), _base("XDG_CACHE_HOME", "~/.cache")
    return [base / "matplotlib" for base in bases]


def _base(variable: str, otherwise: str) -> Path:
    return Path(os.environ.get(variable) or otherwise)


def _can_be_written(folder: Path) -> bool:
    """Whether files can be made in a folder and the folders in it, or the folder itself where it is not there."""
    try:
        place = folder.expanduser()
        there = next(each for each in (place, *place.parents) if each.exists())
        within = [each for each in place.glob("*") if each.is_dir()] if there == place else []
    except (OSError, RuntimeError, StopIteration):
        return False
    return there.is_dir() and all(os.access(each, ACCESS) for each in (there, *within)) and _has_space(there)


def _has_space(folder: Path) -> bool:
    status = os.statvfs(folder)
    return status.f_bavail > 0 and (status.f_files == 0 or status.f_favail > 0)


def _temporary() -> Path:
    import atexit
    import shutil
    import tempfile

    try:
        folder = tempfile.mkdtemp(prefix="hscb_bayes-")
    except OSError as error:
        raise InputError(
            "there is no place for compiled code: neither the home directory nor the one for temporary files can be "
            f"written to ({(error.strerror or str(error)).lower()}); set HOME or TMPDIR to one that can"
        ) from None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    remove_when_stopped(Path(folder))
    return Path(folder)
