"""The page: what is on it, in which order, and what cannot get into it."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.posterior.headline import headline_quantities
from hscb_bayes.report.page import answer, render
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.alternatives import alternatives_of_print, grid

SECTIONS = (
    "answer", "conflicts", "assumed", "curves", "by_response", "death_days", "duration", "p_value", "check", "learned",
    "alternatives", "provenance",
)  # fmt: skip
HOSTILE = '<script>alert("x")</script> & $x^2$ {{ 7 * 7 }} \'">'
FIGURES = 14


def section(page: str, name: str) -> str:
    """A section of the page."""
    return page.partition(f'<section id="{name}">')[2].partition("</section>")[0]


def test_sections_come_in_order(page: str) -> None:
    assert re.findall(r'<section id="(\w+)">', page) == list(SECTIONS)


def test_the_answer_is_answer_with_numbers(page: str, results: Results) -> None:
    box = page[page.index('class="answer"') : page.index("</div>", page.index('class="answer"'))]
    assert len(re.findall(r"<p>.*?\d+%.*?\.</p>", box)) == 4
    for said in answer(results):
        assert said[0].isupper()
        assert not re.search(r"[.!?]\s", said)


def test_the_answer_says_how_fast_how_many_live_what_duration_goes_with_and_how_sure(results: Results) -> None:
    speed, survival, duration, sure = answer(results)
    assert "Half of all patients respond by day" in speed
    assert "of those who respond" in speed
    assert "One year after the boost" in survival
    assert "after 14 rather than 90 days" in duration
    assert "not proof" in duration
    assert "the audit finds 2 contradictions in the print, all about the same number," in sure
    assert "(printed: 85% and 44%" in duration
    assert "mostly prior" in sure


def test_every_figure_is_an_image_with_a_label(page: str) -> None:
    figures = re.findall(r"<svg[^>]*>", page)
    assert len(figures) == FIGURES
    assert all(re.search(r'role="img" aria-label="[^"]{20,}"', figure) for figure in figures)


def test_ids_are_unique_and_all_that_is_referred_to_is_there(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', page)) <= set(ids)


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "url(http" not in page
    assert "<script" not in page


def test_hostile_names_are_text(results_named: Callable[[str], Results]) -> None:
    page = render(results_named(HOSTILE))
    assert "<script" not in page
    assert "alert(" in page
    assert "49" not in page[page.index("<title>") : page.index("</title>")]
    assert all(tag.count('"') % 2 == 0 for tag in re.findall(r"<svg[^>]*>", page))


def test_a_backslash_in_a_name_is_a_backslash(results_named: Callable[[str], Results]) -> None:
    assert "\\dose \\1" in render(results_named("\\dose \\1"))


def test_a_long_name_is_cut_in_figures(results_named: Callable[[str], Results]) -> None:
    page = render(results_named("patients " * 50 + "end"))
    drawn = re.findall(r"<text[^>]*>(.*?)</text>", page)
    assert max(map(len, drawn)) < 70
    assert any(text.endswith("…") for text in drawn)


def test_a_gate_that_passed_is_told_at_the_end_alone(page: str) -> None:
    assert "has not converged" not in page
    assert "Converged: <strong>yes</strong>" in page


def test_a_failed_gate_is_printed_on_top(unconverged: Results) -> None:
    page = render(unconverged)
    assert "do not use these numbers" in page[: page.index("<h1>")]
    assert "R-hat of never_respond: required below 1.01, found 1.2000." in page[: page.index("<h1>")]
    assert "Converged: <strong>no</strong>" in page


def test_conflicts_come_with_their_handling_before_the_notes(page: str) -> None:
    conflicts = page[page.index('id="conflicts"') : page.index("Worth knowing")]
    assert conflicts.count("<strong>Conflict.</strong>") == conflicts.count("How it is handled:") == 2
    assert "not handled" not in page
    assert page.index("Worth knowing") < page.index("What agrees")
    folded = re.search(r"<details><summary>Worth knowing: (\d+) notes</summary>(.*?)</details>", page, re.DOTALL)
    assert folded is not None
    assert folded[2].count('<div class="note">') == int(folded[1]) > 10


def test_what_contracts_by_less_than_half_is_called_mostly_prior(page: str, results: Results) -> None:
    learned = section(page, "learned")
    rows = re.findall(r"<tr>.*?</tr>", learned)
    summary = results.tables["summary"]
    assert sum("mostly prior" in row for row in rows) == int(summary["mostly_prior"].sum())
    assert len(rows) - 2 == len(summary)


def test_parameters_are_folded_away(page: str) -> None:
    folded = page[page.index("The same for the parameters") :]
    assert "Weibull shape of the response hazard" in folded[: folded.index("</details>")]


def test_the_check_calls_numbers_by_words(page: str, results: Results) -> None:
    check = section(page, "check")
    assert "<small>non-responders</small>" in check
    assert not [id for id in results.tables["check"]["id"] if f">{id}<" in check]
    assert check.count("left out: median") == 1


def test_durations_with_few_patients_are_marked(page: str) -> None:
    duration = section(page, "duration")
    assert duration.count(">extrapolates<") == 2
    assert "3 of 31 as far out" in duration
    assert "Association, not proof" in duration


def test_an_alternative_that_did_not_converge_is_marked(page: str) -> None:
    alternatives = section(page, "alternatives")
    assert alternatives.count("not converged") == 1
    assert alternatives.index("This analysis") < alternatives.index("not converged")


def test_the_days_of_death_are_marked_as_not_identified(page: str) -> None:
    assert page.index("When non-responders die: not identified") < page.index("No printed number can tell")


def test_the_biased_comparison_stands_beside_the_fair_one(page: str) -> None:
    told = page[page.index("the comparison that is fair") :]
    assert "<em>immortal</em>" in told
    assert "biased: non-responders, from the boost" in told
    assert "alive at one year, if alive at day 28 and without a response by then" in told


@pytest.mark.parametrize("told", ["Time zero is the boost", "the horizon is one year (365 days)", "holds 90% of it"])
def test_time_zero_horizon_and_interval_are_printed(page: str, told: str) -> None:
    assert told in page


@pytest.mark.parametrize("told", ["SHA-256", "<td>41</td>", "numpy", "gagelmann2023.toml"])
def test_provenance_is_printed(page: str, told: str) -> None:
    assert told in page[page.index('id="provenance"') :]


def test_the_unfitted_p_value_is_shown_under_every_test_and_direction(page: str, results: Results) -> None:
    told = section(page, "p_value")
    assert len(results.tables["p_values"]) == 9
    assert told.count("<tr><th") == 1 + 9


def test_the_fitted_list_says_which_intervals_are_used(page: str) -> None:
    fitted = page[page.index("<h3>Fitted</h3>") : page.index("<h3>Only checked</h3>")]
    used, unused = (re.findall(rf"<li>[^<]*{words}", fitted) for words in ("its interval is fitted too", "is not used"))
    assert [("85%" in one, "44%" in one) for one in used + unused] == [(True, False), (False, True)]


def test_durations_that_are_not_printed_are_said_to_be_made_up(page: str) -> None:
    assert "Only the median 38 days and the range 7 days to 151 days are printed" in page


def test_a_comparison_by_response_that_rests_on_beliefs_is_tagged(page: str, results: Results) -> None:
    table = results.tables["by_response"]
    assert (table["mostly_prior"] == (table["contraction"] < 0.5)).all()
    told = page[page.index("the comparison that is fair") : page.index("Even the fair comparison")]
    assert told.count("mostly prior") == table["mostly_prior"].sum()


def test_a_ratio_of_another_contrast_has_a_row_of_its_own(results: Results) -> None:
    table = results.tables["alternatives"]
    ratio = table["quantity"] == "hazard_ratio_response"
    step = table.assign(analysis="step", label=table["label"].mask(ratio, "hazard ratio of response, longer"))
    _, rows = grid(pd.concat([table[table["analysis"] == "main"], step[table["analysis"] == "main"]]))
    cells = {head["title"]: [cell is not None for cell in found] for head, found in rows}
    assert cells["hazard ratio of response, longer"] == [False, True]
    assert cells["one-year survival"] == [True, True]


def test_a_ratio_of_unknown_direction_is_given_on_either_side_of_one() -> None:
    analysis = load_analysis("p_value_cox")
    ratios = np.repeat([0.5, 0.6, 2.0, 2.5], [30, 30, 20, 20])
    found = xr.Dataset({id: (("chain", "draw"), ratios.reshape(1, -1)) for id in headline_quantities(analysis)})
    table = alternatives_of_print({"p_value_cox": (analysis, found, True)})
    row = table[table["quantity"] == "hazard_ratio_response"].iloc[0]
    assert row["share_above"] == pytest.approx(0.4)
    assert (row["below_median"], row["above_lower"], row["above_upper"]) == (0.5, 2.0, 2.5)
    assert table.loc[table["quantity"] != "hazard_ratio_response", "share_above"].isna().all()
    _, rows = grid(table)
    notes = {head["title"]: cells[0].note for head, cells in rows if cells[0] is not None and cells[0].note}
    alone = grid(pd.concat([table.assign(analysis="step", label="other"), table]))[1]
    assert [cell.note for head, cells in alone if head["title"] == row["label"] for cell in cells if cell] == [
        notes[row["label"]]
    ]
    assert notes == {row["label"]: "60% below 1: 0.50 (0.50 to 0.60); 40% above 1: 2.00 (2.00 to 2.50)"}


def test_the_printed_survivals_stand_in_the_order_of_the_groups(results: Results) -> None:
    cohort = results.analysis.cohort.model_copy(update={"sizes": {"long": 15}})
    table = results.analysis.table.model_copy(update={"cohort": cohort})
    posterior = replace(results.posterior, analysis=replace(results.analysis, table=table))
    turned = replace(results, posterior=posterior)
    assert "(printed: 85% and 44%" in answer(turned)[2]
