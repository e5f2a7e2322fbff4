"""What a notebook shows of studies, findings, analyses and posteriors of every form."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

import hscb_bayes as hb
from hscb_bayes.notebook import MOST_ROWS, html_of
from hscb_bayes.posterior.in_notebook import rows_of
from tests.forms.test_every_form import FORMS, prior_of

MAIN = Path(__file__).parents[1] / "models" / "evidence" / "gagelmann2023.toml"


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [[unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]


def test_text_from_files_is_escaped() -> None:
    html = html_of("<b>&", ["<script>"], ("a",), [("<i>",)])
    assert html == (
        "<div><b>&lt;b&gt;&amp;</b><p>&lt;script&gt;</p><table><thead><tr>"
        '<th style="text-align: left; vertical-align: top">a</th></tr></thead><tbody><tr>'
        '<td style="text-align: left; vertical-align: top">&lt;i&gt;</td></tr></tbody></table></div>'
    )


def test_a_long_table_says_how_much_is_left_out() -> None:
    html = html_of("a", [], ("b",), [("c",)] * (MOST_ROWS + 7))
    assert len(cells(html)) == 1 + MOST_ROWS
    assert "<p>and 7 more</p>" in html


def test_a_study_shows_its_items_as_printed() -> None:
    study = hb.load_study(MAIN)
    shown = cells(study._repr_html_())
    assert shown[0] == ["item", "as printed"]
    assert ["os_1y", "survival at 1 year among all patients: 59%, abstract"] in shown
    assert len(shown) == 1 + len(study.items)


def test_findings_show_conflicts_before_notes() -> None:
    findings = hb.audit(hb.load_study(MAIN))
    severities = [row[0] for row in cells(findings._repr_html_())[1:]]
    expected = [one.severity for one in findings if one.severity != "ok"]
    assert severities == sorted(expected)
    assert set(severities) == {"conflict", "note"}


@pytest.mark.parametrize("form", FORMS)
def test_an_analysis_and_a_posterior_show_what_they_hold(form: str) -> None:
    posterior = prior_of(form)
    analysis = posterior.analysis
    shown = cells(analysis._repr_html_())
    assert [row for row in shown if row[0] == "belief"] != []
    fitted = sum(item.id in member.fit.items for member in analysis.members for item in member.study.items)
    assert len([row for row in shown if row[0] == "fitted"]) == min(fitted, MOST_ROWS)
    html = posterior._repr_html_()
    assert f"{analysis.table.title}" in unescape(html)
    assert "2 chains of 20 draws" in html
    every = list(rows_of(posterior.dataset))
    assert cells(html)[1:] == [list(row) for row in every[:MOST_ROWS]]
    drawn = {name: values for name, values in posterior.dataset.data_vars.items() if values.ndim == 2}
    for name, _, median, _, unit in every:
        if name in drawn:
            ordered = sorted(drawn[name].values.ravel())
            assert (median, unit) == (f"{ordered[19]:.3g}", drawn[name].attrs["units"])


def test_draws_that_may_not_be_used_are_marked() -> None:
    posterior = prior_of("paper")
    assert "did NOT converge" in replace(posterior, converged=False)._repr_html_()
    assert "NOT" not in replace(posterior, converged=True)._repr_html_()
