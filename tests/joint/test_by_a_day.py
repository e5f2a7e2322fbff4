"""Counts of responses by a day: patients who were seen, exactly as many as the simulator's papers print."""

from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member
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
