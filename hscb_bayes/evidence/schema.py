"""The reference of the study file, written from the models that read it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from hscb_bayes.evidence.event import Event
from hscb_bayes.evidence.group import Group
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.registry import KINDS
from hscb_bayes.evidence.study import StudyTable
from hscb_bayes.toml_file import SCHEMA

_PLAIN: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}
_LIMITS = {"exclusiveMinimum": "above", "minimum": "at least", "exclusiveMaximum": "below", "maximum": "at most"}

_INTRODUCTION = f"""\
# The study file

What a paper says, as one TOML file: nothing computed, nothing assumed, numbers as printed with all their digits. At
the top stands `schema = {SCHEMA}`; then come one `[study]` table, an `[event.<id>]` table for every event other than
response and death, a `[group.<id>]` table for every group of patients that the paper compares, and an `[[item]]` table
for every published item. Unknown keys, control characters, NaN and infinity are refused, and so is a file above 1 MiB.

Printed numbers are text: `"59%"` or `"0.59"` for a proportion, `"9 days"` or `"1 year"` (365 days) for a time, `".007"`
or `"< .001"` for a P value. Their last digit says how much rounding hides; halves are rounded up.

Numbers are read as journals spell them. `"33·0%"` and `"33,0%"` are 33.0%. `"12 mo"` is 12 months, `"2 yr"` is 2 years,
and `"day +28"` is 28 days. A month has 365/12 days, so that 12 months are a year. `"P = .007"` is .007, and `"≤ .05"`
is read as `"< .05"`. A median or a limit of it that was not reached is `"NR"`, `"NE"`, `"NA"`, `"not reached"` or
`"not estimable"`. A comma before three digits, as in `"1,000"`, is refused: it may mark thousands or decimals.
"""


def schema_markdown() -> str:
    """The reference page of the study file and of all kinds of item, as Markdown."""
    common = [name for name in Item.model_fields if name != "kind"]
    sections = [
        _INTRODUCTION,
        _section("## `[study]`", StudyTable, StudyTable.model_fields),
        _section("## `[event.<id>]`", Event, [name for name in Event.model_fields if name != "id"]),
        _section("## `[group.<id>]`", Group, [name for name in Group.model_fields if name != "id"]),
        f"## `[[item]]`\n\nEvery item has a `kind`, one of those below, and\n\n{fields_table(Item, common)}",
        *(_kind(name, kind) for name, kind in KINDS.items()),
    ]
    return "\n".join(sections)


def fields_table(model: type[BaseModel], names: Iterable[str]) -> str:
    """A Markdown table of a model's fields: key, what to write, whether it must be there, what it means."""
    hints = get_type_hints(model, include_extras=True)
    rows = [_row(model.model_fields[name], name, hints[name]) for name in names]
    return "\n".join(["| key | value | required | meaning |", "|---|---|---|---|", *rows, ""])


def _section(heading: str, model: type[BaseModel], names: Iterable[str]) -> str:
    return f"{heading}\n\n{inspect.getdoc(model)}\n\n{fields_table(model, names)}"


def _kind(name: str, kind: type[Item]) -> str:
    own = [field for field in kind.model_fields if field not in Item.model_fields]
    replicated = (inspect.getdoc(kind.statistic) or "").partition("\n\n")[0].replace("\n", " ")
    return f"{_section(f'### `kind = "{name}"`', kind, own)}\nIn a replicated study: {replicated}\n"


def _row(field: FieldInfo, name: str, hint: Any) -> str:
    default = None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
    required = "yes" if field.is_required() else f"no, `{default!r}`" if default else "no"
    return f"| `{field.alias or name}` | {_words(hint)} | {required} | {field.description or ''} |"


def _words(hint: Any) -> str:
    """What to write in the file for a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(hint, arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return " or ".join(_words(inner) for inner in arguments if inner is not NoneType)
    if origin is Literal:
        return " or ".join(f'`"{choice}"`' for choice in arguments)
    if origin is dict:
        return f"table of {_words(arguments[1])} by {_words(arguments[0])}"
    if origin is tuple and arguments[-1] is Ellipsis:
        return f"list of {_words(arguments[0])}".replace("number", "numbers")
    if origin is tuple:
        return f"list of {len(arguments)}: {', '.join(_words(inner) for inner in arguments)}"
    if inspect.isclass(hint) and issubclass(hint, BaseModel):
        hints = get_type_hints(hint, include_extras=True)
        return "table with " + ", ".join(f"`{key}` ({_words(hints[key])})" for key in hint.model_fields)
    return _PLAIN[hint]


def _annotated(hint: Any, inner: Any, marks: tuple[Any, ...]) -> str:
    for mark in marks:
        if isinstance(mark, FieldInfo) and isinstance(mark.json_schema_extra, dict):
            return f'text such as `"{mark.json_schema_extra["example"]}"`'
    if inner not in (int, float):
        return _words(inner)
    schema = TypeAdapter(hint).json_schema()
    limits = [f"{word} {schema[key]:g}" for key, word in _LIMITS.items() if key in schema]
    return f"{_words(inner)} {' and '.join(limits)}".strip()
