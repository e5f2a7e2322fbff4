"""Median duration of a response: counted from each patient's response, to death or the loss of the patient."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hscb_bayes.errors import InputError
from hscb_bayes.estimators.kaplan_meier import quantile
from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.study import load_study
from tests.papers import study_text

TEXT = """
[event.relapse]
words = "relapse"
[[item]]
id = "x"
kind = "duration"
value = "100 days"
lower = "50 days"
upper = "200 days"
level = 0.9
"""


def item_of(folder: Path, text: str = TEXT) -> Item:
    path = folder / "study.toml"
    path.write_text(study_text(40, text), encoding="utf-8")
    return load_study(path).item("x")


def cohort_of(response: np.ndarray, last: np.ndarray, died: np.ndarray) -> Cohort:
    return Cohort(duration=np.ones(died.shape), response_day=response, last_day=last, died=died)


def test_days_count_from_each_patients_response(tmp_path: Path) -> None:
    """Three who responded lived 10, 20 and 30 days from then; one who did not lived a day."""
    response = np.array([[5.0, 50.0, 7.0, np.inf]])
    cohort = cohort_of(response, np.array([[15.0, 70.0, 37.0, 1.0]]), np.ones((1, 4), dtype=bool))
    assert item_of(tmp_path).statistic(cohort, Conventions())["x"].tolist() == [20.0]


def test_limits_are_those_of_the_curve_of_responders(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    response = np.where(rng.random((5, 40)) < 0.7, np.ceil(rng.exponential(20.0, (5, 40))), np.inf)
    last = np.where(np.isfinite(response), response, 0.0) + np.ceil(rng.exponential(120.0, (5, 40)))
    died = rng.random((5, 40)) < 0.8
    found = item_of(tmp_path).statistic(cohort_of(response, last, died), Conventions())
    for k in range(5):
        own = np.isfinite(response[k])
        expected = quantile(last[k, own] - response[k, own], died[k, own], level=0.9, scale="log")
        assert_array_equal([found[id][k] for id in ("x", "x.lower", "x.upper")], np.round(expected))


def test_where_nobody_responded_it_is_undefined_and_where_nobody_died_not_reached(tmp_path: Path) -> None:
    item, last = item_of(tmp_path), np.full((1, 3), 9.0)
    nobody = cohort_of(np.full((1, 3), np.inf), last, np.ones((1, 3), dtype=bool))
    assert np.isnan(item.statistic(nobody, Conventions())["x"]).all()
    alive = cohort_of(np.full((1, 3), 2.0), last, np.zeros((1, 3), dtype=bool))
    assert np.isinf(item.statistic(alive, Conventions())["x"]).all()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('lower = "50 days"', 'lower = "150 days"', "lower 150 days is above the estimate 100 days"),
        ('lower = "50 days"\n', "", "lower is missing beside upper; give both limits or neither"),
        ("level = 0.9", 'level = 0.9\nevent = "relapse"', "required an event that ends follow-up, found 'relapse'"),
    ],
)
def test_what_cannot_be_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        item_of(tmp_path, TEXT.replace(old, new))
    assert message in str(error.value)


def test_words(tmp_path: Path) -> None:
    expected = (
        "median duration of response, to death among all patients: 100 days (90% CI 50 days to 200 days), abstract"
    )
    assert item_of(tmp_path).describe() == expected
