"""Times in tenths of days: the likelihood of a printed median is how often simulated papers print it."""

from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.pathways import PARAMETER_IDS, prior_normals
from hscb_bayes.model.simulate import printed_by, simulate_cohort
from tests.papers import paper, study_text

STUDIES = 60_000
Z = 4.9  # two-sided false-alarm rate 1e-6
RESPONSE = 0  # the first term: when and how many responded
QUADRATURE = 0.02  # of a probability: panels lie elsewhere for every printed time
PATIENTS, RESPONDERS = 8, 7
FAST, LOST = np.log(2.5), np.log(0.2 / 0.8)  # median days of response; one in five lost by one year

GROUPS_AND_COUNT = """
[group.responders]
by = "response"
value = "yes"
label = "responders"

[[item]]
id = "response"
kind = "count"
event = "response"
count = 7
n = 8
"""
MEDIAN = """
[[item]]
id = "median"
kind = "median_time"
event = "response"
among = "responders"
"""


def study(printed: str, declared: str = "") -> str:
    text = study_text(PATIENTS, GROUPS_AND_COUNT + MEDIAN + printed)
    return text.replace('read = "abstract"\n', f'read = "abstract"\n{declared}\n')


def parameters_of(analysis: Member, studies: int) -> np.ndarray:
    point = prior_normals(analysis)[0].copy()
    point[PARAMETER_IDS.index("response_median")] = FAST
    point[PARAMETER_IDS.index("lost_by_one_year")] = LOST
    return np.broadcast_to(point, (studies, point.size))


CASES = {
    "read from a median": ('value = "2.1 days"', "", 0.1, 0.1),
    "read from a range": ('value = "2 days"\nlowest = "0.4 days"\nhighest = "6.2 days"', "", 0.1, 1.0),
    "declared": ('value = "2 days"', 'time_resolution = "0.5 days"', 0.5, 1.0),
    "whole days": ('value = "2 days"', "", 1.0, 1.0),
    "whole days, half-way": ('value = "2.5 days"', "", 1.0, 0.1),
    "printed in weeks": ('value = "0.3 weeks"', "", 1.0, 0.7),
}


@pytest.mark.parametrize("case", CASES)
def test_a_median_is_as_likely_as_it_is_simulated(case: str, tmp_path: Path) -> None:
    printed, declared, resolution, step = CASES[case]
    analysis = paper(tmp_path, study(printed, declared), ["response", "median"])
    assert 1.0 / analysis.study.steps_per_day == resolution
    cohort = simulate_cohort(analysis, parameters_of(analysis, STUDIES), rng=np.random.default_rng(20230701))
    numbers = printed_by(analysis, cohort)
    point, counted = parameters_of(analysis, 1), numbers["response"] == RESPONDERS
    values, counts = np.unique(np.round(numbers["median"][counted] / step), return_counts=True)
    assert counts.sum() > 0.2 * STUDIES
    for value, count in zip(values[counts > 200], counts[counts > 200], strict=True):
        fitted = {
            "response": float(RESPONDERS),
            "median": value * step,
            "median.lowest": np.nan,
            "median.highest": np.nan,
        }
        expected = float(np.exp(log_likelihood(point, analysis, fitted)[0, RESPONSE]))
        error = Z * np.sqrt(expected / STUDIES) + QUADRATURE * expected
        assert abs(count / STUDIES - expected) < error, (value * step, count / STUDIES, expected)


def test_the_first_and_the_last_time_are_as_likely_as_they_are_simulated(tmp_path: Path) -> None:
    printed = 'value = "2 days"\nlowest = "0.4 days"\nhighest = "6.2 days"'
    analysis = paper(tmp_path, study(printed), ["response", "median"])
    cohort = simulate_cohort(analysis, parameters_of(analysis, STUDIES), rng=np.random.default_rng(20230702))
    numbers, point = printed_by(analysis, cohort), parameters_of(analysis, 1)
    for name in ("lowest", "highest"):
        counted = numbers["response"] == RESPONDERS
        values, counts = np.unique(np.round(numbers[f"median.{name}"][counted] * 10.0), return_counts=True)
        for value, count in zip(values[counts > 200], counts[counts > 200], strict=True):
            fitted = {
                "response": float(RESPONDERS),
                "median": np.nan,
                "median.lowest": np.nan,
                "median.highest": np.nan,
            }
            fitted[f"median.{name}"] = value / 10.0
            expected = float(np.exp(log_likelihood(point, analysis, fitted)[0, RESPONSE]))
            error = Z * np.sqrt(expected / STUDIES) + QUADRATURE * expected
            assert abs(count / STUDIES - expected) < error, (name, value / 10.0, count / STUDIES, expected)
