"""Analysis files that name other files wrongly or are none, each with the whole sentence that a user gets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.errors import InputError

# What is replaced in good.toml, by what, and the sentence after the path of the file.
BROKEN = {
    "alternatives as text": (
        'alternatives = ["other"]',
        'alternatives = "other"',
        "report.alternatives: required a list, found 'other'",
    ),
    "an alternative with a path": (
        'alternatives = ["other"]',
        'alternatives = ["../other"]',
        (
            "report.alternatives[1]: required lower-case letters, digits and underscores, a letter first, found "
            "'../other'"
        ),
    ),
    "unknown alternative": (
        'alternatives = ["other"]',
        'alternatives = ["othr"]',
        "report.alternatives: there is no analysis 'othr' in {folder}; did you mean 'other'?",
    ),
    "the same alternative twice": (
        'alternatives = ["other"]',
        'alternatives = ["other", "other"]',
        "report.alternatives: 'other' is named twice",
    ),
    "unknown study file": (
        'study = "study.toml"',
        'study = "studi.toml"',
        "study: there is no file 'studi.toml' in {folder}; did you mean 'study.toml'?",
    ),
    "an absolute study path": (
        'study = "study.toml"',
        'study = "/etc/passwd"',
        "study: required a file in or below {folder}, found '/etc/passwd'",
    ),
    "a study above the folder": (
        'study = "study.toml"',
        'study = "../study.toml"',
        "study: required a file in or below {folder}, found '../study.toml'",
    ),
    "itself as its study": ('study = "study.toml"', 'study = "x.toml"', "unknown key 'title'; did you mean 'item'?"),
    "a folder as its study": (
        'study = "study.toml"',
        'study = "."',
        "study: there is no file '.' in {folder}; known are 'other.toml', 'study.toml', 'x.toml'",
    ),
    "an empty study path": ('study = "study.toml"', 'study = ""', "study: required text on one line, found ''"),
    "a study as a number": ('study = "study.toml"', "study = 1", "study: required text in quotes, found 1"),
    "itself as its base": ("schema = 1", 'base = "x"', "base: analyses are based on each other in a circle: x -> x"),
    "a base with a path": (
        "schema = 1",
        'base = "../x"',
        "base: required the name of an analysis in the same folder, such as 'main', found '../x'",
    ),
    "a base with its ending": (
        "schema = 1",
        'base = "other.toml"',
        "base: required the name of an analysis in the same folder, such as 'main', found 'other.toml'",
    ),
    "a base as a number": (
        "schema = 1",
        "base = 3",
        "base: required the name of an analysis in the same folder, such as 'main', found 3",
    ),
    "unknown base": (
        "schema = 1",
        'base = "othr"',
        "base: there is no analysis 'othr' in {folder}; did you mean 'other'?",
    ),
    "two bases": (
        "schema = 1",
        'base = "other"\nbase = "other"',
        "not TOML: cannot overwrite a value (at line 2, column 15)",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_analysis_gets_its_sentence(case: str, sentence_of: Callable[[str, str], str]) -> None:
    old, new, sentence = BROKEN[case]
    assert sentence_of(old, new) == sentence


def sentence_about(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_analysis(path)
    return str(caught.value)


def test_the_good_file_loads_and_html_in_it_is_text(good_text: str, analysis_file: Path) -> None:
    analysis_file.write_text(good_text)
    assert load_analysis(analysis_file).table.title == "A <b>small</b> analysis & what it assumes"


def test_a_belief_that_is_not_used_is_allowed(good_text: str, analysis_file: Path) -> None:
    analysis_file.write_text(good_text.replace("complete = false", "complete = true"))
    assert load_analysis(analysis_file).table.prior["lost_by_one_year"].best_guess == 0.2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfe", "byte 1 is not UTF-8; save the file as UTF-8"),
        (b"schema: 1", "not TOML: expected '=' after a key in a key/value pair (at line 1, column 7)"),
        (
            b"schema = 1",
            (
                "title is missing (required: what this analysis is)\nquestion is missing (required: what it is asked)\n"
                "study is missing (required: study file, relative to this file)\n"
                "fit is missing (required: which numbers are fitted)\n"
                "cohort is missing (required: the patients' durations)\nfollow_up is missing (required: follow-up)\n"
                "prior is missing (required: one belief for every parameter)"
            ),
        ),
        (b"a = " + b"[" * 100_000, "tables or arrays are nested too deeply; required at most 20"),
    ],
)
def test_a_file_that_is_no_analysis_gets_its_sentence(content: bytes, sentence: str, analysis_file: Path) -> None:
    analysis_file.write_bytes(content)
    expected = "\n  ".join(f"{analysis_file}: {line}" for line in sentence.split("\n"))
    assert sentence_about(analysis_file) == expected


def test_a_file_of_100_megabytes_is_not_read(analysis_file: Path) -> None:
    with analysis_file.open("wb") as sparse:
        sparse.truncate(100_000_000)
    assert sentence_about(analysis_file) == f"{analysis_file}: the file has 100.0 MB; required at most 1.0 MB"


def test_a_study_is_given_in_the_place_of_an_analysis(analysis_file: Path) -> None:
    study = analysis_file.parent / "study.toml"
    assert sentence_about(study) == (
        f"{study}: unknown key 'group'; known are 'arms', 'between_studies', 'cohort', 'conventions', 'endpoints', "
        "'fit', 'follow_up', 'grades', 'handled', 'hazards', 'known_patients', 'prior', 'question', 'report', "
        "'schema', 'study', 'title'"
    )


def test_a_name_that_is_not_shipped() -> None:
    assert sentence_about(Path("mian")) == "there is no shipped analysis 'mian'; did you mean 'main'?"


def test_a_circle_of_three(analysis_file: Path) -> None:
    for name, base in (("x", "y"), ("y", "z"), ("z", "x")):
        analysis_file.with_stem(name).write_text(f'base = "{base}"\n')
    assert sentence_about(analysis_file) == (
        f"{analysis_file}: base: analyses are based on each other in a circle: x -> y -> z -> x"
    )


def test_a_chain_that_is_too_long(good_text: str, analysis_file: Path) -> None:
    for step in range(20):
        analysis_file.with_stem(f"x{step}").write_text(f'base = "x{step + 1}"\n')
    for end in ("x", "x20"):
        analysis_file.with_stem(end).write_text(good_text)
    first = analysis_file.with_stem("x0")
    chain = " -> ".join(f"x{step}" for step in range(11))
    assert sentence_about(first) == f"{first}: base: required a chain of at most 10 analyses, found {chain}"
    assert load_analysis(analysis_file.with_stem("x12")).table.schema_ == 1


def test_what_is_wrong_in_a_base_is_said_of_the_base(good_text: str, analysis_file: Path) -> None:
    analysis_file.write_text(good_text.replace('"os_1y_short"]', '"os_1y_shrt"]'))
    expected = f"{analysis_file}: fit.items: unknown item 'os_1y_shrt'; did you mean 'os_1y_short'?"
    assert sentence_about(analysis_file.with_stem("other")) == expected


def test_an_alternative_may_mend_its_base(good_text: str, analysis_file: Path) -> None:
    analysis_file.write_text(good_text.replace('"os_1y_short"]', '"os_1y_shrt"]'))
    other = analysis_file.with_stem("other")
    other.write_text('base = "x"\nfit = { items = ["response"] }\nreport = { alternatives = [] }\n')
    assert load_analysis(other).fit.items == ("response",)


def test_an_alternative_that_is_broken_is_found_before_the_run(good_text: str, analysis_file: Path) -> None:
    analysis_file.write_text(good_text)
    other = analysis_file.with_stem("other")
    other.write_text('base = "x"\nhazards = { clock = "back" }\n')
    assert sentence_about(analysis_file) == f"{other}: hazards.clock: required 'reset' or 'forward', found 'back'"


def test_an_alternative_about_another_study(good_text: str, analysis_file: Path) -> None:
    analysis_file.write_text(good_text)
    folder = analysis_file.parent
    (folder / "study2.toml").write_text((folder / "study.toml").read_text().replace('id = "demo"', 'id = "second"'))
    about = good_text.replace('study = "study.toml"', 'study = "study2.toml"')
    (folder / "other.toml").write_text(about)
    assert sentence_about(analysis_file) == (
        f"{analysis_file}: report.alternatives: 'other' is about another study, {folder}/study2.toml; "
        f"required {folder}/study.toml"
    )


def test_a_link_that_leaves_the_folder(good_text: str, analysis_file: Path) -> None:
    inner = analysis_file.parent / "inner"
    inner.mkdir()
    (inner / "study.toml").symlink_to(analysis_file.parent / "study.toml")
    (inner / "x.toml").write_text(good_text)
    assert sentence_about(inner / "x.toml") == (
        f"{inner / 'x.toml'}: study: required a file in or below {inner}, found 'study.toml'"
    )


def test_a_link_to_itself(good_text: str, analysis_file: Path) -> None:
    loop = analysis_file.parent / "loop.toml"
    loop.symlink_to(loop)
    analysis_file.write_text(good_text.replace("study.toml", "loop.toml"))
    assert sentence_about(analysis_file).startswith(f"{analysis_file}: study: ")
    assert sentence_about(loop) == f"{str(loop)!r}: the file cannot be read: too many levels of symbolic links"


def test_a_broken_study_is_said_of_the_study(good_text: str, analysis_file: Path) -> None:
    study = analysis_file.parent / "study.toml"
    study.write_text(study.read_text().replace('median = "38 days"', 'median = "38"'))
    analysis_file.write_text(good_text)
    assert sentence_about(analysis_file) == (
        f"{study}: item 'duration': median: required a time with its unit, such as '9 days', found '38'"
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'highest = "151 days"\n',
            "",
            (
                "an analysis needs the patients' durations; required a covariate_summary of 'duration' among all with "
                "median, lowest and highest"
            ),
        ),
        ("n = 31", "n = 20000", "study.n: required at most 10000 patients, found 20000"),
        ('lowest = "7 days"', 'lowest = "0 days"', "item 'duration': required durations above 0 days, found 0"),
        (
            'groups_compared = ["responders", "others"]\nvalue = "< .001"\ntest = { name = "log-rank"',
            'groups_compared = ["responders", "others"]\nvalue = "< .001"\ntest = { name = "spearman"',
            "item 'p_os_response': 'spearman' tests time to response; required 'log-rank' or 'cox'",
        ),
    ],
)
def test_a_study_that_no_analysis_can_use(
    old: str, new: str, sentence: str, good_text: str, analysis_file: Path
) -> None:
    study = analysis_file.parent / "study.toml"
    assert old in study.read_text()
    study.write_text(study.read_text().replace(old, new))
    analysis_file.write_text(good_text)
    assert sentence_about(analysis_file) == f"{study}: {sentence}"
