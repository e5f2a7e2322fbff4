"""The question's answer in four sentences: how fast, how many live, what duration goes with, how sure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.posterior.headline import contrast_durations
from hscb_bayes.posterior.taught import untaught
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report.results import Results
from hscb_bayes.report.whom import groups_by_duration, in_words
from hscb_bayes.report.words import estimate, listing, number, plural

GROUPS = ("short", "long")
RATIO = f"hazard_ratio_{TRANSITIONS[0]}"
CAUTION = "an association in one small series, not proof that an earlier boost helps"


def four_sentences(results: Results) -> tuple[str, str, str, str]:
    """Plain sentences with numbers; intervals are 90% posterior intervals."""
    return _speed(results), _survival(results), _duration(results), _sureness(results)


def _told(results: Results, id: str) -> str:
    row = _summary(results).loc[id]
    return estimate(row["median"], row["lower"], row["upper"], row["unit"])


def _summary(results: Results) -> pd.DataFrame:
    return results.tables.summary.set_index("quantity")


def _day(results: Results, id: str) -> str:
    """A median time as a day: "by day 9.3 (7.3 to 12 days)"; never, where half do not respond within the year."""
    row = _summary(results).loc[id]
    if np.isinf(row["median"]):
        return "not within one year"
    return f"by day {estimate(row['median'], row['lower'], row['upper'], 'days').replace(' days', '', 1)}"


def _speed(results: Results) -> str:
    everybody, responders = (_day(results, f"median_response_{who}") for who in ("all", "responders"))
    return (
        f"Half of all patients respond {everybody} after the boost, and of those who respond within one year half do "
        f"so {responders}; {_told(results, 'response_by_28')} of all patients have responded by day 28."
        f"{of_the_prior(results.analysis, 'median_response_all')}"
    )


def of_the_prior(analysis: Analysis, id: str) -> str:
    """Words that a quantity of whose kind no number is fitted is not from the paper; nothing where one is."""
    words = untaught(analysis).get(id)
    if words is None:
        return ""
    return f" No {words} is fitted, so that this is the prior's: what was believed before, and not what the paper says."


def _survival(results: Results) -> str:
    alive, recovered = _told(results, "os_1y"), _told(results, "days_recovered_1y")
    return (
        f"One year after the boost {alive} of the patients are alive, and of the 365 days of that year the average "
        f"patient spends {recovered} alive and recovered.{of_the_prior(results.analysis, 'os_1y')}"
    )


def _duration(results: Results) -> str:
    parts = [part for part in (_by_group(results), _by_duration(results)) if part]
    if not parts:
        if not results.analysis.by_duration:
            return "The duration of neutropenia has no part in this analysis."
        return f"The analysis compares no durations of neutropenia; what one goes with would be {CAUTION}."
    told = f"{'; '.join(parts)}: {CAUTION}.{of_the_prior(results.analysis, RATIO)}"
    return told[:1].upper() + told[1:]


def _by_group(results: Results) -> str:
    if "os_1y_short" not in _summary(results).index:
        return ""
    words = in_words(results.analysis)
    short, long = (f"{_told(results, f'os_1y_{group}')} of {words[group]}" for group in GROUPS)
    return f"At one year {short} and {long} are alive{_as_printed(results)}"


def _as_printed(results: Results) -> str:
    """The paper's own survival of the two groups, which the model draws together as far as it believes duration to."""
    analysis, groups = results.analysis, groups_by_duration(results.analysis)
    at_one_year = (item for item in analysis.study.items if isinstance(item, Survival) and item.day == YEAR)
    found = {item.among: item for item in at_one_year}
    items = [found[groups[name]] for name in GROUPS if groups.get(name) in found]
    if len(items) != len(GROUPS):
        return ""
    row, (short, long) = _summary(results)["median"], (item.value.value for item in items)
    modelled = row["os_1y_short"] - row["os_1y_long"]
    is_fitted = all(item.id in analysis.table.fit.items for item in items)
    is_drawn = is_fitted and 0.0 < modelled * (short - long) < (short - long) ** 2
    drawn = ", which so few patients and the beliefs about hazard ratios draw together" if is_drawn else ""
    return f" (printed: {listing([str(item.value) for item in items])}{drawn})"


def _by_duration(results: Results) -> str:
    ends = contrast_durations(results.analysis)
    if not ends:
        return ""
    row = _summary(results).loc["os_1y_contrast"]
    probability = results.tables.probabilities.set_index("id").loc["os_1y_contrast", "probability"]
    difference = estimate(row["median"], row["lower"], row["upper"], "points").replace("points", "percentage points")
    return (
        f"one-year survival after {ends[0]:g} rather than {ends[1]:g} days of neutropenia"
        f"{_at_the_edge(results, ends)} differs by {difference}, and the probability that it is higher is "
        f"{number(probability, 'share')}"
    )


def _at_the_edge(results: Results, ends: tuple[float, float]) -> str:
    predictions = results.tables.predictions
    edge = [end for end in ends if predictions.loc[predictions["duration"] == end, "extrapolates"].astype(bool).any()]
    if not edge:
        return ""
    return (
        ", both at the edge of the series," if len(edge) == len(ends) else f", {edge[0]:g} at the edge of the series,"
    )


def _sureness(results: Results) -> str:
    conflicts = [finding for finding in results.findings if finding.severity == "conflict"]
    shared = set.intersection(*(set(finding.items) for finding in conflicts)) if len(conflicts) > 1 else set()
    same = ", all about the same number" if shared else ""
    headline = results.tables.summary[results.tables.summary["kind"] == "headline"]
    prior = headline[headline["mostly_prior"].astype(bool)]
    inside, total = foreseen(results.tables.check)
    told = (
        f"{inside} of the {total} printed numbers about what was not fitted lie, one by one, within what the model "
        "predicts for them (90% intervals), "
        if total
        else "every printed number about outcomes is fitted, "
    )
    every = prior["quantity"].str.startswith("hazard_ratio").sum() == len(TRANSITIONS)
    among = ", all hazard ratios among them," if every else ""
    return (
        f"How sure is this: the audit finds {plural(len(conflicts), 'contradiction')} in the print{same}, {told}"
        f"and {len(prior)} of the {len(headline)} answers below{among} rest "
        "more on what was believed before than on "
        'this paper ("mostly prior").'
    )


def foreseen(check: pd.DataFrame) -> tuple[int, int]:
    """Numbers of items not fitted in any reading: how many lie in their 90% predictive interval, of how many."""
    fitted = check.loc[check["used"] == "fitted", "item"]
    held_out = check[(check["used"] == "held out") & ~check["item"].isin(fitted)]
    inside = (held_out["lower90"] <= held_out["value"]) & (held_out["value"] <= held_out["upper90"])
    return int(inside.sum()), len(held_out)
