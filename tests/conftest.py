"""Order of the tests, and the places they read from."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put fast tests first: those marked slow go to the end, otherwise the order stays."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


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
