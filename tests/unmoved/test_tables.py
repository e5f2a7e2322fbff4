"""No table of a run moves unseen: what today's code makes of the draws on disk is what stands on disk beside them."""

from pathlib import Path

import numpy as np
import pytest

from tests.unmoved.draws import QUANTITIES, kept, of_fit
from tests.unmoved.tables import FILES, TABLES, compare, differences, moved, same, tables_of

LARGEST, ALL_TABLES = 300_000, 1_500_000  # bytes
FAST = ("with_centre", "myeloid_changing")


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in FILES])
def test_tables_are_those_on_disk(name: str) -> None:
    assert moved(name) == ""


@pytest.mark.parametrize("part", ["parameters", "log_hazard_ratios"])
def test_a_draw_that_moved_by_a_millionth_is_seen(part: str) -> None:
    draws = kept("myeloid_changing")
    draws[part][1, 50] *= 1.0 + 1e-6
    with pytest.raises(AssertionError, match=r"myeloid_changing:\n  .*: required '.*', found '.*'"):
        compare("myeloid_changing", draws)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("a,b\n1.0,x\n,y\n", "a,b\n1.0000000001,x\n,y\n", []),
        ("a,b\n1.0,x\n", "a,b\n1.00000001,x\n", ["row 1, a: required '1.0', found '1.00000001'"]),
        ("a,b\n1.0,x\n", "a,b\n,x\n", ["row 1, a: required '1.0', found ''"]),
        ("a,b\n1.0,x\n", "a,b\n1.0,z\n", ["row 1, b: required 'x', found 'z'"]),
        ("a,b\n1.0,x\n", "a,c\n1.0,x\n", ["column 2: required 'b', found 'c'", "row 1, b: required 'x', found 'x'"]),
        ("a\n1\n", "a\n1\n2\n", ["row 2, a: required '', found '2'"]),
        ("a\n1\n2\n", "a\n1\n", ["row 2, a: required '2', found ''"]),
    ],
)
def test_a_cell_that_moved_is_told(before: str, after: str, told: list[str], tmp_path: Path) -> None:
    expected, found = tmp_path / "expected.csv", tmp_path / "found.csv"
    expected.write_text(before)
    found.write_text(after)
    assert list(differences(expected, found)) == [f"expected.csv: {words}" for words in told]


def test_words_and_numbers_of_a_file_that_is_no_table_are_compared(tmp_path: Path) -> None:
    expected, found = tmp_path / "expected.toml", tmp_path / "found.toml"
    expected.write_text('[prior.a]\nbelow = 0.5\nwhy = "os_1y"\n')
    found.write_text('[prior.a]\nbelow = 0.51\nwhy = "os_2y"\n')
    assert list(differences(expected, found)) == [
        "expected.toml: line 2, number 1: required '0.5', found '0.51'",
        "expected.toml: line 3, words: required 'why = \"os_1y\"', found 'why = \"os_2y\"'",
    ]


@pytest.mark.parametrize(("one", "other"), [("nan", "NaN"), ("inf", "inf"), ("1e3", "1000.0"), ("0.0", "-1e-17")])
def test_cells_that_say_the_same(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(("one", "other"), [("nan", "1.0"), ("inf", "-inf"), ("True", "1.0"), ("0.0", "1e-9")])
def test_cells_that_do_not_say_the_same(one: str, other: str) -> None:
    assert not same(one, other)


def test_a_table_that_is_missing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_times(name: str, out: Path, draws: object) -> None:
        out.mkdir()
        for table, path in tables_of(TABLES / name).items():
            if table != "times.csv":
                (out / table).write_bytes(path.read_bytes())

    monkeypatch.setattr("tests.unmoved.tables.run", without_times)
    with pytest.raises(AssertionError, match="required the tables"):
        compare("myeloid_changing")


def test_every_analysis_has_draws_and_tables_of_some_size() -> None:
    draws = {path.stem: path.stat().st_size for path in (TABLES.parent / "draws").glob("*.npz")}
    assert draws.keys() == set(FILES) == {path.name for path in TABLES.iterdir()}
    assert max(draws.values()) < LARGEST
    assert sum(path.stat().st_size for path in TABLES.rglob("*.*")) < ALL_TABLES


@pytest.mark.parametrize("name", FILES)
def test_draws_are_two_hundred_of_known_quantities(name: str) -> None:
    draws = kept(name)
    assert dict(draws[["parameters"]].sizes) | {"chain": 2, "draw": 100} == dict(draws[["parameters"]].sizes)
    assert set(draws.data_vars) <= set(QUANTITIES)
    assert all(values.dtype == np.float64 and np.isfinite(values).all() for values in draws.values())


def test_each_fit_has_other_draws() -> None:
    draws = kept("main")
    first = [of_fit(draws, number)["parameters"].values[0, 0, 0] for number in range(100)]
    assert len(set(first)) == 100
