"""A table of patients as a file that a pool can have among its studies."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

ROWS = """id,duration,response_day,last_day,died
B01,10,4,410,0
B02,16,6,398,0
B03,20,7,502,0
B04,26,9,377,0
B05,33,12,150,1
B06,38,10,460,0
B07,47,14,391,0
B08,58,,44,1
B09,71,19,140,0
B10,95,,25,1
"""
BELIEFS = (
    "response_median", "response_shape", "never_respond", "death_without_response", "death_without_response_shape",
    "death_after_response", "death_after_response_shape",
)  # fmt: skip


def write_table(folder: Path, *, rows: str = ROWS, duration: bool = True, more: str = "") -> Path:
    """The analysis of a table beside the shipped ones, with the hazards and beliefs of ``main``."""
    main = tomllib.loads((folder / "main.toml").read_text())
    lines = ["schema = 1", 'title = "A table"', 'question = "What do these patients add?"']
    lines += ['population = "after_car_t"', 'definition = "neutrophil"', more]
    lines += ["[patients]", f'rows = """{rows}"""', 'units = "days"', 'why = "invented"', "[hazards]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in main["hazards"].items()]
    for id in BELIEFS:
        lines.append(f"[prior.{id}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in main["prior"][id].items()]
    if duration:
        lines += ["[covariates.duration]", 'column = "duration"', 'label = "duration of neutropenia"']
        lines += ['form = "log2"', "reference = 38.0", "hazard_ratio_rarely_above = 3.0", 'why = "as in the pool"']
    (folder / "our_table.toml").write_text("\n".join(lines))
    return folder / "our_table.toml"


def write_pool(folder: Path, studies: tuple[str, ...] = ("main", "our_table", "liu2024")) -> Path:
    """A pool of some studies, the rest as in the shipped one."""
    text = (folder / "pooled.toml").read_text()
    begin, end = text.index("studies = ["), text.index("]", text.index("studies = [")) + 1
    own = text[:begin] + f"studies = {json.dumps(list(studies))}" + text[end:]
    data = tomllib.loads(own)
    for kind in ("populations", "definitions"):
        for id in data.get(kind, {}):
            if not any(id in (folder / "evidence" / f"{name}.toml").read_text() for name in ("liu2024",)):
                start = own.index(f"[{kind}.{id}]")
                following = own.find("\n[", start + 1)
                own = own[:start] + own[following + 1 :]
    for table in ("shared_patients", "report"):
        if f"[{table}]" in own:
            start = own.index(f"[{table}]")
            following = own.find("\n[", start + 1)
            own = own[:start] + (own[following + 1 :] if following > 0 else "")
    (folder / "mixed.toml").write_text(own)
    return folder / "mixed.toml"
