"""No density moves unseen: log densities and gradients are those of the tables on disk (the rest: ``make unmoved``)."""

from dataclasses import replace

import numpy as np
import pytest

from hscb_bayes.analysis.load import load
from tests.unmoved import densities
from tests.unmoved.densities import TABLES, compare, files, in_variables_of, kept

FILES = {file.stem: file for file in files()}


@pytest.mark.parametrize("name", ["main", "with_centre", "pooled", "bmt"])
def test_density_and_gradient_are_those_on_disk(name: str) -> None:
    compare(FILES[name])  # raises AssertionError where they differ, as the last test here shows


def test_every_analysis_has_a_table() -> None:
    assert {table.stem for table in TABLES.glob("*.npz")} == set(FILES)
    for file in FILES.values():
        table = kept(file)
        assert table.gradient.shape == (densities.POINTS, table.start.size) == (200, table.coordinates.size)
        assert np.isfinite(table.log_density).all()


@pytest.mark.parametrize("moved", ["log_density", "gradient", "start"])
def test_a_density_that_moved_is_seen(moved: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table, _ = in_variables_of(load(FILES["main"]), kept(FILES["main"]))
    monkeypatch.setattr(densities, "computed", lambda *_: replace(table, **{moved: getattr(table, moved) * (1 + 1e-6)}))
    with pytest.raises(AssertionError):
        compare(FILES["main"])
