"""Programs as a user for whom permissions mean something: as root every test of permissions passes.

The interpreter may be where only root can reach it, so that root does not become another user. It gives up, for the
program and all that this starts, the capabilities by which it passes over permissions; files of root stay its own.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest

DROP = "-dac_override,-dac_read_search,-fowner"
SETPRIV = shutil.which("setpriv")
LIMITED = pytest.mark.skipif(os.geteuid() == 0 and SETPRIV is None, reason="root needs setpriv to be limited")


def as_ordinary_user(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command that permissions bind."""
    before = [str(SETPRIV), f"--bounding-set={DROP}", f"--inh-caps={DROP}"] if os.geteuid() == 0 else []
    return subprocess.run(
        [*before, *command],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
