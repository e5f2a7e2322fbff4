"""New studies from a posterior."""

import time

import numpy as np
import pytest

from hscb_bayes.checking.replicate import replicate
from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import PARAMETER_IDS, prior_normals

LONGEST_SECONDS = 2.0  # for 4,000 studies with all their numbers


def parameters(analysis, **values):
    """Prior means on the unbounded scales, with some of them set; shape (1, parameter)."""
    mean, _ = prior_normals(analysis)
    return np.array([[values.get(id, mean[k]) for k, id in enumerate(PARAMETER_IDS)]])


def test_the_same_seed_gives_the_same_studies(prior_posterior):
    first, second = (replicate(prior_posterior, replicates=50, seed=7) for _ in range(2))
    assert all(np.array_equal(first.numbers[id], second.numbers[id], equal_nan=True) for id in first.numbers)


def test_another_seed_gives_other_patients(prior_posterior):
    first, second = (replicate(prior_posterior, replicates=50, seed=seed) for seed in (7, 8))
    assert not np.array_equal(first.cohort.last_day, second.cohort.last_day)


def test_a_replicate_has_the_patients_durations_and_group_sizes_of_the_study(prior_posterior):
    cohort = replicate(prior_posterior, replicates=50, seed=1).cohort
    assert cohort.duration.shape == (50, 31)
    assert (np.median(cohort.duration, axis=-1) == 38.0).all()
    assert (cohort.group("short").sum(axis=-1) == 16).all()


def test_every_number_about_outcomes_is_replicated(main, prior_posterior):
    numbers = replicate(prior_posterior, replicates=50, seed=1).numbers
    wanted = {number.id for number in main.study.numbers if main.study.item(number.item).describes_outcomes}
    assert set(numbers) == wanted
    assert {values.shape for values in numbers.values()} == {(50,)}


def test_numbers_are_rounded_as_printed(prior_posterior):
    percent = 100.0 * replicate(prior_posterior, replicates=500, seed=1).numbers["os_1y"]
    assert np.allclose(percent, np.rint(percent), atol=1e-9)


@pytest.mark.parametrize("replicates", [2, 10, 11])
def test_draws_are_used_equally_often(main, posterior_of, replicates):
    nobody, everybody = (parameters(main, never_respond=share)[0] for share in (20.0, -20.0))
    posterior = posterior_of(main, np.array([nobody, everybody]))
    responders = replicate(posterior, replicates=replicates, seed=1).numbers["response"]
    assert np.count_nonzero(responders == 0.0) in (replicates // 2, replicates - replicates // 2)


def test_a_replicate_keeps_the_effect_of_its_study(main, posterior_of):
    draws, effect = np.repeat(parameters(main), 400, axis=0), np.zeros((400, 3))
    effect[:, 0] = 3.0
    without, with_effect = (
        replicate(posterior_of(main, draws, given), seed=1, replicates=400).numbers["response_median.all"].mean()
        for given in (None, effect)
    )
    assert with_effect < 0.5 * without


def test_no_replicates_are_refused(prior_posterior):
    with pytest.raises(InputError, match=r"^replicates: required 1 or more, found 0$"):
        replicate(prior_posterior, replicates=0, seed=1)


def test_four_thousand_studies_take_no_more_than_two_seconds(prior_posterior):
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        replicate(prior_posterior, replicates=4000, seed=1)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < LONGEST_SECONDS
