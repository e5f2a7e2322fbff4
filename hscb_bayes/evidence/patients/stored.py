"""Patients as text that travels with a posterior, every column with its type, and back.

Their courses and their covariates are kept apart, so that a covariate may have any name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.left_out import LeftOut
from hscb_bayes.evidence.patients.patients import TIMES, Patients
from hscb_bayes.evidence.patients.problems import Problems
from hscb_bayes.evidence.patients.reading import as_text
from hscb_bayes.evidence.patients.wide import checked

TYPES = {"id": "text", **dict.fromkeys(TIMES, "number"), "died": "flag"}  # of the courses' columns
CELLS: Mapping[str, type | tuple[type, ...]] = {"text": str, "number": (int, float), "flag": bool}
DTYPES: Mapping[str, type] = {"text": object, "number": float, "flag": bool}


def text_of_patients(patients: Patients) -> str:
    """The patients as JSON.

    ``course`` and ``covariates`` hold columns by name, each with its ``type``, "text", "number" or "flag", and its
    ``values``; a response that was not seen is on day Infinity. ``left_out`` counts patients who are not in it.
    """
    course = {name: _column(getattr(patients, name), kind) for name, kind in TYPES.items()}
    covariates = {name: _column(values, _kind(values)) for name, values in patients.covariates.items()}
    return json.dumps({"left_out": asdict(patients.left_out), "course": course, "covariates": covariates})


def patients_of_text(text: str, address: str) -> Patients:
    """The patients of a text that ``text_of_patients`` made.

    Raises
    ------
    InputError
        When it is no such text, or the patients in it cannot be.
    """
    try:
        kept = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"{address}: required the patients as JSON, found other text") from None
    course = {name: _values(_inside(kept, "course", address), name, address, kind) for name, kind in TYPES.items()}
    others = _inside(kept, "covariates", address)
    covariates = {name: _values(others, name, address) for name in others}
    for name, values in covariates.items():
        if values.dtype == float and not np.all(np.isfinite(values)):
            raise InputError(f"{address}: {name}: required finite numbers, found {values[~np.isfinite(values)][0]}")
    if len({len(values) for values in [*course.values(), *covariates.values()]}) > 1 or not len(course["id"]):
        raise InputError(f"{address}: required columns of one length, above 0, in the patients that are kept")
    counts = _inside(kept, "left_out", address)
    if set(counts) != {field.name for field in fields(LeftOut)} or not all(_is_count(n) for n in counts.values()):
        raise InputError(f"{address}: left_out: required three counts, found {counts}")
    patients = Patients(**course, covariates=covariates, left_out=LeftOut(**counts))
    problems = Problems(address, patients.id)
    for name in TIMES:
        days = course[name]
        wrong = ~(days >= 0.0) | (np.isinf(days) if name != "response_day" else False)
        problems.add(wrong, f"{name} is no day", _days_in_words(days))
    return checked(patients, problems, None)


def _days_in_words(days: np.ndarray) -> Callable[[int], str]:
    return lambda row: str(days[row])


def _kind(values: np.ndarray) -> str:
    return "number" if np.issubdtype(values.dtype, np.number) else "text"


def _column(values: np.ndarray, kind: str) -> dict[str, Any]:
    cells = as_text(values) if kind == "text" else values.astype(DTYPES[kind])
    return {"type": kind, "values": cells.tolist()}


def _inside(kept: object, name: str, address: str) -> dict[str, Any]:
    """A table of what was kept."""
    found = kept.get(name) if isinstance(kept, dict) else None
    if not isinstance(found, dict):
        raise InputError(f"{address}: {name} is missing in the patients that are kept; another version wrote them")
    return found


def _values(columns: Mapping[str, Any], name: str, address: str, kind: str | None = None) -> np.ndarray:
    """A column, of the type that it declares."""
    column = columns.get(name)
    found = column if isinstance(column, dict) else {}
    declared, values = str(found.get("type")), found.get("values")
    if declared not in CELLS or declared != (kind or declared) or not isinstance(values, list):
        raise InputError(f"{address}: {name}: required a column of type {kind or 'text or number'} with its values")
    for value in values:
        if not isinstance(value, CELLS[declared]) or (declared == "number" and isinstance(value, bool)):
            raise InputError(f"{address}: {name}: required values of type {declared}, found {value!r}")
    try:
        return np.array(values, dtype=DTYPES[declared])
    except OverflowError:
        raise InputError(f"{address}: {name}: required numbers, found one that is too large") from None


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0
