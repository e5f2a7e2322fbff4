"""Study files: nearly right ones are refused or loaded as they are, and the audit judges the numbers, not the names."""

from __future__ import annotations

import copy
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import numpy as np

from hscb_bayes.evidence.audit import Finding, audit
from hscb_bayes.evidence.study import Study, load_study
from tests.robustness.documents import MODELS, ROOT, Document, document, nearly, nearly_text, pick, text_of
from tests.robustness.judging import demand
from tests.robustness.saying import differences

GOOD = (
    ROOT / "tests/evidence/good.toml",
    ROOT / "tests/evidence/good.toml",
    ROOT / "tests/evidence/several.toml",
    ROOT / "tests/analysis/good_study.toml",
    *sorted((MODELS / "evidence").glob("*.toml")),
)
SAME_TIMES = {"1 year": ("12 months", "365 days"), "12 months": ("1 year",), "2 years": ("24 months", "730 days")}


@cache
def scratch() -> Path:
    """A folder of this process, in memory where there is such a place; it is removed when the process ends."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="hscb-fuzz-", dir=memory if memory.is_dir() else None))
    Finalize(None, shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True}, exitpriority=0)
    return folder


def loaded(content: bytes, name: str = "x.toml") -> Study:
    path = scratch() / name
    path.write_bytes(content)
    return load_study(path)


def as_said(study: Study, tables: Mapping[str, Any]) -> None:
    """Everything in the file is in the study."""
    found = [
        *differences(study, tables["study"], "study"),
        *differences(study.events, tables.get("event", {}), "event"),
        *differences(study.groups, tables.get("group", {}), "group"),
        *differences(study.items, tables["item"], "item"),
    ]
    demand(not found, "what the file says is in the study", *found)
    demand(json.loads(study.text) == json.loads(json.dumps(tables)), "the study keeps its file", study.text[:300])


def values(rng: np.random.Generator) -> None:
    """Up to three values, keys or tables changed: refused, or in the study, and audited."""
    tables = nearly(rng, document(pick(rng, GOOD)))
    study = loaded(text_of(tables))
    as_said(study, tables)
    sound(audit(study), study.text)


def bytes_of(rng: np.random.Generator) -> None:
    """The text itself broken: refused, or audited."""
    study = loaded(nearly_text(rng, document(pick(rng, GOOD))))
    sound(audit(study), study.text)


UNREADABLE = re.compile(r"(?<![\w.])(nan|None|-?inf|-0%|-0 days)(?!\w)")


def sound(findings: tuple[Finding, ...], said: str = "") -> None:
    """Each finding has its own id, a sentence and a sum; numbers in it are readable, unless the file says them so."""
    ids = [finding.id for finding in findings]
    demand(len(set(ids)) == len(ids), "each finding has its own id", sorted(ids))
    for finding in findings:
        words = f"{finding.sentence} {finding.arithmetic}"
        demand(finding.sentence.endswith(".") and "\n" not in words, "sentence of a finding", finding.sentence)
        odd = [found[0] for found in UNREADABLE.finditer(words) if found[0] not in said]
        demand(not odd, "numbers of a finding are readable", odd, finding.sentence, finding.arithmetic)


def _severities(study: Study) -> list[tuple[str, str]]:
    return sorted((finding.rule, finding.severity) for finding in audit(study))


def renamed(tables: dict[str, Any], rng: np.random.Generator) -> None:
    for number, group in enumerate(tables.get("group", {}).values()):
        group["label"] = f"<b>people {number}</b>"
    for item in tables["item"]:
        item["place"] = pick(rng, ("Table 1", "<i>somewhere</i>", "p. 3"))
        item["note"] = "a note"


def in_other_units(tables: dict[str, Any], rng: np.random.Generator) -> None:
    for item in tables["item"]:
        for key in ("at", "by"):
            if item.get(key) in SAME_TIMES:
                item[key] = pick(rng, SAME_TIMES[item[key]])
        for key in ("value", "lower", "upper", "percent"):
            text = item.get(key)
            if isinstance(text, str) and text.endswith("%") and "." not in text and len(text) <= 4:
                item[key] = f"{int(text[:-1]) / 100:.2f}"


TEXTS = ("label", "place", "note", "words", "id")  # of a group or an item, which name no group


def with_other_ids(tables: dict[str, Any], rng: np.random.Generator) -> None:
    for number, item in enumerate(tables["item"]):
        item["id"] = f"item_{number}"
    names = {name: f"group_{number}" for number, name in enumerate(tables.get("group", {}))}
    for table in (*tables["item"], *tables.get("group", {}).values()):
        for key, value in table.items():
            table[key] = value if key in TEXTS else _named(value, names)
    if names:
        tables["group"] = {names[name]: group for name, group in tables["group"].items()}


def _named(value: Any, names: Mapping[str, str]) -> Any:
    """A value with other names for the groups in it."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [_named(entry, names) for entry in value]
    return {key: _named(entry, names) for key, entry in value.items()} if isinstance(value, dict) else value


def in_other_order(tables: dict[str, Any], rng: np.random.Generator) -> None:
    rng.shuffle(tables["item"])


DRESSES = (renamed, in_other_units, with_other_ids, in_other_order)


def judged_alike(rng: np.random.Generator) -> None:
    """Labels, names, units and order are not numbers: the findings are the same."""
    right = document(pick(rng, GOOD))
    tables = with_other_numbers(rng, right)
    study = loaded(text_of(tables))
    dress = pick(rng, DRESSES)
    other = copy.deepcopy(tables)
    dress(other, rng)
    again = loaded(text_of(other))
    found, expected = _severities(again), _severities(study)
    new, gone = [one for one in found if one not in expected], [one for one in expected if one not in found]
    demand(found == expected, f"findings {dress.__name__.replace('_', ' ')}", right.name, new, gone, _numbers(tables))


def with_other_numbers(rng: np.random.Generator, right: Document) -> dict[str, Any]:
    """Some percentages and counts of a right file replaced by others."""
    tables: dict[str, Any] = copy.deepcopy(dict(right.tables))
    for item in tables["item"]:
        if rng.random() < 0.3 and isinstance(item.get("value"), str) and item["value"].endswith("%"):
            three = np.sort(rng.integers(0, 101, 3))
            item["value"] = f"{three[1]}%"
            if "lower" in item:
                item |= {"lower": f"{three[0]}%", "upper": f"{three[2]}%"}
        if rng.random() < 0.2 and isinstance(item.get("count"), int):
            item["count"] = int(rng.integers(0, item["n"] + 1))
    return tables


def _numbers(tables: Mapping[str, Any]) -> list[object]:
    return [(item["id"], item.get("among", "all"), item.get("value", item.get("count"))) for item in tables["item"]][
        :12
    ]
