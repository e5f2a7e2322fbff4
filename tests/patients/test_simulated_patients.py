"""Simulated tables of patients: whom they keep, what is written of them, and that the likelihood is that of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hscb_bayes.analysis.patient_analysis import PatientAnalysis, load_patients
from hscb_bayes.checking.methods.simulated_patients import (
    patient_quantities,
    simulated_table,
)
from hscb_bayes.errors import InputError
from hscb_bayes.model.patient_likelihood import log_likelihood_of_patients
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.prior_draws import draw_prior

MODELS = Path(__file__).parents[2] / "models"
TABLES = 300


@pytest.fixture(scope="module")
def sixty() -> PatientAnalysis:
    """Six centres of ten; three of each are seen at visits, and one is followed from later on."""
    return load_patients(MODELS / "calibration_patients.toml")


def truth_of(analysis: PatientAnalysis, seed: int | np.random.Generator) -> Posterior:
    return draw_prior(analysis, draws=1, chains=1, seed=seed)


def correlated(analysis: PatientAnalysis) -> PatientAnalysis:
    said = analysis.table.centres
    assert said is not None
    table = analysis.table.model_copy(update={"centres": said.model_copy(update={"correlated": True})})
    return replace(analysis, table=table)


def test_each_course_can_be_and_ends_where_the_table_ends(sixty: PatientAnalysis) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        real, made = sixty.patients, simulated_table(sixty, truth_of(sixty, rng), rng=rng).patients
        assert_array_equal(made.id, real.id)
        assert_array_equal(made.covariates["centre"], real.covariates["centre"])
        assert np.all(made.last_day <= real.last_day)
        assert_array_equal(made.last_day[~made.died], real.last_day[~made.died])
        assert np.all(made.unresponded_until <= np.minimum(made.response_day, made.last_day))
        assert np.all(np.where(made.responded, made.response_day, 0.0) <= made.last_day)
        assert np.all(np.minimum(made.response_day, made.last_day) > made.entry_day)
        assert np.all(made.is_exact | ~real.is_exact)


def test_visits_are_as_far_apart_as_in_the_table(sixty: PatientAnalysis) -> None:
    rng = np.random.default_rng(2)
    gaps = np.where(sixty.patients.is_exact, np.nan, sixty.patients.unresponded_until)
    seen = 0
    for _ in range(20):
        made = simulated_table(sixty, truth_of(sixty, rng), rng=rng).patients
        between = made.responded & ~made.is_exact & (made.response_day < made.last_day)
        assert_allclose((made.response_day - made.unresponded_until)[between], gaps[between])
        assert_allclose(made.response_day[between] % gaps[between], 0.0)
        unseen = ~made.responded & ~made.is_exact  # died between two visits
        assert np.all(made.died[unseen])
        assert np.all((made.last_day - made.unresponded_until)[unseen] < gaps[unseen])
        seen += int(between.sum())
    assert seen > 100


def test_the_score_at_the_truth_is_zero_on_average(sixty: PatientAnalysis) -> None:
    """So it is only where the likelihood is that of these tables, with their visits and late entries."""
    rng = np.random.default_rng(3)
    truth = truth_of(sixty, rng)
    values = dict(zip(sixty.parameter_ids, truth.parameters[0], strict=True))
    ratios, effects = truth.log_hazard_ratios[0], truth.centre_effects[0]
    step = 1e-4

    def derivatives(table: PatientAnalysis) -> list[float]:
        found = []
        for id in values:
            above, below = ({**values, id: values[id] + move} for move in (step, -step))
            found.append(_difference(table, above, below, (ratios, ratios), (effects, effects)))
        for k in range(3):
            turn, shift = np.zeros_like(ratios), np.zeros_like(effects)
            turn[k], shift[k, 1] = step, step
            found.append(_difference(table, values, values, (ratios + turn, ratios - turn), (effects, effects)))
            found.append(_difference(table, values, values, (ratios, ratios), (effects + shift, effects - shift)))
        return found

    scores = np.array([derivatives(simulated_table(sixty, truth, rng=rng)) for _ in range(TABLES)]) / (2.0 * step)
    mean, error = scores.mean(axis=0), scores.std(axis=0, ddof=1) / np.sqrt(TABLES)
    assert np.all(error > 0.0)
    assert np.all(abs(mean / error) < 4.0), (mean / error).round(1)


def _difference(
    table: PatientAnalysis,
    above: dict[str, float],
    below: dict[str, float],
    ratios: tuple[np.ndarray, np.ndarray],
    effects: tuple[np.ndarray, np.ndarray],
) -> float:
    one = log_likelihood_of_patients(table, above, ratios[0], effects[0]).sum()
    return float(one - log_likelihood_of_patients(table, below, ratios[1], effects[1]).sum())


def test_quantities_of_a_truth_are_single_numbers(sixty: PatientAnalysis) -> None:
    truth = truth_of(sixty, 4)
    found = patient_quantities(truth, sixty)
    assert {values.shape for values in found.values()} == {(1,)}
    assert {"response_by_28", "survival_365", "between_centres:response", "centre_effect:response:A"} <= set(found)
    assert_allclose(found["log_hazard_ratio:response:duration"], truth.dataset["log_hazard_ratio"].values[0, 0, 0])


def test_correlations_have_the_spread_of_their_distribution(sixty: PatientAnalysis) -> None:
    """Of the LKJ distribution with eta 2 each is 2 B - 1, B beta with both parameters 2.5: its variance is 1/6."""
    drawn = draw_prior(correlated(sixty), draws=20_000, chains=1, seed=5).flat("centre_correlation")
    assert np.all(np.linalg.eigvalsh(drawn) > 0.0)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert drawn[:, one, other].var() == pytest.approx(1.0 / 6.0, rel=0.05)


def test_correlated_centres_have_a_truth_too(sixty: PatientAnalysis) -> None:
    truth = truth_of(correlated(sixty), 6)
    assert truth.dataset["centre_correlation"].shape == (1, 1, 3, 3)


def test_visits_of_one_who_is_followed_from_later_on_are_refused(sixty: PatientAnalysis) -> None:
    entry = sixty.patients.entry_day.copy()
    entry[0] = 3.0  # of a patient who is seen at visits
    odd = replace(sixty, patients=replace(sixty.patients, entry_day=entry))
    with pytest.raises(InputError, match="either seen at visits or followed from later on"):
        simulated_table(odd, truth_of(odd, 7), rng=np.random.default_rng(7))
