"""The report of a study that prints no durations of neutropenia: nothing on the page is about them."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.page import answer, render
from hscb_bayes.report.predictions import prediction_table
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.curves import curve_days

pytestmark = pytest.mark.xdist_group("without_durations")
STUDIES = ("rejeski2022", "klyuchnikov2014", "stasia2014", "scb2024", "bowman2023", "liu2024")
SECTIONS = [
    "answer", "conflicts", "assumed", "curves", "by_response", "death_days", "check", "learned", "provenance",
]  # fmt: skip


@pytest.fixture(scope="module", params=STUDIES)
def results(request: pytest.FixtureRequest, results_of_study: Callable[[str], Results]) -> Results:
    return results_of_study(request.param)


def test_the_page_has_no_word_of_durations_that_are_not_there(results: Results) -> None:
    page = render(results)
    assert re.findall(r'<section id="(\w+)">', page) == SECTIONS
    page = page[: page.index('<section id="provenance">')]
    assert "hazard ratio" not in page
    assert not re.search(r"doubling of (prior )?neutropenia", page)
    assert 'href="#duration"' not in page
    assert "0 of the 0" not in page
    no_part = "The duration of neutropenia has no part in this analysis."
    assert [said for said in answer(results) if "duration" in said.lower()] == [no_part] * is_printed(results)


def is_printed(results: Results) -> bool:
    """Whether the study prints durations, which this analysis does not use."""
    return any(dict(item).get("covariate") == "duration" for item in results.analysis.study.items)


def test_curves_reach_the_last_printed_survival(results: Results) -> None:
    days = curve_days(results.analysis)
    printed = [item.day for item in results.analysis.study.items if item.kind == "survival"]
    assert max(days) == max([365.0, *printed])
    assert list(days) == sorted(set(days))
    assert np.diff(days).max() < 100.0


def test_predictions_are_of_all_patients(
    results_of_study: Callable[[str], Results], posterior_of: Callable[[str], Posterior]
) -> None:
    results = results_of_study("liu2024")
    table = results.tables["predictions"]
    assert table["duration"].isna().all()
    assert (table["patients_beyond"] == 10).all()
    assert not table["extrapolates"].any()
    sentence = f"{results.analysis.path}: cohort.form: durations have no part in this analysis, found [14.0]"
    with pytest.raises(InputError, match=re.escape(sentence)):
        prediction_table(posterior_of("liu2024"), duration=[14.0], days=[28.0])
