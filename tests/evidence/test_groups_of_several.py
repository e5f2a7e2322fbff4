"""Groups that are defined by several things, and groups that are one group under two names."""

from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.group import Group, group_masks
from hscb_bayes.evidence.study import Study, load_study
from tests.papers import study_text

GOOD = """
[group.a]
by = "characteristic"
of = "arm"
value = "yes"
n = 20
label = "arm A"

[group.b]
by = "characteristic"
of = "arm"
value = "no"
label = "arm B"

[group.infected]
by = "characteristic"
of = "infection"
value = "yes"
n = 15
label = "infected"

[group.responders]
by = "response"
value = "yes"
label = "responders"

[group.others]
by = "response"
value = "no"
label = "others"

[group.short]
by = "duration"
rule = "<= 38 days"
label = "short"

[group.long]
by = "duration"
rule = "> 60 days"
label = "long"

[group.both]
by = "groups"
all_of = ["a", "infected"]
n = 9
label = "infected of arm A"

[[item]]
id = "response"
kind = "count"
event = "response"
count = 30
n = 44
"""
ALL_OF = 'all_of = ["a", "infected"]'


def study_of(folder: Path, tables: str, n: int = 44) -> Study:
    path = folder / "study.toml"
    path.write_text(study_text(n, tables))
    return load_study(path)


def sentence_of(folder: Path, tables: str) -> str:
    with pytest.raises(InputError) as caught:
        study_of(folder, tables)
    return str(caught.value).removeprefix(f"{folder / 'study.toml'}: ")


BROKEN = {
    "one group": (ALL_OF, 'all_of = ["a"]', "all_of: required at least 2 entries, found ['a']"),
    "no group": (f"{ALL_OF}\n", "", "all_of is missing; a group by groups needs it"),
    "parts of another kind": (
        'rule = "<= 38 days"',
        'rule = "<= 38 days"\nall_of = ["a", "infected"]',
        "all_of is given for a group by duration; remove it",
    ),
    "an unknown group": (
        ALL_OF,
        'all_of = ["a", "infcted"]',
        "all_of: unknown group 'infcted'; did you mean 'infected'?",
    ),
    "everybody": (ALL_OF, 'all_of = ["a", "all"]', "all_of: everybody is in 'all'; remove it"),
    "itself": (
        ALL_OF,
        'all_of = ["a", "both"]',
        "all_of: 'both' is itself by groups; required the groups that it is made of",
    ),
    "one group twice": (ALL_OF, 'all_of = ["a", "a"]', "all_of: 'a' is named twice"),
    "a group and the others": (ALL_OF, 'all_of = ["a", "b"]', "all_of: nobody is in both 'a' and 'b'"),
    "durations that exclude each other": (
        ALL_OF,
        'all_of = ["short", "long"]',
        "all_of: nobody is in both 'short' and 'long'",
    ),
    "responders and the others": (
        ALL_OF,
        'all_of = ["responders", "others", "a"]',
        "all_of: nobody is in both 'responders' and 'others'",
    ),
    "a size by response": (
        ALL_OF,
        'all_of = ["a", "responders"]',
        "n is given, but 'responders' is by response; required a count of responses among the others",
    ),
    "more than a part": ("n = 9", "n = 16", "n 16 is more than the 15 patients of 'infected'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_group_of_groups_that_cannot_be_gets_a_sentence(case: str, tmp_path: Path) -> None:
    old, new, sentence = BROKEN[case]
    assert old in GOOD
    group = "short" if case == "parts of another kind" else "both"
    assert sentence_of(tmp_path, GOOD.replace(old, new, 1)) == f"group '{group}': {sentence}"


SAME = {
    "by response": (
        '\n[group.partial]\nby = "response"\nvalue = "yes"\nlabel = "partial responders"\n',
        (
            "group 'partial': 'responders' is the same group, patients ever seen to respond; required one of them, or "
            "for complete or partial responders the event that they had"
        ),
    ),
    "by duration": (
        '\n[group.brief]\nby = "duration"\nrule = "<= 38.0 days"\nlabel = "brief"\n',
        "group 'brief': 'short' is the same group, '<= 38 days'",
    ),
    "by characteristic": (
        '\n[group.arm_a]\nby = "characteristic"\nof = "arm"\nvalue = "yes"\nlabel = "arm A"\n',
        "group 'arm_a': 'a' is the same group, 'arm' with value 'yes'",
    ),
    "by groups": (
        '\n[group.again]\nby = "groups"\nall_of = ["infected", "a"]\nlabel = "again"\n',
        "group 'again': 'both' is the same group, all of 'a', 'infected'",
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_two_groups_of_one_definition_are_one_group(case: str, tmp_path: Path) -> None:
    table, sentence = SAME[case]
    assert sentence_of(tmp_path, GOOD.replace("\n[[item]]", f"{table}\n[[item]]", 1)) == sentence


def test_a_p_value_between_complete_and_partial_responders_is_refused_with_them(tmp_path: Path) -> None:
    p_value = (
        '\n[[item]]\nid = "p"\nkind = "p_value"\ncomparison = "survival by response"\nvalue = ".03"\n'
        'groups_compared = ["responders", "partial"]\ntest = { name = "log-rank", status = "printed" }\n'
    )
    table = SAME["by response"][0]
    assert (
        sentence_of(tmp_path, GOOD.replace("\n[[item]]", f"{table}\n[[item]]", 1) + p_value) == SAME["by response"][1]
    )


PATIENTS = 44
DURATION = np.stack([np.random.default_rng(k).permutation(np.arange(1.0, PATIENTS + 1.0)) for k in range(6)])
RESPONDED = np.random.default_rng(9).uniform(size=DURATION.shape) < 0.6


def masks(folder: Path, more: str = "", sizes: dict[str, int] | None = None) -> dict[str, np.ndarray]:
    groups = study_of(folder, GOOD.replace("\n[[item]]", f"{more}\n[[item]]", 1)).groups
    return group_masks(groups, duration=DURATION, responded=RESPONDED, sizes=sizes or {})


def of_several(id: str, *parts: str, n: int | None = None) -> str:
    listed = ", ".join(f'"{part}"' for part in parts)
    size = "" if n is None else f"n = {n}\n"
    return f'\n[group.{id}]\nby = "groups"\nall_of = [{listed}]\n{size}label = "{id}"\n'


def test_the_responders_of_an_arm_are_in_both_groups(tmp_path: Path) -> None:
    found = masks(tmp_path, of_several("x", "a", "responders") + of_several("y", "b", "others"))
    np.testing.assert_array_equal(found["x"], found["a"] & RESPONDED)
    np.testing.assert_array_equal(found["y"], found["b"] & ~RESPONDED)


def test_two_characteristics_hold_as_many_as_are_printed(tmp_path: Path) -> None:
    found = masks(tmp_path, of_several("x", "a", "infected", "responders"))
    assert (found["both"].sum(axis=-1) == 9).all()
    np.testing.assert_array_equal(found["x"], found["both"] & RESPONDED)
    assert (found["both"] & found["a"] & found["infected"]).sum() >= (found["a"] & found["infected"]).sum() // 2


def test_a_duration_within_an_arm_is_of_the_patients_with_it(tmp_path: Path) -> None:
    found = masks(tmp_path, of_several("x", "a", "short", n=6))
    assert (found["x"].sum(axis=-1) == 6).all()
    assert not (found["x"] & ~(found["a"] & found["short"])).any()


def test_two_durations_are_between_their_cuts(tmp_path: Path) -> None:
    more = '\n[group.beyond]\nby = "duration"\nrule = "> 10 days"\nlabel = "x"\n' + of_several("x", "short", "beyond")
    np.testing.assert_array_equal(masks(tmp_path, more)["x"], (DURATION > 10.0) & (DURATION <= 38.0))


def test_a_size_that_nobody_says_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        masks(tmp_path, of_several("x", "b", "infected"))
    assert str(caught.value) == (
        "group 'x': the study does not say how many patients are in all of 'b', 'infected'; required the size of that "
        "group, printed or in cohort.sizes"
    )
    assert (masks(tmp_path, of_several("x", "b", "infected"), {"x": 6})["x"].sum(axis=-1) == 6).all()


def test_both_halves_of_a_characteristic_have_the_sizes_that_are_printed() -> None:
    groups = {
        "no": Group(id="no", by="characteristic", of="drug", value="no", n=20, label="x"),
        "yes": Group(id="yes", by="characteristic", of="drug", value="yes", n=18, label="x"),
    }
    found = group_masks(groups, duration=DURATION, responded=RESPONDED, sizes={})
    assert (found["no"].sum(axis=-1).max(), found["yes"].sum(axis=-1).max()) == (20, 18)
    assert not (found["no"] & found["yes"]).any()


def test_the_audit_knows_the_size_of_the_responders_of_an_arm(tmp_path: Path) -> None:
    items = (
        '\n[[item]]\nid = "response_a"\nkind = "count"\nevent = "response"\namong = "a"\ncount = 15\nn = 20\n'
        '\n[[item]]\nid = "os"\nkind = "survival"\namong = "x"\nat = "1 year"\nvalue = "60%"\n'
    )
    study = study_of(tmp_path, GOOD.replace("\n[[item]]", of_several("x", "a", "responders") + "\n[[item]]", 1) + items)
    sentences = [finding.sentence for finding in audit(study)]
    assert "Survival at 1 year among x, 60%, is 9 of 15 patients." in sentences
    assert any(sentence.startswith("Survival of x groups patients by the future") for sentence in sentences)
