"""Small studies, built from a few items."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from hscb_bayes.evidence.event import Endpoints, Event
from hscb_bayes.evidence.group import Group
from hscb_bayes.evidence.registry import KINDS
from hscb_bayes.evidence.study import Study

BY_RESPONSE = {
    "yes": Group(id="yes", by="response", value="yes", label="responders"),
    "no": Group(id="no", by="response", value="no", label="non-responders"),
}
GRADES = {grade: Event(id=grade, words=f"{grade} response", grade_of="response") for grade in ("complete", "partial")}


@pytest.fixture(scope="session")
def make_study() -> Callable[..., Study]:
    """Build a study of n patients from tables of items, cut by response and by duration at ``cut``.

    Where an item is of a grade of the response, the study has both grades.
    """

    def make(n: int, tables: Iterable[Mapping[str, Any]], cut: tuple[str, str] = ("<= 38 days", "> 38 days")) -> Study:
        groups = BY_RESPONSE | {
            "short": Group(id="short", by="duration", rule=cut[0], label="short"),
            "long": Group(id="long", by="duration", rule=cut[1], label="long"),
            "with": Group(id="with", by="characteristic", of="drug", value="yes", label="with"),
            "without": Group(id="without", by="characteristic", of="drug", value="no", label="without"),
        }
        items = tuple(KINDS[table["kind"]].model_validate({"place": "abstract"} | dict(table)) for table in tables)
        of_grades = any(table.get("event") in GRADES for table in tables)
        study = Study(
            id="x",
            title="x",
            citation="x",
            n=n,
            time_zero="boost",
            design="x",
            read="x",
            groups=groups,
            items=items,
            path="x.toml",
            sha256="",
            text="",
            events=GRADES if of_grades else {},
        )
        return study.seen_by(Endpoints()) if of_grades else study

    return make
