"""The influence of a first exit on a cumulative incidence is its derivative, and its variance is all of the row's."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.evidence.first_exits import incidence_influence
from hscb_bayes.model.pathways import follow_up_of, pathway_of_draws, prior_normals
from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from hscb_bayes.process.incidence import outcome_probabilities
from tests.joint.layouts import NO_END, WINDOW, item, layout, responders, survival
from tests.joint.test_rows_of_cohorts import rows_and_moments

EDGES = 6


def incidence(numbers: np.ndarray) -> float:
    """Aalen-Johansen of grouped exits, half of the lost of an interval at risk in it, one interval after the other."""
    responses, deaths, losses, there = *numbers[:-1].reshape(3, EDGES), numbers[-1]
    free, found, left = 1.0, 0.0, numbers.sum()
    for response, death, loss in zip(responses, deaths, losses, strict=True):
        at_risk = left - 0.5 * loss
        found += free * response / at_risk
        free *= 1.0 - (response + death) / at_risk
        left -= response + death + loss
    assert left == pytest.approx(there)
    return found


@pytest.mark.parametrize("lost", [0.0, 0.5, 3.0])
def test_the_influence_is_the_derivative_of_the_estimate(lost: float) -> None:
    rng, step = np.random.default_rng(3), 1e-5
    numbers = np.concatenate([rng.uniform(0.5, 4.0, 2 * EDGES), lost * rng.uniform(0.5, 1.5, EDGES), [9.0]])
    responses, deaths, losses = numbers[:-1].reshape(3, EDGES)
    of_responses, of_others = incidence_influence(responses, deaths, losses, numbers[-1:], np)
    found = np.concatenate([of_responses, of_others])
    moved = step * np.eye(numbers.size)
    slopes = [(incidence(numbers + one) - incidence(numbers - one)) / (2.0 * step) for one in moved]
    assert_allclose(found, slopes, atol=1e-9)
    assert numbers @ found == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("follow_up", [WINDOW, NO_END])
def test_the_variance_of_the_row_is_that_of_all_first_exits(follow_up: str, tmp_path: Path) -> None:
    """Of patients with a response too, although the row knows the mean of their times alone."""
    curve = item("curve", "incidence", event="response", value="85%")
    analysis = layout(
        tmp_path, 40, [responders(30, 40), curve, survival("os_12m", "12 months", "60%")], follow_up=follow_up
    )
    place = prior_normals(analysis)[0][None]
    rows, found = rows_and_moments(analysis, place)
    (row,) = (k for k, one in enumerate(rows, start=2) if one.what == "incidence")
    arrays = joint_arrays(analysis, printed_values(analysis))
    lost = place[:, [analysis.parameter_ids.index("lost_by_one_year")], None]
    outcomes = outcome_probabilities(
        pathway_of_draws(place, analysis), arrays.x, arrays.nodes,
        follow_up_of(lost, np, (arrays.reach[0], arrays.reach[1])), np,
    )  # fmt: skip
    others, edges = 40.0 * outcomes.exits[0, 0, 1], arrays.passed.shape[-1]
    until = arrays.passed[row]
    responses, deaths, losses = (
        40.0 * outcomes.responding[0, 0] * until,
        others[:edges] * until,
        others[edges : 2 * edges] * until,
    )
    there = np.array([40.0 - (responses + deaths + losses).sum()])
    of_responses, of_others = incidence_influence(responses, deaths, losses, there, np)
    exits = np.concatenate([responses, deaths, losses, there])
    influence = np.concatenate([of_responses, of_others])
    whole = exits @ influence**2
    assert found.covariance[0, row, row] == pytest.approx(whole, rel=1e-9)
    spread = responses @ (of_responses - responses @ of_responses / responses.sum()) ** 2
    assert spread > 1e-6 * whole  # so that a row without it fails
