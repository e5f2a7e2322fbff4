"""Arms of one study in one analysis: each from its own numbers, and each against the reference."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hscb_bayes as hb
from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.arms import Arms
from hscb_bayes.analysis.level import EFFECTS
from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.analysis.scope import compares_arms
from hscb_bayes.checking.leave_out import each_number
from hscb_bayes.checking.methods import literature
from hscb_bayes.checking.replicate import replicate
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import Cohort
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import compile_model
from hscb_bayes.model.data import model_data
from hscb_bayes.model.level_arrays import study_parameters
from hscb_bayes.model.likelihood import log_likelihood, log_prior
from hscb_bayes.model.print_likelihood import CELLS, arrays_of, log_likelihood_by_study, print_data
from hscb_bayes.posterior.contrasts import contrasts, summarise_contrasts
from hscb_bayes.posterior.exchangeable import effects_as_drawn
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.sensitivity import sensitivity
from hscb_bayes.process.pathway import TRANSITIONS
from tests import papers

MODELS = Path(__file__).parents[2] / "models"
FIRST, SECOND = "controls", "defibrotide"


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return load("richardson2016")


@pytest.fixture(scope="module")
def prior(analysis: Analysis) -> Posterior:
    return draw_prior(analysis, draws=60, chains=2, seed=5)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """The analysis in a folder of its own, with texts of its file replaced."""

    def write(*changes: tuple[str, str]) -> Path:
        text = (MODELS / "richardson2016.toml").read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1
            text = text.replace(old, new)
        (tmp_path / "evidence").mkdir(exist_ok=True)
        study = MODELS / "evidence" / "richardson2016.toml"
        (tmp_path / "evidence" / study.name).write_text(study.read_text(encoding="utf-8"), encoding="utf-8")
        (tmp_path / "x.toml").write_text(text, encoding="utf-8")
        return tmp_path / "x.toml"

    return write


def test_each_arm_fits_its_own_numbers(analysis: Analysis) -> None:
    assert analysis.studies == (FIRST, SECOND)
    assert [member.size for member in analysis.members] == [32, 102]
    assert [set(member.fit.items) for member in analysis.members] == [
        {"response_controls", "os_100d_controls"},
        {"response_defibrotide", "os_100d_defibrotide"},
    ]
    assert set(each_number(analysis)) == set(analysis.table.fit.items)
    assert not analysis.levels
    (shift,) = analysis.shifts
    assert shift.studies == (SECOND,)
    told = {effect for effect, deviation in shift.deviations.items() if deviation > 0.0}
    assert told == {*TRANSITIONS, "never_respond"}


def test_a_ratio_is_rarely_above_what_is_said() -> None:
    arms = Arms(reference="a", compared=("b",), hazard_ratio_rarely_above=5.0, odds_ratio_rarely_above=2.0, why="x")
    (shift,) = arms.shifts(never_respond=True)
    drawn = np.random.default_rng(1).normal(size=400_000)
    for effect, ratio in (("response", 5.0), ("never_respond", 2.0)):
        assert np.mean(np.abs(drawn * shift.deviations[effect]) < np.log(ratio)) == pytest.approx(0.95, abs=2e-3)
    (without,) = arms.shifts(never_respond=False)
    assert without.deviations["never_respond"] == 0.0
    alike = arms.model_copy(update={"odds_ratio_rarely_above": None})
    (shift,) = alike.shifts(never_respond=True)
    assert shift.deviations["never_respond"] == shift.deviations["response"]


def test_the_density_is_that_of_both_prints_and_of_the_beliefs(analysis: Analysis) -> None:
    built = build(analysis)
    names = [variable.name for variable in built.model.value_vars]
    compiled, size = compile_model(built), len(analysis.believed)
    assert names[-1] == "standard_shift"
    rng = np.random.default_rng(3)
    start = compiled.program.first_point(1)
    assert start is not None
    points = start + 0.3 * rng.normal(size=(12, start.size))
    densities, gradients = compiled.program.evaluated(points)
    ids, (deviations,) = analysis.parameter_ids, [shift.deviations for shift in analysis.shifts]
    found = np.zeros(len(points))
    whole = np.array([draw_prior(analysis, draws=1, chains=1, seed=1).parameters[0]] * len(points))
    whole[:, [ids.index(id) for id in analysis.believed]] = points[:, :size]
    shifted = [effect for effect in EFFECTS if deviations[effect]]
    added = {effect: deviations[effect] * points[:, size + k] for k, effect in enumerate(shifted)}
    for member in analysis.members:
        own, times = whole.copy(), float(member.study.id == SECOND)
        own[:, ids.index("never_respond")] += times * added["never_respond"]
        effect = times * np.stack([added[name] for name in TRANSITIONS], axis=-1)
        found += log_likelihood(own, member, effect=effect).sum(axis=-1)
    normal = -0.5 * points[:, size:] ** 2 - 0.5 * np.log(2.0 * np.pi)
    expected = found + log_prior(whole, analysis.members[0]) + normal.sum(axis=-1)
    np.testing.assert_allclose(densities, expected, rtol=1e-9)
    assert np.all(np.abs(gradients[:, size:]).max(axis=0) > 1e-6)


def test_an_arm_left_out_says_nothing(analysis: Analysis) -> None:
    whole = model_data(analysis)
    for without in each_number(analysis).values():
        left = model_data(analysis, without=without)
        assert any(not np.array_equal(left[name], whole[name]) for name in whole)


def test_contrasts_are_differences_of_the_arms(prior: Posterior) -> None:
    days = [28.0, 100.0]
    found = contrasts(prior, days=days, horizon=100.0)
    one, other = (prior.of(study=arm) for arm in (SECOND, FIRST))
    for name, function in (("response_difference", hb.cumulative_incidence), ("survival_difference", hb.survival)):
        expected = function(one, days=days) - function(other, days=days)
        np.testing.assert_allclose(found[name].sel(arm=SECOND).values, expected.values, atol=1e-12)
    times = [hb.restricted_mean_time(posterior, horizon=100.0) for posterior in (one, other)]
    np.testing.assert_allclose(found["time_difference"].sel(arm=SECOND).values, (times[0] - times[1]).values, atol=1e-9)
    assert np.allclose(found["time_difference"].sum("state"), 0.0, atol=0.2)  # days in all states are 100 in each arm
    shift = prior.among_effects("shift_effect")[:, 0]
    ratios = found["hazard_ratio"].sel(arm=SECOND).values.reshape(-1, 3)
    np.testing.assert_allclose(np.log(ratios), shift[:, :3])
    turned = contrasts(prior, days=days, horizon=100.0, reference=SECOND)
    np.testing.assert_allclose(
        turned["survival_difference"].sel(arm=FIRST).values, -found["survival_difference"].sel(arm=SECOND).values
    )
    np.testing.assert_allclose(
        turned["hazard_ratio"].sel(arm=FIRST).values * found["hazard_ratio"].sel(arm=SECOND).values, 1.0
    )


def test_the_table_of_contrasts(prior: Posterior) -> None:
    found = contrasts(prior, days=[28.0])
    other = contrasts(draw_prior(prior.analysis, draws=4000, chains=1, seed=8), days=[28.0])
    table = summarise_contrasts(found, other).set_index(["contrast", "transition"])
    row = table.loc[("hazard_ratio", "response")]
    draws = found["hazard_ratio"].sel(arm=SECOND, transition="response").values
    assert row["probability_more"] == np.mean(draws > 1.0)
    assert row["median"] == np.quantile(draws, 0.5, method="inverted_cdf")
    assert abs(row["contraction"]) < 0.4  # both are draws from the prior, 120 of them
    assert summarise_contrasts(found)["contraction"].isna().all()


def test_the_reference_has_the_parameters_and_the_other_its_shift(prior: Posterior) -> None:
    first, second = (prior.of(study=arm) for arm in (FIRST, SECOND))
    np.testing.assert_array_equal(first.parameters, prior.parameters)
    place = prior.analysis.parameter_ids.index("never_respond")
    effects = effects_as_drawn(prior)
    np.testing.assert_allclose(second.parameters[:, place] - first.parameters[:, place], effects[:, 1, 3])
    np.testing.assert_array_equal(np.delete(second.parameters, place, 1), np.delete(first.parameters, place, 1))
    assert not np.any(effects[:, 0])


def test_new_studies_have_patients_of_both_arms(prior: Posterior) -> None:
    found = replicate(prior, replicates=50, seed=2)
    assert found.cohort.died.shape == (50, 134)
    assert found.cohort.group(SECOND).sum(axis=-1).tolist() == [102] * 50
    assert found.cohort.group(FIRST).sum(axis=-1).tolist() == [32] * 50
    between = {item.id for item in prior.analysis.members[0].study.items if compares_arms(prior.analysis, item)}
    assert between == {"difference_of_survival", "difference_of_response", "p_survival", "p_response"}
    of_each = {id.partition(".")[0] for id in found.numbers}
    assert of_each == {*prior.analysis.table.fit.items, *between}
    responded = found.cohort.responded & found.cohort.group(FIRST)
    by_100 = (found.cohort.response_day <= 100.0) & responded
    np.testing.assert_allclose(found.numbers["response_controls"], by_100.sum(axis=-1) / 32, atol=6e-4)


def test_cohorts_are_joined_patient_by_patient() -> None:
    ones = {name: np.ones((2, 3)) for name in ("duration", "response_day", "last_day")}
    a = Cohort(**ones, died=np.ones((2, 3), dtype=bool), groups={"a": np.ones((2, 3), dtype=bool)})
    b = replace(a, groups={"b": np.ones((2, 3), dtype=bool)})
    both = Cohort.joined([a, b])
    assert both.died.shape == (2, 6)
    assert both.group("a").tolist() == [[True] * 3 + [False] * 3] * 2
    assert both.group("b").tolist() == [[False] * 3 + [True] * 3] * 2


def test_what_was_learned_is_told_of_each_arm(prior: Posterior) -> None:
    table = sensitivity(prior, seed=1)
    headline = table[table["kind"] == "headline"]
    assert {f"{arm}:os_1y" for arm in (FIRST, SECOND)} <= set(headline["quantity"])
    assert any(label.endswith(", defibrotide") for label in headline["label"])
    assert table["prior_sensitivity"].isna().all()


def test_a_posterior_is_read_again_with_its_arms(prior: Posterior, tmp_path: Path) -> None:
    hb.save(prior, tmp_path / "p.nc")
    again = hb.load_posterior(tmp_path / "p.nc")
    assert again.analysis.has_arms
    assert again.analysis.studies == (FIRST, SECOND)
    arm = prior.of(study=SECOND)
    hb.save(arm, tmp_path / "arm.nc")
    np.testing.assert_allclose(
        hb.survival(hb.load_posterior(tmp_path / "arm.nc"), days=[50]).values, hb.survival(arm, days=[50]).values
    )


def test_simulated_arms_are_refitted_as_they_are(analysis: Analysis) -> None:
    truth = literature.true_literature(analysis, rng=np.random.default_rng(4))
    again, numbers, censored = literature.printed_literature(analysis, truth, rng=np.random.default_rng(5))
    assert again.has_arms
    assert set(numbers) == {FIRST, SECOND}
    assert 0.0 <= censored <= 1.0
    told = literature.quantities(truth, seed=1)
    difference = told[f"{SECOND}-{FIRST}:os_1y"]
    np.testing.assert_allclose(difference, told[f"{SECOND}:os_1y"] - told[f"{FIRST}:os_1y"])
    assert {f"{SECOND}:{effect}" for effect in (*TRANSITIONS, "never_respond")} <= set(told)


RATIO = "hazard_ratio_rarely_above = 5.0"
CHANGES = [
    (
        ('reference = "controls"', 'reference = "everybody"'),
        "arms: required groups by characteristic, found 'everybody'",
    ),
    (('compared = ["defibrotide"]', 'compared = ["controls"]'), "'controls' is named twice"),
    (('compared = ["defibrotide"]', "compared = []"), "required at least 1 entry"),
    ((RATIO, "hazard_ratio_rarely_above = 1.0"), "hazard_ratio_rarely_above"),
    (('form = "none"', 'form = "none"\namong = "controls"'), "arms.reference and arms.compared say whom"),
    (('form = "none"', 'form = "none"\nresponders = 3'), "arms.responders says how many responded in each arm"),
    (
        ('"response_controls", "os_100d_controls"]', '"pulmonary_bleeding"]'),
        "found 'pulmonary_bleeding', which is of none",
    ),
    (
        ('"response_defibrotide", "os_100d_defibrotide", ', ""),
        "required a number of each arm, found none of 'defibrotide'",
    ),
    ((RATIO, f"{RATIO}\nresponders = {{ x = 1 }}"), "responders names 'x'"),
    (
        (RATIO, f"{RATIO}\nresponders = {{ controls = 40 }}"),
        "arms.responders.controls: required at most the 32 patients, found 40",
    ),
    (
        ("[cohort]", '[between_studies]\nhazard_ratio_rarely_above = 2.0\nwhy = "x"\n[cohort]'),
        "between_studies: required without it beside arms",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), CHANGES)
def test_what_cannot_be_is_refused(written: Callable[..., Path], change: tuple[str, str], sentence: str) -> None:
    file = written(change)
    with pytest.raises(InputError) as refused:
        load(file)
    assert sentence in str(refused.value)
    assert str(file) in str(refused.value)


def test_an_analysis_of_one_group_is_asked_for(prior: Posterior) -> None:
    with pytest.raises(InputError, match="required an analysis of one group of patients; use load"):
        load_analysis("richardson2016")
    with pytest.raises(InputError, match="required an analysis that compares arms, found none"):
        contrasts(draw_prior(load("main"), draws=2, chains=1, seed=1), days=[28.0])
    with pytest.raises(InputError, match="there is no arm 'sxt'"):
        contrasts(prior, days=[28.0], reference="sxt")


def test_alternatives_compare_the_same_arms(written: Callable[..., Path]) -> None:
    file = written(("[cohort]", '[report]\nalternatives = ["y"]\n[cohort]'))
    text = file.read_text(encoding="utf-8")
    wide = text.replace("hazard_ratio_rarely_above = 5.0", "hazard_ratio_rarely_above = 20.0")
    (file.parent / "y.toml").write_text(wide.replace('alternatives = ["y"]', "alternatives = []"), encoding="utf-8")
    assert load(file).alternatives == ("y",)
    turned = text.replace('"controls"', '"X"').replace('"defibrotide"', '"controls"').replace('"X"', '"defibrotide"')
    (file.parent / "y.toml").write_text(turned.replace('alternatives = ["y"]', "alternatives = []"), encoding="utf-8")
    with pytest.raises(InputError, match="required the same arms, 'controls', 'defibrotide'"):
        load(file)


def test_the_tables_of_an_arm_are_an_analysis(analysis: Analysis) -> None:
    for member in analysis.members:
        own = json.loads(member.text)
        assert "arms" not in own
        assert own["cohort"]["among"] == member.study.id


def test_an_incidence_of_one_arm_is_fitted_beside_the_numbers_of_another(tmp_path: Path) -> None:
    """Prints of several arms at once have the density that each has alone, whichever of them prints an incidence."""
    path = papers.written(
        tmp_path,
        (MODELS / "evidence" / "ava_ucbt.toml").read_text(encoding="utf-8"),
        ["response_engraftment", "response_median", "incidence_engraftment", "incidence_secondary_failure"],
        conventions='tests.p_response_indication = { test = "fisher" }',
        arms='[arms]\nreference = "engraftment"\ncompared = ["secondary_failure"]\nhazard_ratio_rarely_above = 4.0\n'
        'why = "x"\n',
    )
    analysis = load(path)
    drawn = draw_prior(analysis, draws=6, chains=1, seed=1)
    effects, ids = effects_as_drawn(drawn), analysis.parameter_ids
    for without in ({}, {"engraftment": ["incidence_engraftment"]}):
        data = print_data(analysis.members, without=without)
        for parameters, effect in zip(drawn.parameters, effects, strict=True):
            found = log_likelihood_by_study(parameters, effect, arrays_of(data), data[CELLS], analysis, np)
            each = np.asarray(study_parameters(parameters, effect, ids, np))
            for place, member in enumerate(analysis.members):
                left = without.get(member.study.id, ())
                own = log_likelihood(each[[place]], member, effect=effect[[place], :3], without=left).sum()
                assert found[place] == pytest.approx(own, rel=1e-9)
