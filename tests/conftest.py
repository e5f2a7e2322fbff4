"""Order of the tests, and the places they read from."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put fast tests first, then slow ones that share a run, then the other slow ones; otherwise the order stays.

    What shares a run takes longest: begun early, it keeps no worker busy after the other has ended.
    """
    for item in items:
        in_group(item)
    items.sort(key=order)


def order(item: pytest.Item) -> tuple[bool, bool]:
    """Slow or not, and of the slow ones alone or not."""
    slow, group = (item.get_closest_marker(name) is not None for name in ("slow", "xdist_group"))
    return slow, slow and not group


def in_group(item: pytest.Item) -> None:
    """Say the group of a test in its id, from which pytest-xdist takes it.

    pytest-xdist 3.8 means to, but writes where pytest 9.2 no longer reads (pytest-xdist issue 1386): tests of a group
    then run in both workers, and each makes the run that they share.
    """
    group = item.get_closest_marker("xdist_group")
    if "PYTEST_XDIST_WORKER" not in os.environ or group is None or item.nodeid.endswith(f"@{group.args[0]}"):
        return
    item._id = type(item._id).parse(f"{item.nodeid}@{group.args[0]}")  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the clone."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with tables that may not be copied into the repository: HSCB_SHARED, or ``shared`` beside the clone."""
    folder = Path(os.environ.get("HSCB_SHARED", ROOT.parent / "shared"))
    if not (folder / "data" / "ebmt3.csv").is_file():
        pytest.skip(f"{folder}/data/ebmt3.csv is not there; it may not be copied: set HSCB_SHARED to where it is")
    return folder
