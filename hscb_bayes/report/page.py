"""From results to one self-contained HTML page."""

from __future__ import annotations

import types
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from hscb_bayes.report.cell import cell, estimate_of
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.folder import write_whole
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections import sections_of
from hscb_bayes.report.sections.answer import patients_in_words
from hscb_bayes.report.words import number, plural, sentence


def write_report(results: Results, path: str | Path) -> Path:
    """Write the page to a temporary name, then rename it; returns its path."""
    return write_whole(Path(path), render(results))


def render(results: Results) -> str:
    """The page as text: the sections that apply and have something to show, in their order."""
    analysis, templates, shown = results.analysis, _environment(), []
    templates.globals |= {
        "results": results,
        "analysis": analysis,
        "said": analysis.table,
        "words": words_of(analysis),
        "about": patients_in_words(analysis),
        "answer": answer(results),
        "rows_of": lambda name: results.tables[name].to_dict("records"),
    }
    for section in sections_of(analysis):
        context = section.context(results)
        if context is not None:
            shown.append((section, Markup(templates.get_template(f"{section.name}.html.j2").render(**context))))
    return templates.get_template("page.html.j2").render(sections=shown)


def answer(results: Results) -> list[str]:
    """The sentences of the answer, of every section that has some."""
    return [told for section in sections_of(results.analysis) for told in section.sentences(results)]


class _Compiled(jinja2.BytecodeCache):
    """Templates compiled once a process, by name."""

    def __init__(self) -> None:
        self.codes: dict[str, types.CodeType | None] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        bucket.code = self.codes.get(bucket.key)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self.codes[bucket.key] = bucket.code


_COMPILED = _Compiled()


def _environment() -> jinja2.Environment:
    """The templates; everything that comes from a file is escaped."""
    folder = files("hscb_bayes.report") / "templates"
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_COMPILED,
    )
    environment.filters |= {"number": number, "sentence": sentence, "plural": plural}
    environment.filters |= {"estimate": estimate_of, "cell": cell}
    return environment
