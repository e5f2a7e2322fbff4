"""What results depend on beside files and seeds: versions of Python and of packages, and this package's own code."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("hscb_bayes", "pymc", "pytensor", "nutpie", "arviz", "numpy", "xarray")
CODE = "the code of hscb_bayes"
SHOWN = 12  # characters of a digest


@cache
def installed() -> Mapping[str, str]:
    """Versions of Python and of the packages that draws depend on."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


@cache
def software() -> Mapping[str, str]:
    """What is ``installed``, and a digest of this package's code."""
    digest = hashlib.sha256()
    for file in files_of_the_package():
        digest.update(file.read_bytes())
    return {**installed(), CODE: digest.hexdigest()[:SHOWN]}


def difference(other: Mapping[str, str]) -> str | None:
    """The first in which the software of another process is not that of this one, in words; none where it is the same.

    Examples
    --------
    >>> difference({**software(), "numpy": "1.0"}).startswith("numpy is 1.0, and ")
    True
    """
    for name, own in software().items():
        if other.get(name) != own:
            return f"{name} is {other.get(name)}, and {own} here"
    return None


def files_of_the_package() -> list[Path]:
    """All of its Python files."""
    return sorted(Path(__file__).parent.rglob("*.py"))
