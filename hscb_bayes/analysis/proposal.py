"""An analysis to begin with: what of a study can be fitted together, why not the rest, and weak beliefs.

Numbers are taken one after the other, and each is held against those before it by the checks of an analysis that is
read from a file. Beliefs are wide, and follow from the days that are printed, never from what happened to patients.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from hscb_bayes.analysis.against_study import Role, duration_summary, fittable, last_day
from hscb_bayes.analysis.held_against import check_against_study
from hscb_bayes.analysis.paper_table import needed_priors, validated
from hscb_bayes.analysis.priors import BELIEFS
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.audit.sizes import group_sizes
from hscb_bayes.evidence.cohort import EVERYBODY, AssumedTest, Conventions, TestName
from hscb_bayes.evidence.event import Endpoints, check_endpoints
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.new_study import write_new
from hscb_bayes.evidence.study import Study, load_study
from hscb_bayes.sentences import listed, nearest, quote

ORDER: tuple[Role, ...] = (  # in which numbers are tried
    "count of responders", "response by a day", "responders of a grade", "median time to response", "survival",
    "survival among non-responders", "median survival", "deaths", "patients at risk", "median follow-up",
)  # fmt: skip
WEIGHTS = "it would weight the draws, and mostly says again what is fitted; name it in fit.items if it does not"
DEFAULT = "weak default, not from the paper: replace it by what is known of such patients"
EXAMPLE_SIZES = "sizes are an example, near half of the patients: replace them"
SIZE = re.compile(r"cohort\.sizes: required the size of '(\w+)'")
EVIDENCE = "evidence"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """An analysis that fits what can be fitted together.

    Parameters
    ----------
    data
        Its tables.
    rest
        By id of a number that describes outcomes and is not fitted, why.
    """

    data: Mapping[str, Any]
    rest: Mapping[str, str]


def propose(study: Study, endpoints: Endpoints, among: str, study_file: str) -> Proposal:
    """What can be fitted of a study, as one analysis of two of its events sees it.

    Parameters
    ----------
    among
        The group that the analysis is about, or "all".
    study_file
        Path of the study as the analysis names it.

    Raises
    ------
    InputError
        When nothing of it can be fitted.
    """
    seen = study.seen_by(endpoints)
    known, data = fittable(seen, among), _tables(seen, endpoints, among, study_file)
    rest = {item.id: _refused([item.id], data, seen) for item in seen.items if item.describes_outcomes}
    for item in seen.items:
        for id in (item.id_among(group) for group in item.groups) if isinstance(item, MedianTime) else (item.id,):
            if id in known:
                rest[id] = rest.pop(item.id, "")
    items: list[str] = []
    for id in sorted(known, key=lambda id: ORDER.index(known[id].role) if known[id].role in ORDER else len(ORDER)):
        item = known[id].item
        if isinstance(item, PValue):
            rest[id] = WEIGHTS
        else:
            why = _refused([*items, id], data, seen)
            if missing := SIZE.match(why):
                sized = _with_size(missing.group(1), data, seen)
                why_sized = _refused([*items, id], sized, seen)
                data, why = (data, why) if why_sized else (sized, "")
            if why:
                rest[id] = why
            else:
                items.append(id)
                rest.pop(id, None)
    if not items:
        raise InputError(f"{study.path}: {_nothing(study, endpoints, among, rest)}")
    data["fit"]["items"] = items
    return Proposal(data=data, rest=rest)


def _with_size(group: str, data: Mapping[str, Any], study: Study) -> dict[str, Any]:
    """The tables with a size of a group: of those that the print allows the one that is nearest to half of all."""
    bounds = group_sizes(study, group).bounds
    sizes = {**data["cohort"].get("sizes", {}), group: min(max((study.n + 1) // 2, bounds.least), bounds.most)}
    cohort = data["cohort"]
    why = cohort["why"] if "sizes" in cohort else f"{cohort['why']}; {EXAMPLE_SIZES}"
    return {**data, "cohort": {**cohort, "sizes": sizes, "why": why}}


def _nothing(study: Study, endpoints: Endpoints, among: str, rest: Mapping[str, str]) -> str:
    """That nothing can be fitted, and of which patients or events there are numbers."""
    whose = "all patients" if among == EVERYBODY else repr(among)
    told = f"nothing of {endpoints.response!r} and {endpoints.end!r} among {whose} can be fitted"
    others = [id for id, group in study.groups.items() if group.by == "characteristic" and id != among]
    events = [item.about for item in study.items if item.about not in (None, endpoints.response, endpoints.end)]
    if rest and others:
        return f"{told}; numbers are also of {listed(others)}: say --among"
    if events:
        return f"{told}; numbers are also of {listed(list(dict.fromkeys(events)))}: say --response or --end"
    return f"{told}: {'; '.join(rest.values()) or 'no printed number describes outcomes'}"


def _refused(items: Sequence[str], data: Mapping[str, Any], study: Study) -> str:
    """Why an analysis that fits these is refused, the first reason of several; empty where it is not."""
    tables = {**data, "fit": {**data["fit"], "items": list(items)}}
    try:
        check_against_study(validated(tables, ""), study, "")
    except InputError as error:
        return str(error.args[0]).removeprefix(": ").removeprefix("fit.items: ")
    return ""


def _tables(study: Study, endpoints: Endpoints, among: str, study_file: str) -> dict[str, Any]:
    days = last_day(fitted.item for fitted in fittable(study, among).values())
    cohort: dict[str, Any] = {"form": "none", "why": "no durations are printed"}
    try:
        median, *_ = duration_summary(study, among)
        cohort = {"form": "log2", "reference": median, "why": "the printed median of the durations"}
    except InputError:
        pass
    if among != EVERYBODY:
        cohort["among"] = among
    found: dict[str, Any] = {
        "schema": 1,
        "title": study.title,
        "question": "How fast do patients respond, how many, and how long do they live?",
        "study": study_file,
        "endpoints": endpoints.model_dump(),
        "fit": {"items": ["?"], "why": "all that is printed of response and survival and can be fitted together"},
        "cohort": cohort,
        "hazards": {"never_respond": True},
        "follow_up": {"complete": False, "why": "example: what the paper says of follow-up"},
        "conventions": {"tests": _tests(study)},
    }
    found["prior"] = _beliefs(days)
    needed = needed_priors(validated(found, study.path))
    found["prior"] = {id: belief for id, belief in found["prior"].items() if id in needed}
    return found


def _beliefs(days: float) -> dict[str, dict[str, Any]]:
    """Weak beliefs, by id; times follow from the last printed day."""
    said: dict[str, tuple[float, float]] = {
        "response_median": (round(days / 12.0, 1), round(days / 1.5, 1)),
        "never_respond": (0.30, 0.85),
        "death_without_response": (0.50, 0.95),
        "death_after_response": (0.30, 0.85),
        "lost_by_one_year": (0.10, 0.50),
    }
    found = {}
    for id in BELIEFS:
        guess, below = said.get(id, (1.0, 3.0 if BELIEFS[id].of_duration else 2.5))
        found[id] = {"best_guess": guess, "below": below, "why": DEFAULT}
    return found


def _tests(study: Study) -> dict[str, dict[str, str]]:
    """For each P value without a printed test the first test that could be its own."""
    found: dict[str, dict[str, str]] = {}
    for item in study.items:
        if isinstance(item, PValue) and item.test is None:
            able = [name for name in get_args(TestName) if _can_test(item, name)]
            if able:
                found[item.id] = {"test": able[0]}
    return found


def _can_test(item: PValue, name: TestName) -> bool:
    try:
        item.named_test(Conventions(tests={item.id: AssumedTest(test=name)}))
    except InputError:
        return False
    return True


def new_analysis(study_file: Path, *, out: Path | None, endpoints: Endpoints, among: str = EVERYBODY) -> Path:
    """Write an analysis file to begin with; returns its path.

    Parameters
    ----------
    out
        Where to; left out, beside the folder ``evidence`` of the study, or beside the study.

    Raises
    ------
    InputError
        When the study is not as it should be, nothing of it can be fitted, or the file is there already.
    """
    study = load_study(study_file)
    check_endpoints(endpoints, study.events, str(study_file))
    groups = [EVERYBODY, *study.seen_by(endpoints).groups]
    if among not in groups:
        raise InputError(f"{study_file}: there is no group {quote(among)}; {nearest(among, groups)}")
    folder = study_file.parent
    inside = folder.name == EVIDENCE
    path = out or (folder.parent / study_file.name if inside else folder / f"{study_file.stem}_analysis.toml")
    try:
        relative = study_file.resolve().relative_to(path.parent.resolve())
    except ValueError:
        raise InputError(
            f"{path}: required a place in the folder of the study or above it, {study_file.resolve().parent}"
        ) from None
    proposal = propose(study, endpoints, among, relative.as_posix())
    write_new(path, text_of(proposal, study, path))
    return path


def text_of(proposal: Proposal, study: Study, path: Path) -> str:
    """The analysis as a file, with what is not fitted, and conflicts of the print, in comments."""
    data = proposal.data
    lines = [
        "# What is assumed. What the paper says stands in the study file. Replace each default and each example.",
        f"# Then:  hscb run {_one_line(path.name)} --quick",
        f"schema = {data['schema']}",
        *_pairs({key: data[key] for key in ("title", "question", "study")}),
        "",
        "[endpoints]",
        *_pairs(data["endpoints"]),
        "",
        "[fit]",
        *_pairs(data["fit"]),
        *(f"# not fitted: {id}: {_one_line(why)}" for id, why in proposal.rest.items()),
        "",
        "[cohort]",
        *_pairs(data["cohort"]),
        "",
        "[hazards]",
        *_pairs(data["hazards"]),
        "",
        "[follow_up]",
        *_pairs(data["follow_up"]),
        "",
    ]
    if data["conventions"]["tests"]:
        lines += ["[conventions.tests]", "# the paper does not name the tests of these P values: say which they are"]
        lines += [
            f"{id} = {{ test = {json.dumps(said['test'])} }}" for id, said in data["conventions"]["tests"].items()
        ]
        lines.append("")
    for id, belief in data["prior"].items():
        lines += [
            f"[prior.{id}]  # {BELIEFS[id].label}{BELIEFS[id].unit and f', {BELIEFS[id].unit}'}",
            *_pairs(belief),
            "",
        ]
    conflicts = [finding for finding in audit(study) if finding.severity == "conflict"]
    if conflicts:
        lines += [
            "# The print contradicts itself. Say for each conflict how the analysis handles it; it does not run before."
        ]
        lines += ["[handled]"]
        lines += [f'# {json.dumps(finding.id)} = "..."  # {_one_line(finding.sentence)}' for finding in conflicts]
    return "\n".join(lines).rstrip() + "\n"


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in table.items()]


def _toml(value: Any) -> str:
    """Text, numbers, true and false, lists of texts and tables of numbers, as TOML writes them."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_pairs(value))} }}"
    return json.dumps(value, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())
