"""What pydantic found wrong in a file, said in sentences with an address."""

from __future__ import annotations

import difflib
import math
import re
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from hscb_bayes.errors import InputError, Refusals

LONGEST_FOUND = 60  # characters of a found value that are quoted
MOST_NAMES = 20  # known names that are listed
KEY = "[key]"  # what pydantic says after the place of a key that is wrong itself

_quote = reprlib.Repr()
_quote.maxstring = _quote.maxother = _quote.maxlong = LONGEST_FOUND
_quote.maxlevel = 2

_REQUIRED = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "string_pattern_mismatch": "lower-case letters, digits and underscores, a letter first",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "too_short": "at least {min_length} {entries}",
    "too_long": "at most {max_length} entries",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of at least {ge:g}",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "a number of at most {le:g}",
    "finite_number": "a finite number",
}


def explain(error: ValidationError, *, model: type[BaseModel], data: Any, address: str) -> InputError:
    """Make a sentence of each thing that is wrong, in the order in which they stand in the file.

    In a table with an unknown key nothing is called missing: it may be there under the other name.

    Parameters
    ----------
    error
        What pydantic raised.
    model
        The model that was validated; its keys are offered when one is unknown.
    data
        What was validated.
    address
        What each sentence begins with, such as ``models/evidence/x.toml: item 'os_1y'``.
    """
    details = error.errors(include_url=False)
    unknown = {detail["loc"][:-1] for detail in details if detail["type"] == "extra_forbidden"}
    said = [detail for detail in details if detail["type"] != "missing" or detail["loc"][:-1] not in unknown]
    places = _places(data)
    said.sort(key=lambda detail: _place(detail["loc"], places))
    return InputError(*dict.fromkeys(f"{address}: {_sentence(model, detail)}" for detail in said))


@contextmanager
def in_order_of(data: Mapping[str, Any], address: str) -> Iterator[Refusals]:
    """Collect what is wrong with parts of a file, and say it in the order of its keys; last what begins with none.

    Parameters
    ----------
    data
        The tables of the file.
    address
        What sentences about it begin with; then comes the key, as in ``cohort.sizes.short: required 1, found 2``.
    """
    refusals = Refusals()
    yield refusals
    places, keys = _places(data), re.compile(rf"{re.escape(address)}: ([\w.]+)")

    def place(line: str) -> tuple[float, ...]:
        found = keys.match(line)
        return _place(tuple(found[1].split(".")) if found else ("",), places)

    refusals.say(order=place)


def _places(data: Any) -> dict[tuple[str | int, ...], int]:
    """Where in its table or list each value of a file stands, by the way to it."""
    found = dict[tuple[str | int, ...], int]()
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
    while waiting:
        location, value = waiting.pop()
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
        for place, (step, inner) in enumerate(pairs):
            found[*location, step] = place
            waiting.append(((*location, step), inner))
    return found


def _place(location: tuple[str | int, ...], places: Mapping[tuple[str | int, ...], int]) -> tuple[float, ...]:
    """The way to a value in places; what is missing stands at the end of its table."""
    return tuple(places.get(location[: depth + 1], math.inf) for depth in range(len(location)))


def _sentence(model: type[BaseModel], detail: Mapping[str, Any]) -> str:
    is_key = detail["loc"][-1:] == (KEY,)
    location = tuple(detail["loc"][:-1] if is_key else detail["loc"])
    context: dict[str, Any] = dict(detail.get("ctx", {}))
    context["entries"] = "entry" if context.get("min_length") == 1 else "entries"
    match detail["type"]:
        case "extra_forbidden":
            return unknown_key(str(location[-1]), keys_at(model, location[:-1]), inside=location[:-1])
        case "missing":
            return _missing(model, location)
        case "value_error":  # a sentence about a key quotes the key
            return _at(location[:-1] if is_key else location, str(context["error"]))
        case "literal_error":
            return _at(location, _choice(str(context["expected"]), detail["input"]))
        case kind:
            required = _REQUIRED.get(kind, detail["msg"]).format(**context)
            return _at(location, f"required {required}, found {quote(detail['input'])}")


def quote(found: object) -> str:
    """A value from a file, as Python writes it, cut to a readable length."""
    return _quote.repr(found)


def place_of(location: Sequence[str | int]) -> str:
    """Where in a file a value is, such as ``item[2].level``; entries count from 1, odd keys are quoted and cut."""
    steps = [f"[{step + 1}]" if isinstance(step, int) else f".{_key(step)}" for step in location]
    return "".join(steps).removeprefix(".")


def _key(key: str) -> str:
    return key if len(key) <= LONGEST_FOUND and key.replace("-", "_").isidentifier() else quote(key)


def unknown_key(key: str, known: Iterable[str], *, inside: Sequence[str | int] = ()) -> str:
    """ "unknown key 'valeu'; did you mean 'value'?", or all the known keys when none is near."""
    return _at(inside, f"unknown key {quote(key)}; {nearest(key, known)}")


def nearest(found: str, known: Iterable[str]) -> str:
    """ "did you mean 'value'?", or "known are ..." when nothing is near."""
    names = list(known)
    near = difflib.get_close_matches(found[:LONGEST_FOUND], names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {listed(sorted(names))}"


def listed(names: Sequence[str]) -> str:
    """ "'a', 'b', 'c'", cut where there are many."""
    return ", ".join([*map(repr, names[:MOST_NAMES]), *(["..."] if len(names) > MOST_NAMES else [])])


def keys_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Keys that a table inside a model may hold; ``location`` is the way to it, as pydantic gives it."""
    models = _models([model])
    for step in location:
        models = _models(_inside(models, step)) or models
    return sorted({field.alias or name for inner in models for name, field in inner.model_fields.items()})


def _inside(models: Sequence[type[BaseModel]], step: str | int) -> list[Any]:
    """Annotations of the field that a step leads to; a key of a dictionary or an index leads nowhere new."""
    fields = [(name, field) for inner in models for name, field in inner.model_fields.items()]
    return [field.annotation for name, field in fields if (field.alias or name) == step]


def _models(annotations: Iterable[Any]) -> list[type[BaseModel]]:
    """The models in annotations, inside unions, lists and dictionaries too."""
    found: list[type[BaseModel]] = []
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.append(annotation)
        found.extend(_models(get_args(annotation)))
    return found


def _missing(model: type[BaseModel], location: Sequence[str | int]) -> str:
    if isinstance(location[-1], int):
        return _at(location[:-1], f"entry {location[-1] + 1} is missing")
    models = _models([model])
    for step in location[:-1]:
        models = _models(_inside(models, step)) or models
    fields = [inner.model_fields[name] for inner in models for name in inner.model_fields if name == location[-1]]
    description = fields[0].description if fields else None
    needed = f" (required: {description})" if description else ""
    return _at(location[:-1], f"{location[-1]} is missing{needed}")


def _choice(expected: str, found: object) -> str:
    names = [name.strip("'") for part in expected.split(", ") for name in part.split(" or ")]
    near = difflib.get_close_matches(found[:LONGEST_FOUND], names, n=1) if isinstance(found, str) else []
    hint = f"; did you mean {near[0]!r}?" if near and near[0] != found else ""
    return f"required {expected}, found {quote(found)}{hint}"


def _at(location: Sequence[str | int], sentence: str) -> str:
    """Put the field before the sentence; a sentence about a whole table stands alone."""
    return f"{place_of(location)}: {sentence}" if location else sentence
