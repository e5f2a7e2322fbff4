"""Study files whose numbers are broken, each with the whole sentence that a user gets."""

from pathlib import Path

import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.study import load_study

OS = 'value = "85%"\nlower = "65%"\nupper = "100%"\nlevel = 0.95'
# What is replaced in good.toml, by what, and the sentence after the path of the file.
NO_P = "item 'p_os': value: required a P value such as '.007' or '< .001', found"
BROKEN = {
    "survival as a whole number": (
        'value = "85%"',
        "value = 85",
        "item 'os_1y': value: required the number as printed, in quotes, such as '59%' or '0.59', found 85",
    ),
    "survival as a fraction without quotes": (
        'value = "85%"',
        "value = 0.85",
        "item 'os_1y': value: required the number as printed, in quotes, such as '59%' or '0.59', found 0.85",
    ),
    "percent sign forgotten": (
        'value = "85%"',
        'value = "85"',
        "item 'os_1y': value: required a proportion such as '59%' or '0.59', found '85'; add % if it is a percentage",
    ),
    "proportion above 1": (
        'value = "85%"',
        'value = "1.2"',
        "item 'os_1y': value: required a proportion such as '59%' or '0.59', found '1.2', which is above 1",
    ),
    "percent above 100": (
        'upper = "100%"',
        'upper = "101%"',
        "item 'os_1y': upper: required a proportion such as '59%' or '0.59', found '101%', which is above 1",
    ),
    "negative percent": (
        'lower = "65%"',
        'lower = "-5%"',
        "item 'os_1y': lower: required a proportion such as '59%' or '0.59', found '-5%', which is negative",
    ),
    "survival in days": (
        'value = "85%"',
        'value = "85 days"',
        "item 'os_1y': value: required a proportion such as '59%' or '0.59', found '85 days'",
    ),
    "survival as a bound": (
        'value = "85%"',
        'value = "< 85%"',
        "item 'os_1y': value: required a proportion such as '59%' or '0.59', found '< 85%'",
    ),
    "survival in words": (
        'value = "85%"',
        'value = "most of them"',
        "item 'os_1y': value: required a proportion such as '59%' or '0.59', found 'most of them'",
    ),
    "survival of everybody in words": (
        'value = "85%"',
        'value = "all"',
        "item 'os_1y': value: required a proportion such as '59%' or '0.59', found 'all'",
    ),
    "survival in full-width digits": (
        'value = "85%"',
        'value = "８５%"',
        "item 'os_1y': value: required a proportion such as '59%' or '0.59', found '８５%'",
    ),
    "far too many digits": (
        'value = "85%"',
        f'value = "0.{"8" * 5000}"',
        f"item 'os_1y': value: required a proportion such as '59%' or '0.59', found '0.{'8' * 25}...{'8' * 28}'",
    ),
    "interval below the estimate": (
        'lower = "65%"',
        'lower = "94%"',
        "item 'os_1y': lower 94% is above the estimate 85%; check Figure 1C",
    ),
    "interval above the estimate": (
        'upper = "100%"',
        'upper = "80%"',
        "item 'os_1y': upper 80% is below the estimate 85%; check Figure 1C",
    ),
    "half an interval": (
        'lower = "65%"\nupper = "100%"',
        'lower = "65%"',
        "item 'os_1y': upper is missing beside lower; give both limits or neither",
    ),
    "level without an interval": (
        OS,
        'value = "85%"\nlevel = 0.95',
        "item 'os_1y': level is given but lower and upper are missing",
    ),
    "level as a percentage": ("level = 0.95", "level = 95", "item 'os_1y': level: required a number below 1, found 95"),
    "level of nothing": ("level = 0.95", "level = 0.0", "item 'os_1y': level: required a number above 0, found 0.0"),
    "level as text": ("level = 0.95", 'level = "95%"', "item 'os_1y': level: required a number, found '95%'"),
    "level not a number": ("level = 0.95", "level = nan", "item[2].level: required a finite number, found nan"),
    "level without end": ("level = 0.95", "level = -inf", "item[2].level: required a finite number, found -inf"),
    "day without a unit": (
        'at = "1 year"',
        'at = "365"',
        "item 'os_1y': at: required a time with its unit, such as '9 days', found '365'",
    ),
    "day as a number": (
        'at = "1 year"',
        "at = 365",
        "item 'os_1y': at: required the number as printed, in quotes, such as '9 days', found 365",
    ),
    "negative day": (
        'at = "1 year"',
        'at = "-3 days"',
        "item 'os_1y': at: required a time with its unit, such as '9 days', found '-3 days', which is negative",
    ),
    "day zero": ('at = "1 year"', 'at = "0 days"', "item 'os_1y': at: required a time after 0 days, found '0 days'"),
    "day in hours": (
        'value = "9 days"',
        'value = "9 hours"',
        "item 'response_median': value: required a time with its unit, such as '9 days', found '9 hours'",
    ),
    "day as a date": (
        'value = "9 days"',
        "value = 2023-04-01",
        (
            "item 'response_median': value: required the number as printed, in quotes, such as '9 days', "
            "found datetime.date(2023, 4, 1)"
        ),
    ),
    "median outside its interval": (
        'lower = "7 days"\nupper = "14 days"',
        'lower = "2 weeks"\nupper = "3 weeks"',
        "item 'response_median': lower 2 weeks is above the estimate 9 days; check Figure 1A",
    ),
    "readings and among": (
        'place = "Figure 1A"',
        'place = "Figure 1A"\namong = "all"',
        "item 'response_median': among and readings are both given; readings says among whom, leave among out",
    ),
    "one reading": (
        '{ "abstract" = "responders", "Figure 1" = "all" }',
        '{ "abstract" = "responders" }',
        "item 'response_median': readings: required at least 2 entries, found {'abstract': 'responders'}",
    ),
    "readings that agree": (
        '"Figure 1" = "all"',
        '"Figure 1" = "responders"',
        "item 'response_median': readings name the same group twice; they are the places that disagree",
    ),
    "readings as text": (
        '{ "abstract" = "responders", "Figure 1" = "all" }',
        '"responders or all"',
        "item 'response_median': readings: required a table, found 'responders or all'",
    ),
    "P of 0": (
        'value = "< .001"',
        'value = "0"',
        f"{NO_P} '0': no P value is 0; to how many digits was it?",
    ),
    "P below 0": (
        'value = "< .001"',
        'value = "< .000"',
        "item 'p_os': value: required a P value such as '.007' or '< .001', found '< .000': no P value is below 0",
    ),
    "P above 1 as an inequality": (
        'value = "< .001"',
        'value = "> 1"',
        "item 'p_os': value: required a P value such as '.007' or '< .001', found '> 1': no P value is above 1",
    ),
    "P of a group and of all": (
        'groups_compared = ["responders", "others"]',
        'groups_compared = ["responders", "all"]',
        "item 'p_os': groups_compared names 'all'; required two groups that share no patient",
    ),
    "P above 1": (
        'value = "< .001"',
        'value = "1.5"',
        "item 'p_os': value: required a P value such as '.007' or '< .001', found '1.5', which is above 1",
    ),
    "P in percent": (
        'value = "< .001"',
        'value = "5%"',
        "item 'p_os': value: required a P value such as '.007' or '< .001', found '5%'",
    ),
    "P not significant": (
        'value = "< .001"',
        'value = "NS"',
        f"{NO_P} 'NS', which gives no number; write '> .05' if the paper says that .05 is its level",
    ),
    "P as a number": (
        'value = "< .001"',
        "value = 0.001",
        "item 'p_os': value: required the number as printed, in quotes, such as '.007' or '< .001', found 0.001",
    ),
    "unknown comparison": (
        'comparison = "survival by response"',
        'comparison = "survival by age"',
        (
            "item 'p_os': comparison: required 'survival by response', 'survival by duration', 'response by duration', "
            "'survival by characteristic' or 'response by characteristic', found 'survival by age'; did you mean "
            "'survival by response'?"
        ),
    ),
    "comparison without groups": (
        'groups_compared = ["responders", "others"]\n',
        "",
        "item 'p_os': groups_compared is missing; survival by response compares two groups",
    ),
    "comparison of one group": (
        '["responders", "others"]',
        '["responders"]',
        "item 'p_os': groups_compared: entry 2 is missing",
    ),
    "comparison of a group with itself": (
        '["responders", "others"]',
        '["others", "others"]',
        "item 'p_os': groups_compared names 'others' twice; required two groups",
    ),
    "comparison of three groups": (
        '["responders", "others"]',
        '["responders", "others", "short"]',
        "item 'p_os': groups_compared: required at most 2 entries, found ['responders', 'others', 'short']",
    ),
    "unknown test": (
        'name = "log-rank"',
        'name = "logrank"',
        (
            "item 'p_os': test.name: required 'log-rank', 'cox', 'fine-gray', 'spearman' or 'fisher', found 'logrank'; "
            "did you mean 'log-rank'?"
        ),
    ),
    "test with an unknown key": (
        'status = "assumed"',
        'state = "assumed"',
        "item 'p_os': test: unknown key 'state'; did you mean 'status'?",
    ),
    "test with a key too many": (
        'status = "assumed"',
        'status = "assumed", stat = 3',
        "item 'p_os': test: unknown key 'stat'; did you mean 'status'?",
    ),
    "test as text": (
        'test = { name = "log-rank", status = "assumed" }',
        'test = "log-rank"',
        "item 'p_os': test: required a table, found 'log-rank'",
    ),
    "range above the median": (
        'lowest = "7 days"',
        'lowest = "70 days"',
        "item 'duration': lowest 70 days is above the median 38 days; check abstract",
    ),
    "range below the median": (
        'highest = "151 days"',
        'highest = "15 days"',
        "item 'duration': highest 15 days is below the median 38 days; check abstract",
    ),
    "control character in a place": (
        'place = "Figure 1C"',
        'place = "Figure\\u0007 1C"',
        "item[2].place holds the control character U+0007; remove it",
    ),
    "text that runs backwards": (
        'title = "A',
        'title = "\\u202EA',
        "study.title holds the control character U+202E; remove it",
    ),
    "control character in a key": (
        'place = "Figure 1C"',
        '"pl\\u0000ce" = "Figure 1C"',
        "a key holds the control character U+0000; remove it",
    ),
    "integer beyond TOML": (
        "count = 26",
        "count = 99999999999999999999",
        "item[1].count: required a whole number below 2^63, found a larger one",
    ),
    "nested without end": (
        "count = 26",
        f"count = {'[' * 30}{']' * 30}",
        "tables or arrays are nested too deeply; required at most 20",
    ),
    "not TOML": (
        "schema = 1",
        "schema: 1",
        "not TOML: expected '=' after a key in a key/value pair (at line 1, column 7)",
    ),
    "same key twice": (
        "level = 0.95",
        "level = 0.95\nlevel = 0.90",
        "not TOML: cannot overwrite a value (at line 45, column 13)",
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
