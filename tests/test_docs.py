"""The pages say what the code says."""

import doctest
import importlib
import importlib.util
import pkgutil
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

import hscb_bayes
from hscb_bayes.analysis.priors import PARAMETERS
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.study import load_study
from hscb_bayes.posterior import predict, ratios

MODULES = sorted(info.name for info in pkgutil.walk_packages(hscb_bayes.__path__, "hscb_bayes."))
ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
SHORT_README = 120
SHORTEST_ALT = 80  # characters
LARGEST_IMAGE = 100_000  # bytes


def loaded_hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOOKS = loaded_hooks()


@pytest.mark.parametrize("page", HOOKS.PAGES)
def test_a_reference_page_is_what_the_code_says(page: str) -> None:
    assert (DOCS / page).read_text() == HOOKS.PAGES[page](), "write it again with .venv/bin/python docs/hooks.py"


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_the_analysis_page_names_every_parameter(parameter: str) -> None:
    assert f"| `{parameter}` |" in (DOCS / "reference/analysis-file.md").read_text()


def test_the_api_page_has_every_public_name() -> None:
    page = (DOCS / "reference/api.md").read_text()
    shown = set(re.findall(r"^::: hscb_bayes\.[\w.]+\.(\w+)$", page, re.M))
    assert set(hscb_bayes.__all__) - {"__version__"} <= shown


def test_every_name_of_the_api_page_is_there() -> None:
    page = (DOCS / "reference/api.md").read_text()
    for path in re.findall(r"^::: (hscb_bayes\.[\w.]+)$", page, re.M):
        module, _, name = path.rpartition(".")
        assert hasattr(importlib.import_module(module), name), path


def test_every_quoted_finding_is_one_of_the_audit() -> None:
    page = (DOCS / "explanation/audit-of-gagelmann2023.md").read_text()
    quoted = [" ".join(text.replace("\n> ", " ").split()) for text in re.findall(r"^> (.*(?:\n> .*)*)", page, re.M)]
    said = {finding.sentence for finding in audit(load_analysis("main").study)}
    assert quoted
    assert [text for text in quoted if text not in said] == []


def test_the_explanation_names_the_numbers_that_main_fits() -> None:
    page = (DOCS / "explanation/joint-likelihood.md").read_text()
    fitted = load_analysis("main").fit.items
    assert re.findall(r"^\| `([\w.]+)` \| fitted \|", page, re.M) == list(fitted)


def test_the_study_file_of_the_guide_loads_and_has_no_conflict(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```$", (DOCS / "how-to/add-a-paper.md").read_text(), re.M | re.S)
    path = tmp_path / "smith2025.toml"
    path.write_text(text)
    assert [finding.sentence for finding in audit(load_study(path)) if finding.severity == "conflict"] == []


@pytest.mark.parametrize("guide", ["change-a-prior", "hold-a-number-out"])
def test_the_alternative_of_a_guide_is_an_analysis(guide: str, tmp_path: Path) -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```$", (DOCS / f"how-to/{guide}.md").read_text(), re.M | re.S)
    shutil.copytree(ROOT / "models", tmp_path / "models")
    (alternative,) = [block for block in blocks if block.startswith("base")]
    path = tmp_path / "models" / "alternative.toml"
    path.write_text(alternative)
    assert load_analysis(path).table.title != load_analysis("main").table.title


def test_a_table_of_results_says_what_made_it(tmp_path: Path) -> None:
    path = tmp_path / "calibration.csv"
    path.write_text("quantity,cover90,command,versions,seed,date\nos_1y,0.9,run it,numpy 2,7,2026-01-02\n")
    text = HOOKS.table_markdown(path)
    assert text.splitlines()[:3] == ["| quantity | cover90 |", "| --- | --- |", "| os_1y | 0.9 |"]
    assert "- `run it`, numpy 2, seed 7, 2026-01-02" in text


def test_a_table_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    assert HOOKS.table_markdown(tmp_path / "x.csv") == "*No rows of `docs/results/x.csv` are committed yet.*"


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_give_what_they_say(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module), raise_on_error=False).failed == 0


def test_the_picture_of_the_readme_is_small_and_says_what_it_shows() -> None:
    ((alt, image),) = re.findall(r"!\[([^]]*)\]\(([^)]*)\)", (ROOT / "README.md").read_text())
    assert len(alt) > SHORTEST_ALT
    assert (ROOT / image).stat().st_size < LARGEST_IMAGE


def test_every_page_is_in_the_navigation() -> None:
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    assert set(re.findall(r"^ +- (\S+\.md)$", (ROOT / ".mkdocs.yml").read_text(), re.M)) == pages


def test_every_predicting_function_is_listed_with_its_scale() -> None:
    page = (DOCS / "reference/quantities.md").read_text()
    own = {
        name
        for module in (predict, ratios)
        for name, thing in vars(module).items()
        if getattr(thing, "__module__", "") == module.__name__
    }
    functions = {name for name in own if not name.startswith("_")} - {"summarise", "by_study"}
    listed = set(re.findall(r"`(?:hb|posterior\.predict)\.(\w+)`", page))
    assert functions | {"replicate", "check"} == listed


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text()
    links = re.findall(r"\]\(((?!https?:)[^)#]+)", text)
    assert len(text.splitlines()) < SHORT_README
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
