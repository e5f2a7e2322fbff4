"""Literatures in which one study is moved: what is moved, and how the table sums up."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import EFFECTS
from hscb_bayes.analysis.read_pool import load_pool
from hscb_bayes.checking.methods import robust
from hscb_bayes.checking.methods.literature import quantities, true_literature
from hscb_bayes.checking.methods.robust import Found, compare, coverage_row, moved
from hscb_bayes.errors import InputError

RATIO = 4.0


@pytest.fixture(scope="module")
def pool() -> Analysis:
    return load_pool("pooled")


def found(study: int, truth: float, points: list[float], **changed: object) -> Found:
    usual = {"of_its_kind": 0.5, "passed": True}
    return Found(study=study, truth={"next:os_1y": truth}, points={"next:os_1y": points}, **usual | changed)


def test_one_study_is_worse_and_the_others_are_as_they_were(pool: Analysis) -> None:
    truth = true_literature(pool, rng=np.random.default_rng(1))
    after = moved(truth, "scb2024", RATIO)
    change = (after.among_effects("study_effect") - truth.among_effects("study_effect"))[0]
    own = pool.studies.index("scb2024")
    assert_array_equal(np.delete(change, own, axis=0), 0.0)
    expected = {"response": -np.log(RATIO), "death_without_response": np.log(RATIO)}
    expected["death_after_response"] = np.log(RATIO)
    assert_allclose(change[own], [expected.get(effect, 0.0) for effect in EFFECTS])
    before, now = quantities(truth, seed=1), quantities(after, seed=1)
    assert now["scb2024:os_1y"] < before["scb2024:os_1y"]
    assert now["scb2024:response_by_28"] < before["scb2024:response_by_28"]
    assert [id for id in before if before[id] != now[id]] == ["scb2024:response_by_28", "scb2024:os_1y"]


def test_coverage_width_and_error_are_those_of_the_fits() -> None:
    fits = [
        found(0, 0.5, [0.4, 0.5, 0.6]),
        found(1, 0.7, [0.4, 0.5, 0.6], passed=False),
        found(2, 0.4, [0.4, 0.6, 0.9], of_its_kind=0.2),
    ]
    assert coverage_row(fits, "next:os_1y") == {
        "quantity": "next:os_1y", "literatures": 3, "failures": 1, "cover90": 0.667, "width90": 0.3, "error": 0.133,
        "of_its_kind": 0.4,
    }  # fmt: skip


def test_every_pool_is_given_the_same_literatures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int, float]] = []

    def fit(name: str, literature: int, _seed: int, *, study: str, ratio: float) -> Found:
        asked.append((Path(name).stem, literature, ratio))
        return found(literature, 0.5, [0.4, 0.5, 0.6])

    monkeypatch.setattr(robust, "fit_literature", fit)
    with ThreadPoolExecutor(1) as executor:
        rows = compare(literatures=2, seed=1, study="scb2024", ratio=RATIO, work=tmp_path, executor=executor)
    assert sorted(asked) == sorted(
        (name, literature, ratio) for name in robust.POOLS for ratio in (1.0, RATIO) for literature in (0, 1)
    )
    assert [(row["weight"], row["literature"]) for row in rows] == [
        (weight, words) for weight in (1.0, 0.8, 0.5) for words in ("as drawn", "scb2024 moved by 4")
    ]


def test_a_study_that_is_not_pooled_cannot_be_moved(tmp_path: Path) -> None:
    sentence = "--study: required one of gagelmann2023, rejeski2022, klyuchnikov2014"
    with ThreadPoolExecutor(1) as executor, pytest.raises(InputError, match=re.escape(sentence)):
        compare(literatures=1, seed=1, study="scb2023", ratio=RATIO, work=tmp_path, executor=executor)
