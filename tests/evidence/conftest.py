"""A small study file that is right, to be broken by the tests."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def good_text() -> str:
    """A study file with an item of each kind but a fact."""
    return (Path(__file__).parent / "good.toml").read_text(encoding="utf-8")


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """Where a test may write a study file."""
    return tmp_path / "x.toml"
