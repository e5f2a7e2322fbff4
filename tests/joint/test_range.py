"""A range of patients: the probabilities of all first days, and of all last days, add up to that of any."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.analysis.member import Member, load_analysis
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.print_arrays import printed_values

DRAWS = 20
RESPONSE = 0  # the first term: when and how many responded
QUADRATURE = 5e-3  # panels lie elsewhere for every day
TWO_YEARS = 730


@pytest.fixture(scope="module")
def analysis() -> Member:
    return load_analysis("klyuchnikov2014")


@pytest.fixture(scope="module")
def draws(analysis: Member) -> np.ndarray:
    mean, deviation = prior_normals(analysis)
    return mean + 0.5 * deviation * np.random.default_rng(4).standard_normal((DRAWS, mean.size))


def probability(draws: np.ndarray, analysis: Member, **printed: float) -> np.ndarray:
    """Of the response days of a paper whose range is changed, or not printed (NaN)."""
    numbers = {f"response_median.{name}": value for name, value in printed.items()}
    return np.exp(log_likelihood(draws, analysis, printed_values(analysis) | numbers)[:, RESPONSE])


def test_some_day_is_the_first(draws: np.ndarray, analysis: Member) -> None:
    median = int(printed_values(analysis)["response_median"])
    each = [probability(draws, analysis, lowest=float(day), highest=np.nan) for day in range(median + 1)]
    assert_allclose(np.sum(each, axis=0), probability(draws, analysis, lowest=np.nan, highest=np.nan), rtol=QUADRATURE)


def test_some_day_is_the_last(draws: np.ndarray, analysis: Member) -> None:
    median = int(printed_values(analysis)["response_median"])
    each = [probability(draws, analysis, lowest=np.nan, highest=float(day)) for day in range(median, TWO_YEARS)]
    assert_allclose(np.sum(each, axis=0), probability(draws, analysis, lowest=np.nan, highest=np.nan), rtol=QUADRATURE)


def test_a_first_day_that_is_the_median_leaves_no_other_day(draws: np.ndarray, analysis: Member) -> None:
    median = printed_values(analysis)["response_median"]
    same = probability(draws, analysis, lowest=median, highest=np.nan)
    assert np.all(same < probability(draws, analysis, lowest=np.nan, highest=np.nan))
    assert np.all(np.isfinite(np.log(same)))
