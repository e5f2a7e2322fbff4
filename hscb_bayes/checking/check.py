"""The predictive check: every printed number beside what new studies from the posterior would print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from hscb_bayes.analysis.scope import speaks_of
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.checking.replicate import REPLICATES, replicate
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

    A number about other patients than those of the analysis is listed, and compared with nothing.

    Parameters
    ----------
    posterior
        What ``sample`` or ``load_posterior`` returned.
    replicates
        Number of new studies.
    seed
        Of the new studies; the same seed gives the same table.
    left_out
        Fitted id to the posterior without it, from ``leave_one_out``. A fitted number is near its own replicates
        because it was fitted; without it the comparison is honest.

    Returns
    -------
    Columns ``id``, ``item``, ``label``, ``among`` (group id), ``printed`` (text), ``value`` (fraction, days, count or
    P); ``median`` and equal-tailed 50% and 90% intervals of the replicates, times that are not reached counted as inf;
    ``tail_probability``, two-sided, as in the function of that name; ``undefined`` and ``not_reached``, shares of all
    replicates; ``used``: "fitted", "interval width used" (a limit from which the likelihood takes the variance of its
    estimate), "held out" or "not of this analysis" (about other patients: NaN for all that is computed); the ``loo_``
    columns, the same from the posterior without the number, and whether that passed the gate (1 or 0), NaN where there
    is none.

    Raises
    ------
    InputError
        When ``left_out`` names an id that is not fitted.

    Examples
    --------
    >>> table = check(load_posterior("results/posterior.nc"), seed=1)  # doctest: +SKIP
    """
    analysis = posterior.analysis
    refits = {} if left_out is None else left_out
    for id in refits:
        if id not in analysis.table.fit.items:
            raise InputError(f"left_out: {quote(id)} is not fitted; {nearest(id, analysis.table.fit.items)}")
    numbers = replicate(posterior, replicates=replicates, seed=seed).numbers
    without = {id: replicate(tree, replicates=replicates, seed=seed).numbers for id, tree in refits.items()}
    gates = {id: np.nan if tree.converged is None else float(tree.converged) for id, tree in refits.items()}
    widths = interval_items(analysis)
    rows = [
        _row(number, analysis, widths, numbers, without, gates)
        for number in analysis.study.numbers
        if analysis.study.item(number.item).describes_outcomes
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(
    number: PrintedNumber,
    analysis: Analysis,
    widths: frozenset[str],
    numbers: Mapping[str, np.ndarray],
    without: Mapping[str, Mapping[str, np.ndarray]],
    gates: Mapping[str, float],
) -> dict[str, object]:
    id, used = use_of(number, analysis, widths)
    row: dict[str, object] = {
        "id": number.id,
        "item": number.item,
        "label": number.label,
        "among": number.among,
        "printed": number.text,
        "value": number.value,
        "used": used,
    }
    told = summarise(numbers.get(number.id, NOTHING), number)
    apart = {} if id is None or id not in without else summarise(without[id][number.id], number)
    left_out = {f"loo_{name}": apart.get(name, np.nan) for name in LEFT_OUT}
    return row | told | left_out | {"loo_converged": gates.get(id or "", np.nan) if apart else np.nan}


def use_of(number: PrintedNumber, analysis: Analysis, widths: frozenset[str]) -> tuple[str | None, Used]:
    """The fitted id that the number comes in with, and how it is used; (None, "held out") for what is only checked.

    A count comes with its percentage and a median with its limits: they are one piece of information. A survival's
    limits are not fitted, but where the item is in ``widths`` they say how uncertain its estimate is. A number of other
    patients is not of this analysis.
    """
    if not speaks_of(analysis, number):
        return None, OUTSIDE
    fitted, item = analysis.table.fit.items, analysis.study.item(number.item)
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


def interval_items(analysis: Analysis) -> frozenset[str]:
    """Survival items whose printed interval sets the variance of their estimate in the likelihood."""
    return frozenset(id for id, use in interval_uses(analysis).items() if use == "used")


def summarise(values: np.ndarray, number: PrintedNumber) -> dict[str, float]:
    """Quantiles, tail probability and shares of one number over replicates, shape (replicate,).

    Quantiles are values that replicates did print (no interpolation), so that inf, "not reached", is one of them. NaN
    where the number is undefined in every replicate.
    """
    defined = values[~np.isnan(values)]
    quantiles = (
        np.quantile(defined, list(QUANTILES.values()), method="inverted_cdf")
        if defined.size
        else np.full(len(QUANTILES), np.nan)
    )
    return {name: float(value) for name, value in zip(QUANTILES, quantiles, strict=True)} | {
        "tail_probability": tail_probability(values, number),
        "undefined": float(np.mean(np.isnan(values))) if values.size else np.nan,
        "not_reached": float(np.mean(np.isinf(values))) if values.size else np.nan,
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


def two_sided_tail(values: np.ndarray, value: float, *, within: float = 0.0) -> float:
    """2 min(p, 1 - p), p the share of ``values`` below and half of those that are at most ``within`` away."""
    equal = np.abs(values - value) <= within
    below = float(np.mean((values < value) & ~equal)) + float(np.mean(equal)) / 2.0
    return 2.0 * min(below, 1.0 - below)
