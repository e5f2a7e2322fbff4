"""The main study's file holds every number of the paper, digit for digit."""

import hashlib
from pathlib import Path

import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.kinds.fact import Fact
from hscb_bayes.evidence.study import Study, load_study

# Number id, as printed, value (fractions, days), where.
PRINTED = [
    ("car_t_to_boost", "43 days", 43.0, "abstract"),
    ("duration", "38 days", 38.0, "abstract"),
    ("duration.lowest", "7 days", 7.0, "abstract"),
    ("duration.highest", "151 days", 151.0, "abstract"),
    ("response", "26", 26.0, "abstract"),
    ("response.percent", "84%", 0.84, "abstract"),
    ("response_median.responders", "9 days", 9.0, "abstract; Figure 1 legend"),
    ("response_median.responders.lower", "7 days", 7.0, "abstract; Figure 1 legend"),
    ("response_median.responders.upper", "14 days", 14.0, "abstract; Figure 1 legend"),
    ("response_median.all", "9 days", 9.0, "abstract; Figure 1 legend"),
    ("response_median.all.lower", "7 days", 7.0, "abstract; Figure 1 legend"),
    ("response_median.all.upper", "14 days", 14.0, "abstract; Figure 1 legend"),
    ("p_response_duration", ".007", 0.007, "abstract"),
    ("os_1y", "59%", 0.59, "abstract"),
    ("os_1y_responders", "74%", 0.74, "Figure 1 legend"),
    ("os_1y_responders.lower", "54%", 0.54, "Figure 1 legend"),
    ("os_1y_responders.upper", "94%", 0.94, "Figure 1 legend"),
    ("os_1y_nonresponders", "0%", 0.0, "abstract; Figure 1 legend"),
    ("died_nonresponders", "all", 1.0, "abstract; Figure 1 legend"),
    ("p_os_response", "< .001", 0.001, "Figure 1 legend"),
    ("os_1y_short", "85%", 0.85, "Figure 1 legend"),
    ("os_1y_short.lower", "65%", 0.65, "Figure 1 legend"),
    ("os_1y_short.upper", "100%", 1.0, "Figure 1 legend"),
    ("os_1y_long", "44%", 0.44, "Figure 1 legend"),
    ("os_1y_long.lower", "27%", 0.27, "Figure 1 legend"),
    ("os_1y_long.upper", "61%", 0.61, "Figure 1 legend"),
    ("p_os_duration", ".029", 0.029, "abstract; Figure 1 legend"),
]
FACTS = {"patients": "31", "autologous": "30", "allogeneic": "1", "anc_at_boost": "0.2e9/L"}


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "models" / "evidence" / "gagelmann2023.toml")


def test_every_printed_number_is_there_digit_for_digit(study: Study) -> None:
    found = [(number.id, number.text, number.value, study.item(number.item).place) for number in study.numbers]
    assert found == PRINTED


def test_every_fact_is_there(study: Study) -> None:
    assert {item.id: item.value for item in study.items if isinstance(item, Fact)} == FACTS


def test_what_describes_outcomes_is_told_from_what_describes_the_cohort(study: Study) -> None:
    assert {item.id for item in study.items if not item.describes_outcomes} == {*FACTS, "car_t_to_boost", "duration"}


def test_no_test_is_assumed_in_the_evidence(study: Study) -> None:
    items = [study.item(id) for id in ("p_response_duration", "p_os_response", "p_os_duration")]
    assert [item.model_dump(include={"test", "direction"}) for item in items] == [{"test": None, "direction": None}] * 3


def test_groups_are_read(study: Study) -> None:
    assert {id: (group.by, group.value, group.rule) for id, group in study.groups.items()} == {
        "responders": ("response", "yes", None),
        "nonresponders": ("response", "no", None),
        "short": ("duration", None, "<= 38 days"),
        "long": ("duration", None, "> 38 days"),
    }


def test_items_describe_themselves(study: Study) -> None:
    assert [item.describe(study.labels) for item in study.items if item.describes_outcomes] == [
        "26 of 31 patients with a response among all patients (84%), abstract",
        (
            "median time to response among responders or among all patients: 9 days (95% CI 7 days to 14 days), "
            "abstract; Figure 1 legend"
        ),
        "P = .007, response by duration among all patients (test not named), abstract",
        "survival at 1 year among all patients: 59%, abstract",
        "survival at 1 year among responders: 74% (95% CI 54% to 94%), Figure 1 legend",
        "survival at 1 year among non-responders: 0%, abstract; Figure 1 legend",
        (
            "everybody died by 1 year among non-responders ('all died within the first year after HSCB'), "
            "abstract; Figure 1 legend"
        ),
        "P < .001, survival by response among all patients (test not named), Figure 1 legend",
        (
            "survival at 1 year among patients with 38 days of prior neutropenia or less: 85% (95% CI 65% to 100%), "
            "Figure 1 legend"
        ),
        (
            "survival at 1 year among patients with more than 38 days of prior neutropenia: 44% (95% CI 27% to 61%), "
            "Figure 1 legend"
        ),
        "P = .029, survival by duration among all patients (test not named), abstract; Figure 1 legend",
    ]


def test_the_file_is_known_by_its_hash(study: Study, root: Path) -> None:
    assert study.sha256 == hashlib.sha256((root / "models/evidence/gagelmann2023.toml").read_bytes()).hexdigest()


def test_a_number_that_is_not_there_is_asked_back(study: Study) -> None:
    with pytest.raises(InputError) as caught:
        study.number("os_1y_shrt.lower")
    assert (
        str(caught.value)
        == f"{study.path}: there is no printed number 'os_1y_shrt.lower'; did you mean 'os_1y_short.lower'?"
    )


def test_an_item_that_is_not_there_is_asked_back(study: Study) -> None:
    with pytest.raises(InputError) as caught:
        study.item("os_2y")
    assert str(caught.value) == f"{study.path}: there is no item 'os_2y'; did you mean 'os_1y'?"
