"""How long patients are followed: lost at a constant rate, and at the most until the study is read."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.process.follow_up import YEAR, FollowUp, reach_of

ALGEBRA = 1e-9
STEP = 1e-3  # of a day, in a central difference
SHORTEST, LONGEST = 144.0, 816.0
WINDOW = reach_of(SHORTEST, LONGEST)
DAYS = np.array([0.5, 28.0, SHORTEST + 1.0, YEAR, 730.0, LONGEST - 20.0])
Evaluate = Callable[[Sequence[Any]], list[np.ndarray]]
over_losses = pytest.mark.parametrize("lost", [0.0, 0.42, 0.95])
over_reaches = pytest.mark.parametrize("reach", [(1.0, 0.0), WINDOW], ids=["read late", "read on one day"])


@pytest.mark.parametrize("lost", [0.0, 0.05, 0.42, 0.95])
def test_the_share_lost_is_reached_at_one_year(lost: float) -> None:
    followed = FollowUp(lost_by_one_year=lost).still_followed(np.array([0.0, YEAR / 2, YEAR]), np)
    assert_allclose(followed, [1.0, np.sqrt(1.0 - lost), 1.0 - lost], rtol=ALGEBRA)


def test_patients_who_came_evenly_can_be_followed_evenly_long() -> None:
    follow_up = FollowUp(lost_by_one_year=0.0, reached=WINDOW[0], reached_per_day=WINDOW[1])
    days = np.array([0.0, SHORTEST, (SHORTEST + LONGEST) / 2.0, LONGEST, 2.0 * LONGEST])
    assert_allclose(follow_up.still_followed(days, np), [1.0, 1.0, 0.5, 0.0, 0.0], atol=ALGEBRA)


def test_without_an_end_everybody_can_be_followed() -> None:
    assert reach_of(None, None) == (1.0, 0.0)
    assert_allclose(FollowUp(lost_by_one_year=0.3).within_reach(np.array([1.0, 1e5]), np), 1.0)


@over_losses
@over_reaches
def test_follow_up_ends_as_fast_as_its_share_falls(lost: float, reach: tuple[float, float]) -> None:
    follow_up = FollowUp(lost_by_one_year=lost, reached=reach[0], reached_per_day=reach[1])
    after, before = (np.log(follow_up.still_followed(DAYS + step, np)) for step in (STEP, -STEP))
    assert_allclose(follow_up.ending(DAYS, np), (before - after) / (2.0 * STEP), rtol=1e-6, atol=1e-9)


@over_losses
def test_where_nobody_is_followed_any_more_the_rate_is_finite(lost: float) -> None:
    follow_up = FollowUp(lost_by_one_year=lost, reached=WINDOW[0], reached_per_day=WINDOW[1])
    assert np.all(np.isfinite(follow_up.ending(np.array([LONGEST, 2.0 * LONGEST]), np)))


@over_reaches
def test_the_more_are_lost_the_fewer_are_followed(reach: tuple[float, float]) -> None:
    lost = np.array([0.0, 0.1, 0.5, 0.9])[:, None]
    follow_up = FollowUp(lost_by_one_year=lost, reached=reach[0], reached_per_day=reach[1])
    assert np.all(np.diff(follow_up.still_followed(DAYS, np), axis=0) < 0.0)


@over_losses
@over_reaches
def test_numpy_and_pytensor_give_the_same_numbers(lost: float, reach: tuple[float, float], evaluated: Evaluate) -> None:
    constant = [pt.constant(np.float64(value)) for value in (lost, *reach)]
    graph = FollowUp(lost_by_one_year=constant[0], reached=constant[1], reached_per_day=constant[2])
    number = FollowUp(lost_by_one_year=lost, reached=reach[0], reached_per_day=reach[1])
    days = pt.constant(DAYS)
    followed, ending = evaluated([graph.still_followed(days, pt), graph.ending(days, pt)])
    assert_allclose(followed, number.still_followed(DAYS, np), rtol=ALGEBRA)
    assert_allclose(ending, number.ending(DAYS, np), rtol=ALGEBRA)
