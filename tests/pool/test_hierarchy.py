"""What a study effect does to a study: laws of the hazards, in NumPy and in the sampler's namespace."""

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from hscb_bayes.analysis.level import EFFECTS, ON_HAZARDS
from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.pool_table import BetweenStudies
from hscb_bayes.model.level_arrays import study_parameters
from hscb_bayes.model.pathways import PARAMETER_IDS, follow_up_of, pathway_of, prior_normals
from tests.pool.beliefs import beliefs_of, log_ratio_apart
from tests.pool.levels import at_levels

LOG_DAYS = np.log(np.array([1.0, 9.0, 30.0, 365.0]))
ALGEBRA = 1e-10


def effects_of(**values: float) -> np.ndarray:
    return np.array([values.get(effect, 0.0) for effect in EFFECTS])


@pytest.fixture(scope="module")
def average(pool: Pool) -> np.ndarray:
    return prior_normals(pool.members[0])[0] + 0.1


def hazards(average: np.ndarray, effects: np.ndarray, pool: Pool) -> list[np.ndarray]:
    own = study_parameters(average, effects, PARAMETER_IDS, np)
    pathway = pathway_of(dict(zip(PARAMETER_IDS, own, strict=True)), pool.members[0], np, effects[:ON_HAZARDS])
    return [pathway.cumulative_hazard(k, np.zeros(1), LOG_DAYS, np)[0] for k in range(3)]


@pytest.mark.parametrize(("transition", "effect"), list(enumerate(EFFECTS[:3])))
def test_an_effect_multiplies_the_hazard_of_its_transition_alone(
    transition: int, effect: str, average: np.ndarray, pool: Pool
) -> None:
    before, after = hazards(average, effects_of(), pool), hazards(average, effects_of(**{effect: 0.7}), pool)
    for k in range(3):
        assert_allclose(after[k], before[k] * np.exp(0.7 * (k == transition)), rtol=ALGEBRA)


def test_the_hazard_ratio_is_at_the_studys_own_shape(average: np.ndarray, pool: Pool) -> None:
    shaped, both = effects_of(response_shape=0.4), effects_of(response_shape=0.4, response=-0.9)
    assert_allclose(hazards(average, both, pool)[0], hazards(average, shaped, pool)[0] * np.exp(-0.9), rtol=ALGEBRA)


def test_levels_that_move_are_the_same_hazards(average: np.ndarray, pool: Pool) -> None:
    effects = np.random.default_rng(2).normal(size=len(EFFECTS))
    moved = hazards(at_levels(average, effects), effects_of(), pool)
    assert_allclose(moved, hazards(average, effects, pool), rtol=ALGEBRA)


def test_effects_on_hazards_leave_parameters_as_they_are(average: np.ndarray) -> None:
    on_hazards = effects_of(response=0.3, death_without_response=-0.2, death_after_response=0.4)
    assert_allclose(study_parameters(average, on_hazards, PARAMETER_IDS, np), average, rtol=ALGEBRA)


def test_shares_move_on_their_log_odds(average: np.ndarray) -> None:
    moved = study_parameters(average, effects_of(never_respond=0.5, lost_by_one_year=-0.3), PARAMETER_IDS, np) - average
    expected = [0.5 * (id == "never_respond") - 0.3 * (id == "lost_by_one_year") for id in PARAMETER_IDS]
    assert_allclose(moved, expected, atol=ALGEBRA)
    lost = average[PARAMETER_IDS.index("lost_by_one_year")]
    odds = [float(q / (1 - q)) for q in (follow_up_of(value, np).lost_by_one_year for value in (lost, lost - 0.3))]
    assert odds[1] / odds[0] == pytest.approx(np.exp(-0.3))


def test_the_sampler_moves_studies_by_the_same_text(average: np.ndarray) -> None:
    effects = np.random.default_rng(1).normal(size=(2, 7, len(EFFECTS)))
    symbolic = study_parameters(pt.as_tensor(average), pt.as_tensor(effects), PARAMETER_IDS, pt).eval()
    assert_allclose(symbolic, study_parameters(average, effects, PARAMETER_IDS, np), rtol=ALGEBRA)


def test_two_studies_rarely_differ_by_more_than_is_said() -> None:
    """With the spread at its scale: 95% of the ratios of two studies are below the limit."""
    belief = BetweenStudies(
        response=4.0,
        death_without_response=4.0,
        death_after_response=4.0,
        never_respond=4.0,
        lost_by_one_year=4.0,
        why="x",
    )
    rng = np.random.default_rng(3)
    one, other = belief.deviation("response") * rng.normal(size=(2, 200_000))
    assert np.mean(np.abs(one - other) < np.log(4.0)) == pytest.approx(0.95, abs=0.003)
    assert belief.deviation("response_shape") == 0.0


def test_studies_belong_where_their_files_say(pool: Pool) -> None:
    beliefs = beliefs_of(pool)
    belongs = dict(zip(pool.studies, beliefs.belongs, strict=True))
    named = {id: [beliefs.names[k] for k in np.flatnonzero(row)] for id, row in belongs.items()}
    assert named["gagelmann2023"] == named["rejeski2022"] == []
    assert named["stasia2014"] == ["population:poor_graft_function", "definition:trilineage"]
    assert named["liu2024"] == ["population:poor_graft_function"]


def test_a_redefined_response_moves_all_three_transitions(pool: Pool) -> None:
    beliefs = beliefs_of(pool)
    row = beliefs.shift[beliefs.names.index("definition:trilineage")]
    assert (row[:4] > 0.0).all()
    assert (row[4:] == 0.0).all()


def test_effects_of_a_study_on_its_own_have_their_standard_deviations(pool: Pool) -> None:
    beliefs = beliefs_of(pool)
    assert (beliefs.drawn_apart[:4] < 0.8).all()
    assert (beliefs.drawn_apart[4:] == 1.0).all()
    standard = np.random.default_rng(2).normal(size=(5, len(EFFECTS)))
    scale = beliefs.apart * beliefs.drawn_apart
    of_one_alone = norm.logpdf(scale * standard, scale=beliefs.apart) + np.log(scale)
    expected = (of_one_alone - norm.logpdf(standard)).sum(axis=-1)
    assert_allclose(log_ratio_apart(standard, beliefs.drawn_apart), expected, atol=ALGEBRA)
