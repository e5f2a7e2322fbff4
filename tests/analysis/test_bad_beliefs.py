"""Analysis files with broken beliefs, conventions or requests, each with the whole sentence that a user gets."""

from collections.abc import Callable

import pytest

# What is replaced in good.toml, by what, and the sentence after the path of the file.
BROKEN = {
    "unknown family": (
        'response = "weibull"',
        'response = "weibul"',
        "hazards.response: unknown family 'weibul'; did you mean 'weibull'?",
    ),
    "a family unlike any": (
        'response = "weibull"',
        'response = "m_spline"',
        (
            "hazards.response: unknown family 'm_spline'; known are 'gompertz', 'log_logistic', "
            "'piecewise_exponential', 'weibull'"
        ),
    ),
    "pieces without cuts": (
        'response = "weibull"',
        'response = "piecewise_exponential"',
        "hazards: cuts.response are missing; required",
    ),
    "cuts without pieces": (
        'response = "weibull"',
        'response = "weibull"\ncuts.response = [7, 14]',
        "hazards: cuts.response are given; weibull has none",
    ),
    "cuts that fall": (
        'response = "weibull"',
        'response = "piecewise_exponential"\ncuts.response = [14, 7]',
        "hazards: cuts.response: required 1 to 12 increasing days, found [14.0, 7.0]",
    ),
    "cuts of no transition": (
        'response = "weibull"',
        'response = "weibull"\ncuts.recovery = [7]',
        (
            "hazards: cuts: unknown transition 'recovery'; known are 'death_after_response', "
            "'death_without_response', 'response'"
        ),
    ),
    "pieces without a belief about steps": (
        'response = "weibull"',
        'response = "piecewise_exponential"\ncuts.response = [7, 14]',
        "prior.response_step is missing (required: hazard after a cut over that before, the response hazard)",
    ),
    "a family as a number": (
        'response = "weibull"',
        "response = 1",
        "hazards.response: required text in quotes, found 1",
    ),
    "unknown clock": (
        'clock = "reset"',
        'clock = "rest"',
        "hazards.clock: required 'reset' or 'forward', found 'rest'; did you mean 'reset'?",
    ),
    "a share that is not there depends on duration": (
        "never_respond = true",
        "never_respond = false\nnever_respond_by_duration = true",
        "hazards: never_respond_by_duration is true and never_respond is false; required a share to depend",
    ),
    "a share depends on duration without a prior": (
        "never_respond = true",
        "never_respond = true\nnever_respond_by_duration = true",
        "prior.odds_ratio_never_respond is missing (required: odds ratio of never responding with duration)",
    ),
    "follow-up in words": (
        "complete = false",
        'complete = "no"',
        "follow_up.complete: required true or false, found 'no'",
    ),
    "unknown scale": (
        'survival_interval = "plain"',
        'survival_interval = "loglog"',
        (
            "conventions.survival_interval: required 'plain', 'log', 'log-log', 'logit' or 'arcsin', found "
            "'loglog'; did you mean 'log-log'?"
        ),
    ),
    "a level as a percentage": ("level = 0.95", "level = 95", "conventions.level: required a number below 1, found 95"),
    "a level not a number": ("level = 0.95", "level = nan", "conventions.level: required a finite number, found nan"),
    "a guess without end": (
        "best_guess = 14.0",
        "best_guess = inf",
        "prior.response_median.best_guess: required a finite number, found inf",
    ),
    "a test of an unknown P value": (
        "p_response = {",
        "p_respons = {",
        "conventions.tests: 'p_respons' is no P value; did you mean 'p_response'?",
    ),
    "a test of a count": (
        "p_response = {",
        "response = {",
        "conventions.tests: 'response' is no P value; did you mean 'p_response'?",
    ),
    "unknown test": (
        '{ test = "cox" }',
        '{ test = "coxph" }',
        (
            "conventions.tests.p_response.test: required 'log-rank', 'cox', 'fine-gray', 'spearman' or 'fisher', found "
            "'coxph'; did you mean 'cox'?"
        ),
    ),
    "unknown direction": (
        '{ test = "cox" }',
        '{ test = "cox", direction = "up" }',
        "conventions.tests.p_response.direction: required 'increases' or 'decreases', found 'up'",
    ),
    "a test of response for survival": (
        '{ test = "log-rank" }',
        '{ test = "spearman" }',
        "item 'p_os_duration': 'spearman' tests time to response; required 'log-rank' or 'cox'",
    ),
    "a log-rank test without groups": (
        '{ test = "cox" }',
        '{ test = "log-rank" }',
        "item 'p_response': the log-rank test needs groups_compared; required another test",
    ),
    "a P value without a test": (
        'p_response = { test = "cox" }\n',
        "",
        "item 'p_response': the paper does not name the test; required one in conventions.tests",
    ),
    "a test that the paper names": (
        "p_response = {",
        'p_os_response = { test = "cox" }\np_response = {',
        "conventions.tests.p_os_response: the paper names the test, 'log-rank'; remove it",
    ),
    "unknown parameter": (
        "[prior.response_shape]",
        "[prior.respons_shape]",
        "prior: unknown parameter 'respons_shape'; did you mean 'response_shape'?",
    ),
    "a parameter without a prior": (
        '[prior.lost_by_one_year]\nbest_guess = 0.20\nbelow = 0.60\nwhy = "recent patients"\n',
        "",
        "prior.lost_by_one_year is missing (required: share whose follow-up ends before one year)",
    ),
    "a prior as a number": (
        '[prior.lost_by_one_year]\nbest_guess = 0.20\nbelow = 0.60\nwhy = "recent patients"\n',
        "[prior]\nlost_by_one_year = 0.2\n",
        "prior.lost_by_one_year: required a table, found 0.2",
    ),
    "a prior without a reason": (
        'why = "recent patients"\n',
        "",
        "prior.lost_by_one_year: why is missing (required: where the belief comes from)",
    ),
    "below on the wrong side": (
        "below = 60.0",
        "below = 6.0",
        "prior.response_median: below 6 is not above the best guess 14",
    ),
    "above on the wrong side": (
        "above = 0.30",
        "above = 0.80",
        "prior.death_without_response: above 0.8 is not below the best guess 0.7",
    ),
    "below and above": (
        "below = 60.0",
        "below = 60.0\nabove = 3.0",
        "prior.response_median: below and above are both given; required one of them",
    ),
    "neither below nor above": (
        "below = 60.0\n",
        "",
        "prior.response_median: below or above is missing; required one of them, with the best guess on its side",
    ),
    "a share of everybody": (
        "below = 0.40",
        "below = 1.0",
        "prior.never_respond: below: required a share below 1, such as 0.35 for 35%, found 1",
    ),
    "a share in percent": (
        "best_guess = 0.35\nbelow = 0.80",
        "best_guess = 35\nbelow = 80",
        "prior.death_after_response: best_guess: required a share below 1, such as 0.35 for 35%, found 35",
    ),
    "a share with a percent sign": (
        "best_guess = 0.35",
        'best_guess = "35%"',
        "prior.death_after_response.best_guess: required a number, found '35%'",
    ),
    "a negative guess": (
        "best_guess = 14.0",
        "best_guess = -14.0",
        "prior.response_median.best_guess: required a number above 0, found -14.0",
    ),
    "a guess of nothing": (
        "best_guess = 14.0",
        "best_guess = 0.0",
        "prior.response_median.best_guess: required a number above 0, found 0.0",
    ),
    "a guess of true": (
        "best_guess = 14.0",
        "best_guess = true",
        "prior.response_median.best_guess: required a number, found True",
    ),
    "sure in percent": ("sure = 0.9", "sure = 90", "prior.never_respond.sure: required a number below 1, found 90"),
    "sure of nothing": ("sure = 0.9", "sure = 0.5", "prior.never_respond.sure: required a number above 0.5, found 0.5"),
    "sure of next to nothing": (
        "sure = 0.9",
        "sure = 0.500001",
        (
            "prior.never_respond: best_guess 0.1 and below 0.4 with sure 0.500001 say next to nothing; required a "
            "limit nearer to the best guess or a larger sure"
        ),
    ),
    "a limit at the guess": (
        "best_guess = 14.0\nbelow = 60.0",
        "best_guess = 14.0\nbelow = 14.000001",
        "prior.response_median: below: 14.000001 is next to the best guess; required a limit further away",
    ),
    "no durations": ("[14.0, 38.0, 90.0]", "[]", "report.durations: required at least 1 entry, found []"),
    "a negative duration": (
        "[14.0, 38.0, 90.0]",
        "[14.0, -38.0]",
        "report.durations[2]: required a number of at least 0.001, found -38.0",
    ),
    "durations as a number": ("[14.0, 38.0, 90.0]", "14.0", "report.durations: required a list, found 14.0"),
    "more than a dozen durations": (
        "[14.0, 38.0, 90.0]",
        "[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0]",
        "report.durations: required at most 12 entries, found [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, ...]",
    ),
    "the same duration twice": ("[14.0, 38.0, 90.0]", "[14.0, 14]", "report.durations: 14.0 is named twice"),
    "studies that cannot differ": (
        "[report]",
        '[between_studies]\nhazard_ratio_rarely_above = 1.0\nwhy = "x"\n[report]',
        "between_studies.hazard_ratio_rarely_above: required a number above 1, found 1.0",
    ),
    "handled as a number": (
        "[report]",
        '[handled]\n"interval_size:os" = 3\n[report]',
        "handled.'interval_size:os': required text in quotes, found 3",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_analysis_gets_its_sentence(case: str, sentence_of: Callable[[str, str], str]) -> None:
    old, new, sentence = BROKEN[case]
    assert sentence_of(old, new) == sentence
