"""The gate: what passes, what stops, and what it says."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from hscb_bayes.analysis.member import Member
from hscb_bayes.model.pathways import PARAMETER_IDS
from hscb_bayes.posterior.gate import verdict
from hscb_bayes.posterior.posterior import Posterior

CHAINS, DRAWS = 4, 500
RESPONSE_MEDIAN = PARAMETER_IDS.index("response_median")

Maker = Callable[..., Posterior]
Curve = Callable[[np.ndarray], xr.Dataset]


@pytest.fixture
def independent() -> np.ndarray:
    """Draws as good as draws can be, (chain, draw, parameter)."""
    return np.random.default_rng(11).standard_normal((CHAINS, DRAWS, len(PARAMETER_IDS)))


@pytest.fixture
def curve() -> Curve:
    """A dataset with one curve of two days, from (chain, draw, day)."""

    def made(values: np.ndarray) -> xr.Dataset:
        return xr.Dataset({"survival": (("chain", "draw", "day"), values)}, {"day": [0.0, 7.0]})

    return made


def test_independent_draws_pass(main: Member, make_posterior: Maker, independent: np.ndarray) -> None:
    found = verdict(make_posterior(main, independent))
    assert found.is_converged
    assert found.failures == ()
    assert found.worst_r_hat < 1.01
    assert min(found.worst_ess_bulk, found.worst_ess_tail) > 400


def test_draws_that_do_not_vary_tell_nothing(main: Member, make_posterior: Maker, independent: np.ndarray) -> None:
    found = verdict(make_posterior(main, np.zeros_like(independent)))
    assert found.failures == ("required draws that vary, found none that does",)


def test_a_chain_elsewhere_is_named(main: Member, make_posterior: Maker, independent: np.ndarray) -> None:
    independent[0, :, RESPONSE_MEDIAN] += 3.0
    found = verdict(make_posterior(main, independent))
    assert not found.is_converged
    assert found.failures[0].startswith("R-hat of response_median: required below 1.01, found 1.")
    assert found.worst_r_hat > 1.2
    assert all("response_median" in failure for failure in found.failures)


def test_draws_that_hang_together_are_few(main: Member, make_posterior: Maker, independent: np.ndarray) -> None:
    slow = independent[:, :, RESPONSE_MEDIAN]
    for k in range(1, DRAWS):
        slow[:, k] = 0.9 * slow[:, k - 1] + np.sqrt(1.0 - 0.9**2) * slow[:, k]
    found = verdict(make_posterior(main, independent))
    assert found.worst_ess_bulk < 400
    assert any(
        failure.startswith("bulk effective draws of response_median: required above 400, found ")
        for failure in found.failures
    )


def test_one_divergence_is_one_too_many(main: Member, make_posterior: Maker, independent: np.ndarray) -> None:
    posterior = make_posterior(main, independent)
    posterior.tree["sample_stats"]["diverging"][2, 5] = True
    found = verdict(posterior)
    assert found.divergences == 1
    assert found.failures == ("required no divergent transition, found 1",)


def test_a_single_chain_is_not_enough(main: Member, make_posterior: Maker, independent: np.ndarray) -> None:
    found = verdict(make_posterior(main, independent.reshape(1, CHAINS * DRAWS, -1)))
    assert "required at least 2 chains, found 1" in found.failures


def test_what_does_not_vary_is_skipped(
    main: Member, make_posterior: Maker, independent: np.ndarray, curve: Curve
) -> None:
    values = np.stack([np.ones((CHAINS, DRAWS)), independent[..., 0]], axis=-1)
    assert verdict(make_posterior(main, independent), curve(values)).is_converged


def test_a_point_of_a_curve_is_named(
    main: Member, make_posterior: Maker, independent: np.ndarray, curve: Curve
) -> None:
    values = independent[..., :2].copy()
    values[0, :, 1] += 3.0
    found = verdict(make_posterior(main, independent), curve(values))
    assert found.failures[0].startswith("R-hat of survival[day=7.0]: required below 1.01, found ")


def test_a_time_that_is_not_reached_has_a_rank(main: Member, make_posterior: Maker, independent: np.ndarray) -> None:
    days = np.where(independent[..., 0] > 0.5, np.inf, independent[..., 0])
    posterior = make_posterior(main, independent)
    found = verdict(posterior, xr.Dataset({"median": (("chain", "draw"), days)}))
    assert found.is_converged
    moved = np.where(np.arange(CHAINS)[:, None] == 0, np.inf, days)
    assert not verdict(posterior, xr.Dataset({"median": (("chain", "draw"), moved)})).is_converged


def test_what_is_no_number_fails(main: Member, make_posterior: Maker, independent: np.ndarray) -> None:
    values = independent[..., 0].copy()
    values[0, 0] = np.nan
    found = verdict(make_posterior(main, independent), xr.Dataset({"median": (("chain", "draw"), values)}))
    assert found.failures[0] == "R-hat of median: required below 1.01, found nan"
    assert np.isnan(found.worst_r_hat)


def test_a_long_list_is_cut_short(main: Member, make_posterior: Maker, independent: np.ndarray) -> None:
    independent[0] += 3.0
    found = verdict(make_posterior(main, independent))
    assert sum(failure.startswith("R-hat of ") for failure in found.failures) == 5
    assert "R-hat: 6 more not below 1.01" in found.failures
