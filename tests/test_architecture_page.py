"""The page about the architecture says what the files say."""

import ast
import itertools
import re
from functools import cache
from pathlib import Path

import pytest

from tests.test_architecture import MODULES, PACKAGE, ROOT, imported

PAGE = (ROOT / "docs/development/architecture.md").read_text()
PATHS = sorted({path for path in re.findall(r"`([a-z_0-9/]+/[a-z_0-9/]*\.?[a-z]*)`", PAGE) if "<" not in path})
NOUNS = re.findall(r"^\| `(\w+)` \| .* \| `([\w/]+\.py)` \|$", PAGE, re.M)
STEPS = re.findall(r"^\d+\. `([\w/]+\.py)`:", PAGE, re.M)
READERS = {f"analysis/{name}.py" for name in ("load", "read_paper", "read_table", "read_pool", "kept", "member")}


def module_of(path: str) -> str:
    return f"hscb_bayes.{path.removesuffix('.py').replace('/', '.')}"


@cache
def reached(module: str) -> frozenset[str]:
    """All modules that one imports, directly or through others."""
    found, waiting = set[str](), [module]
    while waiting:
        place = PACKAGE.parent / waiting.pop().replace(".", "/")
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if not file.is_file():
            continue
        fresh = set(imported(ast.parse(file.read_text()))) - found
        found |= fresh
        waiting += fresh
    return frozenset(found)


@pytest.mark.parametrize("path", PATHS)
def test_what_the_page_names_is_there(path: str) -> None:
    assert (PACKAGE / path).exists() or (ROOT / path).exists()


@pytest.mark.parametrize(("noun", "path"), NOUNS)
def test_a_noun_is_a_class_of_its_file(noun: str, path: str) -> None:
    tree = ast.parse((PACKAGE / path).read_text())
    assert noun in {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


@pytest.mark.parametrize(("before", "after"), list(itertools.combinations(STEPS, 2)))
def test_no_step_of_the_walk_imports_a_later_one(before: str, after: str) -> None:
    assert module_of(after) not in reached(module_of(before))


def test_the_page_is_reached_from_every_step() -> None:
    assert {module_of(step) for step in STEPS} - {"hscb_bayes.report.page"} <= reached("hscb_bayes.report.run")


def test_the_page_has_its_tables() -> None:
    assert len(NOUNS) == 12
    assert len(STEPS) == 9


def name_in_package(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", [p for p in MODULES if name_in_package(p) not in READERS], ids=name_in_package)
def test_only_the_reader_asks_for_the_form_of_a_file(path: Path) -> None:
    """By the class of what a file says, or of the analysis."""
    forms = {"Member", "AnalysisTable", "PatientAnalysisTable", "PoolTable"}
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    asked = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "isinstance"]
    named = {node.id for call in asked for node in ast.walk(call) if isinstance(node, ast.Name)}
    assert named.isdisjoint(forms)


def test_one_model_is_built_and_nothing_is_added_to_its_density_by_hand() -> None:
    texts = {name_in_package(path): path.read_text() for path in MODULES}
    assert [name for name, text in texts.items() if "pm.Model(" in text] == ["model/build.py"]
    assert [name for name, text in texts.items() if "Potential(" in text] == []
