"""The laws of a section: which analyses have it, what it writes, and that its template is there."""

from pathlib import Path

import pytest

from hscb_bayes.analysis.load import load
from hscb_bayes.report.sections import SECTIONS, sections_of
from tests.unmoved.tables import TABLES

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "hscb_bayes" / "report" / "templates"
DATA = ROOT / "tests" / "data"
FORMS: dict[str, str | Path] = {
    "print": "main",
    "pool": "pooled",
    "table": DATA / "bmt.toml",
    "print with grades": "rdhap",
    "arms": "richardson2016",
}
PRINT, ARMS, POOL, TABLE = {"print", "print with grades"}, {"arms"}, {"pool"}, {"table"}
LAWS: dict[str, tuple[set[str], set[str]]] = {  # of which forms, and which files
    "answer": (PRINT | ARMS | POOL | TABLE, set()),
    "studies": (POOL, set()),
    "conflicts": (PRINT | ARMS | POOL, {"audit.csv"}),
    "assumed": (PRINT | ARMS | POOL | TABLE, set()),
    "arms": (ARMS, {"arms.csv", "arm_contrasts.csv"}),
    "curves": (PRINT, {"curves.csv"}),
    "grades": ({"print with grades"}, {"grades.csv"}),
    "by_response": (PRINT, {"by_response.csv"}),
    "death_days": (PRINT, {"death_days.csv"}),
    "duration": (PRINT, {"predictions.csv", "probabilities.csv"}),
    "p_value": (PRINT, {"p_values.csv"}),
    "states": (TABLE, {"occupancy.csv", "observed.csv"}),
    "groups": (TABLE, {"times.csv"}),
    "ratios": (TABLE, {"ratios.csv", "contrasts.csv"}),
    "centres": (TABLE, {"centres.csv", "centre_weights.csv", "left_out_centres.csv", "left_out_numbers.csv"}),
    "forest": (POOL, {"estimands.csv"}),
    "heterogeneity": (POOL, {"heterogeneity.csv", "weights.csv"}),
    "check": (PRINT | ARMS | POOL | TABLE, {"check.csv"}),
    "influence": (TABLE, {"loo.csv"}),
    "learned": (PRINT | ARMS, {"summary.csv"}),
    "baselines": (TABLE, {"baselines.csv"}),
    "borrowing": (
        POOL,
        {"borrowing.csv", "next_study.csv", "next_study.toml"}
        | {f"next_study_{name}.json" for name in ("response_by_28", "os_1y")},
    ),
    "alternatives": (PRINT | ARMS | POOL, {"alternatives.csv"}),
    "provenance": (PRINT | ARMS | POOL | TABLE, set()),
}
ANALYSES = {form: load(path) for form, path in FORMS.items()}


def test_every_section_has_a_law() -> None:
    assert [section.name for section in SECTIONS] == list(LAWS)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_a_section_applies_by_what_an_analysis_has_and_writes_its_files(section) -> None:
    forms, files = LAWS[section.name]
    assert {form for form, analysis in ANALYSES.items() if section.applies(analysis)} == forms
    assert set(section.files) == files
    assert (TEMPLATES / f"{section.name}.html.j2").is_file()


@pytest.mark.parametrize(("form", "name"), [("print", "main"), ("pool", "pooled"), ("table", "bmt_changing")])
def test_a_run_writes_the_files_of_its_sections_and_no_file_twice(form: str, name: str) -> None:
    files = [file for section in sections_of(ANALYSES[form]) for file in section.files]
    assert sorted(files) == sorted(path.name for path in (TABLES / name).iterdir())


def test_every_template_is_used() -> None:
    shared = {"page.html.j2", "table.html.j2", "style.css"}
    assert {path.name for path in TEMPLATES.iterdir()} - shared == {f"{section.name}.html.j2" for section in SECTIONS}
