"""To what patients' times are recorded: declared, or read from the print."""

from pathlib import Path

import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.evidence.study import Study, load_study
from tests.papers import study_text

MEDIAN = """
[[item]]
id = "m"
kind = "median_time"
event = "response"
"""


def study_of(folder: Path, printed: str, declared: str = "") -> Study:
    text = study_text(20, MEDIAN + printed)
    path = folder / "study.toml"
    path.write_text(text.replace('read = "abstract"\n', f'read = "abstract"\n{declared}\n'))
    return load_study(path)


@pytest.mark.parametrize(
    ("printed", "declared", "steps"),
    [
        ('value = "9 days"', "", 1),
        ('value = "2.1 days"\nlower = "1.6 days"\nupper = "3.2 days"\nlevel = 0.95', "", 10),
        ('value = "9 days"\nlowest = "2.25 days"\nhighest = "30 days"', "", 100),
        ('value = "9.5 days"', "", 1),
        ('value = "9 days"\nlowest = "2.5 days"\nhighest = "30 days"', "", 10),
        ('value = "1.5 months"', "", 1),
        ('value = "2.0 days"', "", 1),
        ('value = "2.1 days"', 'time_resolution = "0.05 days"', 20),
        ('value = "9 days"', 'time_resolution = "0.1 days"', 10),
        ('value = "9 days"', 'time_resolution = "1 day"', 1),
    ],
)
def test_times_are_as_fine_as_the_print_or_as_declared(printed: str, declared: str, steps: int, tmp_path: Path) -> None:
    assert study_of(tmp_path, printed, declared).steps_per_day == steps


@pytest.mark.parametrize(
    ("printed", "declared", "sentence"),
    [
        (
            'value = "2.1 days"',
            'time_resolution = "1 day"',
            (
                "study: time_resolution: times recorded to 1 day do not give 2.1 days of 'm'; required the resolution "
                "of the times that are printed"
            ),
        ),
        (
            'value = "9 days"\nlowest = "2.5 days"\nhighest = "30 days"',
            'time_resolution = "1 day"',
            (
                "study: time_resolution: times recorded to 1 day do not give 2.5 days of 'm.lowest'; required the "
                "resolution of the times that are printed"
            ),
        ),
        (
            'value = "9 days"',
            'time_resolution = "7 days"',
            "study: time_resolution: required 1 day or a whole part of it, such as '0.1 days', found '7 days'",
        ),
        (
            'value = "9 days"',
            'time_resolution = "0.3 days"',
            "study: time_resolution: required 1 day or a whole part of it, such as '0.1 days', found '0.3 days'",
        ),
        (
            'value = "9 days"',
            'time_resolution = "0 days"',
            "study: time_resolution: required 1 day or a whole part of it, such as '0.1 days', found '0 days'",
        ),
        (
            'value = "9 days"',
            "time_resolution = 0.1",
            "study: time_resolution: required the number as printed, in quotes, such as '9 days', found 0.1",
        ),
    ],
)
def test_a_resolution_that_cannot_be_gets_a_sentence(
    printed: str, declared: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        study_of(tmp_path, printed, declared)
    assert str(caught.value) == f"{tmp_path / 'study.toml'}: {sentence}"


@pytest.mark.parametrize(
    ("text", "value", "quoted"),
    [
        ("82%", 47 / 57, "82%"),
        ("82.0%", 47 / 57, "82.5%"),
        ("0.82", 47 / 57, "0.82"),
        ("13%", 0.125, "13%"),
        ("2.1 days", 2.34, "2.3 days"),
        ("9 days", 2.0, "2 days"),
        ("1.5 months", 45.0, "1.5 months"),
        ("1 year", 700.0, "2 years"),
        ("9 days", 1.0, "1 day"),
    ],
)
def test_a_number_is_quoted_in_the_digits_of_the_print(text: str, value: float, quoted: str) -> None:
    assert Printed(text, "proportion" if text == "0.82" else "number").in_digits(value) == quoted
