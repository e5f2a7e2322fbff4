"""No density moves unseen: log densities and gradients are those of the tables on disk (the rest: ``make unmoved``)."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unmoved import densities
from tests.unmoved.densities import TABLES, files, kept, moved

pytestmark = pytest.mark.xdist_group("densities")  # a process compiles what several of these evaluate once
FILES = {file.stem: file for file in files()}


@pytest.mark.parametrize("name", ["main", "with_centre", "pooled", "bmt"])
def test_density_and_gradient_are_those_on_disk(name: str) -> None:
    assert moved(FILES[name]) == ""


def test_every_analysis_has_a_table() -> None:
    assert {table.stem for table in TABLES.glob("*.npz")} == set(FILES)
    for file in FILES.values():
        table = kept(file)
        assert table.gradient.shape == (densities.POINTS, table.start.size) == (200, table.coordinates.size)
        assert np.isfinite(table.log_density).all()


@pytest.mark.parametrize("part", ["log_density", "gradient", "start"])
def test_a_density_that_moved_is_seen(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = kept(FILES["main"])
    monkeypatch.setattr(densities, "computed", lambda *_: replace(table, **{part: getattr(table, part) * (1 + 1e-6)}))
    assert moved(FILES["main"]).startswith("main moved: ")
