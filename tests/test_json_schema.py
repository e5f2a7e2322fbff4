"""The JSON schemas that editors take: every file of ours is valid by its own, and mistakes are not."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hscb_bayes import cli
from hscb_bayes.analysis.json_schema import SCHEMAS
from hscb_bayes.analysis.load import load
from hscb_bayes.evidence.new_study import new_study
from hscb_bayes.evidence.registry import KINDS

ROOT = Path(__file__).parents[1]
EVIDENCE = sorted((ROOT / "models" / "evidence").glob("*.toml"))
ANALYSES = [*sorted((ROOT / "models").glob("*.toml")), *sorted((ROOT / "tests" / "data").glob("*.toml"))]


def kind_of(path: Path) -> str:
    if path in EVIDENCE:
        return "study"
    analysis = load(path)
    return "pool" if analysis.has_hierarchy else "analysis" if analysis.has_print else "patients"


def mistakes(kind: str, data: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMAS[kind]())
    return [error.message for error in validator.iter_errors(data)]


def tables(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_a_schema(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema", kind]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(json.dumps(SCHEMAS[kind]()))
    jsonschema.Draft202012Validator.check_schema(printed)


@pytest.mark.parametrize("path", [*EVIDENCE, *ANALYSES], ids=lambda path: path.stem)
def test_every_file_of_ours_is_valid_by_the_schema_of_its_kind(path: Path) -> None:
    assert mistakes(kind_of(path), tables(path)) == []


def test_every_kind_of_item_is_in_it() -> None:
    assert {f"table_{kind}" for kind in KINDS} <= set(SCHEMAS["study"]()["$defs"])


def test_a_new_study_is_valid_and_a_mistake_in_it_is_not(tmp_path: Path) -> None:
    good = tables(new_study("smith2025", tmp_path))
    assert mistakes("study", good) == []
    assert any("'n' is a required property" in said for said in mistakes("study", good | {"study": {"id": "x"}}))
    assert mistakes("study", good | {"itm": []}) == ["Additional properties are not allowed ('itm' was unexpected)"]
    for key, value in (("value", 0.6), ("survval", "60%"), ("kind", "surviv"), ("level", "95%")):
        item = {**good["item"][2], key: value}
        assert mistakes("study", good | {"item": [item]}), key


def test_a_file_over_another_need_not_say_all() -> None:
    good = tables(ROOT / "models" / "main.toml")
    assert mistakes("analysis", good) == []
    assert mistakes("analysis", {key: value for key, value in good.items() if key != "cohort"})
    assert mistakes("analysis", {"base": "main", "cohort": {"form": "step"}}) == []
    assert mistakes("analysis", {"base": "main", "cohort": {"form": "stp"}})
