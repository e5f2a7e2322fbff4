"""Reference tables: R's values and the patients they belong to."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[1] / "data" / "r_reference"


@pytest.fixture(scope="session")
def reference() -> Callable[[str], pd.DataFrame]:
    """Read a table of ``tests/data/r_reference`` by name."""
    return lambda name: pd.read_csv(REFERENCE / f"{name}.csv")


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
