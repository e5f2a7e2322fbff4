"""Whether what a file says is in what was loaded from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from hscb_bayes.evidence.printed import Printed


def differences(loaded: Any, said: Any, place: str = "") -> Iterator[str]:
    """Places at which a loaded object is not what the file says."""
    if isinstance(said, Mapping):
        for key, value in said.items():
            held, there = _held(loaded, key)
            if not there:
                yield f"{place}.{key} is not there"
            else:
                yield from differences(held, value, f"{place}.{key}")
    elif isinstance(said, list):
        if not isinstance(loaded, Sequence) or isinstance(loaded, str) or len(loaded) != len(said):
            yield f"{place} is {loaded!r}"
            return
        for position, (one, other) in enumerate(zip(loaded, said, strict=True)):
            yield from differences(one, other, f"{place}[{position}]")
    elif not _is_same(loaded, said):
        yield f"{place} is {loaded!r}, said {said!r}"


def _held(loaded: Any, key: str) -> tuple[Any, bool]:
    if isinstance(loaded, Mapping):
        return loaded.get(key), key in loaded
    if isinstance(loaded, BaseModel):
        for name, field in type(loaded).model_fields.items():
            if (field.alias or name) == key:
                return getattr(loaded, name), True
        return None, False
    return getattr(loaded, key, None), hasattr(loaded, key)


def _is_same(loaded: Any, said: Any) -> bool:
    if isinstance(loaded, Printed):
        return loaded.text == said
    if isinstance(loaded, bool) or isinstance(said, bool):
        return loaded is said
    return loaded == said and isinstance(loaded, str) == isinstance(said, str)
