"""Analysis files with broken tables, fitted items or groups, each with the whole sentence that a user gets."""

from collections.abc import Callable

import pytest

FITTABLE = (
    "required one of 'response', 'deaths', 'response_median.responders', 'response_median.all', 'death_median', "
    "'os_1y', 'os_1y_again', 'os_1y_others', 'os_1y_short', 'os_1y_brief', 'os_2y', 'os_1w', 'p_response'"
)
# What is replaced in good.toml, by what, and the sentence after the path of the file.
BROKEN = {
    "title as a number": (
        'title = "A <b>small</b> analysis & what it assumes"',
        "title = 3",
        "title: required text in quotes, found 3",
    ),
    "title on two lines": (
        'title = "A ',
        'title = "A\\n',
        "title: required text on one line, found 'A\\n<b>small</b> analysis & what it assumes'",
    ),
    "title with a control character": (
        'title = "A ',
        'title = "A\\u001b',
        "title holds the control character U+001B; remove it",
    ),
    "why that runs backwards": (
        'why = "not printed"',
        'why = "\\u202Enot printed"',
        "follow_up.why holds the control character U+202E; remove it",
    ),
    "no title": (
        'title = "A <b>small</b> analysis & what it assumes"\n',
        "",
        "title is missing (required: what this analysis is)",
    ),
    "schema of the future": ("schema = 1", "schema = 2", "schema: required 1, found 2"),
    "schema that is true": ("schema = 1", "schema = true", "schema: required 1, found True"),
    "schema as text": ("schema = 1", 'schema = "1"', "schema: required 1, found '1'"),
    "unknown key": ("question =", "questions =", "unknown key 'questions'; did you mean 'question'?"),
    "unknown table": ("[hazards]", "[hazard]", "unknown key 'hazard'; did you mean 'hazards'?"),
    "unknown key in a table": ("clock =", "clok =", "hazards: unknown key 'clok'; did you mean 'clock'?"),
    "unknown key in a prior": (
        "best_guess = 14.0",
        "best_gues = 14.0",
        "prior.response_median: unknown key 'best_gues'; did you mean 'best_guess'?",
    ),
    "table as text": (
        "schema = 1",
        'schema = 1\nbetween_studies = "none"',
        "between_studies: required a table, found 'none'",
    ),
    "no follow-up": (
        '[follow_up]\ncomplete = false\nwhy = "not printed"\n',
        "",
        "follow_up is missing (required: follow-up)",
    ),
    "items as text": (
        'items = ["response", "response_median.all", "os_1y_others", "os_1y_short"]',
        'items = "response"',
        "fit.items: required a list, found 'response'",
    ),
    "items as numbers": ('"response", ', "26, ", "fit.items[1]: required text in quotes, found 26"),
    "nothing fitted": (
        '["response", "response_median.all", "os_1y_others", "os_1y_short"]',
        "[]",
        "fit.items: required at least 1 entry, found []",
    ),
    "unknown item": (
        '"os_1y_short"]',
        '"os_1y_shrt"]',
        "fit.items: unknown item 'os_1y_shrt'; did you mean 'os_1y_short'?",
    ),
    "item twice": ('"os_1y_short"]', '"os_1y_short", "response"]', "fit.items: 'response' is named twice"),
    "a P value of survival fitted": (
        '"os_1y_short"]',
        '"os_1y_short", "p_os_duration"]',
        (
            "fit.items: required an exact P value of response by duration to be fitted, found 'p_os_duration', which "
            "can only be checked"
        ),
    ),
    "a P value fitted twice": (
        '"os_1y_short"]',
        '"p_response", "p_response"]',
        "fit.items: 'p_response' is named twice",
    ),
    "a covariate fitted": (
        '"os_1y_short"]',
        '"os_1y_short", "duration"]',
        f"fit.items: the likelihood has no place for 'duration' (covariate_summary among 'all'); {FITTABLE}",
    ),
    "a sentence fitted": (
        '"os_1y_short"]',
        '"os_1y_short", "all_died"]',
        f"fit.items: the likelihood has no place for 'all_died' (everybody_died_by among 'others'); {FITTABLE}",
    ),
    "a limit fitted alone": (
        '"os_1y_short"]',
        '"os_1y_short", "os_1y_short.lower"]',
        f"fit.items: 'os_1y_short.lower' is a part of 'os_1y_short'; {FITTABLE}",
    ),
    "an ambiguous median": (
        '"response_median.all"',
        '"response_median"',
        (
            "fit.items: 'response_median' is printed of more than one group; required one of "
            "'response_median.responders', 'response_median.all'"
        ),
    ),
    "an item and one of its readings": (
        '"response_median.all"',
        '"response_median.all", "response_median"',
        (
            "fit.items: 'response_median' is printed of more than one group; required one of "
            "'response_median.responders', 'response_median.all'"
        ),
    ),
    "two readings of one median": (
        '"response_median.all"',
        '"response_median.all", "response_median.responders"',
        (
            "fit.items: 'response_median.all' and 'response_median.responders' are both a median time to "
            "response; required one of them"
        ),
    ),
    "two survivals of one group": (
        '"os_1y_short"]',
        '"os_1y", "os_1y_again"]',
        "fit.items: 'os_1y' and 'os_1y_again' are both a survival among 'all' at day 365; required one of them",
    ),
    "survival at one week": (
        '"os_1y_others", "os_1y_short"]',
        '"os_1w"]',
        "fit.items: required a number of survival after day 28, found the last at day 7",
    ),
    "the median of responders without their count": (
        '"response", "response_median.all", "os_1y_others"',
        '"response_median.responders"',
        "fit.items: 'response_median.responders' is about 'responders'; required the count of responders beside it",
    ),
    "non-responders without their count": (
        '"response", ',
        "",
        "fit.items: 'os_1y_others' is about 'others'; required the count of responders beside it",
    ),
    "overlap as a number": (
        'why = "each piece',
        'overlap = 1\nwhy = "each piece',
        "fit.overlap: required true or false, found 1",
    ),
    "size of an unknown group": (
        "sizes = { short = 16 }",
        "sizes = { shrt = 16 }",
        "cohort.sizes: 'shrt' is no group by duration; did you mean 'short'?",
    ),
    "size of a group by response": (
        "sizes = { short = 16 }",
        "sizes = { responders = 16 }",
        "cohort.sizes: 'responders' is no group by duration; known are 'brief', 'long', 'short'",
    ),
    "size of a group with an odd name": (
        "sizes = { short = 16 }",
        'sizes = { "Short!" = 16 }',
        "cohort.sizes.'Short!': required lower-case letters, digits and underscores, a letter first, found 'Short!'",
    ),
    "a group of everybody": (
        "sizes = { short = 16 }",
        "sizes = { short = 31 }",
        "cohort.sizes.short: required 1 to 30 of 31, found 31",
    ),
    "a group of nobody": (
        "sizes = { short = 16 }",
        "sizes = { short = 0 }",
        "cohort.sizes.short: required 1 to 30 of 31, found 0",
    ),
    "half a patient": (
        "sizes = { short = 16 }",
        "sizes = { short = 15.5 }",
        "cohort.sizes.short: required a whole number, found 15.5",
    ),
    "two groups that do not add up": (
        "sizes = { short = 16 }",
        "sizes = { short = 16, long = 16 }",
        "cohort.sizes: 'short' and 'long' have all 31 patients, found 16 + 16 = 32",
    ),
    "two cuts": (
        "sizes = { short = 16 }",
        "sizes = { short = 16, brief = 8 }",
        "cohort.sizes: 'short' and 'brief' do not divide the patients; required one division",
    ),
    "no size of a fitted group": (
        "sizes = { short = 16 }\n",
        "",
        "cohort.sizes: required the size of 'short', which 'os_1y_short' is about",
    ),
    "a fitted group by another cut": (
        '"os_1y_short"]',
        '"os_1y_brief"]',
        "cohort.sizes: required the size of 'brief', which 'os_1y_brief' is about",
    ),
    "a step without groups": (
        'form = "log2"\nsizes = { short = 16 }',
        'form = "step"',
        "cohort.sizes is missing; form = 'step' divides the patients at a group's size",
    ),
    "unknown form": (
        'form = "log2"',
        'form = "log"',
        "cohort.form: required 'log2', 'step' or 'none', found 'log'; did you mean 'log2'?",
    ),
    "a reference of nothing": (
        "reference = 38.0",
        "reference = 0.0",
        "cohort.reference: required a number of at least 0.001, found 0.0",
    ),
    "a reference of an instant": (
        "reference = 38.0",
        "reference = 1e-308",
        "cohort.reference: required a number of at least 0.001, found 1e-308",
    ),
    "a negative reference": (
        "reference = 38.0",
        "reference = -38.0",
        "cohort.reference: required a number of at least 0.001, found -38.0",
    ),
    "a reference with its unit": (
        "reference = 38.0",
        'reference = "38 days"',
        "cohort.reference: required a number, found '38 days'",
    ),
    "a reference beyond a life": (
        "reference = 38.0",
        "reference = 1e300",
        "cohort.reference: required a number of at most 3650, found 1e+300",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_analysis_gets_its_sentence(case: str, sentence_of: Callable[[str, str], str]) -> None:
    old, new, sentence = BROKEN[case]
    assert sentence_of(old, new) == sentence
