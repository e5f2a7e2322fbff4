"""TOML files that are right, and ways to make them nearly right."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.robustness import hostile

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
Location = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A right file: its tables, its text, and where in them every value is."""

    name: str
    tables: Mapping[str, Any]
    text: str
    places: tuple[Location, ...] = field(repr=False)


@cache
def document(path: Path) -> Document:
    text = path.read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return Document(name=path.name, tables=tables, text=text, places=tuple(places_in(tables)))


def places_in(value: Any, location: Location = ()) -> Iterator[Location]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield (*location, key)
        yield from places_in(child, (*location, key))


def pick[T](rng: np.random.Generator, values: Sequence[T]) -> T:
    return values[int(rng.integers(len(values)))]


def at(tables: Any, location: Location) -> Any:
    for step in location:
        tables = tables[step]
    return tables


def toml_of(value: Any) -> str:
    """A value in one line; tables become inline tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_of(str(key))} = {toml_of(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml_of(inner) for inner in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value) if isinstance(value, float) else str(value).lower()


def text_of(tables: Mapping[str, Any]) -> bytes:
    lines = (f"{toml_of(str(key))} = {toml_of(value)}\n" for key, value in tables.items())
    return "".join(lines).encode("utf-8", "surrogatepass")


def changed_number(rng: np.random.Generator, text: str) -> str:
    """A printed number with one digit, sign or letter changed, or doubled, or left out."""
    if not text:
        return "1"
    k, kind = int(rng.integers(len(text))), int(rng.integers(4))
    sign = pick(rng, "0123456789.%<>- days")
    return (text[:k] + sign + text[k + 1 :], text[:k] + sign + text[k:], text[:k] + text[k + 1 :], text + sign)[kind]


def other_value(rng: np.random.Generator, value: Any) -> Any:
    """Near the value, of its type, three times out of four; else anything."""
    if rng.random() < 0.25:
        return pick(rng, (pick(rng, hostile.STRINGS), pick(rng, hostile.NUMBERS), [], {}, [value], {"a": value}, True))
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return pick(rng, (value + 1, value - 1, 0, 1, value * 10, -value, float(value), str(value), value // 2))
    if isinstance(value, float):
        return pick(rng, (value * 1.01, value / 2, value * 10, -value, 0.0, 1.0, int(value), value + 1e-9, str(value)))
    if isinstance(value, str):
        numeric = any(sign.isdigit() for sign in value) and len(value) < 20
        return pick(
            rng, (changed_number(rng, value), pick(rng, hostile.PRINTED) if numeric else pick(rng, hostile.STRINGS))
        )
    if isinstance(value, list) and value:
        return pick(rng, (value[1:], [*value, value[0]], value[::-1], [*value, 1]))
    return value


def _replace(rng: np.random.Generator, tables: Any, place: Location, others: Sequence[Location]) -> None:
    at(tables, place[:-1])[place[-1]] = other_value(rng, at(tables, place))


def _delete(rng: np.random.Generator, tables: Any, place: Location, others: Sequence[Location]) -> None:
    del at(tables, place[:-1])[place[-1]]


def _rename(rng: np.random.Generator, tables: Any, place: Location, others: Sequence[Location]) -> None:
    parent = at(tables, place[:-1])
    if isinstance(parent, dict):
        key = str(place[-1])
        name = pick(rng, (changed_number(rng, key), key.upper(), key + "_", pick(rng, hostile.STRINGS), key[::-1]))
        parent[name] = parent.pop(place[-1])


def _add(rng: np.random.Generator, tables: Any, place: Location, others: Sequence[Location]) -> None:
    parent, source = at(tables, place[:-1]), pick(rng, others)
    taken = copy.deepcopy(at(tables, source))
    if isinstance(parent, dict):
        parent[str(source[-1])] = taken
    else:
        parent.append(taken)


def _swap(rng: np.random.Generator, tables: Any, place: Location, others: Sequence[Location]) -> None:
    kind = type(at(tables, place))
    apart = [one for one in others if one[: len(place)] != place[: len(one)]]  # neither is inside the other
    alike = [one for one in apart if one[-1] == place[-1]] or [
        one for one in apart if isinstance(at(tables, one), kind) and kind not in (dict, list)
    ]
    if alike:
        other = pick(rng, alike)
        mine, its = copy.deepcopy(at(tables, place)), copy.deepcopy(at(tables, other))
        at(tables, place[:-1])[place[-1]] = its
        at(tables, other[:-1])[other[-1]] = mine


def _double(rng: np.random.Generator, tables: Any, place: Location, others: Sequence[Location]) -> None:
    parent, value = at(tables, place[:-1]), copy.deepcopy(at(tables, place))
    if isinstance(parent, list):
        parent.insert(int(rng.integers(len(parent) + 1)), value)
    else:
        parent[f"{place[-1]}2"] = value


CHANGES: tuple[Callable[[np.random.Generator, Any, Location, Sequence[Location]], None], ...] = (
    _replace, _replace, _replace, _replace, _delete, _rename, _add, _swap, _swap, _double,
)  # fmt: skip


def nearly(rng: np.random.Generator, right: Document) -> dict[str, Any]:
    """The tables of a right file with one to three changes."""
    tables: Any = copy.deepcopy(right.tables)
    for _ in range(1 + int(rng.integers(4)) // 2):
        places = right.places if _ == 0 else tuple(places_in(tables))
        if places:
            pick(rng, CHANGES)(rng, tables, pick(rng, places), places)
    return dict(tables)


def nearly_text(rng: np.random.Generator, right: Document) -> bytes:
    """The text of a right file with a stretch left out, doubled or replaced, another encoding or other line ends."""
    text, start = right.text, int(rng.integers(len(right.text)))
    end = start + int(rng.integers(40))
    kind = int(rng.integers(8))
    lines = text.splitlines(keepends=True)
    row = int(rng.integers(len(lines)))
    made = (
        lambda: text[:start] + text[end:],
        lambda: text[:end] + text[start:],
        lambda: text[:start] + pick(rng, hostile.STRINGS) + text[end:],
        lambda: "".join([*lines[:row], lines[row], *lines[row:]]),
        lambda: "".join([*lines[:row], *lines[row + 1 :]]),
        lambda: text.replace("\n", pick(rng, ("\r\n", "\r", "\n\n"))),
        lambda: text[:start],
        lambda: text,
    )[kind]()
    content = made.encode(pick(rng, ("utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig", "utf-7")), "replace")
    if rng.random() < 0.2:
        content = content[:start] + bytes(rng.integers(0, 256, 3, dtype=np.uint8)) + content[end:]
    return content
