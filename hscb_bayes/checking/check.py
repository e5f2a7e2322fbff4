"""The predictive check: every printed number beside what new studies from the posterior would print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.scope import compares_arms, owner_of, speaks_of
from hscb_bayes.checking.replicate import REPLICATES, replicate
from hscb_bayes.checking.replicate_patients import check_of_patients
from hscb_bayes.checking.tail import two_sided_tail
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.item import PrintedNumber
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.model.print_arrays import interval_uses
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.sentences import nearest, quote

SEED = 1

Used = Literal["fitted", "interval width used", "held out", "not of this analysis"]
OUTSIDE: Used = "not of this analysis"

NOTHING = np.empty(0)  # the replicates of a number that is not of the analysis
QUANTILES = {"median": 0.5, "lower50": 0.25, "upper50": 0.75, "lower90": 0.05, "upper90": 0.95}
LEFT_OUT = ("median", "lower90", "upper90", "tail_probability")  # what is told of a fit without the number
COLUMNS = (
    "id", "item", "label", "among", "printed", "value",
    *QUANTILES, "tail_probability", "undefined", "not_reached", "used",
    *(f"loo_{name}" for name in LEFT_OUT), "loo_converged",
)  # fmt: skip


def check(
    posterior: Posterior,
    *,
    replicates: int = REPLICATES,
    seed: int = SEED,
    left_out: Mapping[str, Posterior] | None = None,
) -> pd.DataFrame:
    """Compare the print with replicated studies, one row per printed number that describes outcomes.

    A number about other patients or events than those of the analysis is listed, and compared with nothing. Of a pool,
    ``study`` is a last column. Of a table without a print, numbers computed from it are compared with those of
    replicated tables (``check_of_patients``); where it is one of several studies, ``statistic``, ``group`` and ``day``
    are columns too.

    Parameters
    ----------
    posterior
        What ``sample`` or ``load_posterior`` returned.
    replicates
        Number of new studies.
    seed
        Of the new studies; the same seed gives the same table.
    left_out
        Fitted id to the posterior without it, or of a pool study id to the posterior without the study, from
        ``leave_out``. A fitted number is near its own replicates because it was fitted; without it the comparison is
        honest.

    Returns
    -------
    Columns ``id``, ``item``, ``label``, ``among`` (group id), ``printed`` (text), ``value`` (fraction, days, count or
    P); ``median`` and equal-tailed 50% and 90% intervals of the replicates, times that are not reached counted as inf;
    ``tail_probability``, two-sided, as in the function of that name; ``undefined`` and ``not_reached``, shares of all
    replicates; ``used``: "fitted", "interval width used" (a limit from which the likelihood takes the variance of its
    estimate), "held out" or "not of this analysis" (about other patients or events: NaN for all that is computed); the
    ``loo_`` columns, the same from the posterior without the number, and whether that passed the gate (1 or 0), NaN
    where there is none.

    Raises
    ------
    InputError
        When ``left_out`` names an id that is not fitted.

    Examples
    --------
    >>> table = check(load_posterior("results/posterior.nc"), seed=1)  # doctest: +SKIP
    """
    analysis, refits = posterior.analysis, left_out or {}
    if not analysis.has_print:
        return check_of_patients(posterior, days=analysis.table.report.days, seed=seed)
    known = [id for member in analysis.members for id in member.fit.items]
    known = known if analysis.has_one_study else [*analysis.studies]
    for id in refits:
        if id not in known:
            raise InputError(f"left_out: {quote(id)} is not fitted; {nearest(id, known)}")
    if analysis.has_one_study:
        drawn = {id: _Drawn.of(refit, replicates, seed) for id, refit in refits.items()}
        return _of_print(posterior, drawn, None, replicates, seed)
    tables = []
    for member in analysis.members:
        study = member.study.id
        own, left = posterior.of(study=study), refits[study].of(study=study) if study in refits else None
        if member.is_printed:
            others = None if left is None else _Drawn.of(left, replicates, seed)
            found = _of_print(own, {}, others, replicates, seed)
        else:
            found = _of_table(own, left, seed)
        tables.append(found.assign(study=study))
    return pd.concat(tables, ignore_index=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Drawn:
    """What new studies print from a posterior without some number, and whether that passed its gate (1, 0 or NaN)."""

    numbers: Mapping[str, np.ndarray]
    converged: float

    @classmethod
    def of(cls, posterior: Posterior, replicates: int, seed: int) -> _Drawn:
        converged = np.nan if posterior.converged is None else float(posterior.converged)
        numbers = replicate(posterior, replicates=replicates, seed=seed).numbers
        return cls(numbers=numbers, converged=converged)


def _of_print(
    posterior: Posterior, without: Mapping[str, _Drawn], others: _Drawn | None, replicates: int, seed: int
) -> pd.DataFrame:
    """The check of one study, or of all its arms.

    Parameters
    ----------
    without
        By fitted id, what is drawn without it.
    others
        What is drawn without the whole study.
    """
    analysis, study = posterior.analysis, posterior.analysis.members[0].study
    widths = frozenset[str]().union(*(interval_items(member) for member in analysis.members))
    numbers = replicate(posterior, replicates=replicates, seed=seed).numbers
    rows = []
    items = [item for item in (*study.items, *study.other_items) if item.describes_outcomes]
    for item, number in [(one, number) for one in items for number in one.numbers]:
        owner = owner_of(analysis, number)
        between: Used = "held out" if compares_arms(analysis, item) else OUTSIDE
        id, used = (None, between) if owner is None else use_of(number, owner, widths)
        used = "held out" if posterior.is_prior and used != OUTSIDE else used
        row: dict[str, object] = {
            "id": number.id,
            "item": number.item,
            "label": number.label,
            "among": number.among,
            "printed": number.text,
            "value": number.value,
            "used": used,
        }
        drawn = without.get(id or "", others)
        apart = {} if drawn is None else replicate_summary(drawn.numbers.get(number.id, NOTHING), number)
        left_out = {f"loo_{name}": apart.get(name, np.nan) for name in LEFT_OUT}
        gate = {"loo_converged": np.nan if drawn is None else drawn.converged}
        rows.append(row | replicate_summary(numbers.get(number.id, NOTHING), number) | left_out | gate)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_table(posterior: Posterior, others: Posterior | None, seed: int) -> pd.DataFrame:
    """The check of a table that is one of several studies, and what the others foretell of it.

    Parameters
    ----------
    others
        The posterior of the study, made without it.
    """
    days = posterior.analysis.table.report.days
    own = check_of_patients(posterior, days=days, seed=seed)
    found = own.assign(item=own["id"], label=own["id"], among=own["group"])
    if others is not None and len(own):
        foretold = check_of_patients(others, days=days, seed=seed)
        found = found.assign(**{f"loo_{name}": foretold[name] for name in LEFT_OUT})
        found["loo_converged"] = np.nan if others.converged is None else float(others.converged)
    return found.reindex(columns=[*COLUMNS, "statistic", "group", "day"])


def use_of(number: PrintedNumber, analysis: Member, widths: frozenset[str]) -> tuple[str | None, Used]:
    """The fitted id that the number comes in with, and how it is used; (None, "held out") for what is only checked.

    A count comes with its percentage and a median with its limits: they are one piece of information. A survival's
    limits are not fitted, but where the item is in ``widths`` they say how uncertain its estimate is. A number of other
    patients or events is not of this analysis.
    """
    if not speaks_of(analysis, number):
        return None, OUTSIDE
    fitted, item = analysis.fit.items, analysis.study.item(number.item)
    if isinstance(item, MedianTime):
        reading = next((group for group in item.groups if {item.id, item.id_among(group)} & set(fitted)), None)
        if reading != number.among:
            return None, "held out"
        return (item.id if item.id in fitted else item.id_among(number.among)), "fitted"
    if item.id not in fitted:
        return None, "held out"
    if not number.id.endswith((".lower", ".upper")):
        return item.id, "fitted"
    return (item.id, "interval width used") if item.id in widths else (None, "held out")


def interval_items(analysis: Member) -> frozenset[str]:
    """Survival items whose printed interval sets the variance of their estimate in the likelihood."""
    return frozenset(id for id, use in interval_uses(analysis).items() if use == "used")


def replicate_summary(values: np.ndarray, number: PrintedNumber) -> dict[str, float]:
    """Quantiles, tail probability and shares of one number over replicates, shape (replicate,).

    Quantiles are values that replicates did print (no interpolation), so that inf, "not reached", is one of them. NaN
    where the number is undefined in every replicate.
    """
    defined, is_time = values[~np.isnan(values)], number.printed.unit == "days"
    quantiles = (
        np.quantile(defined, list(QUANTILES.values()), method="inverted_cdf")
        if defined.size
        else np.full(len(QUANTILES), np.nan)
    )
    return {name: float(value) for name, value in zip(QUANTILES, quantiles, strict=True)} | {
        "tail_probability": tail_probability(values, number),
        "undefined": float(np.mean(np.isnan(values))) if values.size else np.nan,
        "not_reached": float(np.mean(np.isinf(values) & is_time)) if values.size else np.nan,
    }


def tail_probability(values: np.ndarray, number: PrintedNumber) -> float:
    """2 min(p, 1 - p) with p = P(replicate < print) + P(replicate = print) / 2, over the replicates that are defined.

    For a number printed as a bound, ``"< .001"``, the share of replicates below it, and above it for ``"> .99"``. NaN
    where none is defined.
    """
    defined = values[~np.isnan(values)]
    if defined.size == 0:
        return float("nan")
    if number.bound == "below":
        return float(np.mean(defined < number.value))
    if number.bound == "above":
        return float(np.mean(defined > number.value))
    return two_sided_tail(defined, number.value, within=number.half_width / 2.0)
