"""Machine code on disk: by which name it is found, and what becomes of files that are damaged or too many."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytensor.scalar as ps
import pytensor.tensor as pt
import pytest
from pytensor.tensor.elemwise import Elemwise

from hscb_bayes.machine_code import kept
from hscb_bayes.machine_code.compiler import functions, object_code
from hscb_bayes.machine_code.text import Module
from tests.machine_code.called import array, entry, graph_of
from tests.machine_code.kept_graphs import graphs, keys

KEY, CODE = "ab" * 32, bytes(range(256)) * 10
BLOCKS_LAST = """
import pytensor.tensor as pt
from hscb_bayes.machine_code import kept
x = pt.tensor("x", shape=(1,), dtype="float64")
said = [kept.key_of([x], [pt.exp(x)])]
from hscb_bayes.model.block_sum import BlockSum
rows = pt.tensor("rows", shape=(9, 1), dtype="float64")
said.append(kept.key_of([x, rows], BlockSum(lambda p, r: p[0] * r[:, 0], parameters=1, columns=1)(x, rows)))
print(*said)
"""
BLOCKS_FIRST = "from hscb_bayes.model.block_sum import BlockSum\n" + BLOCKS_LAST


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where machine code is kept, which is not there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches" / "hscb_bayes"


def said_by(root: Path, *commands: list[str]) -> list[str]:
    """What several Pythons say that run at once, each with another seed of its hashes."""
    running = [
        subprocess.Popen(
            [sys.executable, *command],
            cwd=root,
            env=os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(root)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, command in enumerate(commands, 1)
    ]
    found = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(running)
    return found


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    """Keys."""
    return keys()


def test_graphs_that_differ_have_different_keys(found: dict[str, str]) -> None:
    same = [(one, other) for one in found for other in found if one < other and found[one] == found[other]]
    assert same == []


def test_a_graph_that_is_made_again_has_the_same_key(found: dict[str, str]) -> None:
    assert keys() == found


def test_keys_and_texts_are_the_same_in_every_process(root: Path, found: dict[str, str]) -> None:
    one, other = (json.loads(said) for said in said_by(root, *[["-m", "tests.machine_code.kept_graphs"]] * 2))
    assert one["keys"] == other["keys"] == found
    assert one["texts"] == other["texts"]


def test_a_key_does_not_depend_on_what_was_loaded_before(root: Path) -> None:
    """Neither that of a sum by blocks, which depends on how that is written, nor that of another graph."""
    last, first = said_by(root, ["-c", BLOCKS_LAST], ["-c", BLOCKS_FIRST])
    assert last.split() == first.split()


@pytest.mark.parametrize(
    ("name", "other"),
    [("machine", lambda: "another processor"), ("version", lambda name: f"another {name}")],
    ids=["the processor", "a library"],
)
def test_a_key_depends_on(name: str, other: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    graph = graphs()["as it is"]
    usual = kept.key_of(graph.inputs, graph.outputs)
    monkeypatch.setattr(kept, name, other)
    assert kept.key_of(graph.inputs, graph.outputs) != usual


def test_a_key_depends_on_further_texts() -> None:
    graph = graphs()["as it is"]
    found = [kept.key_of(graph.inputs, graph.outputs, *further) for further in ((), ("one",), ("other",))]
    assert len(set(found)) == 3


def test_the_names_of_variables_are_no_part_of_a_key() -> None:
    found = []
    for names in (("x", "y"), ("one", "other")):
        x, y = (array(name, 3) for name in names)
        found.append(kept.key_of([x, y], [pt.exp(x) + y]))
    assert found[0] == found[1]


def test_what_a_key_cannot_say_is_refused() -> None:
    x, other = array("x", 3), array("other", 3)
    with pytest.raises(TypeError, match="a variable of a graph that is neither computed nor an input: other"):
        kept.key_of([x], [x + other])


def test_an_operation_with_a_function_that_holds_more_is_refused() -> None:
    def times(factor: float) -> Callable[[Any], Any]:
        return lambda *_: (factor and ps.float64,)

    x = array("x", 3)
    with pytest.raises(TypeError, match=r"it is not known how to say all of <function .*times"):
        kept.key_of([x], [Elemwise(ps.Exp(times(2.0)))(x)])


def test_what_was_kept_is_found(folder: Path) -> None:
    assert kept.read(KEY) is None
    kept.write(KEY, CODE)
    assert kept.read(KEY) == CODE
    assert kept.read("cd" * 32) is None
    assert [path.name for path in folder.iterdir()] == [KEY]


def test_it_is_the_same_function(folder: Path) -> None:
    graph, module = graph_of(lambda x: pt.exp(x).sum(axis=0), (3, 4)), Module()
    entry(module, 0, graph)
    kept.write(KEY, object_code(module.text))
    code = kept.read(KEY)
    assert code is not None
    assert functions(code, ["entry0"])["entry0"].address != 0
    assert folder.is_dir()


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "shorter than its digest": lambda content: content[:20],
    "its digest alone": lambda content: content[:32],
    "cut off": lambda content: content[:-1],
    "half": lambda content: content[: len(content) // 2],
    "longer": lambda content: content + b"0",
    "of another digest": lambda content: bytes([content[0] ^ 1]) + content[1:],
    "of another byte": lambda content: content[:-5] + bytes([content[-5] ^ 1]) + content[-4:],
    "zeros": lambda content: bytes(len(content)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_not_used_and_is_written_anew(damage: Callable[[bytes], bytes], folder: Path) -> None:
    kept.write(KEY, CODE)
    file = folder / KEY
    file.write_bytes(damage(file.read_bytes()))
    assert kept.read(KEY) is None
    kept.write(KEY, CODE)
    assert kept.read(KEY) == CODE


def test_a_folder_in_the_place_of_a_file_is_no_error(folder: Path) -> None:
    (folder / KEY / "inside").mkdir(parents=True)
    assert kept.read(KEY) is None
    kept.write(KEY, CODE)
    assert kept.read(KEY) is None
    assert [path.name for path in folder.iterdir()] == [KEY]


def test_a_place_that_cannot_be_a_folder_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    kept.write(KEY, CODE)
    assert kept.read(KEY) is None
    assert (tmp_path / "file").read_text() == ""


def test_no_home_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", unknown)
    kept.write(KEY, CODE)
    assert kept.read(KEY) is None


@pytest.mark.parametrize("name", ["mkdir", "replace"])
def test_a_folder_that_cannot_be_written_to_is_no_error(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError("not yours")

    folder.mkdir(parents=True)
    monkeypatch.setattr(Path, name, refused)
    kept.write(KEY, CODE)
    assert list(folder.iterdir()) == []
    assert kept.read(KEY) is None


def test_a_folder_that_can_only_be_read_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError("not yours")

    kept.write(KEY, CODE)
    for name in ("touch", "mkdir", "replace", "unlink"):
        monkeypatch.setattr(Path, name, refused)
    assert kept.read(KEY) == CODE


def test_no_more_than_so_many_are_kept_and_those_used_last(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 5)
    names = [f"{k:064x}" for k in range(8)]
    for k, name in enumerate(names[:5]):
        kept.write(name, CODE)
        os.utime(folder / name, (1000.0 + k, 1000.0 + k))
    assert kept.read(names[1]) == CODE  # and is then the newest
    for name in names[5:]:
        kept.write(name, CODE)
        assert len(list(folder.iterdir())) == 5
    assert {path.name for path in folder.iterdir()} == {names[1], names[4], *names[5:]}


def test_code_that_is_the_same_has_the_same_bytes() -> None:
    graph, found = graph_of(lambda x: pt.exp(x) @ x.T + np.arange(3.0), (3, 4)), []
    for _ in range(2):
        module = Module()
        entry(module, 0, graph)
        found.append(object_code(module.text))
    assert found[0] == found[1]
