"""What a report of patients is made of: groups, replicated tables, and the table's own estimates."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy.stats import norm

import hscb_bayes as hb
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_table import load_patients
from hscb_bayes.checking.leave_patient_out import leave_patient_out, log_likelihood_by_patient
from hscb_bayes.checking.replicate_patients import check_of_patients, replicated_tables
from hscb_bayes.errors import InputError
from hscb_bayes.estimators.illness_death import occupancy_at
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.patient_likelihood import log_likelihood_of_patients
from hscb_bayes.model.simulated import follow_up_of_patients
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import state_occupancy
from hscb_bayes.report.sections.baselines import baseline_table
from hscb_bayes.report.sections.centres import centre_table
from hscb_bayes.report.sections.ratios import contrast_table, ratio_table, settings_of
from hscb_bayes.report.sections.states import curve_days, observed_table
from tests.patients.test_predictions import drawn

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def bmt() -> Member:
    return load_patients(DATA / "bmt.toml")


@pytest.fixture(scope="module")
def posterior(bmt: Member) -> Posterior:
    return drawn(bmt)


def test_groups_are_levels_and_centres(bmt: Member) -> None:
    assert list(bmt.groups) == [
        "all", "disease[ALL]", "disease[AML low risk]", "disease[AML high risk]",
        "centre[Alfred]", "centre[Hahnemann]", "centre[Ohio State]", "centre[St Vincent]",
    ]  # fmt: skip
    sizes = [int(members.sum()) for members in bmt.groups.values()]
    assert sizes[0] == 137 == sum(sizes[1:4]) == sum(sizes[4:])


def test_a_group_is_the_average_of_its_patients(bmt: Member, posterior: Posterior) -> None:
    found = state_occupancy(posterior, days=[30, 365], groups=["all", "centre[Alfred]"])
    assert found.dims == ("chain", "draw", "group", "day", "state")
    assert_allclose(found.sel(group="all"), state_occupancy(posterior, days=[30, 365]), rtol=1e-10)
    own, rows = bmt.patients.covariates, bmt.groups["centre[Alfred]"]
    who = {"disease": own["disease"][rows], "age": own["age"][rows]}
    each = state_occupancy(posterior.of(centre="Alfred"), days=[30, 365], covariates=who)
    assert_allclose(found.sel(group="centre[Alfred]"), each.mean("patient"), rtol=1e-10)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"groups": ["disease[AML]"]}, "groups: there is no 'disease[AML]'; did you mean 'disease[ALL]'?"),
        (
            {"groups": ["all"], "covariates": {"age": 30}},
            "covariates: required without groups, which says whom a result is for",
        ),
        (
            {"groups": ["all"], "standardised": {"age": 30}},
            "standardised: required without groups, which says whom a result is for",
        ),
    ],
)
def test_groups_that_are_not_there_are_refused(posterior: Posterior, asked: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        hb.survival(posterior, days=[365], **asked)


def test_all_patients_with_one_value_are_the_average_of_each_with_it(bmt: Member, posterior: Posterior) -> None:
    levels = ["ALL", "AML high risk"]
    found = state_occupancy(posterior, days=[100], standardised={"disease": levels})
    assert found.dims == ("chain", "draw", "setting", "day", "state")
    assert list(found["disease"].values) == levels
    for k, level in enumerate(levels):
        parts = []
        for centre in bmt.centres:
            age = bmt.patients.covariates["age"][bmt.groups[f"centre[{centre}]"]]
            who = {"disease": [level] * len(age), "age": age}
            parts.append(state_occupancy(posterior.of(centre=centre), days=[100], covariates=who))
        each = xr.concat(parts, "patient", coords="minimal", compat="override")
        assert_allclose(found.isel(setting=k), each.mean("patient"), rtol=1e-9)


def test_a_contrast_is_the_difference_of_two_such_averages(bmt: Member, posterior: Posterior) -> None:
    table = contrast_table(posterior).set_index(["covariate", "value", "quantity", "day"])
    alive = hb.survival(posterior, days=[730], standardised={"disease": ["ALL", "AML low risk"]}).isel(day=0)
    expected = np.quantile(alive.sel(setting=0) - alive.sel(setting=1), 0.5, method="inverted_cdf")
    assert_allclose(table.loc[("disease", "AML low risk", "dead", 730), "difference_median"], expected, rtol=1e-9)
    assert np.isnan(table.loc[("disease", "ALL", "dead", 730), "difference_median"])
    quartiles = np.quantile(bmt.patients.covariates["age"].astype(float), [0.25, 0.75], method="inverted_cdf")
    assert list(settings_of(bmt)["age"][1]) == list(quartiles)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "standardised: required covariates with as many values each, found {}"),
        (
            {"age": [20, 40], "disease": ["ALL", "AML low risk", "ALL"]},
            "standardised: required covariates with as many values each, found {'age': 2, 'disease': 3}",
        ),
        ({"disease": ["CML"]}, f"{DATA / 'bmt.toml'}: covariates.disease: disease: required one of the levels"),
        ({"aeg": [20]}, f"{DATA / 'bmt.toml'}: there is no covariate 'aeg'"),
    ],
)
def test_values_that_nobody_can_have_are_refused(posterior: Posterior, asked: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        hb.survival(posterior, days=[365], standardised=asked)


def test_a_replicate_has_the_follow_up_of_the_real_patients(bmt: Member, posterior: Posterior) -> None:
    real, found = bmt.patients, replicated_tables(posterior, seed=1)
    assert found.last_day.shape == (6, 137)
    alive = ~real.died
    assert np.all(found.last_day[:, alive] <= real.last_day[alive])
    assert np.all((found.last_day == real.last_day)[~found.died & alive])
    assert np.all(found.last_day <= real.last_day.max())
    assert np.all((found.response_day < found.last_day) | np.isinf(found.response_day))


def test_follow_up_beyond_a_death_is_that_of_the_others(bmt: Member, posterior: Posterior) -> None:
    """Three patients are seen alive, on days 100, 200 and 300; one dies on day 150."""
    four = bmt.patients.of(np.arange(4))
    table = replace(
        four, response_day=np.full(4, np.inf), last_day=np.array([100.0, 200.0, 300.0, 150.0]),
        died=np.array([False, False, False, True]),
        unresponded_until=np.array([100.0, 200.0, 300.0, 150.0]),
    )  # fmt: skip

    end = follow_up_of_patients(table, (4000, 4), np.random.default_rng(2))
    assert np.all(end[:, :3] == [100.0, 200.0, 300.0])
    assert set(end[:, 3]) == {200.0, 300.0}
    assert abs(np.mean(end[:, 3] == 200.0) - 0.5) < 0.05


def test_tables_drawn_from_the_model_pass_its_check(bmt: Member, posterior: Posterior) -> None:
    """A replicate taken for the real table lies among the replicates as often as it should."""
    replicated = replicated_tables(posterior, seed=5)
    one = {name: getattr(replicated, name)[0] for name in ("response_day", "last_day", "died", "unresponded_until")}
    own = bmt.with_patients(replace(bmt.patients, **one))
    table = check_of_patients(drawn(own), days=[30, 100, 365], seed=6)
    assert len(table) == 2 * 3 * 8
    inside = (table["lower90"] <= table["value"]) & (table["value"] <= table["upper90"])
    assert inside.mean() > 0.6  # six draws, a wide posterior


def test_late_entries_leave_the_check_and_the_points_out(bmt: Member) -> None:
    late = replace(bmt.patients, entry_day=np.where(np.arange(137) == 3, 1.0, 0.0))
    own = bmt.with_patients(late)
    assert observed_table(own).empty
    assert check_of_patients(drawn(own), days=[30], seed=1).empty
    with pytest.raises(ValueError, match="required patients who were followed from day 0, to known days"):
        replicated_tables(drawn(own), seed=1)


def test_points_are_aalen_johansen(bmt: Member) -> None:
    table = observed_table(bmt)
    last = table[(table["group"] == "disease[ALL]") & (table["day"] == 730.0)].set_index("quantity")
    patients = bmt.patients
    expected, _ = occupancy_at(
        patients.response_day, patients.last_day, patients.died, 730.0, bmt.groups["disease[ALL]"]
    )
    assert_allclose(last["estimate"].to_numpy(), expected)
    assert set(bmt.table.report.days) <= set(curve_days(bmt))


def test_priors_are_shown_with_their_90_percent(bmt: Member, posterior: Posterior) -> None:
    """A hazard ratio of disease is below 8 with 97.5%: the upper limit of 90% is 8 to the power 1.645 / 1.960."""
    row = ratio_table(posterior).set_index(["transition", "term"]).loc[("response", "disease[AML high risk]")]
    expected = 8.0 ** (np.array([-1.0, 0.0, 1.0]) * 1.6448536 / 1.9599640)
    assert_allclose(row[["prior_lower", "prior_median", "prior_upper"]].to_numpy(dtype=float), expected, rtol=1e-6)
    rows = baseline_table(posterior).set_index("parameter")
    mean, deviation = prior_normals(bmt)
    shape = list(bmt.parameter_ids).index("response_shape")
    share = norm.cdf(np.log(rows.loc["response_shape", ["prior_lower", "prior_upper"]].astype(float)),
                     mean[shape], deviation[shape])  # fmt: skip
    assert_allclose(share, [0.05, 0.95], atol=1e-6)


def test_two_centres_typically_differ_by_the_median_of_their_distance(posterior: Posterior) -> None:
    rng = np.random.default_rng(3)
    spread = posterior.dataset["between_centres"].values[0, :, 0]
    distance = np.median(np.abs(rng.normal(size=(200_000, 2)) @ [1.0, -1.0]))
    expected = np.exp(distance * np.quantile(spread, 0.5, method="inverted_cdf"))
    table = centre_table(posterior).set_index(["transition", "centre"])
    assert_allclose(table.loc[("response", "between"), "median"], expected, rtol=0.01)


def test_limits_of_the_points_are_of_90_percent(bmt: Member) -> None:
    row = observed_table(bmt).query("group == 'all' and quantity == 'dead'").iloc[3]
    patients = bmt.patients
    share, error = occupancy_at(patients.response_day, patients.last_day, patients.died, row["day"])
    assert_allclose([row["lower"], row["upper"]], share[2] + 1.6448536 * error[2] * np.array([-1.0, 1.0]), rtol=1e-6)


def test_points_have_limits_until_everybody_has_left_a_state(bmt: Member) -> None:
    """Before the first event 100% to 100% wait and 0% to 0% have left; there are none where everybody has died."""
    days, nobody = np.linspace(100.0, 300.0, 137), np.full(137, np.inf)
    patients = replace(bmt.patients, response_day=nobody, last_day=days, unresponded_until=days, died=np.isinf(nobody))
    table = observed_table(bmt.with_patients(patients)).query("group == 'all'").set_index("quantity")
    limits = table[["estimate", "lower", "upper"]].astype(float)
    early, late = limits[table["day"] < 100.0], limits[table["day"] > 300.0]
    for state, share in (("no_response", 1.0), ("responded", 0.0), ("dead", 0.0)):
        assert_allclose(early.loc[state], share)
    assert_allclose(late.loc["responded"], 0.0)
    assert late.loc[["no_response", "dead"], ["lower", "upper"]].isna().all(axis=None)


@pytest.mark.parametrize("visits", [False, True], ids=["known to the day", "with visits"])
def test_log_likelihoods_of_patients_sum_to_that_of_the_table(bmt: Member, visits: bool) -> None:
    known = bmt.patients
    seen_at = np.where(known.responded & visits, known.unresponded_until - 0.25, known.unresponded_until)
    own = bmt.with_patients(replace(known, unresponded_until=seen_at))
    tree = drawn(own)
    found = log_likelihood_by_patient(tree)
    assert found.shape == (1, 6, 137)
    for draw in range(2):
        parameters = dict(zip(own.parameter_ids, tree.parameters[draw].tolist(), strict=True))
        whole = log_likelihood_of_patients(own, parameters, tree.log_hazard_ratios[draw], tree.centre_effects[draw])
        assert_allclose(found[0, draw].sum(), whole.sum(), rtol=1e-10)


def test_a_patient_who_is_unlike_the_others_is_found(bmt: Member) -> None:
    """With the posterior of the others' law, the one who lives ten times as long has the lowest density."""
    patients = bmt.patients
    odd = np.flatnonzero(patients.died & patients.responded)[0]
    late = np.where(np.arange(137) == odd, 50_000.0, patients.last_day)
    own = bmt.with_patients(replace(patients, last_day=late))
    table = leave_patient_out(drawn(own, chains=2, draws=200, spread=0.02))
    assert table["log_predictive_density"].idxmin() == odd
    assert list(table["patient"]) == list(patients.id)
