"""From the analysis of a paper that compares arms to an analysis with a member for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hscb_bayes.analysis.against_study import fittable
from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.arms import Arms
from hscb_bayes.analysis.held_against import check_against_study
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.paper_table import NOT_BESIDE_ARMS, AnalysisTable
from hscb_bayes.analysis.scope import compares_arms
from hscb_bayes.analysis.statistical_tests import check_test
from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.study import Study
from hscb_bayes.sentences import listed, nearest, quote
from hscb_bayes.toml_file import tables_of_file


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
    assert table.arms is not None
    members = tuple(
        Member(
            name=f"{name}: {arm}",
            table=tables_of_file(AnalysisTable, own, path),
            study=replace(study, id=arm),
            path=path,
            sources=sources,
            text=json.dumps(own),
        )
        for arm, own in tables_by_arm(json.loads(text), table.arms, study, path).items()
    )
    analysis = Analysis(name=name, table=table, path=path, sources=sources, text=text, members=members, pooling="arms")
    refusals = Refusals()
    for item in study.items:
        if isinstance(item, PValue) and compares_arms(analysis, item):
            with refusals.of_a_part():
                check_test(item, table.conventions, study, path)
    refusals.say()
    return analysis


def tables_by_arm(data: Mapping[str, Any], arms: Arms, study: Study, path: str) -> dict[str, dict[str, Any]]:
    """By arm the tables of the analysis of it alone, held against the study.

    Parameters
    ----------
    data
        The tables of the file.
    study
        As the analysis sees it.

    Raises
    ------
    InputError
        With a sentence for each thing that is wrong: with the arms, or else with whom numbers are about, or else in
        the analysis of one of them.
    """
    _check_groups(arms, study, path)
    whose = _whose(data["fit"]["items"], study, arms, path)
    own, refusals = {arm: _own_tables(data, arms, arm, whose) for arm in arms.names}, Refusals()
    for arm, tables in own.items():
        try:
            check_against_study(tables_of_file(AnalysisTable, tables, path), study, path)
        except InputError as error:
            refusals.add(*(_where_the_file_says_it(line, arm, path) for line in error.args))
    refusals.say()
    return own


def _where_the_file_says_it(line: str, arm: str, path: str) -> str:
    """A line about the responders of an arm with the address that they have in the file."""
    address = f"{path}: cohort.responders"
    return f"{path}: arms.responders.{arm}{line.removeprefix(address)}" if line.startswith(address) else line


def _check_groups(arms: Arms, study: Study, path: str) -> None:
    """Every arm is a group by characteristic."""
    can_be = [
        id for id, group in study.groups.items() if all(study.groups[p].by == "characteristic" for p in group.parts)
    ]
    refusals = Refusals()
    for arm in (arm for arm in arms.names if arm not in can_be):
        hint = nearest(arm, can_be) if can_be else "the study has none"
        refusals.add(f"{path}: arms: required groups by characteristic, found {quote(arm)}; {hint}")
    refusals.say()


def _whose(items: Sequence[str], study: Study, arms: Arms, path: str) -> dict[str, str]:
    """By fitted id the arm whose patients it is about."""
    by_arm = {arm: fittable(study, arm) for arm in arms.names}
    found, refusals = dict[str, str](), Refusals()
    for id in items:
        whose = [arm for arm, known in by_arm.items() if id in known]
        if len(whose) != 1:
            every = [id for known in by_arm.values() for id in known]
            told = f"of {listed(whose)}" if whose else "of none of them"
            refusals.add(
                f"{path}: fit.items: required numbers that are each of one of the arms {listed(list(arms.names))}, "
                f"found {quote(id)}, which is {told}; {nearest(id, every)}"
            )
            continue
        found[id] = whose[0]
    refusals.say()
    for arm in (arm for arm in arms.names if arm not in found.values()):
        known = [*by_arm[arm]]
        hint = f"required one of {listed(known)}" if known else "the study has none that can be fitted"
        refusals.add(f"{path}: fit.items: required a number of each arm, found none of {arm!r}; {hint}")
    refusals.say()
    return found


def _own_tables(data: Mapping[str, Any], arms: Arms, arm: str, whose: Mapping[str, str]) -> dict[str, Any]:
    """The tables of the analysis of one arm alone, of which none is one that cannot be beside arms."""
    cohort = {key: value for key, value in data["cohort"].items() if key != "responders"} | {"among": arm}
    if arm in arms.responders:
        cohort["responders"] = arms.responders[arm]
    items = [id for id in data["fit"]["items"] if whose[id] == arm]
    left = {key: value for key, value in data.items() if key not in ("arms", "report", *NOT_BESIDE_ARMS)}
    return {**left, "cohort": cohort, "fit": {**data["fit"], "items": items}}
