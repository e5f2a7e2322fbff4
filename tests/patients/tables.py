"""Analyses of small tables that tests write: a file with priors, and the table beside it."""

import json
from pathlib import Path

BELIEF = 'best_guess = {0}\nbelow = {1}\nwhy = "a test"\n'
FILE = """
schema = 1
title = "a test"
question = "a test?"

[patients]
file = "patients.csv"
units = "{units}"
form = "{form}"
why = "a test"
{options}
[patients.{form}]
{columns}
{covariates}
[hazards]
never_respond = false

[prior.response_median]
best_guess = 12.0
below = 60.0
why = "a test"
"""


def analysis_file(
    folder: Path, table: str | bytes, *, columns: str = "", covariates: str = "", options: str = "", form: str = "wide",
    units: str = "days",
) -> Path:  # fmt: skip
    """An analysis of a table, written into a folder; returns the path of the analysis."""
    content = table if isinstance(table, bytes) else table.encode()
    (folder / "patients.csv").write_bytes(content)
    text = FILE.format(columns=columns, covariates=covariates, options=options, form=form, units=units)
    for share in ("death_without_response", "death_after_response"):
        text += f"\n[prior.{share}]\n{BELIEF.format(0.5, 0.95)}"
    for shape in ("response", "death_without_response", "death_after_response"):
        text += f"\n[prior.{shape}_shape]\n{BELIEF.format(1.0, 3.0)}"
    file = folder / "ours.toml"
    file.write_text(text)
    return file


def levels_of(column: str, levels: list[str], *, id: str = "arm") -> str:
    """A covariate with levels."""
    return f"""
[covariates.{id}]
column = {json.dumps(column)}
label = "arm"
levels = {json.dumps(levels, ensure_ascii=False)}
hazard_ratio_rarely_above = 3.0
why = "a test"
"""


def number_of(column: str, *, id: str = "age") -> str:
    """A covariate of numbers."""
    return f"""
[covariates.{id}]
column = {json.dumps(column)}
label = "age"
hazard_ratio_rarely_above = 3.0
why = "a test"
"""


def centres_of(column: str) -> str:
    """Centres."""
    return f"""
[centres]
column = {json.dumps(column)}
hazard_ratio_rarely_above = 4.0
why = "a test"
"""
