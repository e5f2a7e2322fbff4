"""Who is in each group of a cohort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import Cohort
from hscb_bayes.evidence.group import Group, group_masks

GROUPS = {
    "responders": Group(id="responders", by="response", value="yes", label="responders"),
    "others": Group(id="others", by="response", value="no", label="non-responders"),
    "short": Group(id="short", by="duration", rule="<= 38 days", label="38 days or less"),
    "long": Group(id="long", by="duration", rule="> 38 days", label="more than 38 days"),
    "below": Group(id="below", by="duration", rule="< 38 days", label="less than 38 days"),
}
DURATION = np.array([38.0, 7.0, 151.0, 38.0, 60.0])
RESPONDED = np.array([True, False, True, True, False])


def masks(sizes: dict[str, int], duration: np.ndarray = DURATION) -> dict[str, list[bool]]:
    found = group_masks(GROUPS, duration=duration, responded=RESPONDED, sizes=sizes)
    return {id: mask.tolist() for id, mask in found.items()}


def test_groups_by_response_are_those_ever_seen_to_respond() -> None:
    assert masks({})["responders"] == RESPONDED.tolist()
    assert masks({})["others"] == (~RESPONDED).tolist()


@pytest.mark.parametrize(
    ("id", "members"),
    [
        ("short", [True, True, False, True, False]),
        ("long", [False, False, True, False, True]),
        ("below", [False, True, False, False, False]),
    ],
)
def test_a_group_about_which_nothing_is_said_follows_its_rule(id: str, members: list[bool]) -> None:
    assert masks({})[id] == members


def test_a_size_counts_the_shortest_durations() -> None:
    assert masks({"short": 2})["short"] == [True, True, False, False, False]


def test_a_size_above_the_cut_counts_the_longest_durations() -> None:
    assert masks({"long": 1})["long"] == [False, False, True, False, False]


@given(st.integers(0, 5))
def test_the_complement_has_the_rest(size: int) -> None:
    found = masks({"short": size})
    assert sum(found["short"]) == size
    assert [not inside for inside in found["short"]] == found["long"]


def test_ranks_are_taken_within_each_cohort() -> None:
    durations = np.stack([DURATION, DURATION[::-1]])
    found = group_masks(GROUPS, duration=durations, responded=np.stack([RESPONDED] * 2), sizes={"short": 2})
    assert found["short"].sum(axis=-1).tolist() == [2, 2]
    assert found["long"].shape == (2, 5)


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ({"short": 6}, "group 'short': required a size from 0 to 5, found 6"),
        ({"short": -1}, "group 'short': required a size from 0 to 5, found -1"),
        ({"responders": 2}, "group 'responders': required the id of a group by duration or characteristic"),
        ({"shorts": 2}, "group 'shorts': required the id of a group by duration or characteristic"),
    ],
)
def test_a_size_that_cannot_be_gets_a_sentence(sizes: dict[str, int], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        masks(sizes)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("one", "other", "complements"),
    [
        ("short", "long", True),
        ("responders", "others", True),
        ("below", "long", False),
        ("responders", "responders", False),
        ("responders", "short", False),
    ],
)
def test_complements_share_every_patient_once(one: str, other: str, complements: object) -> None:
    assert GROUPS[one].is_complement_of(GROUPS[other]) is complements


def cohort() -> Cohort:
    return Cohort(
        duration=DURATION,
        response_day=np.array([5.0, np.inf, 9.0, 3.0, np.inf]),
        last_day=np.array([400.0, 20.0, 9.0, 90.0, 300.0]),
        died=np.array([False, True, True, True, False]),
        groups={"responders": RESPONDED},
    )


def test_everybody_is_in_the_group_all() -> None:
    assert cohort().group("all").tolist() == [True] * 5


def test_a_group_that_is_not_there_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError, match="'short'"):
        cohort().group("short")


def test_the_first_event_is_response_even_on_the_day_of_death() -> None:
    assert cohort().first_day.tolist() == [5.0, 20.0, 9.0, 3.0, 300.0]
    assert cohort().first_cause.tolist() == [1, 2, 1, 1, 0]


BY_DONOR = {
    "sibling": Group(id="sibling", by="characteristic", of="donor", value="yes", n=2, label="sibling donor"),
    "other": Group(id="other", by="characteristic", of="donor", value="no", label="another donor"),
}


def by_donor(groups: dict[str, Group], sizes: dict[str, int]) -> dict[str, list[bool]]:
    found = group_masks(groups, duration=DURATION, responded=RESPONDED, sizes=sizes)
    return {id: mask.tolist() for id, mask in found.items()}


def test_a_characteristic_divides_the_patients_as_printed() -> None:
    found = by_donor(BY_DONOR, {})
    assert sum(found["sibling"]) == 2
    assert found["other"] == [not inside for inside in found["sibling"]]
    assert BY_DONOR["sibling"].is_complement_of(BY_DONOR["other"])


def test_a_characteristic_has_the_size_that_is_said_where_none_is_printed() -> None:
    groups = {id: group.model_copy(update={"n": None}) for id, group in BY_DONOR.items()}
    assert sum(by_donor(groups, {"other": 4})["sibling"]) == 1
    with pytest.raises(InputError) as caught:
        by_donor(groups, {})
    assert str(caught.value) == (
        "group 'sibling': the study does not say how many patients it has; required its size in cohort.sizes"
    )


def test_a_characteristic_has_nothing_to_do_with_duration() -> None:
    duration = np.arange(1.0, 2001.0)
    group = {"half": BY_DONOR["sibling"].model_copy(update={"id": "half", "n": 1000})}
    mask = group_masks(group, duration=duration, responded=duration > 0, sizes={})["half"]
    assert abs(duration[mask].mean() - duration.mean()) < 4.9 * duration.std() / np.sqrt(2000)
