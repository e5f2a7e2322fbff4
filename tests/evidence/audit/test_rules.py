"""Every rule: what it finds in a small study, and when it is silent."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hscb_bayes.evidence.audit import RULES, Finding, audit
from hscb_bayes.evidence.study import Study

MakeStudy = Callable[..., Study]


def survival(
    id: str, among: str, value: str, limits: tuple[str, str] | None = None, at: str = "1 year"
) -> dict[str, Any]:
    table = {"id": id, "kind": "survival", "among": among, "at": at, "value": value}
    return table if limits is None else table | {"lower": limits[0], "upper": limits[1], "level": 0.95}


def all_died(id: str, among: str, by: str = "1 year") -> dict[str, Any]:
    return {"id": id, "kind": "everybody_died_by", "among": among, "by": by, "words": "all died"}


DURATION = {
    "id": "duration",
    "kind": "covariate_summary",
    "covariate": "duration",
    "median": "38 days",
    "lowest": "7 days",
    "highest": "151 days",
}
RESPONSE = {"id": "response", "kind": "count", "event": "response", "count": 26, "n": 31}

CASES = tomllib.loads((Path(__file__).parent / "rules.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["rule"] for case in CASES])
def test_a_rule_finds(make_study: MakeStudy, case):
    found = [finding for finding in audit(make_study(case["n"], case["items"])) if finding.rule == case["rule"]]
    assert [[finding.severity, finding.sentence] for finding in found] == case["findings"]


def test_every_rule_has_a_case():
    names = {rule.__name__ for rule in RULES}
    assert names - {"follow_up"} <= {case["rule"] for case in CASES} <= names


def test_a_cut_on_the_other_side_is_found(make_study: MakeStudy):
    tables = [DURATION, survival("a", "short", "89%"), survival("b", "long", "46%")]
    study = make_study(31, tables, cut=("< 38 days", ">= 38 days"))
    (ties,) = (finding for finding in audit(study) if finding.rule == "cut_ties")
    assert ties.sentence.startswith(
        "A cut of '<= 38 days' instead of '< 38 days' would explain 18 / 13, if at least 3 "
    )


def test_an_interval_on_another_scale_is_said_to_be_so(make_study: MakeStudy):
    (finding,) = (
        finding
        for finding in audit(make_study(31, [survival("os", "all", "74%", ("59%", "93%"))]))
        if finding.rule == "interval_size"
    )
    assert finding.arithmetic.startswith("log scale: S (1 - S) (z g'(S) / (g(S) - g(limit)))^2 = ")


def test_follow_up_that_two_divisions_share_is_not_reported(make_study: MakeStudy):
    tables = [
        RESPONSE,
        survival("a", "yes", "74%", ("54%", "94%")),
        survival("b", "no", "0%"),
        all_died("c", "no"),
        survival("d", "short", "85%", ("65%", "100%")),
        survival("e", "long", "50%", ("22%", "78%")),
    ]
    assert [finding for finding in audit(make_study(31, tables)) if finding.rule == "follow_up"] == []


def test_follow_up_that_two_divisions_do_not_share_is_hard_to_reconcile(make_study: MakeStudy):
    tables = [
        RESPONSE,
        survival("a", "yes", "74%", ("54%", "94%")),
        survival("b", "no", "0%"),
        all_died("c", "no"),
        survival("d", "short", "85%", ("66%", "100%")),
        survival("e", "long", "44%", ("21%", "67%")),
    ]
    (finding,) = (finding for finding in audit(make_study(31, tables)) if finding.rule == "follow_up")
    assert finding.severity == "note"
    assert finding.sentence.endswith("the censoring that one division implies is hard to reconcile with the other.")


def test_a_finding_is_called_by_its_rule_items_and_case():
    finding = Finding(rule="r", severity="ok", items=("a", "b"), sentence="S.", arithmetic="1 = 1", case="13/18")
    assert finding.id == "r:a+b:13/18"


def test_incidences_are_of_one_event_and_the_end_of_follow_up_is_the_latest_day(make_study: MakeStudy):
    """Neutrophils may recover less often by a later day than platelets by an earlier one."""
    tables = [
        {"id": "a", "kind": "incidence", "event": "response", "at": "30 days", "value": "80%"},
        {"id": "b", "kind": "incidence", "event": "response", "value": "70%"},
        {"id": "c", "kind": "incidence", "event": "platelet_recovery", "at": "60 days", "value": "50%"},
    ]
    (found,) = (finding for finding in audit(make_study(31, tables)) if finding.rule == "incidence_rises")
    assert (found.severity, found.items) == ("conflict", ("a", "b"))
    assert found.sentence.endswith("80% by 30 days and 70% by the end of follow-up: an incidence cannot fall.")
