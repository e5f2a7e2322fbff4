"""Where tables lie that may not be copied, and random numbers."""

import os
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with tables that may not be copied into the repository."""
    folder = os.environ.get("HSCB_SHARED")
    if not folder:
        pytest.skip("HSCB_SHARED is not set: the ebmt3 table may not be copied into the repository")
    return Path(folder)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20230701)
