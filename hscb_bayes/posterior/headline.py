"""The quantities that an analysis is asked for, from raw draws: what the summary, the alternatives and the
calibration share.

Days count from time zero of the study; the horizon is one year (365 days). "The cohort" is the study's own patients,
each with their own duration of the condition: an average over the covariate nodes that the likelihood uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.member import Member
from hscb_bayes.model.grades import grade_shares
from hscb_bayes.posterior.averages import GROUPS, Average, cohort_average
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.profile import Subjects, own_patients, subjects_of
from hscb_bayes.posterior.times import response_quantile, time_in_states
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.incidence import cumulative_incidence, survival
from hscb_bayes.process.pathway import STATES, TRANSITIONS, Pathway

EARLY = 28.0  # days: the four weeks within which a treatment is usually said to have worked
SMALLEST_SHARE = 1e-9  # keeps the logit of a share finite
RESPONDED = STATES.index("responded")


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A headline quantity in words; ``scale`` is the one on which its spread is compared with the prior's."""

    label: str
    unit: Literal["share", "days", "ratio"]
    scale: Literal["logit", "log", "plain"]


def ratio_words(analysis: Member) -> str:
    """What a hazard ratio of an analysis compares."""
    by_doubling = analysis.cohort.form == "log2"
    condition = analysis.study.condition
    return f"per doubling of {condition}" if by_doubling else f"with long against short {condition}"


def headline_quantities(analysis: Member) -> dict[str, Quantity]:
    """Every headline quantity of an analysis, by id."""
    found = {
        "response_by_28": Quantity(label="response by day 28", unit="share", scale="logit"),
        "median_response_all": Quantity(label="median time to response, all patients", unit="days", scale="log"),
        "median_response_responders": Quantity(
            label="median time to response, those who respond within one year", unit="days", scale="log"
        ),
        "os_1y": Quantity(label="one-year survival", unit="share", scale="logit"),
    }
    if analysis.has_print and len(cohort_average(analysis)[1]) > 1:
        for name in GROUPS:
            label = f"one-year survival, patients with {name} {analysis.study.condition}"
            found[f"os_1y_{name}"] = Quantity(label=label, unit="share", scale="logit")
    for transition in TRANSITIONS if analysis.by_duration else ():
        label = f"hazard ratio of {transition.replace('_', ' ')} {ratio_words(analysis)}"
        found[f"hazard_ratio_{transition}"] = Quantity(label=label, unit="ratio", scale="log")
    for grade in analysis.grades if analysis.has_print else ():
        words = analysis.study.events[grade].words
        found[f"{grade}_share"] = Quantity(label=f"share of responses that are {words}", unit="share", scale="logit")
        found[f"{grade}_by_28"] = Quantity(label=f"{words} by day 28", unit="share", scale="logit")
    label = "days alive after response in the first year"
    found["days_recovered_1y"] = Quantity(label=label, unit="days", scale="plain")
    ends = contrast_durations(analysis)
    if ends:
        versus = f"after {ends[0]:g} minus after {ends[1]:g} days of {analysis.study.condition}"
        for id, label, unit in CONTRASTS:
            found[f"{id}_contrast"] = Quantity(label=f"{label}, {versus}", unit=unit, scale="plain")
    return found


CONTRASTS: tuple[tuple[str, str, Literal["share", "days"]], ...] = (
    ("response_by_28", "response by day 28", "share"),
    ("os_1y", "one-year survival", "share"),
    ("days_recovered_1y", "days alive after response in the first year", "days"),
)


def contrast_durations(analysis: Member) -> tuple[float, float] | tuple[()]:
    """The shortest and the longest duration that the report shows; empty when there is only one."""
    durations = analysis.durations
    return (min(durations), max(durations)) if durations and min(durations) < max(durations) else ()


def calibration_quantities(
    parameters: np.ndarray, analysis: Member, effect: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """One-year survival of the cohort and of its groups by duration, response by day 28, and the three hazard ratios.

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    effect
        Study effects, shape (draw, transition); none if left out.

    Returns
    -------
    By name, shape (draw,). Hazard ratios are per doubling of the duration, or long over short in the step form. A
    cohort that is not split by duration has no ``os_1y_short`` and ``os_1y_long``.
    """
    everybody, names = own_patients(analysis, parameters, effect)
    found = _shares(everybody, names)
    return found | hazard_ratios_from_draws(parameters, analysis) | _grades(parameters, analysis, found)


def _grades(parameters: np.ndarray, analysis: Member, found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Share of each grade among responses, and of patients who respond with it by day 28, by name, shape (draw,)."""
    if not analysis.grades:
        return {}
    shares = dict(zip(analysis.grades, grade_shares(parameters, analysis).T, strict=True))
    by_28 = {f"{grade}_by_28": share * found["response_by_28"] for grade, share in shares.items()}
    return {f"{grade}_share": share for grade, share in shares.items()} | by_28


def shares(posterior: Posterior) -> dict[str, np.ndarray]:
    """One-year survival and response by day 28 of a study's own patients, ``os_1y`` and ``response_by_28``; (draw,)."""
    return _shares(subjects_of(posterior, {}), ("all",))


def _shares(everybody: Subjects, names: Sequence[str]) -> dict[str, np.ndarray]:
    """One-year survival of everybody and of groups, and response by day 28 of everybody, by name, shape (draw,)."""
    average = everybody.average

    def quantities(pathway: Pathway) -> np.ndarray:
        alive = average.of_probabilities(survival(pathway, average.x, np.array([YEAR])))[..., 0]
        responded = average.of_probabilities(cumulative_incidence(pathway, average.x, np.array([EARLY])))[:, 0]
        return np.concatenate([alive, responded], axis=-1)

    columns = everybody.over_draws(quantities).T
    ids = [*("os_1y" if name == "all" else f"os_1y_{name}" for name in names), "response_by_28"]
    return dict(zip(ids, columns, strict=True))


def hazard_ratios_from_draws(parameters: np.ndarray, analysis: Analysis) -> dict[str, np.ndarray]:
    """Hazard ratio of each transition, ``hazard_ratio_<transition>``, shape (draw,); none where durations have no part.

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    """
    names = [f"hazard_ratio_{transition}" for transition in TRANSITIONS if analysis.by_duration]
    return {name: np.exp(parameters[:, analysis.parameter_ids.index(name)]) for name in names}


def headline(posterior: Posterior) -> dict[str, np.ndarray]:
    """All headline quantities, by id in the order of ``headline_quantities``, shape (draw,).

    A median is inf where fewer than half respond within one year. Contrasts are the shortest reported duration of
    the condition minus the longest.
    """
    analysis = posterior.analysis
    if analysis.has_print:
        everybody, names = own_patients(analysis, posterior.parameters, posterior.effect)
    else:
        everybody, names = subjects_of(posterior, {}), ("all",)
    found = _shares(everybody, names)
    found |= hazard_ratios_from_draws(posterior.parameters, analysis) | _grades(posterior.parameters, analysis, found)
    cohort = everybody.average.rows([0])
    times = everybody.over_draws(lambda pathway: _times(pathway, cohort)).T
    found |= dict(zip(("median_response_all", "median_response_responders", "days_recovered_1y"), times, strict=True))
    ends = contrast_durations(analysis)
    if ends:
        two = subjects_of(posterior, {"duration": ends})
        differences = two.over_draws(lambda pathway: _contrasts(pathway, two.average.x)).T
        found |= {f"{id}_contrast": column for (id, _, _), column in zip(CONTRASTS, differences, strict=True)}
    return {id: found[id] for id in headline_quantities(analysis)}


def _times(pathway: Pathway, cohort: Average) -> np.ndarray:
    """Median time to response of all and of those who respond within the year, and days recovered; (draw, 3)."""
    ever = cohort.of(cumulative_incidence(pathway, cohort.x, np.array([YEAR])))[:, 0, 0]
    share = np.stack([np.full_like(ever, 0.5), 0.5 * ever], axis=-1)
    medians = response_quantile(pathway, cohort.x, np.repeat(cohort.weight, 2, axis=0), share, YEAR)
    recovered = cohort.of(time_in_states(pathway, cohort.x, YEAR))[:, 0, RESPONDED]
    return np.column_stack([medians, recovered])


def _contrasts(pathway: Pathway, x: np.ndarray) -> np.ndarray:
    """Differences between two covariate values, first minus second, in the order of ``CONTRASTS``; (draw, 3)."""
    by_duration = np.stack(
        [
            cumulative_incidence(pathway, x, np.array([EARLY]))[..., 0],
            survival(pathway, x, np.array([YEAR]))[..., 0],
            time_in_states(pathway, x, YEAR)[..., RESPONDED],
        ],
        axis=-1,
    )
    return by_duration[:, 0] - by_duration[:, 1]


def unbounded(values: np.ndarray, scale: str) -> np.ndarray:
    """Values on the scale on which their spread is compared; a time not reached within one year counts as one year.

    A rate of 0 is -inf, and what is undefined stays NaN.
    """
    if scale == "plain":
        return values
    if scale == "log":
        with np.errstate(divide="ignore"):
            return np.log(np.minimum(values, YEAR) if np.isinf(values).any() else values)
    inside = np.clip(values, SMALLEST_SHARE, 1.0 - SMALLEST_SHARE)
    return np.log(inside) - np.log1p(-inside)
