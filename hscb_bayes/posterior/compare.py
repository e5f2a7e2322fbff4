"""Analyses beside each other: their answers, by how much these differ, and what was assumed and fitted differently."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.member import Member
from hscb_bayes.errors import InputError
from hscb_bayes.posterior.estimands import ESTIMANDS, estimands
from hscb_bayes.posterior.posterior import DIMS, Posterior
from hscb_bayes.posterior.predict import summarise
from hscb_bayes.sentences import listed, quote

FEWEST = 2  # that can be compared
SHUFFLE = 1  # seed: two runs of one seed may have draws that go together
IN_WORDS = ("title", "question", "why", "report", "origin", "schema", "fit")  # keys that change no answer by themselves
COLUMNS = ("analysis", "of", "quantity", "unit", "median", "lower", "upper")
DIFFERENCES = ("difference", "difference_lower", "difference_upper", "probability_more")


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Analyses beside the first of them.

    Parameters
    ----------
    answers
        A row for each analysis, whose patients it is about (``of``: a study, an arm, or all) and quantity: ``unit``,
        ``median``, ``lower`` and ``upper`` (90%); ``difference`` of the medians from the first analysis;
        ``difference_lower``, ``difference_upper`` and ``probability_more`` where the two know different patients, NaN
        where they share some: then draws are not independent, and the difference has no interval.
    assumed
        What is said differently: a row for each key, a column for each analysis, empty where it is not said.
    fitted
        A row for each fitted number, a column for each analysis: whether it is fitted.
    cautions
        What a reader of the differences must know, in sentences.
    """

    answers: pd.DataFrame
    assumed: pd.DataFrame
    fitted: pd.DataFrame
    cautions: tuple[str, ...]


def compare(posteriors: Mapping[str, Posterior]) -> Comparison:
    """Compare posteriors by name with the first of them.

    Analyses of a paper, of arms, of a pool or of a table of patients in any mixture: each study and each arm has its
    own answers.

    Raises
    ------
    InputError
        When there are fewer than two.

    Examples
    --------
    >>> compare({"main": posterior, "step": other}).answers  # doctest: +SKIP
    """
    if len(posteriors) < FEWEST:
        raise InputError(f"posteriors: required at least {FEWEST} to compare, found {len(posteriors)}")
    analyses = {name: posterior.analysis for name, posterior in posteriors.items()}
    first, *others = posteriors
    shared = {name: _share_patients(analyses[name], analyses[first]) for name in others}
    draws = {name: _draws(posterior) for name, posterior in posteriors.items()}
    answers = [_answers(name, draws[name], draws[first], is_shared=shared.get(name)) for name in posteriors]
    return Comparison(
        answers=pd.concat(answers, ignore_index=True),
        assumed=_assumed(analyses),
        fitted=_fitted(analyses),
        cautions=(*_of_the_prior(posteriors), *_cautions(analyses, shared)),
    )


def _draws(posterior: Posterior) -> dict[str, dict[str, np.ndarray]]:
    """Draws of each quantity, of each study or arm, or of all patients."""
    found = estimands(posterior)
    studies = posterior.analysis.studies
    parts = {study: found.sel(study=study) for study in studies} if "study" in found.dims else {studies[0]: found}
    return {of: {name: one[name].values.ravel() for name in ESTIMANDS} for of, one in parts.items()}


def _answers(
    name: str,
    own: Mapping[str, Mapping[str, np.ndarray]],
    first: Mapping[str, Mapping[str, np.ndarray]],
    *,
    is_shared: bool | None,
) -> pd.DataFrame:
    """The answers of an analysis, and where it is not the first their differences."""
    rows = []
    for of, quantities in own.items():
        beside = first.get(of) or (next(iter(first.values())) if len(first) == len(own) == 1 else None)
        for quantity, values in quantities.items():
            said = {"analysis": name, "of": of, "quantity": quantity, "unit": ESTIMANDS[quantity].unit}
            row: dict[str, object] = {**said, **_limits(values), **dict.fromkeys(DIFFERENCES, np.nan)}
            if is_shared is not None and beside is not None:
                row |= _difference(values, beside[quantity], is_shared=is_shared)
            rows.append(row)
    return pd.DataFrame(rows, columns=[*COLUMNS, *DIFFERENCES])


def _limits(values: np.ndarray) -> dict[str, float]:
    """Median and limits, as ``summarise`` has them; (draw,)."""
    row = summarise(xr.DataArray(values[None], dims=DIMS)).iloc[0]
    return {name: float(row[name]) for name in ("median", "lower", "upper")}


def _difference(values: np.ndarray, beside: np.ndarray, *, is_shared: bool) -> dict[str, float]:
    """Of the medians; and where draws are independent its interval, and the probability that it is above zero."""
    medians = _limits(values)["median"], _limits(beside)["median"]
    with np.errstate(invalid="ignore"):  # neither is reached: nothing is known of the difference
        found = {"difference": float(np.subtract(*medians))}
        if is_shared:
            return found
        shuffled = np.random.default_rng(SHUFFLE).permutation(beside)
        many = min(values.size, beside.size)
        apart = np.subtract(values[:many], shuffled[:many])
    limits, defined = _limits(apart), apart[~np.isnan(apart)]
    more = float(np.mean(defined > 0.0)) if defined.size else np.nan
    return found | {"difference_lower": limits["lower"], "difference_upper": limits["upper"], "probability_more": more}


def _share_patients(one: Analysis, other: Analysis) -> bool:
    """Whether two analyses know some patient both: by a print of a group that is not the other's, or one by one."""
    pairs = itertools.product(*([member for member in each.members if member.is_printed] for each in (one, other)))
    return any(_of_one_print(*pair) for pair in pairs) or bool(_courses(one) & _courses(other))


def _of_one_print(one: Member, other: Member) -> bool:
    """Whether two prints are of one study, and of groups that may have a patient in common."""
    groups = one.study.groups
    here, there = one.cohort.among, other.cohort.among
    apart = here in groups and there in groups and groups[here].is_complement_of(groups[there])
    return one.study.sha256 == other.study.sha256 and not apart


def _courses(analysis: Analysis) -> set[tuple[str, float, bool]]:
    """Patients who are known one by one: who, until when, and whether they died."""
    tables = [member.known.patients for member in analysis.members if member.known is not None]
    return {
        (str(id), float(last), bool(died))
        for table in tables
        for id, last, died in zip(table.id, table.last_day, table.died, strict=True)
    }


def _assumed(analyses: Mapping[str, Analysis]) -> pd.DataFrame:
    said = {name: dict(_flat(json.loads(analysis.text))) for name, analysis in analyses.items()}
    keys = dict.fromkeys(key for one in said.values() for key in one)
    rows = {key: [one.get(key, "") for one in said.values()] for key in keys}
    differ = {key: row for key, row in rows.items() if len(set(row)) > 1}
    return pd.DataFrame.from_dict(differ, orient="index", columns=list(analyses)).rename_axis("what").reset_index()


def _flat(tables: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """Keys of tables with their dots, and what is said, as text."""
    for key, value in tables.items():
        if key in IN_WORDS:
            continue
        if isinstance(value, dict):
            yield from _flat(value, f"{within}{key}.")
        else:
            yield f"{within}{key}", value if isinstance(value, str) else json.dumps(value)


def _fitted(analyses: Mapping[str, Analysis]) -> pd.DataFrame:
    known = {
        name: {(member.study.id, id) for member in analysis.members if member.is_printed for id in member.fit.items}
        for name, analysis in analyses.items()
    }
    numbers = sorted(set(itertools.chain.from_iterable(known.values())))
    table = pd.DataFrame(numbers, columns=["study", "number"])
    return table.assign(**{name: [number in one for number in numbers] for name, one in known.items()})


def _of_the_prior(posteriors: Mapping[str, Posterior]) -> Iterator[str]:
    drawn = [name for name, posterior in posteriors.items() if posterior.is_prior]
    if drawn:
        yield f"answers of {listed(drawn)} are the prior's: nothing is fitted"


def _cautions(analyses: Mapping[str, Analysis], shared: Mapping[str, bool]) -> Iterator[str]:
    first = next(iter(analyses))
    same, apart = ([name for name, is_shared in shared.items() if is_shared is sort] for sort in (True, False))
    if same:
        yield f"{quote(first)} and {listed(same)} know the same patients, or some of them: a difference has no interval"
    if apart:
        yield (
            f"{quote(first)} and {listed(apart)} know different patients: a difference may be one of the patients, and "
            "nothing here is a randomised comparison"
        )
    with_ratios = [name for name, one in analyses.items() if one.terms or one.has_arms or one.by_duration]
    if with_ratios:
        yield f"{listed(with_ratios)} let groups of patients differ by ratios of hazards that hold at all times"
    loose = [name for name, one in analyses.items() if one.has_hierarchy]
    if loose:
        yield f"in {listed(loose)}, a study borrows from the others of its pool"
