"""Sizes of groups that an analysis declares: those of the counts among them, and of the groups that it speaks of."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hscb_bayes.analysis.member import Member
from hscb_bayes.checking.check import check
from hscb_bayes.checking.replicate import replicate
from hscb_bayes.errors import InputError
from hscb_bayes.posterior.posterior import Posterior
from tests.papers import paper, study_text

BY_DURATION = """
[group.short]
by = "duration"
rule = "<= 20 days"
label = "short"

[[item]]
id = "response"
kind = "count"
event = "response"
count = 30
n = 44

[[item]]
id = "response_short"
kind = "count"
event = "response"
among = "short"
count = 12
n = 20

[[item]]
id = "os_short"
kind = "survival"
among = "short"
at = "1 year"
value = "70%"

[[item]]
id = "duration"
kind = "covariate_summary"
covariate = "duration"
median = "20 days"
lowest = "5 days"
highest = "90 days"
"""


def test_an_analysis_without_durations_does_not_speak_of_groups_by_them(
    tmp_path: Path, posterior_of: Callable[[Member], Posterior]
) -> None:
    study = study_text(44, BY_DURATION)
    table = check(posterior_of(paper(tmp_path, study, ["response"])), replicates=50, seed=1).set_index("id")
    assert table["used"].to_dict() == {
        "response": "fitted",
        "response_short": "not of this analysis",
        "os_short": "not of this analysis",
    }
    sized = paper(tmp_path, study, ["response"], cohort='form = "none"\nsizes = { short = 20 }')
    found = replicate(posterior_of(sized), replicates=50, seed=1)
    assert (found.cohort.group("short").sum(axis=-1) == 20).all()
    assert set(found.numbers) == {"response", "response_short", "os_short"}


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ("", "required the size of 'short', of which 'response_short' counts 20"),
        (
            "sizes = { short = 23 }",
            (
                "'short' has 23 patients, and 'response_short' counts 20; required the same number, or in the study "
                "file a word in evaluable why the others are not counted"
            ),
        ),
        (
            "sizes = { short = 19 }",
            (
                "'short' has 19 patients, and 'response_short' counts 20; required the same number, or in the study "
                "file a word in evaluable why the others are not counted"
            ),
        ),
    ],
)
def test_a_declared_size_is_the_number_that_is_counted(sizes: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        paper(tmp_path, study_text(44, BY_DURATION), ["response"], cohort=f'form = "log2"\nreference = 20.0\n{sizes}')
    assert str(caught.value) == f"{tmp_path / 'x.toml'}: cohort.sizes: {sentence}"


def test_more_responses_by_a_day_than_in_all_are_not_fitted_together(tmp_path: Path) -> None:
    early = '\n[[item]]\nid = "early"\nkind = "count"\nevent = "response"\nat = "14 days"\ncount = 31\nn = 44\n'
    with pytest.raises(InputError) as caught:
        paper(tmp_path, study_text(44, BY_DURATION + early), ["response", "early"])
    assert str(caught.value).endswith(
        "fit.items: 'early' counts 31 responses by 14 days, and 'response' 30 in all; required one of them"
    )
