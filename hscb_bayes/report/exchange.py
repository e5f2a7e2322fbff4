"""Two folders change names in one step, so that no moment has neither."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

HERE = -100  # AT_FDCWD: paths as they are
EXCHANGE, SWAP = 2, 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}  # the kernel or the file system has none


def exchange(one: Path, other: Path) -> bool:
    """Let two folders of one file system change names; false where the system cannot do that in one step.

    Raises
    ------
    OSError
        When it can and must not, as where a folder is not ours.
    """
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        call, arguments = getattr(library, "renamex_np", None), (*names, SWAP)
    else:
        call, arguments = getattr(library, "renameat2", None), (HERE, names[0], HERE, names[1], EXCHANGE)
    if call is None:
        return False
    if call(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(other))
