"""What happens to all patients of a table: the model's curves and the table's own estimates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup

from hscb_bayes.analysis.patient_analysis import PatientAnalysis
from hscb_bayes.estimators.illness_death import occupancy_at
from hscb_bayes.estimators.intervals import proportion_interval
from hscb_bayes.model.simulated import can_be_replicated
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import cumulative_incidence, restricted_mean_time, state_occupancy, summarise
from hscb_bayes.process import pathway
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.curve_figure import Series, Time, curve_figure
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_table_alone
from hscb_bayes.report.words import listing, plural

CURVE_POINTS, EARLY = 24, 1.7  # days of a curve, the earlier the closer
OBSERVED_POINTS = 8
LEVEL = 0.9
PANEL = 3.2  # inches
TICKS = 5


def curve_days(analysis: PatientAnalysis) -> list[float]:
    """Days of the curves, those of the tables among them."""
    days = analysis.table.report.days
    spread = days[-1] * (np.arange(CURVE_POINTS + 1) / CURVE_POINTS) ** EARLY
    return sorted({*spread.round(1).tolist(), *days})


def _reported(posterior: Posterior, _: int) -> xr.Dataset:
    """State probabilities and incidence of response of every group over time, and mean days in each state.

    Returns
    -------
    ``occupancy`` (chain, draw, group, day, state), ``responded_by`` (chain, draw, group, day) and ``days_in_state``
    (chain, draw, group, state).
    """
    posterior, days, groups = posterior, curve_days(posterior.analysis), list(posterior.analysis.groups)
    return xr.Dataset(
        {
            "occupancy": state_occupancy(posterior, days=days, groups=groups),
            "responded_by": cumulative_incidence(posterior, days=days, groups=groups),
            "days_in_state": restricted_mean_time(posterior, horizon=days[-1], groups=groups),
        }
    )


def _judged(found: xr.Dataset) -> xr.Dataset:
    """What is on the page and does not follow from the rest."""
    shares = {state: found["occupancy"].sel(state=state, drop=True) for state in ("dead", "responded")}
    return found[["responded_by", "days_in_state"]].assign(shares)


def occupancy_table(fits: Fits) -> pd.DataFrame:
    """Columns ``group``, ``quantity`` (a state, or "responded_by"), ``day``, the interval and ``mean``."""
    curves = fits.reported["states"]
    found = curves["occupancy"].to_dataset("state").assign(responded_by=curves["responded_by"])
    means = found.mean(("chain", "draw")).to_dataframe().reset_index()
    long = means.melt(id_vars=["group", "day"], var_name="quantity", value_name="mean")
    table = summarise(found).merge(long, on=["group", "quantity", "day"])
    return table[["group", "quantity", "day", "median", "lower", "upper", "mean"]]


def observed_table(analysis: PatientAnalysis) -> pd.DataFrame:
    """Aalen-Johansen probabilities of the states with plain 90% limits.

    Columns ``group``, ``quantity`` (a state), ``day``, ``estimate``, ``lower``, ``upper``. There are no limits (NaN)
    where everybody has left the first state, of that state; and none where everybody is in a later one, of the later.
    No rows where patients came late or a day of response is not known.
    """
    rows, patients = list[tuple[object, ...]](), analysis.patients
    if can_be_replicated(patients):
        days = analysis.table.report.days[-1] * (np.arange(1, OBSERVED_POINTS + 1) / OBSERVED_POINTS) ** EARLY
        for group, members in analysis.groups.items():
            share, error = occupancy_at(patients.response_day, patients.last_day, patients.died, days, members)
            low, high = _limits_of_states(share, error)
            rows += [
                (group, state, day, share[i, k], low[i, k], high[i, k])
                for i, day in enumerate(days)
                for k, state in enumerate(pathway.STATES)
            ]
    return pd.DataFrame(rows, columns=["group", "quantity", "day", "estimate", "lower", "upper"])


def _limits_of_states(share: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Plain limits, (..., state): 0 to 0 of a later state that is empty, NaN of one that holds everybody."""
    limits = proportion_interval(share, error, LEVEL, scale="plain")
    is_later, is_empty = np.array(pathway.STATES) != pathway.STATES[0], share == 0.0
    holds_all = ~is_empty & (np.count_nonzero(is_empty, axis=-1, keepdims=True) == len(pathway.STATES) - 1)
    low, high = (np.where(is_later & is_empty, 0.0, np.where(is_later & holds_all, np.nan, limit)) for limit in limits)
    return low, high


def _sentences(results: Results) -> Iterator[str]:
    words, patients, days = words_of(results.analysis), results.analysis.patients, results.analysis.table.report.days
    yield (
        f"Seen in {plural(len(patients), 'patient')}: {words.response} in {int(patients.responded.sum())}, "
        f"{words.death} in {int(patients.died.sum())}."
    )
    for day in (days[0], days[-1]):
        response, death = (share_by(results, "all", name, day) for name in ("responded_by", "dead"))
        yield f"By day {day:g}, in patients like these: {words.response} in {response}, {words.death} in {death}."


def share_by(results: Results, group: str, quantity: str, day: float) -> str:
    """The share of a group at a day of the tables, in words."""
    table = results.tables["occupancy"]
    chosen = table[(table["group"] == group) & (table["quantity"] == quantity) & np.isclose(table["day"], day)]
    return estimate_of(chosen.iloc[0].to_dict(), "share")


def _context(results: Results) -> dict[str, object]:
    words = words_of(results.analysis).states
    series = [observed_series(results, "all", state, words[state]) for state in pathway.STATES]
    return {"drawing": observed_figure(results, series, name="states_all", share="in each state")}


def observed_series(results: Results, group: str, state: str, words: str) -> Series:
    """A curve of the model with 90% bands, and Aalen-Johansen estimates with 90% limits where there are any."""
    table, observed = results.tables["occupancy"], results.tables["observed"]
    own = observed[(observed["group"] == group) & (observed["quantity"] == state)]
    points = pd.DataFrame(
        {
            "day": own["day"].astype(float), "share": own["estimate"].astype(float), "held_out": False,
            "share_lower": own["lower"].astype(float), "share_upper": own["upper"].astype(float),
            "day_lower": np.nan, "day_upper": np.nan,
        }
    )  # fmt: skip
    curve = table[(table["group"] == group) & (table["quantity"] == state)]
    return Series(words=words, table=curve, points=points)


def observed_figure(results: Results, series: Sequence[Series], *, name: str, share: str) -> Markup:
    """Curves of a table's groups or states, and what they come to at the last day."""
    last = float(results.analysis.table.report.days[-1])
    told = listing([f"{one.words} {one.at(last)}" for one in series])
    label = f"Shares of patients by day, the model's curves and the table's own estimates. At day {last:g}: {told}."
    ticks = [float(tick) for tick in np.linspace(0.0, last, TICKS).round(0)]
    time = Time(last=last, ticks=ticks, words=f"days since {words_of(results.analysis).time_zero}")
    return curve_figure(series, name=name, label=label, time=time, share=share, height=PANEL + 0.16 * len(series))


STATES = Section(
    name="states",
    link="States",
    applies=has_table_alone,
    context=_context,
    tables={"occupancy": occupancy_table, "observed": lambda fits: observed_table(fits.analysis)},
    reported=_reported,
    judged=_judged,
    sentences=_sentences,
)
