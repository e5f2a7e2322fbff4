"""Ratios and differences of two groups: read as printed, and computed from patients as authors compute them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.errors import InputError
from hscb_bayes.estimators import cox
from hscb_bayes.estimators.kaplan_meier import survival_at
from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.evidence.study import load_study
from tests.papers import study_text

Z = 1.959964
GROUPS = """
[group.new]
by = "characteristic"
of = "arm"
value = "yes"
n = 60
label = "new treatment"
[group.old]
by = "characteristic"
of = "arm"
value = "no"
n = 40
label = "old treatment"
[[item]]
id = "x"
{item}
"""
HAZARD = (
    'kind = "ratio"\nmeasure = "hazard ratio"\nevent = "death"\nvalue = "0.620"\nlower = "0.370"\nupper = "1.050"\n'
)
SURVIVAL = 'kind = "difference"\nof = "survival"\nevent = "death"\nat = "100 days"\nvalue = "-5.0%"\n'
COMPARED = 'groups_compared = ["new", "old"]\n'


def item_of(folder: Path, text: str) -> Item:
    path = folder / "study.toml"
    path.write_text(study_text(100, GROUPS.format(item=text)), encoding="utf-8")
    return load_study(path).item("x")


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    """Three studies of 60 and 40 patients."""
    rng = np.random.default_rng(3)
    died, last, response = rng.random((3, 100)) < 0.6, rng.exponential(200, (3, 100)), rng.exponential(150, (3, 100))
    first = np.broadcast_to(np.arange(100) < 60, died.shape)
    last = np.ceil(last * np.where(first, 1.4, 1.0))
    return Cohort(
        duration=np.ones(died.shape),
        response_day=np.where(response < last, np.ceil(response), np.inf),
        last_day=last,
        died=died,
        groups={"new": first, "old": ~first},
    )


def computed(item: Item, cohort: Cohort) -> dict[str, np.ndarray]:
    return item.statistic(cohort, Conventions())


@pytest.mark.parametrize("event", ["death", "response"])
def test_a_hazard_ratio_is_that_of_a_fit(event: str, cohort: Cohort, tmp_path: Path) -> None:
    found = computed(item_of(tmp_path, COMPARED + HAZARD.replace('"death"', f'"{event}"')), cohort)
    for k in range(3):
        had = cohort.died[k] if event == "death" else cohort.responded[k]
        time = cohort.last_day[k] if event == "death" else cohort.first_day[k]
        fit = cox.fit(time, had, [cohort.group("new")[k].astype(float)], ties="efron")
        half = Z * np.sqrt(fit.covariance[0, 0])
        expected = np.exp(fit.coefficients[0] + np.array([0.0, -half, half]))
        assert_allclose([found[id][k] for id in ("x", "x.lower", "x.upper")], expected, atol=5.1e-4)


@pytest.mark.parametrize("measure", ["odds ratio", "risk ratio"])
def test_ratios_of_counts_are_by_hand(measure: str, cohort: Cohort, tmp_path: Path) -> None:
    text = COMPARED + HAZARD.replace("hazard ratio", measure).replace(
        'event = "death"', 'event = "response"\nat = "100 days"'
    )
    found = computed(item_of(tmp_path, text), cohort)
    responded = cohort.response_day <= 100
    a, c = responded[:, :60].sum(axis=-1), responded[:, 60:].sum(axis=-1)
    odds = measure == "odds ratio"
    ratio = a * (40 - c) / (60 - a) / c if odds else (a / 60) / (c / 40)
    error = np.sqrt(1 / a + 1 / c + (1 / (60 - a) + 1 / (40 - c) if odds else -1 / 60 - 1 / 40))
    assert_allclose(found["x"], ratio, atol=5.1e-4)
    assert_allclose(found["x.lower"], ratio * np.exp(-Z * error), atol=5.1e-4)
    assert_allclose(found["x.upper"], ratio * np.exp(Z * error), atol=5.1e-4)


def test_a_difference_of_survival_is_that_of_two_curves(cohort: Cohort, tmp_path: Path) -> None:
    found = computed(item_of(tmp_path, COMPARED + SURVIVAL + 'lower = "-20.0%"\nupper = "10.0%"\n'), cohort)
    new, old = (survival_at(cohort.last_day, cohort.died, 100.0, cohort.group(id)) for id in ("new", "old"))
    half = Z * np.hypot(new[1], old[1])
    assert_allclose(found["x"], new[0] - old[0], atol=5.1e-4)
    assert_allclose(found["x.lower"], new[0] - old[0] - half, atol=5.1e-4)
    assert_allclose(found["x.upper"], new[0] - old[0] + half, atol=5.1e-4)
    assert found["x"].min() < found["x"].max()


def test_a_difference_of_shares_counts_those_seen(cohort: Cohort, tmp_path: Path) -> None:
    text = SURVIVAL.replace('of = "survival"', 'of = "share"').replace("death", "response")
    found = computed(item_of(tmp_path, COMPARED + text), cohort)["x"]
    responded = cohort.response_day <= 100
    assert_allclose(found, responded[:, :60].mean(axis=-1) - responded[:, 60:].mean(axis=-1), atol=5.1e-4)


def test_where_nobody_of_a_group_has_the_event_a_ratio_has_no_bounds(cohort: Cohort, tmp_path: Path) -> None:
    nobody = Cohort(
        duration=cohort.duration, response_day=cohort.response_day, last_day=cohort.last_day,
        died=cohort.died & cohort.group("new"), groups=cohort.groups,
    )  # fmt: skip
    item = item_of(tmp_path, COMPARED + HAZARD)
    assert computed(item, nobody)["x"].tolist() == [np.inf] * 3
    none = Cohort(
        duration=cohort.duration, response_day=cohort.response_day, last_day=cohort.last_day,
        died=np.zeros_like(cohort.died), groups=cohort.groups,
    )  # fmt: skip
    assert np.isnan(computed(item, none)["x"]).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HAZARD + 'groups_compared = ["new", "new"]', "groups_compared names 'new' twice; required two groups"),
        (HAZARD + 'groups_compared = ["new", "all"]', "groups_compared names 'all'; required two groups"),
        (HAZARD + COMPARED + 'at = "100 days"', "at is given; a hazard ratio is of all of follow-up, required none"),
        (COMPARED + HAZARD.replace('"0.620"', '"-0.6"'), "required a ratio above 0 such as '1.25', found '-0.6'"),
        (COMPARED + HAZARD.replace('"0.370"', '"0.7"'), "lower 0.7 is above the estimate 0.620"),
        (COMPARED + SURVIVAL.replace('at = "100 days"\n', ""), "at is missing; a difference of survival is at a time"),
        (COMPARED + SURVIVAL.replace("-5.0%", "-5"), "add % if it is in percentage points"),
        (COMPARED + SURVIVAL.replace("-5.0%", "-150%"), "found '-150%', which is beyond 1"),
        (COMPARED + SURVIVAL.replace("death", "response"), "required an event that ends follow-up, found 'response'"),
    ],
)
def test_what_cannot_be_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        item_of(tmp_path, text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [("-5%", -0.05, 0.005), ("−5.2%", -0.052, 0.0005), ("0.12", 0.12, 0.005), ("23%", 0.23, 0.005)],
)
def test_a_difference_has_a_sign(text: str, value: float, half: float) -> None:
    printed = Printed(text, "difference")
    assert (printed.value, printed.half_width, printed.unit) == (
        pytest.approx(value),
        pytest.approx(half),
        "difference",
    )
    assert printed.round(np.array([value + half / 2]))[0] == pytest.approx(value)
    assert printed.in_digits(value) == text.replace("−", "-")


def test_words_name_both_groups(tmp_path: Path) -> None:
    item = item_of(tmp_path, COMPARED + HAZARD + "adjusted = true")
    assert item.numbers[0].label == "hazard ratio of death, new over old, adjusted"
    labels = {"new": "new treatment", "old": "old treatment"}
    words = "hazard ratio of death, new treatment over old treatment, adjusted among all patients"
    assert item.describe(labels) == f"{words}: 0.620 (CI 0.370 to 1.050), abstract"
