"""From the analysis of a paper that compares arms to an analysis with a member for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hscb_bayes.analysis.against_study import fittable
from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.arms import Arms
from hscb_bayes.analysis.held_against import check_against_study
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.paper_table import AnalysisTable, validated
from hscb_bayes.analysis.scope import compares_arms
from hscb_bayes.analysis.statistical_tests import check_test
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.study import Study
from hscb_bayes.sentences import listed, nearest, quote


def with_arms(
    *, name: str, table: AnalysisTable, study: Study, path: str, sources: Mapping[str, str], text: str
) -> Analysis:
    """An analysis of the arms of one study; what each fits are the numbers of its own patients.

    Parameters
    ----------
    table
        What the file says, of which ``text`` is the JSON.
    study
        As the analysis sees it.

    Raises
    ------
    InputError
        When a group is none that can be an arm, patients are in two of them, or a number is of none of them.
    """
    arms = _arms_of(table, study, path)
    whose = _whose(table, study, arms, path)
    members = []
    for arm in arms.names:
        own = _own_tables(json.loads(text), arms, arm, [id for id in table.fit.items if whose[id] == arm])
        of_arm = validated(own, path)
        check_against_study(of_arm, study, path)
        members.append(
            Member(
                name=f"{name}: {arm}", table=of_arm, study=replace(study, id=arm), path=path, sources=sources,
                text=json.dumps(own),
            )
        )  # fmt: skip
    analysis = Analysis(
        name=name, table=table, path=path, sources=sources, text=text, members=tuple(members), pooling="arms"
    )
    for item in study.items:
        if isinstance(item, PValue) and compares_arms(analysis, item):
            check_test(item, table.conventions, study, path)
    return analysis


def _arms_of(table: AnalysisTable, study: Study, path: str) -> Arms:
    if table.arms is None:
        raise ValueError(f"{path}: required a table of arms")
    can_be = [
        id for id, group in study.groups.items() if all(study.groups[p].by == "characteristic" for p in group.parts)
    ]
    for arm in table.arms.names:
        if arm not in can_be:
            hint = nearest(arm, can_be) if can_be else "the study has none"
            raise InputError(f"{path}: arms: required groups by characteristic, found {quote(arm)}; {hint}")
    return table.arms


def _whose(table: AnalysisTable, study: Study, arms: Arms, path: str) -> dict[str, str]:
    """By fitted id the arm whose patients it is about."""
    by_arm = {arm: fittable(study, arm) for arm in arms.names}
    found = dict[str, str]()
    for id in table.fit.items:
        whose = [arm for arm, known in by_arm.items() if id in known]
        if len(whose) != 1:
            every = [id for known in by_arm.values() for id in known]
            told = f"of {listed(whose)}" if whose else "of none of them"
            raise InputError(
                f"{path}: fit.items: required numbers that are each of one of the arms {listed(list(arms.names))}, "
                f"found {quote(id)}, which is {told}; {nearest(id, every)}"
            )
        found[id] = whose[0]
    for arm in arms.names:
        if arm not in found.values():
            known = [*by_arm[arm]]
            hint = f"required one of {listed(known)}" if known else "the study has none that can be fitted"
            raise InputError(f"{path}: fit.items: required a number of each arm, found none of {arm!r}; {hint}")
    return found


def _own_tables(data: dict[str, Any], arms: Arms, arm: str, items: list[str]) -> dict[str, Any]:
    """The tables of the analysis of one arm alone."""
    cohort = {**data["cohort"], "among": arm}
    if arm in arms.responders:
        cohort["responders"] = arms.responders[arm]
    left = {key: value for key, value in data.items() if key not in ("arms", "report")}
    return {**left, "cohort": cohort, "fit": {**data["fit"], "items": items}}
