"""The reference of the study file names everything that the loader knows."""

import subprocess
import sys
from pathlib import Path

import pytest

from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.registry import KINDS
from hscb_bayes.evidence.schema import fields_table, schema_markdown

HEAVY = ["pandas", "scipy", "xarray", "pymc", "pytensor", "arviz", "nutpie", "matplotlib"]


def section_of(kind: str) -> str:
    return schema_markdown().partition(f'### `kind = "{kind}"`')[2].partition("\n### ")[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_a_section_with_a_row_for_each_field_of_its_own(kind: str) -> None:
    own = [name for name in KINDS[kind].model_fields if name not in Item.model_fields]
    rows = [line.split("`")[1] for line in section_of(kind).splitlines() if line.startswith("| `")]
    assert rows == own


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_it_means(kind: str) -> None:
    assert [name for name, field in KINDS[kind].model_fields.items() if not field.description] == []


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_registered_under_the_name_that_the_file_has(name: str) -> None:
    assert str(KINDS[name].model_fields["kind"].annotation) == f"typing.Literal['{name}']"


def test_rows_say_type_need_and_meaning() -> None:
    assert fields_table(KINDS["survival"], ["at", "level"]).splitlines()[2:] == [
        '| `at` | text such as `"1 year"` | yes | when, counted from time zero |',
        "| `level` | number above 0 and below 1 | no | level of the interval as a fraction, if printed |",
    ]


def test_reading_a_study_loads_no_heavy_package(root: Path) -> None:
    code = (
        "import sys; from hscb_bayes.evidence.study import load_study; "
        "load_study('models/evidence/gagelmann2023.toml'); "
        f"print(sorted(set(sys.modules) & set({HEAVY})))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
