"""What the pages take from the code and from committed tables, so that nothing in them is typed by hand.

Run as a program it writes the reference pages again: ``.venv/bin/python docs/hooks.py``. As a hook of MkDocs it puts
tables and the audit in place of lines such as ``<!-- table: results/calibration.csv -->``.
"""

from __future__ import annotations

import csv
import inspect
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hscb_bayes.analysis.covariate import Covariate
from hscb_bayes.analysis.exchangeable import Exchangeable
from hscb_bayes.analysis.paper_table import AnalysisTable
from hscb_bayes.analysis.patient_table import Centres, Endpoints, PatientAnalysisTable, PatientReport
from hscb_bayes.analysis.pool_table import BetweenStudies, Borrowing, Difference, PoolTable
from hscb_bayes.analysis.priors import BELIEFS, Belief
from hscb_bayes.analysis.table_source import PatientTable
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.patients.columns import LongColumns, WideColumns
from hscb_bayes.evidence.schema import fields_table, schema_markdown
from hscb_bayes.evidence.study import load_study

DOCS = Path(__file__).resolve().parent
MAKERS = ("command", "versions", "seed", "date")  # columns that say how a row was made
CALL = re.compile(r"^<!-- (table|audit): (\S+) -->$", re.M)

ANALYSIS_INTRODUCTION = """\
# The analysis file

What is assumed, as one TOML file. What the paper says is in the [study file](schema.md). An analysis that differs in a
few places from another says `base = "main"` and then only the differences: tables are merged key by key. `base` is the
name of an analysis in the same folder. Beliefs that are taken from an analysis of another study say so on the page,
among the assumptions and beside the answer.

A file is read whole before anything is compiled: its base, its study and the alternatives that its report asks for.
Every mistake in a file is a sentence on a line of its own, in the order of the file; a missing belief, and what
contradicts the study, are said once every table is right by itself. Unknown keys are refused, with the nearest known
one. A conflict that the audit finds must have an entry in `[handled]`, or the analysis does not run.

Every file that an analysis names is in its folder or below: `study`, `patients.file`, `known_patients.file`, and the
analyses that `base`, `studies` and `report.alternatives` name. An absolute path, a path that leaves the folder through
`..`, and a link that leads out of it are refused; links within the folder are followed.
"""


def analysis_markdown() -> str:
    """The reference of the analysis file, from the models that read it."""
    sections = [ANALYSIS_INTRODUCTION, f"## Top level\n\n{_table(AnalysisTable)}"]
    for name, hint in get_type_hints(AnalysisTable, include_extras=True).items():
        inner = _inner_table(hint)
        if name in AnalysisTable.model_fields and inner is not None and inner is not Belief:
            sections.append(f"## `[{name}]`\n\n{inspect.getdoc(inner)}\n\n{_table(inner)}")
    sections.append(f"## `[prior.<parameter>]`\n\n{inspect.getdoc(Belief)}\n\n{_table(Belief)}")
    rows = [
        f"| `{id}` | {parameter.label} | {parameter.unit} | {parameter.scale} |" for id, parameter in BELIEFS.items()
    ]
    head = ["| parameter | what it is | unit | normal on the scale |", "|---|---|---|---|"]
    sections.append("The parameters:\n\n" + "\n".join([*head, *rows]) + "\n")
    return "\n".join(sections)


POOL_INTRODUCTION = """\
# The pool file

Which analyses of single studies are joined, and how studies are believed to differ. Each study has an
[analysis file](analysis-file.md) of its own beside this one, which says what of it is fitted and what is assumed of its
patients; all must share beliefs and hazards. A study's analysis may name patients known one by one
([known_patients](analysis-file.md)), or be of a [table of patients](patient-file.md) and nothing else; the first is of
a paper. A pool that differs in a few places from another says `base = "pooled"`. A pool of one study is the analysis of
that study.

Two studies that say that they may share patients must be named in `[shared_patients]`. Populations and definitions of
response other than those that are asked about need a table each.
"""


def pool_markdown() -> str:
    """The reference of the pool file, from the models that read it."""
    sections = [POOL_INTRODUCTION, f"## Top level\n\n{_table(PoolTable)}"]
    headings = {
        "`[populations.<name>]`, `[definitions.<name>]`": Difference,
        "`[between_studies]`": BetweenStudies,
        "`[exchangeable]`": Exchangeable,
        "`[borrowing]`": Borrowing,
    }
    sections += [f"## {name}\n\n{inspect.getdoc(inner)}\n\n{_table(inner)}" for name, inner in headings.items()]
    return "\n".join(sections)


PATIENTS_INTRODUCTION = """\
# The analysis file of a table of patients

Where a centre has its patients one by one, the same model is fitted to them exactly. One TOML file says where the
table is, what its columns mean and what is believed. `[hazards]` and `[prior.<parameter>]` are those of
[the analysis of a paper](analysis-file.md), without those about the duration: here it is one of the covariates.

The table is a `.csv` file (a header row, nothing for what is missing;
[how it is read](../how-to/own-patients.md#csv-files)) or a `.parquet` file. It is read whole before anything is
compiled, and all rows that cannot be are named at once, by id.
"""


def patients_markdown() -> str:
    """The reference of the analysis file about patients, from the models that read it."""
    sections = [PATIENTS_INTRODUCTION, f"## Top level\n\n{_table(PatientAnalysisTable)}"]
    headings = {
        "`[patients]`": PatientTable,
        "`[patients.wide]`": WideColumns,
        "`[patients.long]`": LongColumns,
        "`[covariates.<name>]`": Covariate,
        "`[centres]`": Centres,
        "`[endpoints]`": Endpoints,
        "`[report]`": PatientReport,
    }
    sections += [f"## {name}\n\n{inspect.getdoc(inner)}\n\n{_table(inner)}" for name, inner in headings.items()]
    return "\n".join(sections)


PAGES = {
    "reference/schema.md": schema_markdown,
    "reference/analysis-file.md": analysis_markdown,
    "reference/pool-file.md": pool_markdown,
    "reference/patient-file.md": patients_markdown,
}


def _table(model: type[BaseModel]) -> str:
    """Rows of a model's fields; a table within it is named, not spelled out."""
    hints = get_type_hints(model, include_extras=True)
    rows = [_row(model, name, field, hints[name]) for name, field in model.model_fields.items()]
    return "\n".join(["| key | value | required | meaning |", "|---|---|---|---|", *rows, ""])


def _row(model: type[BaseModel], name: str, field: FieldInfo, hint: Any) -> str:
    words = _words(model, name, hint)
    required = "yes" if field.is_required() else f"no, `{json.dumps(field.default)}`" if _is_plain(field) else "no"
    return f"| `{field.alias or name}` | {words} | {required} | {field.description or ''} |"


def _is_plain(field: FieldInfo) -> bool:
    """Whether there is a default that can be written in a file."""
    return field.default_factory is None and field.default not in (None, ())


def _words(model: type[BaseModel], name: str, hint: Any) -> str:
    arguments = get_args(hint)
    if get_origin(hint) is tuple and arguments[-1] is Ellipsis:
        entry = get_args(arguments[0])[0] if get_origin(arguments[0]) is Annotated else arguments[0]
        return "list of numbers" if entry is float else "list of text"
    bare = arguments[0] if get_origin(hint) is Annotated else hint
    if get_origin(bare) is Literal and not isinstance(get_args(bare)[0], str):
        return " or ".join(f"`{choice}`" for choice in get_args(bare))
    if _inner_table(hint) is not None:
        return "table of tables, below" if get_origin(bare) is dict else "table, below"
    (line,) = fields_table(model, [name]).splitlines()[2:]
    return line.split(" | ")[1]


def _inner_table(hint: Any) -> type[BaseModel] | None:
    """The model of a table that a field holds, once or by name."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        found = [_inner_table(inner) for inner in arguments if inner is not NoneType]
        return found[0] if found else None
    if origin in (dict, Annotated):
        return _inner_table(arguments[1] if origin is dict else arguments[0])
    return hint if inspect.isclass(hint) and issubclass(hint, BaseModel) else None


def table_markdown(path: Path) -> str:
    """A committed table of results, and what made it."""
    if not path.is_file():
        return f"*No rows of `docs/results/{path.name}` are committed yet.*"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    if not rows:
        return f"*`docs/results/{path.name}` holds no rows yet.*"
    shown = [name for name in rows[0] if name not in MAKERS]
    lines = [_line(shown), _line(["---"] * len(shown)), *(_line(row[name] for name in shown) for row in rows)]
    return "\n".join([*lines, "", *_made_by(rows), "", f"[The table as CSV]({path.name})"])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _made_by(rows: list[dict[str, str]]) -> list[str]:
    """One line for every command, set of versions, seed and date that made rows."""
    made = {tuple(row.get(name, "") for name in MAKERS) for row in rows}
    return [
        f"- `{command}`, {versions}, {f'seed {seed}' if seed else 'no seed'}, {date}"
        for command, versions, seed, date in sorted(made)
    ]


def audit_markdown(path: Path) -> str:
    """The audit of a study file, a list entry a finding."""
    findings = audit(load_study(path))
    return "\n\n".join(f"- **{one.severity}**. {one.sentence}\n\n        {one.arithmetic}" for one in findings)


def on_page_markdown(markdown: str, page: Any, config: Mapping[str, Any], files: Any) -> str:
    """Replace the calls on a page; MkDocs asks for it by this name and these arguments."""
    return CALL.sub(lambda call: _called(call[1], call[2]), markdown)


def _called(what: str, path: str) -> str:
    return table_markdown(DOCS / path) if what == "table" else audit_markdown(DOCS.parent / path)


def main() -> None:
    """Write the reference pages."""
    for name, text in PAGES.items():
        (DOCS / name).write_text(text())


if __name__ == "__main__":
    main()
