"""The censoring distribution, and how much it widens a Kaplan-Meier value."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from hscb_bayes.process.follow_up import YEAR, FollowUp

ALGEBRA = 1e-10
Evaluate = Callable[[Sequence[Any]], list[np.ndarray]]
SURVIVING = np.array([0.01, 0.2, 0.59, 0.85, 0.999])


@pytest.mark.parametrize("lost", [0.0, 0.05, 0.42, 0.95])
def test_the_share_lost_is_reached_at_one_year(lost: float) -> None:
    followed = FollowUp(lost_by_one_year=lost).still_followed(np.array([0.0, YEAR / 2, YEAR]), np)
    assert_allclose(followed, [1.0, np.sqrt(1.0 - lost), 1.0 - lost], rtol=ALGEBRA)


@pytest.mark.parametrize("day", [28.0, 365.0, 730.0])
def test_complete_follow_up_widens_nothing(day: float) -> None:
    assert_allclose(FollowUp(lost_by_one_year=0.0).variance_inflation(SURVIVING, day, np), 1.0, rtol=ALGEBRA)


@pytest.mark.parametrize("lost", [0.05, 0.42, 0.95])
@pytest.mark.parametrize("day", [28.0, 365.0])
@pytest.mark.parametrize("surviving", SURVIVING)
def test_widening_is_that_of_the_integral_of_greenwood(lost: float, day: float, surviving: float) -> None:
    follow_up, hazard = FollowUp(lost_by_one_year=lost), -np.log(surviving) / day

    def step(t: float) -> float:
        return float(hazard / (np.exp(-hazard * t) * follow_up.still_followed(t, np)))

    variance = surviving**2 * quad(step, 0.0, day, epsabs=0.0, epsrel=1e-12)[0]
    found = follow_up.variance_inflation(surviving, day, np)
    assert_allclose(found, variance / (surviving * (1.0 - surviving)), rtol=ALGEBRA)


def test_the_more_are_lost_the_wider() -> None:
    lost = np.array([0.0, 0.1, 0.5, 0.9])[:, None]
    factor = FollowUp(lost_by_one_year=lost).variance_inflation(SURVIVING, YEAR, np)
    assert np.all(np.diff(factor, axis=0) > 0)


@pytest.mark.parametrize("lost", [0.0, 0.42, 0.95])
def test_numpy_and_pytensor_give_the_same_numbers(lost: float, evaluated: Evaluate) -> None:
    graph = FollowUp(lost_by_one_year=pt.constant(np.float64(lost))).variance_inflation(
        pt.constant(SURVIVING), YEAR, pt
    )
    assert_allclose(evaluated([graph])[0], FollowUp(lost_by_one_year=lost).variance_inflation(SURVIVING, YEAR, np))
