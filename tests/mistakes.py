"""Files with several mistakes each, and the lines that a user gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
MODELS = TESTS.parent / "models"


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A file of which several places are changed, and the lines that a user gets, each after the file's name.

    Parameters
    ----------
    around
        The files that are there, by their place in a folder.
    changes
        What is replaced in the file, and by what.
    command
        Which command reads such a file.
    """

    around: Mapping[str, Path]
    file: str
    changes: Sequence[tuple[str, str]]
    lines: Sequence[str]
    command: str = "audit"


STUDY = {"x.toml": TESTS / "evidence/good.toml"}
ANALYSIS = {
    "x.toml": TESTS / "analysis/good.toml",
    "study.toml": TESTS / "analysis/good_study.toml",
    "other.toml": MODELS / "plain_weibull.toml",
}
POOL = {str(path.relative_to(MODELS)): path for path in MODELS.rglob("*.toml")}
ARMS = {
    "x.toml": MODELS / "richardson2016.toml",
    "evidence/richardson2016.toml": MODELS / "evidence/richardson2016.toml",
}
PATIENTS = {
    "bmt.toml": TESTS / "data/bmt.toml",
    "r_reference/kmsurv_bmt.csv": TESTS / "data/r_reference/kmsurv_bmt.csv",
}

CASES = {
    "a study": Broken(
        around=STUDY,
        file="x.toml",
        changes=[("n = 31\ntime_zero", "n = 0\ntime_zero"), ('by = "duration"', 'by = "durations"'), ('"85%"', '"85"')],
        lines=[
            "study: n: required a number of at least 1, found 0",
            (
                "group 'short': by: required 'response', 'duration', 'characteristic' or 'groups', found 'durations'; "
                "did you mean 'duration'?"
            ),
            (
                "item 'os_1y': value: required a proportion such as '59%' or '0.59', found '85'; add % if it is a "
                "percentage"
            ),
        ],
    ),
    "a study that does not fit together": Broken(
        around=STUDY,
        file="x.toml",
        changes=[
            ('[group.others]\nby = "response"', '[group.others]\nby = "response"\nevent = "recovry"'),
            ('kind = "count"\nevent = "response"', 'kind = "count"\nevent = "respons"'),
            ('id = "p_os"', 'id = "os_1y"'),
            ('among = "short"', 'among = "shrt"'),
        ],
        lines=[
            "group 'others': event: unknown event 'recovry'; known are 'death', 'response'",
            "item 'response': event: unknown event 'respons'; did you mean 'response'?",
            "item 'os_1y': unknown group 'shrt'; did you mean 'short'?",
            "item 'os_1y': items 2 and 4 have the same id",
        ],
    ),
    "a study with mistakes within and between tables": Broken(
        around=STUDY,
        file="x.toml",
        changes=[('among = "short"', 'among = "shrt"'), ('"9 days"', '"9 dys"'), ('id = "p_os"', 'id = "os_1y"')],
        lines=[
            "item 'os_1y': unknown group 'shrt'; did you mean 'short'?",
            "item 'response_median': value: required a time with its unit, such as '9 days', found '9 dys'",
            "item 'os_1y': items 2 and 4 have the same id",
        ],
    ),
    "an analysis": Broken(
        around=ANALYSIS,
        file="x.toml",
        changes=[('form = "log2"', 'form = "log"'), ("level = 0.95", "level = 95"), ("[14.0, 38.0", "[14.0, -38.0")],
        lines=[
            "cohort.form: required 'log2', 'step' or 'none', found 'log'; did you mean 'log2'?",
            "conventions.level: required a number below 1, found 95",
            "report.durations[2]: required a number of at least 0.001, found -38.0",
        ],
    ),
    "an analysis that its study does not fit": Broken(
        around=ANALYSIS,
        file="x.toml",
        changes=[
            ('"os_1y_others", "os_1y_short"', '"os_1y_othrs", "os_1y_shrt"'),
            ("sizes = { short = 16 }", "sizes = { shrt = 16, short = 31 }"),
            ("p_response = {", "p_respons = {"),
        ],
        lines=[
            "fit.items: unknown item 'os_1y_othrs'; did you mean 'os_1y_others'?",
            "fit.items: unknown item 'os_1y_shrt'; did you mean 'os_1y_short'?",
            "cohort.sizes: 'shrt' is no group by duration; did you mean 'short'?",
            "cohort.sizes.short: required 1 to 30 of 31, found 31",
            "conventions.tests: 'p_respons' is no P value; did you mean 'p_response'?",
        ],
    ),
    "an analysis without a belief that its study does not fit": Broken(
        around=ANALYSIS,
        file="x.toml",
        changes=[
            ('"os_1y_others"', '"os_1y_othrs"'),
            ("p_response = {", "p_respons = {"),
            (
                '[prior.hazard_ratio_response]\nbest_guess = 1.0\nbelow = 2.5\nwhy = "either direction"\n\n',
                '[grades.complete]\nbest_guess = 0.2\nbelow = 0.5\nwhy = "weak"\n\n',
            ),
        ],
        lines=[
            "fit.items: unknown item 'os_1y_othrs'; did you mean 'os_1y_others'?",
            "conventions.tests: 'p_respons' is no P value; did you mean 'p_response'?",
            "prior.hazard_ratio_response is missing (required: hazard ratio of response with duration)",
            "grades: unknown grade 'complete'; the study declares none of this response",
        ],
    ),
    "arms": Broken(
        around=ARMS,
        file="x.toml",
        changes=[
            ('form = "none"', 'form = "nun"'),
            ("rarely_above = 5.0", "rarely_above = 0.2"),
            ("complete = false", "complete = 0"),
        ],
        lines=[
            "arms.hazard_ratio_rarely_above: required a number above 1, found 0.2",
            "cohort.form: required 'log2', 'step' or 'none', found 'nun'",
            "follow_up.complete: required true or false, found 0",
        ],
    ),
    "arms that their study does not have": Broken(
        around=ARMS,
        file="x.toml",
        changes=[
            ('"controls"', '"control"'),
            ('"defibrotide"', '"defibrotid"'),
            ('form = "none"', 'form = "none"\nresponders = 50'),
            ("[prior.lost_by_one_year]", "[prior.hazard_ratio_response]"),
        ],
        lines=[
            "arms: required groups by characteristic, found 'control'; did you mean 'controls'?",
            "arms: required groups by characteristic, found 'defibrotid'; did you mean 'defibrotide'?",
            ("cohort.responders: required without it beside arms; arms.responders says how many responded in each arm"),
            "prior.lost_by_one_year is missing (required: share whose follow-up ends before one year)",
        ],
    ),
    "arms of other numbers": Broken(
        around=ARMS,
        file="x.toml",
        changes=[('"response_defibrotide"', '"respons_defibrotide"'), ('"os_100d_controls"', '"os_100d_control"')],
        lines=[
            (
                "fit.items: required numbers that are each of one of the arms 'controls', 'defibrotide', found "
                "'respons_defibrotide', which is of none of them; did you mean 'response_defibrotide'?"
            ),
            (
                "fit.items: required numbers that are each of one of the arms 'controls', 'defibrotide', found "
                "'os_100d_control', which is of none of them; did you mean 'os_100d_controls'?"
            ),
        ],
    ),
    "arms of which each has a mistake": Broken(
        around=ARMS,
        file="x.toml",
        changes=[
            ("[cohort]", "[arms.responders]\ndefibrotide = 200\ncontrols = 100\n\n[cohort]"),
        ],
        lines=[
            "arms.responders.defibrotide: required at most the 102 patients, found 200",
            "arms.responders.controls: required at most the 32 patients, found 100",
        ],
    ),
    "a pool": Broken(
        around=POOL,
        file="pooled.toml",
        changes=[
            ("schema = 1", "schema = 1\nfoo = 1"),
            ("never_respond = 4.0", "never_respond = 0.25"),
            ("weight = 1.0", "weight = 1.5"),
        ],
        lines=[
            (
                "unknown key 'foo'; known are 'between_studies', 'borrowing', 'definition', 'definitions', "
                "'exchangeable', 'population', 'population_words', 'populations', 'question', 'report', 'schema', "
                "'shared_patients', 'studies', 'title'"
            ),
            "between_studies.never_respond: required a number of at least 1, found 0.25",
            "exchangeable.weight: required a number of at most 1, found 1.5",
        ],
    ),
    "a pool whose studies are not there": Broken(
        around=POOL,
        file="pooled.toml",
        changes=[('"scb2024"', '"scb2042"'), ('"liu2024"]', '"lui2024"]')],
        lines=[
            "studies: there is no analysis 'scb2042' in {folder}; did you mean 'scb2024'?",
            "studies: there is no analysis 'lui2024' in {folder}; did you mean 'liu2024'?",
        ],
    ),
    "a pool that does not go together": Broken(
        around=POOL,
        file="pooled.toml",
        changes=[
            ('population = "after_car_t"', 'population = "after_car"'),
            ("weight = 1.0", "weights = { liu = 0.5 }"),
        ],
        lines=[
            "population: no study is of 'after_car'; did you mean 'after_car_t'?",
            "exchangeable.weights: unknown study 'liu'; did you mean 'liu2024'?",
        ],
    ),
    "patients": Broken(
        around=PATIENTS,
        file="bmt.toml",
        changes=[
            ('units = "days"', 'units = "hours"'),
            ("hazard_ratio_rarely_above = 3.0", "hazard_ratio_rarely_above = 1.0"),
            ("never_respond = false", 'never_respond = false\nresponse = "gomperz"'),
        ],
        lines=[
            "patients.units: required 'days', 'weeks', 'months' or 'years', found 'hours'",
            "covariates.age.hazard_ratio_rarely_above: required a number above 1, found 1.0",
            "hazards.response: unknown family 'gomperz'; did you mean 'gompertz'?",
        ],
        command="run",
    ),
    "patients without a belief": Broken(
        around=PATIENTS,
        file="bmt.toml",
        changes=[
            ("[covariates.age]", "[covariates.day]"),
            ("[prior.response_median]", "[prior.hazard_ratio_response]"),
        ],
        lines=[
            (
                "covariates.day: required another name (the column may keep its own); results have dimensions called "
                "'chain', 'draw', 'study', 'day', 'state', 'patient', 'setting', 'group', 'among'"
            ),
            "prior.response_median is missing (required: median time to response of those who can respond)",
        ],
        command="run",
    ),
}
