"""Durations of a cohort from its median and range."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.evidence.durations import expected_durations

PRINTS = [(38.0, 7.0, 151.0), (38.0, 37.0, 400.0), (10.0, 10.0, 10.0), (1.0, 0.25, 3.0)]
over_prints = pytest.mark.parametrize(("median", "lowest", "highest"), PRINTS)


@over_prints
@pytest.mark.parametrize("n", [3, 31, 101])
def test_the_printed_numbers_come_back(n: int, median: float, lowest: float, highest: float) -> None:
    durations = expected_durations(n, median=median, lowest=lowest, highest=highest)
    assert durations.shape == (n,)
    assert_allclose([np.median(durations), durations[0], durations[-1]], [median, lowest, highest], rtol=1e-12)


@over_prints
@pytest.mark.parametrize("n", [2, 30])
def test_an_even_number_has_the_median_between_its_middle_two(
    n: int, median: float, lowest: float, highest: float
) -> None:
    durations = expected_durations(n, median=median, lowest=lowest, highest=highest)
    assert durations[n // 2 - 1] <= median <= durations[n // 2]
    assert_allclose([durations[0], durations[-1]], [lowest, highest], rtol=1e-12)


def test_durations_rise_and_their_logarithm_is_normal_on_either_side() -> None:
    durations = expected_durations(31, median=38.0, lowest=7.0, highest=151.0)
    assert np.all(np.diff(durations) > 0)
    deviations = np.log(durations / 38.0)
    mirrored = deviations[::-1][16:] / deviations[16:]
    assert_allclose(mirrored, np.full(15, np.log(7.0 / 38.0) / np.log(151.0 / 38.0)), rtol=1e-10)


def test_one_patient_has_the_median() -> None:
    assert_allclose(expected_durations(1, median=38.0, lowest=38.0, highest=38.0), [38.0])
