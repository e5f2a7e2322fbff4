"""Analyses beside each other: differences, what is said differently, and whose patients they are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hscb_bayes as hb
from hscb_bayes import cli
from hscb_bayes.analysis.load import load
from hscb_bayes.posterior.compare import Comparison, compare
from hscb_bayes.posterior.estimands import estimands
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.report import run
from tests.papers import paper

CHRONIC = ["response_chronic", "os_1y_chronic"]
ACUTE = ["response_acute", "os_1y_acute"]
EVIDENCE = Path(__file__).parents[2] / "models" / "evidence"


def prior(name: str, seed: int = 1) -> Posterior:
    return draw_prior(load(name), draws=200, chains=2, seed=seed)


def row(found: Comparison, analysis: str, quantity: str) -> pd.Series:
    table = found.answers
    return table[(table["analysis"] == analysis) & (table["quantity"] == quantity)].iloc[0]


def test_other_patients_have_a_difference_with_an_interval() -> None:
    """Draws of one seed go together: they are shuffled, so that the spread is that of both."""
    found = compare({"main": prior("main"), "other": prior("rejeski2022")})
    one, other = (row(found, name, "os_1y") for name in ("main", "other"))
    assert other["difference"] == pytest.approx(other["median"] - one["median"])
    widths = (other["upper"] - other["lower"]) ** 2 + (one["upper"] - one["lower"]) ** 2
    assert other["difference_upper"] - other["difference_lower"] == pytest.approx(np.sqrt(widths), rel=0.25)
    assert 0.3 < other["probability_more"] < 0.7
    assert np.isnan(one["difference"])
    assert any("know different patients" in caution for caution in found.cautions)


def test_the_same_patients_have_a_difference_of_medians_alone() -> None:
    found = compare({"main": prior("main"), "step": prior("step", seed=2)})
    other = row(found, "step", "response_by_28")
    assert other["difference"] == pytest.approx(other["median"] - row(found, "main", "response_by_28")["median"])
    assert other[["difference_lower", "difference_upper", "probability_more"]].isna().all()
    assert (
        found.cautions[0] == "'main' and 'step' know the same patients, or some of them: a difference has no interval"
    )


def test_what_is_said_differently_is_told_key_by_key() -> None:
    found = compare({"main": prior("main"), "step": prior("step")}).assumed.set_index("what")
    assert found.loc["cohort.form"].tolist() == ["log2", "step"]
    assert found.loc["prior.hazard_ratio_response.below"].tolist() == ["2.5", "4.6"]
    assert not [key for key in found.index if key.endswith((".why", ".origin")) or key.startswith(("fit", "report"))]


def test_which_numbers_are_fitted_is_told() -> None:
    found = compare({"main": prior("main"), "arms": prior("richardson2016")}).fitted
    table = found.set_index(["study", "number"])
    assert table.loc[("gagelmann2023", "response")].tolist() == [True, False]
    assert table.loc[("defibrotide", "response_defibrotide")].tolist() == [False, True]


@pytest.mark.parametrize(("groups", "same"), [(("acute", "chronic"), False), (("acute", "acute"), True)])
def test_groups_of_one_study_that_are_apart_are_other_patients(
    groups: tuple[str, str], same: bool, tmp_path: Path
) -> None:
    study, items = (EVIDENCE / "rux_china2021.toml").read_text(encoding="utf-8"), {"acute": ACUTE, "chronic": CHRONIC}
    posteriors = {}
    for k, group in enumerate(groups):
        (tmp_path / f"{k}").mkdir()
        tests = "\n".join(f'tests.p_os_response_{one} = {{ test = "log-rank" }}' for one in items)
        analysis = paper(
            tmp_path / f"{k}", study, items[group], cohort=f'form = "none"\namong = "{group}"', conventions=tests
        )
        posteriors[f"{k}"] = draw_prior(analysis, draws=50, chains=2, seed=k)
    assert ("know the same patients" in compare(posteriors).cautions[0]) == same


def test_a_time_that_neither_reaches_has_no_difference() -> None:
    """Where next to nobody responds half of the responders' days are still days, so it is made so."""
    one, other = prior("main"), prior("rejeski2022")
    with pytest.MonkeyPatch.context() as patch:

        def never(posterior: Posterior) -> object:
            return estimands(posterior).assign(median_response_responders=lambda found: found["os_1y"] * 0.0 + np.inf)

        patch.setattr("hscb_bayes.posterior.compare.estimands", never)
        found = row(compare({"one": one, "other": other}), "other", "median_response_responders")
    assert np.isinf(found["median"])
    assert found[["difference", "difference_lower", "probability_more"]].isna().all()


def test_one_analysis_is_beside_nothing() -> None:
    with pytest.raises(hb.InputError, match="posteriors: required at least 2 to compare, found 1"):
        compare({"main": replace(prior("main"))})


def test_the_command_prints_and_writes_what_python_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PRIOR_DRAWS", 100)
    folders = [str(tmp_path / name) for name in ("main", "scb2024")]
    for folder in folders:
        assert cli.main(["run", Path(folder).name, "--prior-only", "--quiet", "--out", folder]) == 0
    capsys.readouterr()
    assert cli.main(["compare", *folders, "--out", str(tmp_path / "answers.csv")]) == 0
    told = capsys.readouterr().out
    assert "assumed differently:" in told
    assert "know different patients" in told
    assert "answers of 'main', 'scb2024' are the prior's: nothing is fitted." in told
    written = pd.read_csv(tmp_path / "answers.csv")
    assert written["analysis"].tolist() == ["main"] * 3 + ["scb2024"] * 3
    assert cli.main(["compare", *folders, "--out", str(tmp_path / "nowhere" / "answers.csv")]) == 2
    assert "answers.csv: required a place that can be written to, found: " in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.csv", "main", "scb2024"]
    assert cli.main(["compare", folders[0]]) == 2
    assert "required at least 2 to compare, found 1" in capsys.readouterr().err
