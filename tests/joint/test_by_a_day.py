"""Counts of responses by a day: patients who were seen, exactly as many as the simulator's papers print."""

from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member
from hscb_bayes.errors import InputError
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.pathways import PARAMETER_IDS, prior_normals
from hscb_bayes.model.simulate import printed_by, simulate_cohort
from tests.papers import paper, study_text

STUDIES = 40_000
Z = 4.9  # two-sided false-alarm rate 1e-6
RESPONSE = 0  # the first term: when and how many responded
QUADRATURE = 1e-4  # of the total probability
LOST = np.log(0.4 / 0.6)  # 40% would be lost by one year
PATIENTS = 12

STUDY = study_text(
    PATIENTS,
    """
[[item]]
id = "early"
kind = "count"
event = "response"
at = "14 days"
count = 5
n = 12

[[item]]
id = "early_share"
kind = "share"
event = "response"
at = "14 days"
value = "42%"

[[item]]
id = "response"
kind = "count"
event = "response"
count = 8
n = 12
""",
)


def parameters_of(analysis: Member, studies: int) -> np.ndarray:
    mean, _ = prior_normals(analysis)
    point = mean.copy()
    point[PARAMETER_IDS.index("lost_by_one_year")] = LOST
    return np.broadcast_to(point, (studies, point.size))


def test_every_pair_of_counts_by_a_day_and_in_all_is_as_likely_as_it_is_simulated(tmp_path: Path) -> None:
    analysis = paper(tmp_path, STUDY, ["early", "response"])
    point = parameters_of(analysis, 1)
    pairs = [(early, total) for total in range(PATIENTS + 1) for early in range(total + 1)]
    logs = [
        log_likelihood(point, analysis, {"early": float(early), "response": float(total)})[0, RESPONSE]
        for early, total in pairs
    ]
    probability = np.exp(logs)
    assert abs(probability.sum() - 1.0) < QUADRATURE
    cohort = simulate_cohort(analysis, parameters_of(analysis, STUDIES), rng=np.random.default_rng(20230701))
    numbers = printed_by(analysis, cohort)
    for (early, total), expected in zip(pairs, probability, strict=True):
        share = np.mean((numbers["early"] == early) & (numbers["response"] == total))
        error = np.sqrt(max(expected, 1.0 / STUDIES) / STUDIES)
        assert abs(share - expected) < Z * error + 1e-5, (early, total)


@pytest.mark.parametrize("item", ["early", "early_share"])
def test_a_count_by_a_day_stands_alone(item: str, tmp_path: Path) -> None:
    analysis = paper(tmp_path, STUDY, [item])
    point = parameters_of(analysis, 1)
    printed = np.arange(PATIENTS + 1.0)
    values = printed if item == "early" else np.floor(100.0 * printed / PATIENTS + 0.5) / 100.0
    logs = [log_likelihood(point, analysis, {item: value})[0, RESPONSE] for value in values]
    assert abs(np.exp(logs).sum() - 1.0) < QUADRATURE
    cohort = simulate_cohort(analysis, parameters_of(analysis, STUDIES), rng=np.random.default_rng(20230702))
    numbers = printed_by(analysis, cohort)[item]
    shares = [np.mean(np.isclose(numbers, value)) for value in values]
    assert np.all(np.abs(np.array(shares) - np.exp(logs)) < Z * np.sqrt(np.exp(logs) / STUDIES) + 1e-5)


BY_THE_END = study_text(
    PATIENTS,
    """
[[item]]
id = "survival"
kind = "survival"
at = "100 days"
value = "50%"

[[item]]
id = "by_the_end"
kind = "share"
event = "response"
at = "100 days"
value = "42%"

[[item]]
id = "in_all"
kind = "share"
event = "response"
value = "42%"

[[item]]
id = "early"
kind = "count"
event = "response"
at = "14 days"
count = 4
n = 12
""",
)


@pytest.mark.parametrize("beside", [[], ["early"]], ids=["alone", "after an earlier count"])
def test_a_share_by_the_day_of_the_last_survival_is_that_of_all_responders(beside: list[str], tmp_path: Path) -> None:
    by_the_end, in_all = (paper(tmp_path, BY_THE_END, ["survival", one, *beside]) for one in ("by_the_end", "in_all"))
    points = parameters_of(in_all, 1) + np.random.default_rng(1).normal(0.0, 0.3, size=(50, len(PARAMETER_IDS)))
    found, expected = (log_likelihood(points, one) for one in (by_the_end, in_all))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_share_by_the_end_and_one_in_all_are_the_same_number_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'by_the_end' and 'in_all' are both a count of responders"):
        paper(tmp_path, BY_THE_END, ["survival", "by_the_end", "in_all"])


def test_a_number_of_responders_is_not_assumed_beside_a_share_by_the_end(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cohort\.responders"):
        paper(tmp_path, BY_THE_END, ["survival", "by_the_end"], cohort='form = "none"\nresponders = 9')
