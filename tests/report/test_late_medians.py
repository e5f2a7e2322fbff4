"""Printed days of response beyond the first ninety are in the picture of response."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.curves import curve_figures
from tests.papers import paper, study_text

ITEMS = """
[[item]]
id = "response"
kind = "count"
event = "response"
among = "all"
count = 27
n = 31

[[item]]
id = "median"
kind = "median_time"
event = "response"
among = "all"
value = "{median}"
{limits}
"""
TICK = re.compile(r"<text[^>]*>\s*(\d+)\s*</text>")
LIMITS = 'lower = "{}"\nupper = "{}"\nlevel = 0.95'


@pytest.mark.parametrize(
    ("median", "limits", "last"),
    [("9 days", "", 90), ("9 days", LIMITS.format("2 days", "140 days"), 365), ("364 days", "", 365)],
)
def test_the_picture_of_response_goes_on_to_what_is_printed(
    tmp_path: Path, results_of_study: Callable[[str], Results], median: str, limits: str, last: int
) -> None:
    paper(tmp_path, study_text(31, ITEMS.format(median=median, limits=limits)), ["response", "median"])
    picture = str(curve_figures(results_of_study(str(tmp_path / "x.toml")))["response"])
    assert max(int(day) for day in TICK.findall(picture)) == last
