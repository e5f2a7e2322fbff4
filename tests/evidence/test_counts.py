"""Counts: by when, out of whom, and what a replicated study counts."""

from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.study import Study, load_study
from tests.papers import study_text

COHORT = Cohort(
    duration=np.full(6, 30.0),
    response_day=np.array([5.0, 14.0, 15.0, np.inf, np.inf, 20.0]),
    last_day=np.array([400.0, 30.0, 31.0, 30.0, 12.0, 20.0]),
    died=np.array([False, True, True, True, False, True]),
    groups={"some": np.array([True, True, True, True, False, False])},
)
TABLE = {"id": "x", "kind": "count", "count": 2, "n": 6, "place": "abstract"}


@pytest.mark.parametrize(
    ("event", "at", "among", "counted"),
    [
        ("response", None, "all", 4),
        ("response", "14 days", "all", 2),
        ("response", "2 weeks", "some", 2),
        ("response", "4 days", "all", 0),
        ("death", None, "all", 4),
        ("death", "30 days", "all", 3),
        ("death", "1 month", "some", 2),
        ("death", "19 days", "all", 0),
    ],
)
def test_events_are_counted_by_the_time_that_is_printed(event: str, at: str | None, among: str, counted: int) -> None:
    table = TABLE | {"event": event, "among": among, "percent": "33%"} | ({} if at is None else {"at": at})
    found = Count.model_validate(table).statistic(COHORT, Conventions())
    size = 6 if among == "all" else 4
    assert found == {"x": counted, "x.percent": np.floor(100.0 * counted / size + 0.5) / 100.0}
    share = Share.model_validate(
        {key: value for key, value in table.items() if key not in ("count", "n", "percent")}
        | {"kind": "share", "value": "33%"}
    )
    assert share.statistic(COHORT, Conventions())["x"] == found["x.percent"]


def test_an_evaluable_count_is_of_as_many_patients_of_the_group() -> None:
    table = TABLE | {
        "event": "response",
        "among": "some",
        "count": 2,
        "n": 3,
        "evaluable": "one left",
        "percent": "67%",
    }
    found = Count.model_validate(table).statistic(COHORT, Conventions())
    assert found["x"] in (2.0, 3.0)
    assert found["x.percent"] == np.floor(100.0 * found["x"] / 3.0 + 0.5) / 100.0


def test_words_say_by_when_and_out_of_whom() -> None:
    table = TABLE | {"event": "death", "at": "30 days", "evaluable": "one left early"}
    assert Count.model_validate(table).describe() == (
        "2 of 6 evaluable patients (one left early) with death by 30 days among all patients, abstract"
    )
    share = {"id": "x", "kind": "share", "event": "response", "at": "30 days", "value": "62%", "place": "abstract"}
    assert Share.model_validate(share).describe() == (
        "share of patients with a response by 30 days among all patients: 62%, abstract"
    )


GROUPS = """
[group.a]
by = "characteristic"
of = "arm"
value = "yes"
n = 44
label = "arm A"

[group.b]
by = "characteristic"
of = "arm"
value = "no"
label = "arm B"

[[item]]
id = "x"
kind = "count"
event = "response"
among = "a"
count = 25
n = 44
"""
WHY = "check abstract, and where fewer could be evaluated say in evaluable why the others were not"
BROKEN = {
    "fewer than the group": ("n = 44\n", "n = 40\n", f"n 40 among 'a' differs from the 44 patients of 'a'; {WHY}"),
    "fewer than the rest": (
        'among = "a"\ncount = 25\nn = 44',
        'among = "b"\ncount = 25\nn = 50',
        f"n 50 among 'b' differs from the 56 patients of 'b'; {WHY}",
    ),
    "more than the group": ("n = 44\n", "n = 45\n", "n 45 is more than the 44 patients of 'a'; check abstract"),
    "more evaluable than there are": (
        "n = 44\n",
        'n = 45\nevaluable = "one left"\n',
        "n 45 is more than the 44 patients of 'a'; check abstract",
    ),
    "all evaluable": (
        "n = 44\n",
        'n = 44\nevaluable = "none left"\n',
        "evaluable is given, but n counts all of the 44 patients of 'a'; remove it",
    ),
    "no time": ("n = 44\n", 'n = 44\nat = "0 days"\n', "at: required a time after 0 days, found '0 days'"),
    "a time without a unit": (
        "n = 44\n",
        'n = 44\nat = "30"\n',
        "at: required a time with its unit, such as '9 days', found '30'",
    ),
    "evaluable without words": (
        "n = 44\n",
        'n = 40\nevaluable = ""\n',
        "evaluable: required text on one line, found ''",
    ),
}


def load(folder: Path, old: str, new: str) -> Study:
    head, _, item = GROUPS.partition("[[item]]")
    assert old in item
    (folder / "study.toml").write_text(study_text(100, f"{head}[[item]]{item.replace(old, new, 1)}"))
    return load_study(folder / "study.toml")


@pytest.mark.parametrize("case", BROKEN)
def test_a_count_that_cannot_be_gets_a_sentence(case: str, tmp_path: Path) -> None:
    old, new, sentence = BROKEN[case]
    with pytest.raises(InputError) as caught:
        load(tmp_path, old, new)
    assert str(caught.value) == f"{tmp_path / 'study.toml'}: item 'x': {sentence}"


def test_a_count_of_evaluable_patients_loads_with_a_word(tmp_path: Path) -> None:
    item = load(tmp_path, "n = 44\n", 'n = 40\nevaluable = "four had no blood count"\n').item("x")
    assert isinstance(item, Count)
    assert (item.n, item.evaluable) == (40, "four had no blood count")
