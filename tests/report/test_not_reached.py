"""The page of a paper in which medians and limits are not reached, from draws of the prior."""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from hscb_bayes import cli
from tests.joint.layouts import item, layout, responders, survival
from tests.test_corners import PICTURES_AND_SOURCES, from_prior
from tests.unmoved.trees import stand_in

N = 40
DEATH = {"value": "not reached", "lower": "13·5 mo", "upper": "NE", "level": 0.95}
RESPONSE = [
    {"value": "NR"},
    {"value": "day 25", "lower": "day 9", "upper": "NR", "level": 0.95},
]


@pytest.mark.parametrize("response", RESPONSE, ids=["median", "upper limit"])
def test_a_page_shows_what_is_not_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, response: Mapping[str, object]
) -> None:
    stand_in(monkeypatch, from_prior)
    items = [
        responders(17, N),
        item("response_median", "median_time", event="response", **response),
        survival("os_12m", "12 mo", "71·5%"),
        item("death_median", "median_time", event="death", **DEATH),
    ]
    layout(tmp_path, N, items)
    out = tmp_path / "out"
    run = ["run", str(tmp_path / "layout.toml"), "--out", str(out), "--quiet", "--allow-unconverged", "--seed", "3"]
    assert cli.main(run) == 0
    page = PICTURES_AND_SOURCES.sub("", (out / "report.html").read_text(encoding="utf-8"))
    assert re.findall(r".{30}\b(?:nan|inf|NaN)\b.{20}", page) == []
    window = "the last of them could be followed for 144 days, the first for 816 days"
    for text in ("not reached", "13·5 mo", "NE", "71·5%", window):
        assert text in page
    check = pd.read_csv(out / "check.csv", index_col="id")
    assert check.loc["death_median", ["printed", "value", "used"]].tolist() == ["not reached", float("inf"), "fitted"]
    assert check["tail_probability"].between(0.0, 1.0).all()
