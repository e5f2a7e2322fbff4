"""Several mistakes in one file, all said at once: a line for each, in the order of the file."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from hscb_bayes import cli
from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.errors import MOST_LINES, InputError, Refusals
from hscb_bayes.evidence.study import load_study
from tests.mistakes import ANALYSIS, CASES, PATIENTS, STUDY


def broken(name: str, folder: Path) -> tuple[Path, list[str]]:
    """A broken file in a folder, and the lines that it gets."""
    case = CASES[name]
    file = changed(case.around, case.file, case.changes, folder)
    return file, [f"{file}: {line}".replace("{folder}", str(folder)) for line in case.lines]


def changed(around: Mapping[str, Path], file: str, changes: Iterable[tuple[str, str]], folder: Path) -> Path:
    """A file in a folder with the files around it, some of its texts replaced."""
    for place, path in around.items():
        (folder / place).parent.mkdir(exist_ok=True)
        shutil.copyfile(path, folder / place)
    text = (folder / file).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / file).write_text(text, encoding="utf-8")
    return folder / file


def lines_of(read: Callable[[Path], object], file: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(file)
    return str(caught.value).split("\n  ")


@pytest.mark.parametrize("name", CASES)
def test_every_mistake_takes_a_line_in_the_order_of_the_file(name: str, tmp_path: Path) -> None:
    file, expected = broken(name, tmp_path)
    assert lines_of(load_study if CASES[name].around is STUDY else load, file) == expected


@pytest.mark.parametrize("name", CASES)
def test_a_command_writes_every_line_with_the_name_of_the_file(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, expected = broken(name, tmp_path)
    assert cli.main([CASES[name].command, str(file)]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "error: " + "\n  ".join(expected) + "\n")


DOZEN = {
    'title = "A <b>small</b> analysis': 'title = 3\nsubtitle = "A <b>small</b> analysis',
    '"response", "response_median.all"': '26, "response_median.all"',
    "reference = 38.0": "reference = 0.0",
    'form = "log2"': 'form = "log"',
    "sizes = { short = 16 }": 'sizes = { short = "16" }',
    'response = "weibull"': 'response = "weibul"',
    'clock = "reset"': 'clok = "reset"',
    "complete = false": 'complete = "no"',
    "level = 0.95": "level = 95",
    "[prior.response_shape]": "[prior.respons_shape]",
    "above = 0.30": "above = 0.80",
    'why = "recent patients"\n': "",
    "[14.0, 38.0, 90.0]": "[14.0, 14]",
}


def test_a_dozen_mistakes_each_of_another_kind(tmp_path: Path) -> None:
    file = changed(ANALYSIS, "x.toml", DOZEN.items(), tmp_path)
    assert lines_of(load_analysis, file) == [
        f"{file}: {line}"
        for line in (
            "title: required text in quotes, found 3",
            "unknown key 'subtitle'; did you mean 'title'?",
            "fit.items[1]: required text in quotes, found 26",
            "cohort.reference: required a number of at least 0.001, found 0.0",
            "cohort.form: required 'log2', 'step' or 'none', found 'log'; did you mean 'log2'?",
            "cohort.sizes.short: required a whole number, found '16'",
            "hazards.response: unknown family 'weibul'; did you mean 'weibull'?",
            "hazards: unknown key 'clok'; did you mean 'clock'?",
            "follow_up.complete: required true or false, found 'no'",
            "conventions.level: required a number below 1, found 95",
            "prior: unknown parameter 'respons_shape'; did you mean 'response_shape'?",
            "prior.death_without_response: above 0.8 is not below the best guess 0.7",
            "prior.lost_by_one_year: why is missing (required: where the belief comes from)",
            "report.durations: 14.0 is named twice",
        )
    ]


def test_beliefs_that_say_nothing_are_said_beside_other_mistakes(tmp_path: Path) -> None:
    changes = {
        "level = 0.95": "level = 95",
        "best_guess = 0.35\nbelow = 0.80": "best_guess = 35\nbelow = 80",
        "sure = 0.9": "sure = 0.500001",
    }
    file = changed(ANALYSIS, "x.toml", changes.items(), tmp_path)
    assert lines_of(load_analysis, file) == [
        f"{file}: conventions.level: required a number below 1, found 95",
        (
            f"{file}: prior.never_respond: best_guess 0.1 and below 0.4 with sure 0.500001 say next to nothing; "
            "required a limit nearer to the best guess or a larger sure"
        ),
        (f"{file}: prior.death_after_response: best_guess: required a share below 1, such as 0.35 for 35%, found 35"),
    ]


def test_every_column_that_is_not_there_takes_a_line(tmp_path: Path) -> None:
    changes = [('"pr_time"', '"prtime"'), ('"dfs_event"', '"dfsevent"'), ('"hospital"', '"hospitl"')]
    table = tmp_path / "r_reference/kmsurv_bmt.csv"
    assert lines_of(load, changed(PATIENTS, "bmt.toml", changes, tmp_path)) == [
        f"{table}: response_day: there is no column 'prtime'; did you mean 'pr_time'?",
        f"{table}: died: there is no column 'dfsevent'; did you mean 'dfs_event'?",
        f"{table}: covariate 'hospitl': there is no column 'hospitl'; did you mean 'hospital'?",
    ]


def test_of_more_than_forty_mistakes_the_rest_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    items = "".join(f'[[item]]\nid = "os_{k}"\nkind = "surival"\nplace = "abstract"\n\n' for k in range(MOST_LINES + 2))
    file.write_text(STUDY["x.toml"].read_text(encoding="utf-8").replace("n = 31\n", "n = 0\n", 1) + items)
    first, *lines, last = lines_of(load_study, file)
    assert first == f"{file}: study: n: required a number of at least 1, found 0"
    assert lines == [
        f"{file}: item 'os_{k}': unknown kind 'surival'; did you mean 'survival'?" for k in range(MOST_LINES - 1)
    ]
    assert last == "and 3 more"


def test_forty_mistakes_are_all_said() -> None:
    lines = [f"x.toml: {k}: required 1, found 2" for k in range(MOST_LINES)]
    assert str(InputError(*lines)) == "\n  ".join(lines)
    assert str(InputError(*lines, "x.toml: k: required 1, found 2")) == "\n  ".join([*lines, "and 1 more"])


def test_what_two_parts_are_refused_for_is_said_once() -> None:
    refusals = Refusals()
    for sentences in (("base.toml: n: required 1, found 2",), ("x.toml: required 3",)) * 2:
        with refusals.of_a_part():
            raise InputError(*sentences)
    with pytest.raises(InputError) as caught:
        refusals.say()
    assert caught.value.args == ("base.toml: n: required 1, found 2", "x.toml: required 3")


def test_nothing_is_said_where_nothing_is_refused() -> None:
    refusals = Refusals()
    with refusals.of_a_part():
        pass
    assert refusals.say() is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("schema", ["2", '"1"', "true"])
def test_a_file_of_another_schema_gets_only_that_sentence(schema: str, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    text = STUDY["x.toml"].read_text(encoding="utf-8").replace("n = 31\n", "m = 31\n", 1)
    file.write_text(text.replace("schema = 1", f"schema = {schema}"))
    (line,) = lines_of(load_study, file)
    assert line.startswith(f"{file}: schema: required 1, found ")


def test_in_a_table_with_an_unknown_key_nothing_is_called_missing(tmp_path: Path) -> None:
    file, _ = broken("a study", tmp_path)
    text = STUDY["x.toml"].read_text(encoding="utf-8")
    file.write_text(text.replace("[study]", "[studdy]").replace('value = "85%"', 'valeu = "85%"'))
    assert lines_of(load_study, file) == [
        f"{file}: unknown key 'studdy'; did you mean 'study'?",
        f"{file}: item 'os_1y': unknown key 'valeu'; did you mean 'value'?",
    ]
