"""Whatever is in a file, it loads and can be used or gets a sentence for each thing that is wrong."""

import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.errors import MOST_LINES, NEXT_LINE, InputError
from hscb_bayes.evidence.study import load_study
from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from tests.robustness.documents import places_in, toml_of

TESTS = Path(__file__).parent
MODELS = TESTS.parent / "models"


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file that is right: what is around it, its place there, and the analysis that reads it; none for a study."""

    around: dict[str, Path]
    file: str
    analysis: str | None = None

    @property
    def text(self) -> str:
        return self.around[self.file].read_text(encoding="utf-8")


SHIPPED = {str(path.relative_to(MODELS)): path for path in MODELS.rglob("*.toml")}
SMALL = {"x.toml": TESTS / "analysis" / "good.toml", "study.toml": TESTS / "analysis" / "good_study.toml"}
OTHER = {"other.toml": SHIPPED["plain_weibull.toml"], "main.toml": TESTS / "analysis" / "good.toml"}
DOCUMENTS = {
    "a study": Document(around={"x.toml": TESTS / "evidence" / "good.toml"}, file="x.toml"),
    "an analysis": Document(around=SMALL | OTHER, file="x.toml", analysis="x.toml"),
    "the study of an analysis": Document(around=SMALL | OTHER, file="study.toml", analysis="x.toml"),
    "main": Document(around=SHIPPED, file="main.toml", analysis="main.toml"),
    "an alternative": Document(around=SHIPPED, file="split_13_18.toml", analysis="split_13_18.toml"),
    "the base of an alternative": Document(around=SHIPPED, file="calibration.toml", analysis="calibration.toml"),
}

scalars = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["59%", "0.59", "9 days", "1 year", ".007", "< .001", "all", "responders", "short", "survival"]),
    st.sampled_from(["main", "x", "study.toml", "os_1y", "response", "weibull", "step", "cox", "response_median.all"]),
    st.integers(-(2**70), 2**70),
    st.integers(0, 40),
    st.floats(),
    st.floats(0.0, 1.0),
    st.booleans(),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


LOCATIONS = {name: list(places_in(tomllib.loads(document.text))) for name, document in DOCUMENTS.items()}
WORDS = {name: sorted(set(document.text.split())) for name, document in DOCUMENTS.items()}


@contextmanager
def folder_of(document: Document, content: bytes) -> Iterator[Path]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for place, path in document.around.items():
            (folder / place).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, folder / place)
        (folder / document.file).write_bytes(content)
        yield folder


def assert_can_be_used(document: Document, folder: Path) -> None:
    if document.analysis is None:
        assert load_study(folder / document.file).items
        return
    analysis = load_analysis(folder / document.analysis)
    arrays = joint_arrays(analysis, printed_values(analysis))
    there = {name: value for name, value in vars(arrays).items() if value is not None}
    assert there.keys() >= vars(arrays).keys() - {"of_incidence"}
    assert all(np.isfinite(value).all() for name, value in there.items() if name != "nodes")
    assert all(np.isfinite(value).all() for value in vars(arrays.nodes).values())


def assert_loads_or_gets_a_sentence(document: Document, content: bytes) -> None:
    with folder_of(document, content) as folder:
        try:
            assert_can_be_used(document, folder)
        except InputError as error:
            assert_each_line_is_a_sentence(error, folder)


def assert_each_line_is_a_sentence(error: InputError, folder: Path) -> None:
    sentences = [str(InputError(line)) for line in error.args]
    assert str(error).split(NEXT_LINE)[:MOST_LINES] == sentences[:MOST_LINES]
    assert len(sentences) == len(set(sentences)) > 0
    for sentence in sentences:
        assert sentence.startswith(f"{folder}/")
        assert sentence.isprintable()
        assert len(sentence) < 3 * len(str(folder)) + 1500
        assert not sentence.endswith(".")


def toml_with(document: Document, changes: dict[tuple[str | int, ...], Any]) -> bytes:
    tables = tomllib.loads(document.text)
    for location in sorted(changes, key=len, reverse=True):  # what is deeper first: it is still there
        table: Any = tables
        for step in location[:-1]:
            table = table[step]
        table[location[-1]] = changes[location]
    text = "\n".join(f"{toml_of(str(key))} = {toml_of(value)}" for key, value in tables.items())
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_file_as_it_is_loads_and_can_be_used(name: str) -> None:
    document = DOCUMENTS[name]
    with folder_of(document, document.text.encode()) as folder:
        assert_can_be_used(document, folder)


@pytest.mark.parametrize("name", ["a study", "an analysis", "the study of an analysis"])
@given(content=st.binary(max_size=200))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_any_bytes(name: str, content: bytes) -> None:
    assert_loads_or_gets_a_sentence(DOCUMENTS[name], content)


@pytest.mark.parametrize("name", ["a study", "an analysis", "an alternative"])
@given(data=st.data(), space=st.sampled_from([" ", "\n"]))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_any_words_of_a_file(name: str, data: st.DataObject, space: str) -> None:
    words = data.draw(st.lists(st.sampled_from(WORDS[name]) | st.text(max_size=3), max_size=40))
    assert_loads_or_gets_a_sentence(DOCUMENTS[name], space.join(words).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", DOCUMENTS)
@given(start=st.floats(0.0, 1.0), length=st.integers(0, 30), text=st.text(max_size=10))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_a_file_with_a_stretch_replaced(name: str, start: float, length: int, text: str) -> None:
    whole = DOCUMENTS[name].text
    cut = int(start * len(whole))
    content = (whole[:cut] + text + whole[cut + length :]).encode("utf-8", "surrogatepass")
    assert_loads_or_gets_a_sentence(DOCUMENTS[name], content)


@pytest.mark.parametrize("name", DOCUMENTS)
@given(data=st.data())
@settings(max_examples=75, deadline=None, derandomize=True)
def test_a_file_with_values_replaced(name: str, data: st.DataObject) -> None:
    changes = data.draw(st.dictionaries(st.sampled_from(LOCATIONS[name]), values, min_size=1, max_size=3))
    assert_loads_or_gets_a_sentence(DOCUMENTS[name], toml_with(DOCUMENTS[name], changes))


@pytest.mark.parametrize("name", DOCUMENTS)
@given(data=st.data())
@settings(max_examples=75, deadline=None, derandomize=True)
def test_a_file_with_values_taken_from_elsewhere_in_it(name: str, data: st.DataObject) -> None:
    tables = tomllib.loads(DOCUMENTS[name].text)
    changes = {}
    for location in data.draw(st.lists(st.sampled_from(LOCATIONS[name]), min_size=1, max_size=3, unique=True)):
        taken: Any = tables
        for step in data.draw(st.sampled_from(LOCATIONS[name])):
            taken = taken[step]
        changes[location] = taken
    assert_loads_or_gets_a_sentence(DOCUMENTS[name], toml_with(DOCUMENTS[name], changes))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_file_with_one_key_missing(name: str) -> None:
    document = DOCUMENTS[name]
    for location in LOCATIONS[name]:
        tables = tomllib.loads(document.text)
        table: Any = tables
        for step in location[:-1]:
            table = table[step]
        del table[location[-1]]
        text = "\n".join(f"{toml_of(str(key))} = {toml_of(value)}" for key, value in tables.items())
        assert_loads_or_gets_a_sentence(document, text.encode())
