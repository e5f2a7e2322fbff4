"""What the report shows is what ``predict`` says, and all of it is judged."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from hscb_bayes.analysis.member import Member
from hscb_bayes.posterior.curves import curves
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import cumulative_incidence, state_occupancy
from hscb_bayes.report.reported import Reported, reported_of, verdict_on

CHAINS, DRAWS = 2, 40
DAYS, DURATIONS = (1.0, 9.0, 28.0, 365.0), (14.0, 90.0)
CURVE_TOLERANCE = 1e-5  # twelve nodes a day instead of thirty-two
DIMS = ("chain", "draw")


@pytest.fixture(scope="module")
def posterior(
    main: Member,
    make_posterior: Callable[..., Posterior],
    prior_parameters: Callable[[Member, int, int], np.ndarray],
) -> Posterior:
    return make_posterior(main, prior_parameters(main, CHAINS * DRAWS, 3).reshape(CHAINS, DRAWS, -1))


@pytest.fixture(scope="module")
def drawn(posterior: Posterior) -> xr.Dataset:
    return curves(posterior, days=DAYS, durations=DURATIONS)


@pytest.fixture(scope="module")
def reported(main: Member, posterior: Posterior) -> Reported:
    return reported_of(posterior, seed=1)


@pytest.mark.parametrize("who", ["all", "short", "long"])
def test_curves_of_groups_are_those_of_predict(posterior: Posterior, drawn: xr.Dataset, who: str) -> None:
    own = drawn.sel(whom=who)
    by_day = cumulative_incidence(posterior, days=DAYS, groups=[who]).isel(group=0)
    assert np.allclose(own["responded_by"], by_day, atol=CURVE_TOLERANCE)
    states = state_occupancy(posterior, days=DAYS, groups=[who]).isel(group=0)
    for state in states["state"].values:
        assert np.allclose(own[state], states.sel(state=state), atol=CURVE_TOLERANCE)


def test_curves_at_durations_are_those_of_predict(posterior: Posterior, drawn: xr.Dataset) -> None:
    own = drawn.sel(whom=["14", "90"])
    states = state_occupancy(posterior, days=DAYS, duration=DURATIONS)
    assert np.allclose(own["dead"], states.sel(state="dead"), atol=CURVE_TOLERANCE)
    assert own["duration"].values.tolist() == list(DURATIONS)


def test_study_effects_are_in_the_curves(
    main: Member, make_posterior: Callable[..., Posterior], constant_hazards: Callable[..., np.ndarray]
) -> None:
    parameters = np.tile(constant_hazards(), (2, 3, 1))
    effects = np.zeros((2, 3, 3))
    effects[1, :, 2] = 1.0
    found = curves(make_posterior(main, parameters, effects), days=DAYS, durations=DURATIONS)["dead"]
    assert (found.sel(chain=1) > found.sel(chain=0)).all()


@pytest.mark.parametrize(
    "spoiled",
    ["response_by_28", "os_1y_contrast", "landmark_survival", "death_rate", "days_in_state", "responded_by", "dead"],
)
def test_every_reported_number_is_judged(main: Member, posterior: Posterior, reported: Reported, spoiled: str) -> None:
    """One chain is moved, and the gate says which number it was."""

    def moved(array: xr.DataArray) -> xr.DataArray:
        return array + 10.0 * (array["chain"] == 1) if array.name == spoiled else array

    one_moved = {name: dataset.map(moved) for name, dataset in reported.by_section.items()}
    verdict = verdict_on(posterior, one_moved)
    said = [failure for failure in verdict.failures if "R-hat" in failure]
    assert any(failure.startswith(f"R-hat of {spoiled}") for failure in said)
