"""Study files of the kinds that pooled studies print, broken, each with the whole sentence that a user gets."""

from pathlib import Path

import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.study import load_study

GOOD = (Path(__file__).parent / "good_pooled.toml").read_text(encoding="utf-8")
MEDIAN = 'value = "15 days"'
RANGE = 'lowest = "6 days"\nhighest = "124 days"'
# What is replaced in good_pooled.toml, by what, and the sentence after the path of the file.
BROKEN = {
    "a range given as a confidence interval": (
        RANGE,
        'lower = "6 days"\nupper = "124 days"',
        (
            "item 'response_median': level is missing beside lower and upper; required the level of the confidence "
            "interval, such as 0.95 (a range of patients is lowest and highest); check abstract"
        ),
    ),
    "a range given twice": (
        RANGE,
        f'{RANGE}\nlower = "6 days"\nupper = "124 days"\nlevel = 0.95',
        (
            "item 'response_median': 6 days to 124 days are given as an interval and as a range; a range of patients "
            "is lowest and highest, a confidence interval lower and upper; check abstract"
        ),
    ),
    "range above its median": (
        'lowest = "6 days"',
        'lowest = "16 days"',
        "item 'response_median': lowest 16 days is above the median 15 days; check abstract",
    ),
    "range below its median": (
        'highest = "124 days"',
        'highest = "14 days"',
        "item 'response_median': highest 14 days is below the median 15 days; check abstract",
    ),
    "range without a unit": (
        'highest = "124 days"',
        'highest = "124"',
        "item 'response_median': highest: required a time with its unit, such as '9 days', found '124'",
    ),
    "incidence of death": (
        'kind = "incidence"\nevent = "response"',
        'kind = "incidence"\nevent = "death"',
        "item 'response_30d': event: required an event that does not end follow-up, found 'death'; such are 'response'",
    ),
    "incidence in a whole number": (
        'value = "62%"',
        'value = "62"',
        (
            "item 'response_30d': value: required a proportion such as '59%' or '0.59', found '62'; add % if it is a "
            "percentage"
        ),
    ),
    "share outside its interval": (
        'lower = "60%"',
        'lower = "76%"',
        "item 'response': lower 76% is above the estimate 75%; check abstract",
    ),
    "share with a count": (
        'value = "75%"',
        'value = "75%"\ncount = 31',
        (
            "item 'response': unknown key 'count'; known are 'among', 'at', 'event', 'id', 'kind', 'level', 'lower', "
            "'note', 'place', 'upper', 'value'"
        ),
    ),
    "characteristic without a name": (
        'of = "sibling_donor"\nvalue = "yes"',
        'value = "yes"',
        "group 'sibling': of is missing; a group by characteristic needs it",
    ),
    "characteristic without a value": (
        'value = "yes"\nn = 12',
        "n = 12",
        "group 'sibling': value is missing; a group by characteristic needs it",
    ),
    "characteristic with a rule": (
        'value = "yes"\nn = 12',
        'value = "yes"\nrule = "<= 38 days"\nn = 12',
        "group 'sibling': rule is given for a group by characteristic; remove it",
    ),
    "size of a group by response": (
        'by = "response"\nvalue = "yes"',
        'by = "response"\nvalue = "yes"\nn = 31',
        "group 'responders': n is given for a group by response; counts and the median say how many they are",
    ),
    "groups that are more than all": (
        "n = 29",
        "n = 30",
        "group 'other_donor': 'sibling' and 'other_donor' have 12 + 30 = 42 patients, more than the 41 of the study",
    ),
    "the same group twice": (
        'value = "no"\nn = 29',
        'value = "yes"\nn = 29',
        "group 'other_donor': 'sibling' is the same group, 'sibling_donor' with value 'yes'",
    ),
    "a group larger than the study": (
        "n = 12",
        "n = 50",
        "group 'other_donor': 'sibling' and 'other_donor' have 50 + 29 = 79 patients, more than the 41 of the study",
    ),
    "population in words": (
        'population = "poor_graft_function"',
        'population = "poor graft function"',
        (
            "study: population: required lower-case letters, digits and underscores, a letter first, "
            "found 'poor graft function'"
        ),
    ),
    "test of groups without groups": (
        'groups_compared = ["sibling", "other_donor"]\n',
        "",
        "item 'p_response': groups_compared is missing; response by characteristic compares two groups",
    ),
    "shared patients without a reason": (
        'demo = "same centre, same years"',
        "demo = true",
        "study: may_share_patients_with.demo: required text in quotes, found True",
    ),
}


def test_the_file_that_is_broken_here_is_good(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert load_study(file).may_share_patients_with == {"demo": "same centre, same years"}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_gets_its_sentence(case: str, tmp_path: Path) -> None:
    old, new, sentence = BROKEN[case]
    assert old in GOOD
    file = tmp_path / "study.toml"
    file.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_study(file)
    assert str(caught.value) == f"{file}: {sentence}"
