"""What works on one form of analysis works on all: every public function and every section of the page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hscb_bayes as hb
from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.pool_table import validated
from hscb_bayes.analysis.read_pool import load_pool
from hscb_bayes.checking.leave_centre_out import CENTRES, NUMBERS
from hscb_bayes.checking.leave_out import each_centre, each_number, each_study
from hscb_bayes.checking.leave_patient_out import leave_patient_out
from hscb_bayes.model.data import model_data
from hscb_bayes.posterior.estimands import estimands
from hscb_bayes.posterior.gate import Verdict, verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import (
    headline,
    landmark_survival,
    nonresponder_death_day,
    response_quantile,
    summarise,
)
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.page import write_report
from hscb_bayes.report.reported import reported_by_section
from hscb_bayes.report.results import results_of
from hscb_bayes.report.sections import SECTIONS, sections_of
from tests.pool.tables_in_pools import AGE_AND_CENTRES, WITH_CENTRES, write_pool, write_table

APART = '[centres.exchangeable]\nweight = 0.8\nwhy = "invented"\n'
DATA = Path(__file__).parents[1] / "data"


def correlated(name: str) -> Analysis:
    """A pool whose file says that effects of studies are correlated."""
    pool = load_pool(name)
    said = json.loads(pool.text)
    said["between_studies"]["correlated"] = True
    return replace(pool, text=json.dumps(said), table=validated(said, pool.path))


def mixed() -> Analysis:
    """A pool of a print with patients, of a table with a covariate and centres, and of a print."""
    with TemporaryDirectory() as directory:
        folder = Path(directory) / "models"
        shutil.copytree(DATA.parents[1] / "models", folder)
        write_table(folder, rows=WITH_CENTRES, more=f"{AGE_AND_CENTRES}{APART}")
        return load_pool(write_pool(folder, ("with_centre", "our_table", "liu2024")))


FORMS: Mapping[str, Callable[[], Any]] = {
    "paper": lambda: load("main"),
    "paper with grades": lambda: load("rdhap"),
    "arms of a paper": lambda: load("richardson2016"),
    "table": lambda: load(DATA / "myeloid.toml"),
    "table with centres": lambda: load(DATA / "bmt.toml"),
    "table with centres on their own": lambda: load(DATA / "bmt_apart.toml"),
    "print and table beside": lambda: load("with_other_centre"),
    "print and table inside": lambda: load("with_centre"),
    "pool": lambda: load("pooled"),
    "pool with correlated studies": lambda: correlated("pooled"),
    "pool with weights": lambda: load("pooled_weight_50"),
    "pool with known patients": lambda: load("pooled_with_centre"),
    "pool of a table and prints": mixed,
}
CHAINS, DRAWS = 2, 20
DAYS = [0.0, 28.0, 365.0]


def of_a_grade(posterior: Posterior) -> xr.DataArray:
    """Of the first grade of the response where there are grades, and else of all responses."""
    grades = posterior.analysis.grades if posterior.analysis.has_one_print else ()
    return hb.cumulative_incidence(posterior, days=DAYS, grade=grades[0] if grades else None)


PROBABILITIES: Mapping[str, Callable[[Posterior], xr.DataArray]] = {
    "cumulative_incidence": lambda posterior: hb.cumulative_incidence(posterior, days=DAYS),
    "survival": lambda posterior: hb.survival(posterior, days=DAYS),
    "state_occupancy": lambda posterior: hb.state_occupancy(posterior, days=DAYS),
    "transition_probabilities": lambda posterior: hb.transition_probabilities(posterior, days=DAYS[1:], at=14.0),
    "landmark_survival": lambda posterior: landmark_survival(posterior)["landmark_survival"],
    "cumulative_incidence of a grade": of_a_grade,
    "response_by_28": lambda posterior: estimands(posterior)["response_by_28"],
    "os_1y": lambda posterior: headline(posterior)["os_1y"],
}
TIMES: Mapping[str, Callable[[Posterior], xr.DataArray]] = {
    "restricted_mean_time": lambda posterior: hb.restricted_mean_time(posterior),
    "response_quantile": lambda posterior: response_quantile(posterior, reading="responders"),
    "median_response_responders": lambda posterior: estimands(posterior)["median_response_responders"],
}
CONVERGED = Verdict(
    is_converged=True, worst_r_hat=1.0, worst_ess_bulk=1e3, worst_ess_tail=1e3, divergences=0, failures=()
)  # fmt: skip


@cache
def prior_of(form: str, seed: int = 1) -> Posterior:
    """Draws from the prior of a form."""
    return draw_prior(FORMS[form](), draws=DRAWS, chains=CHAINS, seed=seed)


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def units_of(posterior: Posterior) -> dict[str, Posterior]:
    """The posterior itself, and those of its units that it has."""
    found, analysis = {"whole": posterior}, posterior.analysis
    if analysis.has_hierarchy:
        found |= {"study": posterior.of(study=analysis.studies[-1]), "average": posterior.average}
    if analysis.centres:
        found["centre"] = posterior.of(centre=analysis.centres[0])
    if analysis.has_arms:
        found["arm"] = posterior.of(study=analysis.studies[-1])
    if analysis.has_hierarchy or analysis.centres:
        found["next"] = posterior.next(seed=1)
    return found


@pytest.mark.parametrize("name", [*PROBABILITIES, *TIMES])
def test_predictions(form: str, name: str) -> None:
    for unit, posterior in units_of(prior_of(form)).items():
        found = (PROBABILITIES | TIMES)[name](posterior)
        several = unit == "whole" and len(posterior.analysis.studies) > 1
        assert found.dims[: 2 + several] == ("chain", "draw", "study")[: 2 + several]
        assert found.sizes["chain"] == CHAINS
        assert found.sizes["draw"] == DRAWS
        values = found.values[~np.isnan(found.values)]  # nobody may come into a state
        assert values.size > 0.9 * found.size
        assert np.all(values >= 0.0)
        assert name in TIMES or np.all(values <= 1.0)
        assert {"long_name", "units", "of"} <= set(found.attrs)
        table = summarise(found)
        assert np.all((table["lower"] <= table["median"]) & (table["median"] <= table["upper"]))


def test_hazard_ratios_and_days_of_death(form: str) -> None:
    posterior = prior_of(form)
    if posterior.analysis.has_print and not posterior.analysis.by_duration:
        with pytest.raises(hb.InputError, match="durations have no part in this analysis; it has no ratios"):
            hb.hazard_ratios(posterior)
    else:
        ratios = hb.hazard_ratios(posterior)["hazard_ratio"]
        assert ratios.dims[:3] == ("chain", "draw", "transition")
        assert np.all(ratios.values > 0.0)
        assert ratios["contraction"].dims == ratios.dims[2:]
        assert np.all(np.abs(ratios["contraction"]) < 1.0)  # draws of the prior taught nothing
    one = posterior.of(study=posterior.analysis.studies[0])
    days = nonresponder_death_day(one, seed=1)
    assert np.all((days.values > 0.0) & (days.values <= 365.0))


def test_every_variable_says_what_it_is(form: str) -> None:
    for posterior in units_of(prior_of(form)).values():
        assert all(
            array.attrs["long_name"] and "units" in array.attrs for array in posterior.dataset.data_vars.values()
        )


def test_the_check(form: str) -> None:
    table = hb.check(prior_of(form), seed=1)
    assert {"id", "printed", "value", "median", "lower90", "upper90", "tail_probability", "used"} <= set(table.columns)
    assert ("study" in table.columns) == (len(prior_of(form).analysis.prints) > 1)
    known = table[~table["median"].isna()]
    assert len(known) > (5 if not prior_of(form).analysis.has_arms else 3)  # two numbers are printed of each arm
    assert np.all(known["lower90"] <= known["upper90"])


def test_beside_another(form: str) -> None:
    """Every study or arm has the same three answers, and of itself no difference has an interval."""
    found = hb.compare({"main": prior_of("paper"), "this": prior_of(form)})
    own = found.answers[found.answers["analysis"] == "this"]
    assert set(own["of"]) == set(prior_of(form).analysis.studies)
    assert len(own) == 3 * own["of"].nunique()
    assert np.all(own["lower"] <= own["upper"])
    assert list(found.assumed.columns) == ["what", "main", "this"]
    assert list(found.fitted.columns) == ["study", "number", "main", "this"]
    same = any("know the same patients" in caution for caution in found.cautions)
    assert same == ("gagelmann2023" in set(own["of"]))
    assert own["difference_lower"].isna().all() if same else True


def test_files(form: str, tmp_path: Path) -> None:
    posterior = prior_of(form)
    hb.save(posterior, tmp_path / "posterior.nc")
    again = hb.load_posterior(tmp_path / "posterior.nc")
    assert again.analysis.text == posterior.analysis.text
    assert np.array_equal(again.parameters, posterior.parameters)
    xr.testing.assert_identical(hb.survival(again, days=DAYS), hb.survival(posterior, days=DAYS))


def test_leaving_out(form: str) -> None:
    analysis = FORMS[form]()
    whole = {name: value.shape for name, value in model_data(analysis).items()}
    several = len(analysis.prints) > 1
    parts = each_study(analysis) if several else {}
    parts |= each_number(analysis) if not several else {}
    parts |= each_centre(analysis)
    assert parts or form == "table"
    for without in list(parts.values())[:2]:
        left = model_data(analysis, without=without)
        assert set(left) == set(whole)


def test_groups_of_the_tree(form: str) -> None:
    tree = hb.with_groups(prior_of(form), seed=1).tree
    assert {"prior", "log_likelihood", "observed_data", "posterior_predictive", "constant_data"} <= set(tree.children)


def test_patients_from_the_others(form: str) -> None:
    if "patients" not in hb.with_groups(prior_of(form), seed=1).tree["log_likelihood"]:
        return
    table = leave_patient_out(prior_of(form))
    assert (
        np.isfinite(table["log_predictive_density"]).mean() > 0.95
    )  # draws from the prior may leave a tail without a shape


@cache
def fits_of(form: str) -> Fits:
    """What a run makes, of draws from the prior."""
    main = replace(prior_of(form), verdict=CONVERGED, converged=True)
    analysis, other = main.analysis, replace(prior_of(form, 2), converged=True)
    several = len(analysis.prints) > 1
    parts = each_study(analysis) if several else each_number(analysis)
    alone = draw_prior(replace(analysis, pooling="none"), draws=DRAWS, chains=CHAINS, seed=3) if several else main
    return Fits(
        main=main,
        reported=reported_by_section(main, seed=1),
        seed=1,
        without=dict.fromkeys(parts, other),
        alone={study: alone.of(study=study) for study in analysis.studies} if several else {},
        centres=(pd.DataFrame(columns=list(CENTRES)), pd.DataFrame(columns=list(NUMBERS))),
    )


@pytest.mark.parametrize("quick", [False, True], ids=["whole", "quick"])
def test_every_section_that_applies(form: str, tmp_path: Path, *, quick: bool) -> None:
    fits = fits_of(form)
    if quick:
        main = replace(fits.main, settings={**fits.main.settings, "quick": True})
        fits = Fits(main=main, reported=fits.reported, seed=fits.seed)
    sections = sections_of(fits.analysis)
    tables = {name: table(fits) for section in sections for name, table in section.tables.items()}
    texts = {name: text(fits) for section in sections for name, text in section.texts.items()}
    results = results_of(fits.main, tables, texts)
    page = write_report(results, tmp_path / "report.html").read_text()
    shown = [section for section in sections if section.context(results) is not None]
    assert len(shown) >= 7
    assert ("A quick run" in page) == quick
    assert all(f'id="{section.name}"' in page for section in shown if section.link)
    assert "nan" not in page.lower().replace("nano", "").replace("finance", "").split("<style")[0]
    assert isinstance(verdict(fits.main, None), Verdict)


def test_some_form_has_each_section() -> None:
    analyses = [make() for make in FORMS.values()]
    assert all(any(section.applies(analysis) for analysis in analyses) for section in SECTIONS)
