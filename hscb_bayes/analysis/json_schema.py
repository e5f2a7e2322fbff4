"""JSON schemas of the files: editors complete keys and mark mistakes while a file is written.

They are made from the models that read the files. What needs more than one key at a time, such as an interval around
its estimate, only reading a file finds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel

from hscb_bayes.analysis.paper_table import AnalysisTable
from hscb_bayes.analysis.patient_table import PatientAnalysisTable
from hscb_bayes.analysis.pool_table import PoolTable
from hscb_bayes.evidence.event import Event
from hscb_bayes.evidence.group import Group
from hscb_bayes.evidence.item import LONGEST_NAME, NAME
from hscb_bayes.evidence.registry import KINDS
from hscb_bayes.evidence.study import StudyTable
from hscb_bayes.toml_file import SCHEMA

DIALECT = "https://json-schema.org/draft/2020-12/schema"

FileKind = Literal["study", "analysis", "patients", "pool"]


def json_schema(kind: FileKind) -> str:
    """The JSON schema of a kind of file, as text."""
    return json.dumps(SCHEMAS[kind](), indent=2, ensure_ascii=False)


def _study() -> dict[str, Any]:
    """A study file: its tables, and an item by its kind."""
    parts: dict[str, type[BaseModel]] = {"study": StudyTable, "event": Event, "group": Group, **KINDS}
    made = {name: _of(model) for name, model in parts.items()}
    definitions = {name: rest for one in made.values() for name, rest in one.pop("$defs", {}).items()}
    definitions |= {f"table_{name}": one for name, one in made.items()}
    for name in ("event", "group"):  # the table's own name is its id
        table = definitions[f"table_{name}"]
        table["properties"].pop("id")
        table["required"].remove("id")
    by_name = {
        name: {
            "type": "object",
            "propertyNames": {"pattern": NAME, "maxLength": LONGEST_NAME},
            "additionalProperties": _ref(f"table_{name}"),
        }
        for name in ("event", "group")
    }
    items = {"type": "array", "minItems": 1, "items": {"oneOf": [_ref(f"table_{kind}") for kind in KINDS]}}
    properties = {"schema": {"const": SCHEMA}, "study": _ref("table_study"), **by_name, "item": items}
    return {
        "$schema": DIALECT,
        "title": "a study file of hscb_bayes",
        "type": "object",
        "properties": properties,
        "required": ["schema", "study", "item"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _analysis_of(model: type[BaseModel], title: str) -> Callable[[], dict[str, Any]]:
    """A file that may take from another, its ``base``, what it does not say itself."""

    def made() -> dict[str, Any]:
        whole = _of(model)
        part = json.loads(json.dumps(whole).replace("#/$defs/", "#/$defs/part_of_"))
        _require_nothing(part)
        part["properties"]["base"] = {"type": "string", "description": "the file over which this one stands"}
        definitions = {**whole.pop("$defs"), **{f"part_of_{name}": one for name, one in part.pop("$defs").items()}}
        has_base = {"if": {"required": ["base"]}, "then": part, "else": whole}
        return {"$schema": DIALECT, "title": title, "type": "object", **has_base, "$defs": definitions}

    return made


SCHEMAS: Mapping[FileKind, Callable[[], dict[str, Any]]] = {
    "study": _study,
    "analysis": _analysis_of(AnalysisTable, "an analysis of a paper, of hscb_bayes"),
    "patients": _analysis_of(PatientAnalysisTable, "an analysis of a table of patients, of hscb_bayes"),
    "pool": _analysis_of(PoolTable, "an analysis of several studies, of hscb_bayes"),
}


def _of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model; a printed number is text."""
    found = model.model_json_schema(by_alias=True)
    _say_what_printed_numbers_are(found)
    return found


def _say_what_printed_numbers_are(part: Any) -> None:
    """Wherever a value has an example and no type it is a printed number, in place."""
    if isinstance(part, list):
        for one in part:
            _say_what_printed_numbers_are(one)
    if isinstance(part, dict):
        if isinstance(part.get("example"), str) and "type" not in part:
            part["type"] = "string"
            part["examples"] = [part.pop("example")]
        for one in part.values():
            _say_what_printed_numbers_are(one)


def _require_nothing(part: Any) -> None:
    """Keys that a base may say instead need not be there, in place."""
    if isinstance(part, list):
        for one in part:
            _require_nothing(one)
    if isinstance(part, dict):
        if isinstance(part.get("required"), list):
            part.pop("required")
        for one in part.values():
            _require_nothing(one)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}
