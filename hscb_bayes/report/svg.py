"""A drawing as an inline SVG element: text stays text, ids are its own, and a label says what it shows."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hscb_bayes.report.style import WIDTH, house_style

METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
COORDINATES = re.compile(r'\b(d|transform|x|y|x1|x2|y1|y2|points)="([^"]*)"')
LONG_DECIMAL = re.compile(r"(\d+\.\d{2})\d+")  # a hundredth of a point is finer than any screen or printer


def inline_svg(draw: Callable[[Axes], object], *, name: str, label: str, height: float) -> Markup:
    """One figure as an SVG element.

    Parameters
    ----------
    draw
        Draws on the axes it is given.
    name
        Distinguishes the ids within the element from those of other figures on the page.
    label
        What the figure shows, in words, for those who cannot see it; escaped here.
    height
        Inches; the width is that of all figures.
    """
    with house_style():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure.subplots())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata=METADATA)
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(\sid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = COORDINATES.sub(lambda found: f'{found[1]}="{LONG_DECIMAL.sub(_shortened, found[2])}"', text)
    attributes = f'role="img" aria-label="{escape(label)}"'
    return Markup(re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', lambda _: attributes, text, count=1))


def _shortened(decimal: re.Match[str]) -> str:
    return decimal[1]
