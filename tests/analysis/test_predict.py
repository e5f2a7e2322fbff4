"""Predictions against closed forms: with constant hazards everything has one."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.errors import InputError
from hscb_bayes.model.print_arrays import baseline, covariate_at
from hscb_bayes.posterior import predict
from hscb_bayes.posterior.averages import patients_beyond
from hscb_bayes.posterior.posterior import UNBOUNDED, Posterior
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.ratios import hazard_ratios
from tests.posteriors import headline_of

ALGEBRA = 1e-10
QUADRATURE = 2e-5  # of a probability: a thousandth of the width of any interval that is reported
YEAR = 365.0
DAYS = np.array([1.0, 7.0, 28.0, 90.0, 365.0])
DURATIONS = [14.0, 38.0, 90.0]
EFFECTS = {
    "hazard_ratio_response": np.log(0.8),
    "hazard_ratio_death_without_response": np.log(1.3),
    "hazard_ratio_death_after_response": np.log(1.5),
}
DEATHS = np.log([1.5, 4.0, 6.0])  # log cumulative hazard of death without response by one year, one a draw

Maker = Callable[..., Posterior]
Parameters = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def posterior(main: Member, make_posterior: Maker, constant_hazards: Parameters) -> Posterior:
    """Two chains of three draws with constant hazards; death without response becomes more frequent by draw."""
    draws = np.stack([constant_hazards(death_without_response=death, **EFFECTS) for death in DEATHS])
    return make_posterior(main, np.stack([draws, draws]))


def hazards(duration: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three constant hazards, per day, each (draw, duration, 1)."""
    x = np.log2(np.array(duration) / 38.0)[None, :, None]
    base = np.log(2.0) / 10.0, np.exp(DEATHS)[:, None, None] / YEAR, 0.5 / YEAR
    response, early, late = (hazard * np.exp(beta * x) for hazard, beta in zip(base, EFFECTS.values(), strict=True))
    return np.broadcast_to(response, early.shape), early, np.broadcast_to(late, early.shape)


def exact_responded(duration: list[float], days: np.ndarray) -> np.ndarray:
    """P(responded and alive), hazards a, b, c: a / (a + b - c) (exp(-c t) - exp(-(a + b) t))."""
    a, b, c = hazards(duration)
    return a / (a + b - c) * (np.exp(-c * days) - np.exp(-(a + b) * days))


def exact_incidence(duration: list[float], days: np.ndarray) -> np.ndarray:
    a, b, _ = hazards(duration)
    return a / (a + b) * -np.expm1(-(a + b) * days)


def test_incidence_is_the_closed_form(posterior: Posterior) -> None:
    found = predict.cumulative_incidence(posterior, days=DAYS, duration=DURATIONS)
    assert found.dims == ("chain", "draw", "duration", "day")
    np.testing.assert_allclose(found.sel(chain=1), exact_incidence(DURATIONS, DAYS), atol=QUADRATURE)


def test_survival_is_the_closed_form(posterior: Posterior) -> None:
    a, b, _ = hazards(DURATIONS)
    exact = exact_responded(DURATIONS, DAYS) + np.exp(-(a + b) * DAYS)
    found = predict.survival(posterior, days=DAYS, duration=DURATIONS)
    np.testing.assert_allclose(found.sel(chain=0), exact, atol=QUADRATURE)


def test_states_are_the_closed_form_and_add_up(posterior: Posterior) -> None:
    found = predict.state_occupancy(posterior, days=DAYS, duration=DURATIONS)
    assert found.dims == ("chain", "draw", "duration", "day", "state")
    np.testing.assert_allclose(found.sel(chain=0, state="responded"), exact_responded(DURATIONS, DAYS), atol=QUADRATURE)
    np.testing.assert_allclose(found.sum("state"), 1.0, atol=ALGEBRA)


def test_time_in_states_is_the_closed_form(posterior: Posterior) -> None:
    a, b, c = (hazard[..., 0] for hazard in hazards(DURATIONS))
    neutropenic = -np.expm1(-(a + b) * YEAR) / (a + b)
    responded = a / (a + b - c) * (-np.expm1(-c * YEAR) / c - neutropenic)
    found = predict.restricted_mean_time(posterior, duration=DURATIONS).sel(chain=0)
    np.testing.assert_allclose(found.sel(state="no_response"), neutropenic, rtol=QUADRATURE)
    np.testing.assert_allclose(found.sel(state="responded"), responded, rtol=QUADRATURE)
    np.testing.assert_allclose(found.sum("state"), YEAR, rtol=ALGEBRA)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.6])
def test_quantile_of_all_patients_is_the_closed_form(posterior: Posterior, probability: float) -> None:
    a, b, _ = (hazard[..., 0] for hazard in hazards(DURATIONS))
    exact = -np.log1p(-probability * (a + b) / a) / (a + b)
    found = predict.response_quantile(posterior, probability=probability, duration=DURATIONS)
    np.testing.assert_allclose(found.sel(chain=0), exact, rtol=QUADRATURE)


def test_quantile_of_responders_is_the_closed_form(posterior: Posterior) -> None:
    a, b, _ = (hazard[..., 0] for hazard in hazards(DURATIONS))
    exact = -np.log1p(0.5 * np.expm1(-(a + b) * YEAR)) / (a + b)
    found = predict.response_quantile(posterior, reading="responders", duration=DURATIONS)
    np.testing.assert_allclose(found.sel(chain=0), exact, rtol=QUADRATURE)


def test_a_share_that_is_never_reached_takes_for_ever(posterior: Posterior) -> None:
    found = predict.response_quantile(posterior, probability=0.99)
    assert np.all(np.isposinf(found))


def test_any_number_of_draws_has_a_landmark(
    main: Member, make_posterior: Callable[..., Posterior], prior_parameters: Callable[..., np.ndarray]
) -> None:
    draws = prior_parameters(main, 2 * 153, 3).reshape(2, 153, -1)
    whole = predict.landmark_survival(make_posterior(main, draws))
    last = predict.landmark_survival(make_posterior(main, draws[:, -1:]))
    for name in ("landmark_survival", "death_rate"):
        np.testing.assert_allclose(whole[name].isel(draw=-1), last[name].isel(draw=0), rtol=1e-10)


def test_the_landmark_forgets_what_came_before(posterior: Posterior) -> None:
    """With constant hazards patients at the landmark are as at the boost."""
    found = predict.landmark_survival(posterior, landmark=28.0, duration=DURATIONS)["landmark_survival"].sel(chain=0)
    left = np.array([YEAR - 28.0])
    a, b, c = hazards(DURATIONS)
    neutropenic = exact_responded(DURATIONS, left) + np.exp(-(a + b) * left)
    np.testing.assert_allclose(found.sel(state="responded"), np.exp(-c * left)[..., 0], rtol=2 * QUADRATURE)
    np.testing.assert_allclose(found.sel(state="no_response"), neutropenic[..., 0], rtol=2 * QUADRATURE)


def test_death_rates_are_the_hazards(posterior: Posterior) -> None:
    found = predict.landmark_survival(posterior, duration=DURATIONS)["death_rate"].sel(chain=0)
    _, early, late = hazards(DURATIONS)
    np.testing.assert_allclose(found.sel(state="no_response"), YEAR * early[..., 0], rtol=2 * QUADRATURE)
    np.testing.assert_allclose(found.sel(state="responded"), YEAR * late[..., 0], rtol=2 * QUADRATURE)


def test_hazard_ratios_are_the_parameters(posterior: Posterior) -> None:
    found = hazard_ratios(posterior)["hazard_ratio"]
    assert found.dims == ("chain", "draw", "transition")
    np.testing.assert_allclose(found.sel(chain=1, draw=2), [0.8, 1.3, 1.5], rtol=ALGEBRA)


def test_a_ratio_says_how_much_of_it_was_learned() -> None:
    """Nothing in draws of the prior; and three quarters where these are half as far apart."""
    prior = draw_prior(load_analysis("main"), draws=4000, chains=2, seed=1)
    found = hazard_ratios(prior)["hazard_ratio"]
    np.testing.assert_allclose(found["contraction"], [0.0, 0.0, 0.0], atol=0.08)
    tree = prior.tree.copy(deep=True)
    unbounded = tree[UNBOUNDED].to_dataset()
    names = [name for name in unbounded.data_vars if str(name).startswith("hazard_ratio")]
    near = unbounded.assign({name: 0.5 * (unbounded[name] + unbounded[name].mean()) for name in names})
    tree[UNBOUNDED] = xr.DataTree(near)
    learned = hazard_ratios(replace(prior, tree=tree))["hazard_ratio"]
    np.testing.assert_allclose(learned["contraction"], 1.0 - 0.25 * (1.0 - found["contraction"]), rtol=1e-9)


@pytest.mark.parametrize(
    ("function", "start"),
    [(predict.cumulative_incidence, 0.0), (predict.survival, 1.0), (predict.state_occupancy, [1.0, 0.0, 0.0])],
)
def test_days_come_back_as_asked_for(
    posterior: Posterior, function: Callable[..., xr.DataArray], start: float | list[float]
) -> None:
    mixed = function(posterior, days=[28, 0, 7, 28])
    ordered = function(posterior, days=[7, 28])
    np.testing.assert_array_equal(mixed["day"], [28, 0, 7, 28])
    np.testing.assert_array_equal(mixed.isel(day=1), np.broadcast_to(start, mixed.isel(day=1).shape))
    np.testing.assert_allclose(mixed.isel(day=[2, 0]), ordered, atol=QUADRATURE)


def test_the_boost_alone_can_be_asked_for(posterior: Posterior) -> None:
    assert np.all(predict.survival(posterior, days=[0.0]) == 1.0)


def test_without_durations_patients_are_averaged(posterior: Posterior, main: Member) -> None:
    """The cohort is its two groups, weighted by their sizes."""
    whole, short, long = predict.survival(posterior, days=DAYS, groups=["all", "short", "long"]).transpose("group", ...)
    sizes = np.array([16.0, 15.0]) / main.study.n
    assert whole.dims == ("chain", "draw", "day")
    np.testing.assert_allclose(whole, sizes[0] * short + sizes[1] * long, atol=ALGEBRA)
    assert np.all(short.sel(day=365) > long.sel(day=365))


def test_the_cohort_is_close_to_the_average_over_every_patient(posterior: Posterior, main: Member) -> None:
    own = baseline(main).durations
    each = predict.survival(posterior, days=[365.0], duration=own).mean("duration")
    np.testing.assert_allclose(predict.survival(posterior, days=[365.0]), each, atol=1e-4)


def test_the_study_effect_is_in_the_prediction(
    main: Member, make_posterior: Maker, constant_hazards: Parameters
) -> None:
    effect = np.broadcast_to(np.log([1.0, 1.0, 3.0]), (1, 2, 3))
    plain = np.broadcast_to(constant_hazards(), (1, 2, 12))
    moved = np.broadcast_to(constant_hazards(death_after_response=np.log(1.5)), (1, 2, 12))
    with_effect = predict.survival(make_posterior(main, plain, effect), days=[100.0, 365.0])
    np.testing.assert_allclose(
        with_effect, predict.survival(make_posterior(main, moved), days=[100.0, 365.0]), rtol=ALGEBRA
    )


def test_durations_that_no_patient_had_are_marked(posterior: Posterior) -> None:
    found = predict.survival(posterior, days=[28], duration=[3, 7, 38, 151, 200])
    np.testing.assert_array_equal(found["patients_beyond"], [0, 1, 16, 1, 0])


def test_in_the_step_form_the_cut_decides() -> None:
    step = load_analysis("step")
    np.testing.assert_array_equal(covariate_at(step, [7.0, 38.0, 38.5, 151.0]), [0.0, 0.0, 1.0, 1.0])
    assert patients_beyond(step, [38.0]).tolist() == [16]


def test_summaries_take_what_is_not_reached_as_a_value() -> None:
    draws = xr.DataArray([[1.0, 2.0, 3.0, 4.0], [5.0, np.inf, np.inf, np.inf]], dims=("chain", "draw"), name="day")
    (row,) = predict.summarise(draws, interval=0.5).to_dict("records")
    assert row == {"quantity": "day", "median": 4.0, "lower": 2.0, "upper": np.inf}


def test_summaries_have_a_row_per_coordinate() -> None:
    values = np.broadcast_to(np.arange(6.0).reshape(2, 3), (2, 5, 2, 3))
    array = xr.DataArray(
        values, dims=("chain", "draw", "duration", "state"), coords={"duration": [14.0, 90.0], "state": list("abc")}
    )
    table = predict.summarise(xr.Dataset({"time": array, "again": array.isel(state=0)}))
    assert table.columns.tolist() == ["quantity", "duration", "state", "median", "lower", "upper"]
    assert table.query("quantity == 'time' and duration == 90 and state == 'b'")["median"].tolist() == [4.0]
    assert len(table) == 6 + 2


def test_headline_says_what_it_holds(posterior: Posterior) -> None:
    found = predict.headline(posterior)
    assert found["os_1y_contrast"].attrs["long_name"] == (
        "one-year survival, after 14 minus after 90 days of neutropenia"
    )
    ends = predict.survival(posterior, days=[YEAR], duration=[14, 90]).isel(day=0)
    np.testing.assert_allclose(found["os_1y_contrast"], ends.sel(duration=14) - ends.sel(duration=90), atol=ALGEBRA)
    np.testing.assert_allclose(
        found["days_recovered_1y"], predict.restricted_mean_time(posterior).sel(state="responded"), rtol=ALGEBRA
    )


BAD = [
    (predict.survival, {"days": [-1.0]}, "days: required days since time zero, 0 or later, found [-1.0]"),
    (predict.survival, {"days": []}, "days: required days since time zero, 0 or later, found []"),
    (
        predict.survival,
        {"days": [1.0], "duration": [0.0]},
        "duration: required durations above 0 days, found [0.0]",
    ),
    (
        predict.survival,
        {"days": [1.0], "duration": [14.0], "groups": ["short"]},
        "groups: required without duration, which says whom a result is for",
    ),
    (predict.restricted_mean_time, {"horizon": 0.0}, "horizon: required a day after time zero, found 0"),
    (predict.landmark_survival, {"landmark": 400.0}, "landmark: required a day before the horizon 365, found 400"),
    (predict.response_quantile, {"probability": 1.0}, "probability: required between 0 and 1, found 1.0"),
    (predict.response_quantile, {"reading": "some"}, "reading: required 'all' or 'responders', found 'some'"),
]


@pytest.mark.parametrize(("function", "arguments", "message"), BAD)
def test_a_bad_request_gets_a_sentence(
    posterior: Posterior, function: Callable[..., object], arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError) as error:
        function(posterior, **arguments)
    assert str(error.value) == message


def test_a_cohort_that_is_not_split_has_no_groups(
    main: Member, make_posterior: Maker, constant_hazards: Parameters
) -> None:
    cohort = main.cohort.model_copy(update={"sizes": {}})
    whole = replace(main, table=main.table.model_copy(update={"cohort": cohort}))
    draws = constant_hazards(**EFFECTS)[None]
    found, split = headline_of(whole, draws), headline_of(main, draws)
    assert set(split) - set(found) == {"os_1y_short", "os_1y_long"}
    np.testing.assert_allclose(found["os_1y"], split["os_1y"], atol=1e-4)
    with pytest.raises(InputError, match=r"^groups: there is no 'short'; "):
        predict.survival(make_posterior(whole, draws[None]), days=DAYS, groups=["short"])
