"""What a likelihood is made of: names, and units of the printed numbers do not change its arrays."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.errors import InputError
from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from tests.robustness.documents import MODELS, document, pick, text_of
from tests.robustness.judging import WrongAnswerError, demand
from tests.robustness.of_studies import (
    in_other_units,
    renamed,
    scratch,
    with_other_ids,
    with_other_numbers,
)

Tables = dict[str, Any]
PAIRS = (
    (MODELS / "main.toml", MODELS / "evidence/gagelmann2023.toml"),
    (MODELS / "stasia2014.toml", MODELS / "evidence/stasia2014.toml"),
    (MODELS / "klyuchnikov2014.toml", MODELS / "evidence/klyuchnikov2014.toml"),
    (MODELS / "liu2024.toml", MODELS / "evidence/liu2024.toml"),
    (MODELS / "scb2024.toml", MODELS / "evidence/scb2024.toml"),
)


def _whole(tables: Tables) -> Tables:
    """An analysis with its base laid under it; main is the only base of these."""
    if "base" not in tables:
        return tables
    below = copy.deepcopy(dict(document(MODELS / "main.toml").tables))
    kept = {key: below[key] for key in ("schema", "hazards", "prior")}
    return {**kept, **{key: value for key, value in tables.items() if key != "base"}}


def _with_other_names(analysis: Tables, before: Tables, after: Tables) -> None:
    """The ids of a study that was renamed, in the analysis of it."""
    items = dict(zip((one["id"] for one in before["item"]), (one["id"] for one in after["item"]), strict=True))
    groups = dict(zip(before.get("group", {}), after.get("group", {}), strict=True))
    analysis["fit"]["items"] = [
        ".".join(
            [items.get(id.split(".")[0], id.split(".")[0]), *(groups.get(part, part) for part in id.split(".")[1:])]
        )
        for id in analysis["fit"]["items"]
    ]
    cohort = analysis["cohort"]
    if "sizes" in cohort:
        cohort["sizes"] = {groups[id]: size for id, size in cohort["sizes"].items()}
    if "among" in cohort:
        cohort["among"] = groups.get(cohort["among"], cohort["among"])
    tests = analysis.get("conventions", {}).get("tests", {})
    if tests:
        analysis["conventions"]["tests"] = {items.get(id, id): test for id, test in tests.items()}


DRESSES: tuple[Callable[[Tables, np.random.Generator], None], ...] = (renamed, in_other_units, with_other_ids)


def _arrays(analysis: Tables, study: Tables) -> dict[str, np.ndarray] | None:
    """The arrays that there are, by name; None where the analysis is refused."""
    folder = scratch()
    (folder / "likelihood_study.toml").write_bytes(text_of(study))
    (folder / "likelihood.toml").write_bytes(text_of(analysis | {"study": "likelihood_study.toml"}))
    try:
        loaded = load_analysis(folder / "likelihood.toml")
        arrays = joint_arrays(loaded, printed_values(loaded))
    except InputError:
        return None
    return {name: np.asarray(value) for name, value in vars(arrays).items() if name != "nodes" and value is not None}


def alike(rng: np.random.Generator) -> None:
    """The same arrays, or refused both times."""
    analysis_file, study_file = pick(rng, PAIRS)
    analysis = _whole(copy.deepcopy(dict(document(analysis_file).tables)))
    for key in ("handled", "report"):
        analysis.pop(key, None)
    study = with_other_numbers(rng, document(study_file))
    dress, other = pick(rng, DRESSES), copy.deepcopy(study)
    dress(other, rng)
    named = copy.deepcopy(analysis)
    if dress is with_other_ids:
        _with_other_names(named, study, other)
    found, again = _arrays(analysis, study), _arrays(named, other)
    oracle = f"a likelihood {dress.__name__.replace('_', ' ')}"
    demand((found is None) == (again is None), f"{oracle} is refused both times or never", analysis_file.name)
    if found is None or again is None:
        return
    if set(found) != set(again):
        raise WrongAnswerError(oracle, "other arrays")
    different = [
        name for name, value in found.items() if not np.allclose(value, again[name], rtol=1e-9, equal_nan=True)
    ]
    demand(not different, oracle, analysis_file.name, different)
