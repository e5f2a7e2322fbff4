"""How objects look in a notebook: a heading, some sentences and a table, as HTML in which all text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

MOST_ROWS = 60
_CELL = Markup('<{tag} style="text-align: left; vertical-align: top">{text}</{tag}>')


def html_of(heading: str, sentences: Iterable[str], columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A heading, paragraphs and a table; how many rows are left out is said below it."""
    every = list(rows)
    parts = [Markup("<b>{}</b>").format(heading), *(Markup("<p>{}</p>").format(told) for told in sentences if told)]
    if every:
        head, body = _row("th", columns), Markup().join(_row("td", row) for row in every[:MOST_ROWS])
        parts.append(Markup("<table><thead>{}</thead><tbody>{}</tbody></table>").format(head, body))
    if len(every) > MOST_ROWS:
        parts.append(Markup("<p>and {} more</p>").format(len(every) - MOST_ROWS))
    return str(Markup("<div>{}</div>").format(Markup().join(parts)))


def _row(tag: str, cells: Sequence[str]) -> Markup:
    return Markup("<tr>{}</tr>").format(Markup().join(_CELL.format(tag=tag, text=escape(cell)) for cell in cells))
