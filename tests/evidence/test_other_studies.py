"""The studies beside the main one: their numbers as printed, and what the audit says of each."""

from pathlib import Path

import pytest

from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.study import Study, load_study

EVIDENCE = Path(__file__).parents[2] / "models" / "evidence"
# Study: patients, population, definition of response, and every printed number.
PRINTED = {
    "rejeski2022": (
        12,
        "after_car_t",
        "neutrophil",
        "42 days, 69 days, 35 days, 617 days, 82%, 15 days, 6 days, 124 days",
    ),
    "klyuchnikov2014": (
        32,
        "poor_graft_function",
        "haematological_improvement",
        "81%, 30 days, 14 days, 120 days, 45%, 5 months, 2 months, 228 months",
    ),
    "stasia2014": (41, "poor_graft_function", "trilineage", "75%, 83%, 72%, 63%, 76%, 25%, 140 days"),
    "scb2024": (58, "poor_graft_function", "response_unspecified", "36, 62%, 47%"),
    "bowman2023": (14, "poor_graft_function", "complete_or_partial", "7, 50%, 75%, 40%, .56, 50%, 23%, 72%"),
    "liu2024": (25, "poor_graft_function", "neutrophil", "8, 21 days, 10 days, 40 days"),
    "mingot2024": (
        38,
        None,
        None,
        (
            "29, 76.3%, 32 days, 14 days, 38 days, 19, 82.6%, 22 days, 11 days, 31 days, "
            "29, 82.9%, 29 days, 17 days, 44 days, 7"
        ),
    ),
    "rdhap": (
        57,
        None,
        None,
        (
            "47, 82%, 30.5 months, 17.8 months, 60.6 months, 19, 33%, 28, 49%, 10.5 months, 5.3 months, "
            "16.8 months, 10.3 months, 5.3 months, 14.0 months, "
            "5.3 months, 3.9 months, 11.0 months"
        ),
    ),
    "mainardi2018": (50, "poor_graft_function", "response_unspecified", "78.8%, 36.5%, .07, 6%, 0"),
    "ava_ucbt": (
        69,
        None,
        None,
        "40, 65.6%, 76.2%, 61.3%, 86.0%, 23 days, 3 days, 131 days, 38, 62.3%, 76.2%, 61.1%, 86.1%, 100%, .005",
    ),
    "rux_china2021": (
        55,
        None,
        None,
        ("86.9%, 82.6%, 67.1%, 98.1%, 90.0%, 33.3%, .004, 78.1%, 81.3%, 67.8%, 94.8%, 84.0%, 71.4%, .327"),
    ),
    "richardson2016": (134, None, None, "38.2%, 25%, 23%, 5.2%, 40.8%, .0109, 25.5%, 12.5%, 19%, 3.5%, 34.6%, .0160"),
    "giri2021": (
        326,
        None,
        None,
        "2.7 days, 2.6 days, 3.3 days, 2.1 days, 1.6 days, 3.2 days, 1.25, .99, 1.58, .059, 0.62, .37, 1.05, .073",
    ),
}
# Study, severity, and a sentence of the audit that was recomputed by hand.
BY_HAND = [
    ("rejeski2022", "note", "82%, is no count of 12 patients"),
    ("rejeski2022", "ok", "a last response at 124 days mean about 10 of 12 by then and at least 1 later"),
    ("klyuchnikov2014", "ok", "81%, is 26 of 32 patients"),
    ("klyuchnikov2014", "note", "45%, is no count of 32 patients, so somebody left follow-up before 2 years"),
    ("stasia2014", "note", "75%, is no count of 41 patients when rounded; 31 of 41 gives it when cut off"),
    ("stasia2014", "ok", "are 10 of 12 and 21 of 29; 75% among all is then cut off, not rounded"),
    ("stasia2014", "note", "groups patients by the future"),
    ("scb2024", "ok", "36 of 58 is 62%, printed as 62%"),
    ("scb2024", "ok", "47%, is 27 of 58 patients"),
    ("bowman2023", "ok", "are 3 of 4 and 4 of 10"),
    ("bowman2023", "ok", "Fisher's exact test of 3 of 4 and 4 of 10, which give 0.56"),
    ("bowman2023", "ok", "is 7 of 14 (log-log) without censoring"),
    ("mainardi2018", "conflict", "78.8%, is no count of 50 patients"),  # 41 of 52 boosts
    ("mainardi2018", "conflict", "36.5%, is no count of 50 patients"),  # 19 of 52 boosts
    ("rdhap", "ok", "19 of 57 with complete response and 28 of 57 with partial response are together 47 of 57"),
    ("ava_ucbt", "ok", "38 of 61 with complete response is a part of 40 of 61"),
    ("ava_ucbt", "ok", "40 of 61 is 65.6%, printed as 65.6%"),
    ("rux_china2021", "note", "86.9%, is no count of 23 patients when rounded; 20 of 23 gives it when cut off"),
    ("rux_china2021", "ok", "among patients with acute disease, 82.6% (CI 67.1% to 98.1%), is 19 of 23 patients"),
    ("rux_china2021", "ok", "84.0%, is 21 of 25 patients"),
    ("richardson2016", "ok", "25.5% among defibrotide and 12.5% among controls are 26 of 102 and 4 of 32"),
]


@pytest.fixture(scope="module")
def studies() -> dict[str, Study]:
    return {id: load_study(EVIDENCE / f"{id}.toml") for id in PRINTED}


def test_every_study_file_is_held_against_its_print(studies: dict[str, Study]) -> None:
    assert {file.stem for file in EVIDENCE.glob("*.toml")} == {"gagelmann2023", *studies}


@pytest.mark.parametrize("id", PRINTED)
def test_every_printed_number_is_there_digit_for_digit(id: str, studies: dict[str, Study]) -> None:
    study = studies[id]
    printed = ", ".join(number.text for number in study.numbers)
    assert (study.n, study.population, study.definition, printed) == PRINTED[id]
    assert study.id == id


def test_what_was_read_second_hand_says_so(studies: dict[str, Study]) -> None:
    assert {id for id, study in studies.items() if study.secondary} == {"rejeski2022"}


def test_patients_who_may_be_in_two_papers_are_declared(studies: dict[str, Study]) -> None:
    declared = {id: list(study.may_share_patients_with) for id, study in studies.items()}
    assert {id: others for id, others in declared.items() if others} == {"rejeski2022": ["gagelmann2023"]}


@pytest.mark.parametrize(("id", "severity", "words"), BY_HAND)
def test_what_a_reader_finds_by_hand_is_said(id: str, severity: str, words: str, studies: dict[str, Study]) -> None:
    found = [finding for finding in audit(studies[id]) if words in finding.sentence]
    assert [finding.severity for finding in found] == [severity]


def test_none_of_them_contradicts_itself_but_one_whose_shares_are_of_boosts(studies: dict[str, Study]) -> None:
    found = {
        id: [finding for finding in audit(study) if finding.severity == "conflict"] for id, study in studies.items()
    }
    assert {id: len(conflicts) for id, conflicts in found.items() if conflicts} == {"mainardi2018": 2}
