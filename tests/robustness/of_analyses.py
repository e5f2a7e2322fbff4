"""Analyses of papers, tables and pools: nearly right ones are refused, or loaded as they are and can be used."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hscb_bayes.analysis.handled import check_handled
from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.analysis.read_pool import load_pool
from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.model.data import model_data
from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from tests.robustness.documents import (
    MODELS,
    ROOT,
    Document,
    document,
    nearly,
    nearly_text,
    pick,
    places_in,
    text_of,
)
from tests.robustness.judging import demand, sentence_fault
from tests.robustness.of_studies import scratch
from tests.robustness.saying import differences

TESTS = ROOT / "tests"
SMALL, STUDY = TESTS / "analysis/good.toml", TESTS / "analysis/good_study.toml"
TABLES = ("bmt.toml", "bmt_changing.toml", "myeloid.toml")
ROWS = """id,response_day,last_day,died,age,arm,centre
1,5,40,1,50,A,north
2,,12,1,61,B,south
3,9,365,0,47,B,north
4,7,200,0,70,A,south
"""


@cache
def small_folder() -> Path:
    """A small analysis, its study, and an alternative, in a folder that cases may break."""
    folder = scratch() / "small"
    folder.mkdir()
    for source, name in ((SMALL, "x.toml"), (SMALL, "main.toml"), (STUDY, "study.toml")):
        shutil.copyfile(source, folder / name)
    shutil.copyfile(MODELS / "plain_weibull.toml", folder / "other.toml")
    return folder


@cache
def models_folder() -> Path:
    return Path(shutil.copytree(MODELS, scratch() / "models"))


@cache
def tables_folder() -> Path:
    folder = scratch() / "tables"
    shutil.copytree(TESTS / "data/r_reference", folder / "r_reference")
    for name in TABLES:
        shutil.copyfile(TESTS / "data" / name, folder / name)
    return folder


def usable(analysis: Member) -> None:
    """The arrays of the likelihood are finite, and a run would say what is not handled."""
    arrays = joint_arrays(analysis, printed_values(analysis))
    for name, value in (*vars(arrays).items(), *vars(arrays.nodes).items()):
        if value is None:
            demand(name == "of_incidence", "only the rows of an incidence are left out of a likelihood", name)
        else:
            demand(name == "nodes" or np.isfinite(value).all(), "arrays of a likelihood are finite", name)
    check_handled(analysis, audit(analysis.study))


def as_said(table: Any, tables: Mapping[str, Any]) -> None:
    found = list(differences(table, {key: value for key, value in tables.items() if key != "base"}))
    demand(not found, "what the file says is in the analysis", *found)


def _changed(rng: np.random.Generator, right: Document) -> tuple[bytes, Mapping[str, Any] | None]:
    """The content of a broken file, and its tables where they are known."""
    if rng.random() < 0.15:
        return nearly_text(rng, right), None
    tables = nearly(rng, right)
    return text_of(tables), tables


def small(rng: np.random.Generator) -> None:
    """A small analysis, or its study, with changes."""
    folder, of_study = small_folder(), rng.random() < 0.4
    name, source = ("study.toml", STUDY) if of_study else ("x.toml", SMALL)
    content, tables = _changed(rng, document(source))
    (folder / name).write_bytes(content)
    try:
        analysis = load_analysis(folder / "x.toml")
    finally:
        shutil.copyfile(source, folder / name)
    if tables is not None and not of_study:
        as_said(analysis.table, tables)
    usable(analysis)


KNOWN = """id,response_day,last_day,died,duration,followed
1,5,40,1,20,30
2,,12,1,61,12
3,9,365,0,30,365
4,7,200,0,70,200
"""


@cache
def _with_known() -> Document:
    """The small analysis beside four patients who are known one by one."""
    tables = copy.deepcopy(dict(document(SMALL).tables))
    columns = {"duration": "duration", "published_until": "followed"}
    tables["known_patients"] = {"rows": KNOWN, "units": "days", "inside": True, "why": "a test", **columns}
    tables["report"] = {"durations": [14.0, 38.0]}
    return Document(name="known.toml", tables=tables, text=text_of(tables).decode(), places=tuple(places_in(tables)))


def known(rng: np.random.Generator) -> None:
    """An analysis of a paper beside known patients, with changes, mostly in what is said of these."""
    folder, right = small_folder(), _with_known()
    if rng.random() < 0.6:
        near = tuple(place for place in right.places if place[0] == "known_patients")
        right = replace(right, places=near)
    content, tables = _changed(rng, right)
    (folder / "known.toml").write_bytes(content)
    analysis = load_analysis(folder / "known.toml")
    if tables is not None:
        as_said(analysis.table, tables)
    for name, value in model_data(analysis).items():
        demand(np.isfinite(value).all(), "data of a model are finite", name)


def shipped(rng: np.random.Generator) -> None:
    """A shipped analysis of a paper, with changes."""
    folder = models_folder()
    names = [
        path.name for path in sorted(MODELS.glob("*.toml")) if not path.name.startswith(("pooled", "calibration_p"))
    ]
    name = pick(rng, names)
    content, tables = _changed(rng, document(MODELS / name))
    (folder / name).write_bytes(content)
    try:
        analysis = load(folder / name)
    finally:
        shutil.copyfile(MODELS / name, folder / name)
    if tables is not None:
        as_said(analysis.table, tables)
    for member in analysis.members:
        usable(member)


def pools(rng: np.random.Generator) -> None:
    """A shipped pool, one of its analyses or one of its studies, with changes."""
    folder = models_folder()
    names = (
        "pooled",
        "pooled",
        "pooled",
        "pooled_power",
        "pooled_commensurate",
        "main",
        "rejeski2022",
        "evidence/liu2024",
    )
    name = f"{pick(rng, names)}.toml"
    content, tables = _changed(rng, document(MODELS / name))
    (folder / name).write_bytes(content)
    asked = name if name.startswith("pooled_") else "pooled.toml"
    try:
        pool = load_pool(folder / asked)
    finally:
        shutil.copyfile(MODELS / name, folder / name)
    if tables is not None and name == asked:
        as_said(pool.table, tables)
    for member in pool.members:
        usable(member)


@cache
def _with_rows() -> Document:
    """The analysis of a table with the table in it."""
    tables = copy.deepcopy(dict(document(TESTS / "data/myeloid.toml").tables))
    tables["patients"] = {"rows": ROWS, "units": "days", "why": "a test"}
    tables["covariates"] = {
        "arm": {"column": "arm", "label": "arm", "levels": ["A", "B"], "hazard_ratio_rarely_above": 3.0, "why": "x"},
        "age": {"column": "age", "label": "age", "reference": 50.0, "hazard_ratio_rarely_above": 3.0, "why": "x"},
    }
    tables["centres"] = {"column": "centre", "hazard_ratio_rarely_above": 4.0, "why": "x"}
    return Document(name="rows.toml", tables=tables, text=text_of(tables).decode(), places=tuple(places_in(tables)))


def tables(rng: np.random.Generator) -> None:
    """An analysis of a table of patients, with changes."""
    folder, name = tables_folder(), pick(rng, ("rows.toml", "rows.toml", *TABLES))
    right = _with_rows() if name == "rows.toml" else document(TESTS / "data" / name)
    content, said = _changed(rng, right)
    (folder / name).write_bytes(content)
    try:
        analysis = load_patients(folder / name)
    finally:
        if name != "rows.toml":
            shutil.copyfile(TESTS / "data" / name, folder / name)
    if said is not None:
        as_said(analysis.table, said)
    design = analysis.own_design
    demand(
        np.isfinite(design).all() and design.shape == (len(analysis.patients), len(analysis.terms)), "design", design
    )


ARMS = ("drug", "placebo")


def _arm_items(rng: np.random.Generator, sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """What is printed of each arm and of all."""
    made: list[dict[str, Any]] = []
    for arm, n in (*sizes.items(), ("all", sum(sizes.values()))):
        k = int(rng.integers(1, n))
        place = {"among": arm, "place": "abstract"}
        made += [
            {"id": f"count_{arm}", "kind": "count", "event": "response", "count": k, "n": n, **place},
            {
                "id": f"median_{arm}",
                "kind": "median_time",
                "event": "response",
                "value": f"{rng.integers(3, 27)} days",
                **place,
            },
            {
                "id": f"by_{arm}",
                "kind": "incidence",
                "event": "response",
                "at": "28 days",
                "value": f"{rng.integers(20, 80)}%",
                **place,
            },
            {"id": f"os_{arm}", "kind": "survival", "at": "1 year", "value": f"{rng.integers(20, 80)}%", **place},
            {"id": f"share_{arm}", "kind": "share", "event": "response", "value": f"{round(100 * k / n)}%", **place},
        ]
    return made


def _chosen(rng: np.random.Generator, among: str) -> list[str]:
    """What is fitted: one of a role at most, and one number of other patients half of the time."""
    kinds = [kind for kind in (pick(rng, ("count", "share")), pick(rng, ("median", "by")), "os") if rng.random() < 0.8]
    chosen = [f"{kind}_{among}" for kind in kinds] or [f"count_{among}"]
    if rng.random() < 0.5:
        position = int(rng.integers(len(chosen)))
        other = pick(rng, [arm for arm in (*ARMS, "all") if arm != among])
        chosen[position] = f"{chosen[position].split('_')[0]}_{other}"
    return chosen


def arms(rng: np.random.Generator) -> None:
    """A number is fitted to the patients it is about, or refused."""
    sizes = {arm: int(rng.integers(20, 200)) for arm in ARMS}
    values = ("yes", "no") if rng.random() < 0.5 else ("no", "yes")
    study = copy.deepcopy(dict(document(STUDY).tables))
    items = _arm_items(rng, sizes)
    study["study"] |= {"n": sum(sizes.values())}
    study["group"] = {
        arm: {"by": "characteristic", "of": "drug_given", "value": value, "n": sizes[arm], "label": arm}
        for arm, value in zip(ARMS, values, strict=True)
    }
    study["item"] = items
    analysis = copy.deepcopy(dict(document(SMALL).tables))
    among = pick(rng, (*ARMS, "all"))
    chosen = _chosen(rng, among)
    analysis["fit"]["items"] = chosen
    analysis["cohort"] = {"among": among, "form": "none", "why": "x"}
    analysis["conventions"] = {}
    analysis["report"] = {"durations": [14.0]}
    folder = small_folder()
    (folder / "arms_study.toml").write_bytes(text_of(study))
    (folder / "arms.toml").write_bytes(text_of(analysis | {"study": "arms_study.toml"}))
    found = load_analysis(folder / "arms.toml")
    about = {item["id"]: item["among"] for item in items}
    strangers = [id for id in chosen if about[id] != among]
    demand(not strangers, "a number is fitted to the patients it is about", among, strangers, values)
    _arrays_or_a_sentence(found)


def _arrays_or_a_sentence(analysis: Member) -> None:
    try:
        usable(analysis)
    except InputError as error:
        demand(not sentence_fault(str(error)), "a sentence for each thing that is wrong", str(error))
