"""Literatures that are drawn from the beliefs of a pool: studies on their own, tables of patients."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.level import STUDY
from hscb_bayes.analysis.read_pool import load_pool
from hscb_bayes.checking.methods.literature import printed_literature, quantities, true_literature
from hscb_bayes.model.data import layout_of
from tests.pool.tables_in_pools import AGE_AND_CENTRES, WITH_CENTRES, write_pool, write_table

MODELS = Path(__file__).parents[2] / "models"
LITERATURES = 400
FALSE_ALARM = 4.9  # standard errors


def test_effects_of_studies_have_the_spread_of_the_mixture() -> None:
    """Mean squares are those of both normals, by the weight, where no population or definition adds to them."""
    pool, rng = load_pool("pooled_weight_50"), np.random.default_rng(1)
    level = pool.levels[STUDY]
    first = np.array([true_literature(pool, rng=rng).among_effects("study_effect")[0, 0] for _ in range(LITERATURES)])
    for k, effect in enumerate(level.effects):
        weight, squares = level.weight_of(pool.studies[0]), first[:, k] ** 2
        expected = weight * level.between[effect] ** 2 + (1.0 - weight) * level.apart[effect] ** 2
        assert abs(squares.mean() - expected) < FALSE_ALARM * squares.std() / np.sqrt(LITERATURES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(MODELS, tmp_path / "models")
    return tmp_path / "models"


def test_a_table_among_the_studies_is_simulated_and_prints_nothing(folder: Path) -> None:
    write_table(folder, rows=WITH_CENTRES, more=AGE_AND_CENTRES)
    pool, rng = load_pool(write_pool(folder, ("with_centre", "our_table", "liu2024"))), np.random.default_rng(2)
    truth = true_literature(pool, rng=rng)
    simulated, numbers, censored = printed_literature(pool, truth, rng=rng)
    assert layout_of(simulated, numbers) == layout_of(pool)
    assert (len(numbers["our_table"]), len(numbers["gagelmann2023"]) > 5, 0.0 <= censored < 1.0) == (0, True, True)
    for study in ("our_table", "gagelmann2023"):
        own, real = (one.member(study).patients for one in (simulated, pool))
        assert not np.array_equal(own.last_day, real.last_day)
    found = quantities(truth, seed=1)
    assert all(np.isfinite(values).all() for values in found.values())
    assert {"our_table:os_1y", "average:response_by_28", "next:os_1y", "between:response"} <= set(found)
