"""Study files whose tables, keys, ids and groups are broken, each with the whole sentence that a user gets."""

from pathlib import Path

import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.study import load_study

# What is replaced in good.toml, by what, and the sentence after the path of the file.
BROKEN = {
    "unknown top-level key": (
        "[study]",
        "[paper]",
        "unknown key 'paper'; known are 'event', 'group', 'item', 'schema', 'study'",
    ),
    "misspelt top-level key": ("[study]", "[studdy]", "unknown key 'studdy'; did you mean 'study'?"),
    "schema missing": ("schema = 1\n", "", "schema is missing; required schema = 1"),
    "schema of the future": ("schema = 1", "schema = 2", "schema: required 1, found 2"),
    "schema as text": ("schema = 1", 'schema = "1"', "schema: required 1, found '1'"),
    "schema as truth": ("schema = 1", "schema = true", "schema: required 1, found True"),
    "study id with capitals": (
        'id = "demo"',
        'id = "Demo 2023"',
        "study: id: required lower-case letters, digits and underscores, a letter first, found 'Demo 2023'",
    ),
    "study key misspelt": ("title =", "titel =", "study: unknown key 'titel'; did you mean 'title'?"),
    "study title missing": (
        'title = "A <b>small</b> study & its numbers"\n',
        "",
        "study: title is missing (required: title of the paper)",
    ),
    "title on two lines": (
        'design = "retrospective"',
        'design = "retro\\nspective"',
        "study: design: required text on one line, found 'retro\\nspective'",
    ),
    "title of spaces": (
        'design = "retrospective"',
        'design = "  "',
        "study: design: required text on one line, found '  '",
    ),
    "no patients": ("n = 31\ntime_zero", "n = 0\ntime_zero", "study: n: required a number of at least 1, found 0"),
    "patients as text": (
        "n = 31\ntime_zero",
        'n = "31"\ntime_zero',
        "study: n: required a whole number, found '31'",
    ),
    "half a patient": ("n = 31\ntime_zero", "n = 31.5\ntime_zero", "study: n: required a whole number, found 31.5"),
    "title as a number": (
        'design = "retrospective"',
        "design = 3",
        "study: design: required text in quotes, found 3",
    ),
    "group called all": (
        "[group.short]",
        "[group.all]",
        "group 'all': every study has the group 'all'; required another name",
    ),
    "group id with a space": (
        "[group.short]",
        '[group."short ones"]',
        (
            "group 'short ones': id: required lower-case letters, digits and underscores, a letter first, "
            "found 'short ones'"
        ),
    ),
    "group with an id key": (
        'rule = "<= 38 days"',
        'rule = "<= 38 days"\nid = "short"',
        "group 'short': unknown key 'id'; the name of the table is the id",
    ),
    "group by something else": (
        'by = "duration"',
        'by = "durations"',
        (
            "group 'short': by: required 'response', 'duration', 'characteristic' or 'groups', found 'durations'; "
            "did you mean 'duration'?"
        ),
    ),
    "group without rule": (
        'rule = "<= 38 days"\n',
        "",
        "group 'short': rule is missing; a group by duration needs it",
    ),
    "group with value and rule": (
        'rule = "<= 38 days"',
        'rule = "<= 38 days"\nvalue = "yes"',
        "group 'short': value is given for a group by duration; remove it",
    ),
    "rule without a unit": (
        'rule = "<= 38 days"',
        'rule = "<= 38"',
        "group 'short': rule: required '<', '<=', '>' or '>=' and a time, such as '<= 38 days', found '<= 38'",
    ),
    "rule without a relation": (
        'rule = "<= 38 days"',
        'rule = "38 days"',
        "group 'short': rule: required '<', '<=', '>' or '>=' and a time, such as '<= 38 days', found '38 days'",
    ),
    "groups as a list": (
        "[group.responders]",
        "[[group]]",
        (
            "group: required [group.name] tables, found [{'by': 'response', 'label': 'responders', 'others': {...}, "
            "'short': {...}, ...}]"
        ),
    ),
    "item without a kind": (
        'kind = "count"\n',
        "",
        (
            "item 'response': kind is missing; known are 'at_risk', 'count', 'covariate_summary', 'difference', "
            "'duration', 'everybody_died_by', 'fact', 'follow_up', 'incidence', 'median_time', 'p_value', 'ratio', "
            "'share', 'survival'"
        ),
    ),
    "unknown kind": (
        'kind = "survival"',
        'kind = "surival"',
        "item 'os_1y': unknown kind 'surival'; did you mean 'survival'?",
    ),
    "kind as a number": ('kind = "survival"', "kind = 3", "item 'os_1y': kind: required text in quotes, found 3"),
    "item without an id": (
        'id = "os_1y"\n',
        "",
        "item 2: id is missing (required: name of the item, used everywhere: lower-case letters, digits, underscores)",
    ),
    "item id as a number": ('id = "os_1y"', "id = 1", "item 2: id: required text in quotes, found 1"),
    "item id with a dot": (
        'id = "os_1y"',
        'id = "os.1y"',
        "item 'os.1y': id: required lower-case letters, digits and underscores, a letter first, found 'os.1y'",
    ),
    "item id too long": (
        'id = "os_1y"',
        f'id = "{"o" * 61}"',
        f"item '{'o' * 27}...{'o' * 28}': id: required at most 60 characters, found '{'o' * 27}...{'o' * 28}'",
    ),
    "same id twice": ('id = "os_1y"', 'id = "response"', "item 'response': items 1 and 2 have the same id"),
    "item key misspelt": ('at = "1 year"', 'att = "1 year"', "item 'os_1y': unknown key 'att'; did you mean 'at'?"),
    "item key of another kind": (
        'words = "all died within the first year"',
        'words = "all died within the first year"\ncensoring = "none"',
        (
            "item 'all_died': unknown key 'censoring'; known are 'among', 'by', 'event', 'id', 'kind', 'note', "
            "'place', 'words'"
        ),
    ),
    "place missing": (
        'place = "Figure 1C"',
        "",
        "item 'os_1y': place is missing (required: where the paper prints it)",
    ),
    "unknown group": (
        'among = "short"',
        'among = "shorts"',
        "item 'os_1y': unknown group 'shorts'; did you mean 'short'?",
    ),
    "unknown group in a comparison": (
        '["responders", "others"]',
        '["responders", "rest"]',
        "item 'p_os': unknown group 'rest'; known are 'all', 'others', 'responders', 'short'",
    ),
    "unknown group in a reading": (
        '"Figure 1" = "all"',
        '"Figure 1" = "everyone"',
        "item 'response_median': unknown group 'everyone'; known are 'all', 'others', 'responders', 'short'",
    ),
    "count above n": ("count = 26", "count = 62", "item 'response': count 62 is more than n 31; check abstract"),
    "negative count": ("count = 26", "count = -1", "item 'response': count: required a number of at least 0, found -1"),
    "n above the study": (
        "count = 26\nn = 31",
        "count = 26\nn = 32",
        "item 'response': n 32 is more than the 31 patients of the study; check abstract",
    ),
    "n among all below the study": (
        "count = 26\nn = 31",
        "count = 26\nn = 30",
        (
            "item 'response': n 30 among all differs from the 31 patients of the study; check abstract, and where "
            "fewer could be evaluated say in evaluable why the others were not"
        ),
    ),
    "unknown event": (
        'event = "response"\ncount',
        'event = "recovery"\ncount',
        "item 'response': event: unknown event 'recovery'; known are 'death', 'response'",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_gets_its_sentence(case: str, good_text: str, study_file: Path) -> None:
    old, new, sentence = BROKEN[case]
    assert old in good_text
    study_file.write_text(good_text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_study(study_file)
    assert str(caught.value) == f"{study_file}: {sentence}"
