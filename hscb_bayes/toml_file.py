"""A TOML file, read so that whatever is in it the reader gets either plain data or sentences."""

from __future__ import annotations

import hashlib
import json
import math
import stat
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.sentences import explain, keys_at, place_of, quote, unknown_key

SCHEMA = 1  # of every kind of file
LARGEST = 1 << 20  # bytes; a paper's numbers take about 5,000
LARGEST_INTEGER = (1 << 63) - 1  # what TOML guarantees
DEEPEST = 20  # tables in tables; a study file has three
CONTROLS = {"Cc", "Cs", "Zl", "Zp"}  # Unicode categories: controls, surrogates, line and paragraph separators
ALLOWED_CONTROLS = "\n\t"
REORDERS_TEXT = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@dataclass(frozen=True, kw_only=True)
class TomlFile:
    """What a file holds.

    Parameters
    ----------
    path
        As the user wrote it: the address in sentences about it.
    data
        Tables as dictionaries, arrays as lists.
    sha256
        Of the bytes, in hexadecimal.
    """

    path: str
    data: dict[str, Any]
    sha256: str


def read_toml(path: str | Path) -> TomlFile:
    """Read a TOML file of at most 1 MiB.

    Raises
    ------
    InputError
        When there is no such file, or it is too large, empty, not UTF-8 or not TOML, or holds control characters, NaN,
        infinity or integers that TOML does not guarantee.
    """
    address = str(path)
    content = _read_bytes(path, address)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{address}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    if not text.strip():
        raise InputError(f"{address}: the file is empty")
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{address}: tables or arrays are nested too deeply; required at most {DEEPEST}") from None
    except ValueError as error:
        raise InputError(f"{address}: not TOML: {_first_lower(str(error))}") from None
    _check_values(data, address)
    return TomlFile(path=address, data=data, sha256=hashlib.sha256(content).hexdigest())


def tables_of_json(text: str, address: str) -> dict[str, Any]:
    """The tables of a file that was once read, from the JSON that they are kept as; refuses what ``read_toml`` refuses.

    Raises
    ------
    InputError
        When the text is not JSON, or not a table, or holds what a TOML file cannot.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"{address}: the tables that were kept of it are not JSON") from None
    if not isinstance(data, dict):
        raise InputError(f"{address}: the tables that were kept of it are not a table")
    _check_values(data, address)
    return data


def table_of[Model: BaseModel](model: type[Model], data: Any, address: str) -> Model:
    """A table by its model.

    Raises
    ------
    InputError
        With a sentence for each thing that is wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise explain(error, model=model, data=data, address=address) from None


def tables_of_file[Model: BaseModel](model: type[Model], data: dict[str, Any], address: str) -> Model:
    """All tables of a file by their model.

    Raises
    ------
    InputError
        With a sentence for each thing that is wrong, or as ``check_kind`` does.
    """
    check_kind(data, keys_at(model, ()), address)
    return table_of(model, data, address)


def check_kind(data: Mapping[str, Any], known: Sequence[str], address: str) -> None:
    """Refuse a file of another schema, and one of another kind: half of its keys, or more, are unknown.

    Nothing else is said about such a file, since what its keys mean is not known.

    Raises
    ------
    InputError
        With the sentence.
    """
    schema = data.get("schema", SCHEMA)
    if type(schema) is not int or schema != SCHEMA:  # true equals 1
        raise InputError(f"{address}: schema: required {SCHEMA}, found {quote(schema)}")
    unknown = [key for key in data if key not in known]
    if unknown and 2 * len(unknown) >= len(data):
        raise InputError(f"{address}: {unknown_key(unknown[0], known)}")


def named_tables[Named: BaseModel](file: TomlFile, key: str, model: type[Named]) -> dict[str, Named]:
    """The ``[key.name]`` tables of a file by name, none where there is no such key; a model has its name as ``id``.

    Raises
    ------
    InputError
        When they are not tables, or one is not as its model says.
    """
    tables = file.data.get(key, {})
    if not isinstance(tables, dict):
        raise InputError(f"{file.path}: {key}: required [{key}.name] tables, found {quote(tables)}")
    found, refusals = dict[str, Named](), Refusals()
    for id, table in tables.items():
        with refusals.of_a_part():
            found[id] = _named(id, table, model, f"{file.path}: {key} {quote(id)}")
    refusals.say()
    return found


def _named[Named: BaseModel](id: str, table: Any, model: type[Named], address: str) -> Named:
    if not isinstance(table, dict):
        raise InputError(f"{address}: required a table, found {quote(table)}")
    if "id" in table:
        raise InputError(f"{address}: unknown key 'id'; the name of the table is the id")
    return table_of(model, table | {"id": id}, address)


def _read_bytes(path: str | Path, address: str) -> bytes:
    if "\0" in address:
        raise InputError(f"{address!r}: a path cannot hold a zero character")
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(f"{address}: required a file, found a directory")
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{address}: required a file, found a device or a pipe")
        if status.st_size > LARGEST:
            megabytes = status.st_size / 1e6
            raise InputError(f"{address}: the file has {megabytes:,.1f} MB; required at most {LARGEST / 1e6:.1f} MB")
        with Path(path).open("rb") as file:
            return file.read(LARGEST + 1)[:LARGEST]
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{address}: there is no such file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{address!r}: the file cannot be read: {_first_lower(str(reason))}") from None


def _first_lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _check_values(data: dict[str, Any], address: str) -> None:
    """Walk all keys and values without recursion."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
    while waiting:
        location, value = waiting.pop()
        if len(location) > DEEPEST:
            raise InputError(f"{address}: tables or arrays are nested too deeply; required at most {DEEPEST}")
        if isinstance(value, dict):
            for key in value:
                _check_text(key, f"{address}: a key", allowed="")
            waiting.extend(((*location, key), inner) for key, inner in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend(((*location, i), inner) for i, inner in reversed(list(enumerate(value))))
        else:
            _check_scalar(value, f"{address}: {place_of(location)}")


def _check_scalar(value: Any, address: str) -> None:
    if isinstance(value, str):
        _check_text(value, address, allowed=ALLOWED_CONTROLS)
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{address}: required a finite number, found {value}")
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise InputError(f"{address}: required a whole number below 2^63, found a larger one")


def _check_text(text: str, address: str, *, allowed: str) -> None:
    if text.isascii() and text.isprintable():
        return
    for character in text:
        control = unicodedata.category(character) in CONTROLS or unicodedata.bidirectional(character) in REORDERS_TEXT
        if control and character not in allowed:
            raise InputError(f"{address} holds the control character U+{ord(character):04X}; remove it")
