"""Expected rows and their covariances beside those of simulated cohorts, with losses and a study read on one day.

Simulated patients know nothing of influences: their curves are those of the estimators.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.errors import InputError
from hscb_bayes.estimators.aalen_johansen import incidence_at
from hscb_bayes.estimators.kaplan_meier import number_at_risk, survival_at
from hscb_bayes.evidence.cohort import Cohort
from hscb_bayes.evidence.estimates import Moments, moments
from hscb_bayes.evidence.joint_counts import mean_and_slope
from hscb_bayes.evidence.special import Special
from hscb_bayes.model.pathways import follow_up_of, pathway_of_draws, prior_normals
from hscb_bayes.model.print_arrays import baseline, inside_of, joint_arrays, printed_values
from hscb_bayes.model.print_rows import Patients, Row, rows_of
from hscb_bayes.model.simulate import simulate_cohort
from hscb_bayes.process.incidence import outcome_probabilities
from tests.joint.layouts import NO_END, WINDOW, item, layout, responders, survival

COHORTS = 5000
FALSE_ALARM_Z = 4.5  # one false alarm in a hundred thousand among some hundred comparisons
# Of a mean, a standard deviation as a share of itself, and a correlation, at 15 and at 60 patients: the influence is of
# first order, and a curve of few patients is carried on where the last of them is lost.
BIAS = {15: 0.035, 60: 0.01}
SPREAD = {15: 0.08, 60: 0.08}
TOGETHER = {15: 0.08, 60: 0.08}


@dataclass(frozen=True, kw_only=True)
class World:
    """Rows of a layout, what is expected of them, and those of simulated cohorts, (cohort, row).

    The share of responders first; then survival of the others, of many who can all be followed to the day: where hardly
    any of them are left a curve is carried on, which the count of them accounts for and its row does not.
    """

    rows: tuple[int, ...]
    names: tuple[str, ...]
    n: int
    expected: Moments
    observed: np.ndarray


def items_of(n: int, *, of_others: bool, has_end: bool) -> list[str]:
    """A print of all kinds of estimates; where follow-up has no end, deaths are those by the last printed day."""
    by = {} if has_end else {"at": "24 months"}
    others = [survival("others_24m", "24 months", "20%", among="others")] if of_others else []
    return [
        *others,
        responders(round(0.84 * n), n),
        item("incidence", "incidence", event="response", value="88%"),
        survival("os_6m", "6 months", "73%"),
        survival("os_12m", "12 months", "60%"),
        survival("os_24m", "24 months", "43%"),
        survival("short_12m", "12 months", "60%", among="short"),
        survival("long_6m", "6 months", "60%", among="long"),
        survival("responders_12m", "12 months", "70%", among="responders"),
        item("deaths", "count", event="death", count=n // 2, n=n, **by),
        item("deaths_6m", "count", event="death", at="6 months", count=n // 4, n=n),
        item("follow_up", "follow_up", estimator="reverse_kaplan_meier", value="15.0 months"),
        item("at_risk_6m", "at_risk", at="6 months", count=n // 2),
        item("at_risk_12m", "at_risk", at="12 months", among="short", count=n // 6),
    ]


def rows_and_moments(analysis: Member, place: np.ndarray) -> tuple[list[Row], Moments]:
    numbers, sizes = printed_values(analysis), np.array(baseline(analysis).sizes, dtype=float)
    arrays, special = joint_arrays(analysis, numbers), Special.of(np)
    reach = (arrays.reach[0], arrays.reach[1])
    follow_up = follow_up_of(place[:, [analysis.parameter_ids.index("lost_by_one_year")], None], np, reach)
    outcomes = outcome_probabilities(pathway_of_draws(place, analysis), arrays.x, arrays.nodes, follow_up, np)
    mean, _ = mean_and_slope(outcomes, arrays, special)
    patients = Patients(sizes=sizes, left=sizes, responders=numbers["response"], inside=inside_of(analysis))
    rows = rows_of(analysis, numbers, analysis.fit.items, patients, float(arrays.day[0]))
    return rows, moments(outcomes, mean.seen.sum(axis=-1), arrays, special)


def observed(row: Row, cohort: Cohort, first: int) -> np.ndarray:
    """A row of simulated cohorts; of responders as if it were divided by so many as are printed."""
    group = np.arange(cohort.died.shape[-1]) >= first
    among = np.broadcast_to(row.members[group.astype(int) * (row.members.size > 1)] > 0.0, cohort.died.shape)
    among = among & (cohort.responded * row.classes[0] + ~cohort.responded * row.classes[1] > 0.0)
    many = among.sum(axis=-1)
    if row.what == "incidence":
        return incidence_at(cohort.first_day, cohort.first_cause, row.day, among)[0]
    if row.what == "deaths":
        return np.asarray((cohort.died & (cohort.last_day <= row.day) & among).sum(axis=-1) / many)
    if row.what == "at_risk":
        return number_at_risk(cohort.last_day, row.day, among) / many
    ends = cohort.died if row.what == "survival" else ~cohort.died
    return survival_at(cohort.last_day, ends, row.day, among)[0] * many / row.size


@pytest.fixture(scope="module", params=[(15, WINDOW), (60, WINDOW), (15, NO_END), (60, NO_END)], ids=str)
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[World]:
    """At the middle of the prior, and at a place beside it."""
    n, follow_up = request.param
    folder: Path = tmp_path_factory.mktemp("cohorts")
    of_others = (n, follow_up) == (60, NO_END)
    analysis = layout(
        folder, n, items_of(n, of_others=of_others, has_end=follow_up == WINDOW), by_duration=True, follow_up=follow_up
    )
    (mean, deviation), found = prior_normals(analysis), []
    for seed, away in ((0, 0.0), (1, 0.5)):
        rng = np.random.default_rng(seed)
        place = (mean + away * deviation * rng.standard_normal(mean.size))[None]
        rows, expected = rows_and_moments(analysis, place)
        cohort = simulate_cohort(analysis, np.repeat(place, COHORTS, axis=0), rng=rng)
        first = baseline(analysis).sizes[0]
        size = n - printed_values(analysis)["response"]
        last = Row(members=rows[0].members, classes=(0.0, 1.0), size=size, day=730.0, start=730.0)
        values = [cohort.responded.mean(axis=-1), *(observed(row, cohort, first) for row in (last, *rows))]
        names = ("responders", *(f"{row.what} on day {row.day:.0f} {row.whose[1:]}" for row in (last, *rows)))
        used = (0, *((1,) if of_others else ()), *range(2, len(names)))
        values, names = [values[k] for k in used], tuple(names[k] for k in used)
        found.append(World(rows=used, names=names, n=n, expected=expected, observed=np.stack(values, axis=-1)))
    return found


def claimed(world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, standard deviation and correlations of the rows."""
    covariance = world.expected.covariance[0][np.ix_(world.rows, world.rows)]
    deviation = np.sqrt(np.diag(covariance))
    return world.expected.value[0, world.rows], deviation, covariance / np.outer(deviation, deviation)


def test_rows_average_to_what_is_expected_of_them(worlds: list[World]) -> None:
    for world in worlds:
        mean, deviation, _ = claimed(world)
        away = np.abs(np.nanmean(world.observed, axis=0) - mean)
        bounds = BIAS[world.n] + FALSE_ALARM_Z * deviation / np.sqrt(COHORTS)
        assert {name: a for name, a, bound in zip(world.names, away, bounds, strict=True) if a > bound} == {}


def test_rows_spread_as_they_are_said_to(worlds: list[World]) -> None:
    for world in worlds:
        _, deviation, _ = claimed(world)
        ratio = np.nanstd(world.observed, axis=0) / deviation
        bound = SPREAD[world.n] + FALSE_ALARM_Z / np.sqrt(2.0 * COHORTS)
        assert {name: r for name, r in zip(world.names, ratio, strict=True) if abs(r - 1.0) > bound} == {}


def test_rows_vary_together_as_they_are_said_to(worlds: list[World]) -> None:
    for world in worlds:
        _, _, correlation = claimed(world)
        there = world.observed[np.isfinite(world.observed).all(axis=-1)]
        away = np.abs(np.corrcoef(there.T) - correlation)
        bound = TOGETHER[world.n] + FALSE_ALARM_Z * (1.0 - correlation**2) / np.sqrt(len(there))
        pairs = np.argwhere(away > bound)
        assert {(world.names[i], world.names[j]): away[i, j] for i, j in pairs if i < j} == {}


def test_an_incidence_by_another_estimator_is_not_fitted(tmp_path: Path) -> None:
    layout(tmp_path, 30, [responders(24, 30), item("curve", "incidence", event="response", value="85%")])
    file = tmp_path / "layout.toml"
    file.write_text(file.read_text().replace("[conventions]", '[conventions]\nincidence = "kaplan_meier"'))
    with pytest.raises(InputError, match=r"'curve' is fitted as an Aalen-Johansen estimate; required conventions\.inc"):
        load_analysis(file)
