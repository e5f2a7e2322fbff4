"""What pooled studies print averages, over many simulated studies, to what the pathway says."""

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.priors import NEGLIGIBLE
from hscb_bayes.model.pathways import PARAMETER_IDS, pathway_of, prior_normals
from hscb_bayes.model.simulate import printed_by, simulate_cohort
from hscb_bayes.process.incidence import cumulative_incidence, survival

STUDIES = 20_000
FALSE_ALARM = 4.9  # standard errors: one false alarm in a million
NOBODY_LOST = PARAMETER_IDS.index("lost_by_one_year")


def studied(member: Member) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Numbers of many studies with complete follow-up, before rounding is looked at, and their parameters."""
    parameters = prior_normals(member)[0]
    parameters[NOBODY_LOST] = NEGLIGIBLE
    cohort = simulate_cohort(
        member, np.broadcast_to(parameters, (STUDIES, parameters.size)), rng=np.random.default_rng(8)
    )
    return printed_by(member, cohort), parameters


def incidence(member: Member, parameters: np.ndarray, day: float) -> float:
    pathway = pathway_of(dict(zip(PARAMETER_IDS, parameters, strict=True)), member, np)
    return float(cumulative_incidence(pathway, np.zeros(1), np.array([day]))[0, 0])


def agrees(values: np.ndarray, expected: float, rounding: float) -> bool:
    """Within the Monte Carlo error, and within what rounding may move a mean."""
    known = values[np.isfinite(values)]
    return abs(known.mean() - expected) < FALSE_ALARM * known.std() / np.sqrt(known.size) + rounding


def test_response_by_a_day_is_the_cumulative_incidence(pool: Pool) -> None:
    member = pool.member("rejeski2022")
    numbers, parameters = studied(member)
    assert agrees(numbers["response_30d"], incidence(member, parameters, 30.5), 0.003)


@pytest.mark.parametrize(("study", "horizon"), [("klyuchnikov2014", 730.0), ("stasia2014", 1095.0), ("liu2024", 365.0)])
def test_the_share_who_respond_is_the_incidence_by_the_last_day(study: str, horizon: float, pool: Pool) -> None:
    member = pool.member(study)
    numbers, parameters = studied(member)
    values = numbers["response"] / (member.patients if study == "liu2024" else 1.0)
    assert agrees(values, incidence(member, parameters, horizon), 0.003)


def test_groups_by_a_characteristic_are_like_all(pool: Pool) -> None:
    numbers, _ = studied(pool.member("stasia2014"))
    assert agrees(numbers["response_sibling"] - numbers["response_other_donor"], 0.0, 0.003)


def test_survival_at_years_is_that_of_the_pathway(pool: Pool) -> None:
    member = pool.member("scb2024")
    numbers, parameters = studied(member)
    pathway = pathway_of(dict(zip(PARAMETER_IDS, parameters, strict=True)), member, np)
    assert agrees(numbers["os_2y"], float(survival(pathway, np.zeros(1), np.array([730.0]))[0, 0]), 0.003)


def test_the_ends_of_a_range_are_order_statistics(pool: Pool) -> None:
    """The first of k responses is later than a day with the probability that all k are."""
    member = pool.member("liu2024")
    numbers, parameters = studied(member)
    share = incidence(member, parameters, 10.5) / incidence(member, parameters, 365.0)
    for part, chance in (("lowest", 1.0 - (1.0 - share) ** 8), ("highest", share**8)):
        eight = numbers["response"] == 8
        by_then = numbers[f"response_median.{part}"][eight] <= 10.0
        assert abs(by_then.mean() - chance) < FALSE_ALARM * np.sqrt(chance * (1 - chance) / by_then.size) + 0.002
