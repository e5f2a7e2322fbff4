"""Whatever is in a file, it loads or gets one sentence."""

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.study import Study, load_study

GOOD = (Path(__file__).parent / "good.toml").read_text(encoding="utf-8")
WORDS = sorted(set(GOOD.split()))

scalars = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["59%", "0.59", "9 days", "1 year", ".007", "< .001", "all", "responders", "short", "survival"]),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def toml_of(value: Any) -> str:
    """Write a value in one line; tables become inline tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_of(str(key))} = {toml_of(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml_of(inner) for inner in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower()


def leaves(value: Any, location: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Locations of everything in a document, tables and lists included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield (*location, key)
        yield from leaves(child, (*location, key))


LOCATIONS = list(leaves(tomllib.loads(GOOD)))


@contextmanager
def file_with(content: bytes) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.toml"
        path.write_bytes(content)
        yield path


def assert_loads_or_gets_a_sentence(content: bytes) -> None:
    with file_with(content) as path:
        try:
            assert isinstance(load_study(path), Study)
        except InputError as error:
            sentence = str(error)
            assert sentence.startswith(f"{path}: ")
            assert sentence.isprintable()
            assert len(sentence) < len(str(path)) + 1500
            assert not sentence.endswith(".")


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_bytes(content: bytes) -> None:
    assert_loads_or_gets_a_sentence(content)


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=40), st.sampled_from([" ", "\n"]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_words_of_a_study_file(words: list[str], space: str) -> None:
    assert_loads_or_gets_a_sentence(space.join(words).encode("utf-8", "surrogatepass"))


@given(st.integers(0, len(GOOD)), st.integers(0, 30), st.text(max_size=10))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_study_file_with_a_stretch_replaced(start: int, length: int, text: str) -> None:
    assert_loads_or_gets_a_sentence((GOOD[:start] + text + GOOD[start + length :]).encode("utf-8", "surrogatepass"))


@given(st.dictionaries(st.sampled_from(LOCATIONS), values, min_size=1, max_size=3))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_study_file_with_values_replaced(changes: dict[tuple[str | int, ...], Any]) -> None:
    document = tomllib.loads(GOOD)
    for location in sorted(changes, key=len, reverse=True):  # what is deeper first: it is still there
        table: Any = document
        for step in location[:-1]:
            table = table[step]
        table[location[-1]] = changes[location]
    text = "\n".join(f"{toml_of(str(key))} = {toml_of(value)}" for key, value in document.items())
    assert_loads_or_gets_a_sentence(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("location", LOCATIONS, ids=str)
def test_a_study_file_with_one_key_missing(location: tuple[str | int, ...]) -> None:
    document = tomllib.loads(GOOD)
    table: Any = document
    for step in location[:-1]:
        table = table[step]
    del table[location[-1]]
    text = "\n".join(f"{toml_of(str(key))} = {toml_of(value)}" for key, value in document.items())
    assert_loads_or_gets_a_sentence(text.encode())
