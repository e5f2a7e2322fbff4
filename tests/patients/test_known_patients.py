"""Patients known one by one beside a paper: what is left of its print, and both in one posterior."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import pytensor
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from pytensor.compile.mode import Mode

from hscb_bayes.analysis.kept import KNOWN
from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.checking.methods.simulated_members import drawn_effect, simulate_with_known
from hscb_bayes.checking.replicate import effects_of_patients, replicate
from hscb_bayes.errors import InputError
from hscb_bayes.model.build import build
from hscb_bayes.model.data import model_data
from hscb_bayes.model.known_patients import known_terms
from hscb_bayes.model.likelihood import log_likelihood, log_prior
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.print_arrays import inside_of, joint_arrays, known_positions, printed_values
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sensitivity import sensitivity
from hscb_bayes.posterior.stored import load_posterior, save
from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.pathway import TRANSITIONS
from tests.joint.layouts import item, layout, responders, survival
from tests.posteriors import made, point_of

MODELS = Path(__file__).parents[2] / "models"
ALGEBRA = 1e-9
SLOPE = """
[hazards]
never_respond_by_duration = true
[prior.odds_ratio_never_respond]
best_guess = 1.0
below = 4.0
why = "x"
"""


@pytest.fixture(scope="module")
def inside() -> Member:
    return load_analysis("with_centre")


@pytest.fixture(scope="module")
def outside() -> Member:
    return load_analysis("with_other_centre")


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """The shipped analysis in a folder of its own, with other rows in its table or other lines in its file."""
    folder = shutil.copytree(MODELS, tmp_path / "models")
    shipped = folder / "with_centre.toml"
    before, _, after = shipped.read_text().partition('rows = """\n')
    text, _, rest = after.partition('"""\n')
    (folder / "invented_centre.csv").write_text(text)
    shipped.write_text(f'{before}file = "invented_centre.csv"\n{rest}')

    def make(rows: str = "", lines: str = "", *, old: str = "", new: str = "") -> Path:
        table, file = folder / "invented_centre.csv", folder / "with_centre.toml"
        table.write_text((table.read_text() + rows).replace(old, new) if old else table.read_text() + rows)
        file.write_text(file.read_text().replace("\n[known_patients]\n", f"\n{lines}\n[known_patients]\n"))
        return file

    return make


def test_what_is_left_of_the_print_by_hand(inside: Member) -> None:
    """Twelve of 31: six with short durations (one died), six with long (three died, one lost on day 140)."""
    found = joint_arrays(inside, printed_values(inside))
    assert_allclose(found.sizes, [16 - 6, 15 - 6])
    assert_allclose(found.observed[:2], [(26 - 10) / 19, 0.0])
    assert_allclose(found.neutropenic, [0.0, 5 - 2])
    lost = 0.44 ** (1.0 - inside_of(inside).spent[8, 0])  # of those alive on day 140, who live to one year
    assert_allclose(lost, 0.67, atol=0.05)
    assert_allclose(found.observed[2:], [(0.85 * 16 - 5) / 10, (0.44 * 15 - 2 - lost) / 9])
    assert found.unresponded == 19 - 16
    # days 7, 9 and 14 are of the 10th, 16th and 21st... of which 2, 5 and 8 were before, and one on days 7 and 9
    assert found.times.sum() == pytest.approx(16.0)


def test_a_printed_interval_widens_what_is_left_as_it_widened_the_whole(inside: Member) -> None:
    whole, left = (joint_arrays(a, printed_values(a)) for a in (load_analysis("main"), inside))
    assert_allclose(left.excess, whole.excess)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["with_centre", "with_other_centre"])
def test_the_model_is_the_print_of_the_others_and_the_patients(name: str) -> None:
    analysis = load_analysis(name)
    built = build(analysis)
    mode = Mode(linker="py", optimizer="fast_compile")
    point = built.model.initial_point()
    names = [variable.name for variable in built.model.value_vars]
    density = pytensor.function(built.model.value_vars, built.model.logp(), mode=mode)
    mean, deviation = prior_normals(analysis)
    rng = np.random.default_rng(2)
    for _ in range(3):
        place = mean + 0.5 * deviation * rng.standard_normal(mean.size)
        effect = rng.normal(scale=0.4, size=len(TRANSITIONS))
        found = density(*({**point, **point_of(analysis, place), EFFECT: effect}[name] for name in names))
        spread = analysis.known.said.deviation  # type: ignore[union-attr]
        prior = log_prior(place[None], analysis)[0] - 0.5 * np.sum(
            effect**2 / spread**2 + np.log(2 * np.pi * spread**2)
        )
        expected = prior + log_likelihood(place[None], analysis).sum() + known_terms(place[None], effect, analysis)[0]
        assert found == pytest.approx(expected, rel=1e-8)


def test_the_likelihood_of_the_patients_is_theirs_by_hand(outside: Member) -> None:
    """One patient: a response on day 8 and a death on day 30, Weibull hazards, half a doubling from the reference."""
    known = outside.known
    assert known is not None
    row = pd.DataFrame({"id": ["a"]})
    one = replace(known.patients, id=row["id"].to_numpy(), **{
        name: np.array([value]) for name, value in
        {"entry_day": 0.0, "unresponded_until": 8.0, "response_day": 8.0, "last_day": 30.0, "died": True}.items()
    }, covariates={"duration": np.array([38.0 * np.sqrt(2.0)])})  # fmt: skip
    analysis = replace(outside, known=replace(known, patients=one))
    place = prior_normals(analysis)[0][None]
    values = dict(zip(analysis.parameter_ids, place[0], strict=True))
    effect = np.array([0.3, -0.2, 0.1])

    def relative(k: int) -> float:
        return float(np.exp(0.5 * values[f"hazard_ratio_{TRANSITIONS[k]}"] + effect[k]))

    def hazard(transition: str, day: float, at_one: float) -> Weibull:
        shape = np.exp(values[f"{transition}_shape"])
        return Weibull(shape=shape, log_scale=np.log(day) - at_one / shape)

    response = hazard("response", np.exp(values["response_median"]), np.log(np.log(2.0)))
    before, after = (hazard(name, 365.0, values[name]) for name in TRANSITIONS[1:])
    never = 1.0 / (1.0 + np.exp(-values["never_respond"]))
    day, since = np.log(8.0), np.log(22.0)
    expected = np.log(1.0 - never) + response.log_hazard(day, np) + np.log(relative(0))
    expected -= np.exp(response.log_cumulative_hazard(day, np)) * relative(0)
    expected -= np.exp(before.log_cumulative_hazard(day, np)) * relative(1)
    expected += after.log_hazard(since, np) + np.log(relative(2))
    expected -= np.exp(after.log_cumulative_hazard(since, np)) * relative(2)
    assert known_terms(place, effect, analysis)[0] == pytest.approx(expected, abs=ALGEBRA)


def test_shapes_do_not_depend_on_what_became_of_the_patients(inside: Member) -> None:
    truth, rng = prior_normals(inside)[0][None], np.random.default_rng(4)
    shapes = {name: value.shape for name, value in model_data(inside).items()}
    for _ in range(5):
        made, numbers, _ = simulate_with_known(inside, truth, drawn_effect(inside, rng=rng), rng=rng)
        assert {name: value.shape for name, value in model_data(made, {made.study.id: numbers}).items()} == shapes
        assert made.known is not None
        assert len(made.known) == 12


def posterior_of(analysis: Member, effect: np.ndarray) -> Posterior:
    """Draws of the prior in the place of a posterior's, and one effect throughout."""
    mean, deviation = prior_normals(analysis)
    draws = mean + deviation * np.random.default_rng(1).standard_normal((400, mean.size))
    return made(analysis, draws[None], seed=0, **{EFFECT: (("transition",), np.broadcast_to(effect, (1, 400, 3)))})


def test_a_posterior_holds_its_patients(inside: Member, tmp_path: Path) -> None:
    save(posterior_of(inside, np.zeros(3)), tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc").analysis
    assert again.known is not None
    assert_allclose(again.known.patients.response_day, inside.known.patients.response_day)  # type: ignore[union-attr]
    assert_allclose(again.known.duration, inside.known.duration)  # type: ignore[arg-type, union-attr]
    numbers = printed_values(inside)
    assert all(
        np.array_equal(model_data(again, {again.study.id: numbers})[name], value)
        for name, value in model_data(inside).items()
    )


def test_replicates_of_the_paper_have_the_patients_with_their_hazards(inside: Member, outside: Member) -> None:
    posterior = posterior_of(inside, np.array([0.0, 9.0, 9.0]))  # who is known dies at once
    effect = effects_of_patients(posterior)
    assert effect is not None
    assert effect.shape == (400, 31, 3)
    replicates = replicate(posterior, replicates=200, seed=1)
    taken = known_positions(inside)
    early = (replicates.cohort.last_day < 100.0) & replicates.cohort.died
    assert early[:, taken].mean() > 0.9
    assert early[:, ~taken].mean() < 0.6
    assert effects_of_patients(posterior_of(outside, np.ones(3))) is None
    assert posterior.parameters.shape[0] == 400


def test_how_the_patients_differ_stands_among_the_parameters(inside: Member) -> None:
    found = sensitivity(posterior_of(inside, np.log([2.0, 1.0, 0.5])), seed=1).set_index("quantity")
    own = found.loc[[f"{EFFECT}_{transition}" for transition in TRANSITIONS]]
    assert_allclose(own["median"], [2.0, 1.0, 0.5])
    assert own["label"].iloc[0] == "hazard ratio of response, patients known one by one against the others"
    assert own["prior_upper"].between(2.0, 3.0).all()
    assert np.isnan(found["prior_sensitivity"]).all()


@pytest.mark.parametrize(
    ("rows", "old", "new", "sentence"),
    [
        ("".join(f"B{k},20,9,40,1\n" for k in range(4)), "", "", "os_1y_short can hold: 85% of its 16 patients lived"),
        ("".join(f"B{k},20,5,400,0\n" for k in range(11)), "", "", "at most 16 of the patients with the shorter dur"),
        ("".join(f"B{k},60,12,400,0\n" for k in range(7)), "", "", "os_1y_long can hold: 44% of its 15 patients lived"),
        ("", "A01,12,5", "A01,-3,5", "duration: required days above 0, found -3 for patient A01"),
        ("", "A01,12,5", "A01,,5", "duration"),
        ("", "A01,12,5,410", "A01,12,5,4", "response after the last day"),
        ("", "id,duration", "id,neutropenia", "duration"),
        ("B01,90,,400,0\nB02,90,,400,0\n", "", "", "os_1y_nonresponders can hold: 0% of its 5 patients"),
        ("".join(f"B{k},60,{k},400,0\n" for k in range(1, 9)), "", "", "at most|can hold|can complete"),
    ],
    ids=["deaths", "short", "survivors", "negative", "missing", "order", "column", "alive", "too many"],
)  # fmt: skip
def test_tables_that_the_print_cannot_hold(
    rows: str, old: str, new: str, sentence: str, changed: Callable[..., Path]
) -> None:
    with pytest.raises(InputError, match=sentence) as raised:
        model_data(load_analysis(changed(rows, old=old, new=new)))
    assert "invented_centre.csv" in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('duration = "duration"\n', "", "known_patients.duration: required the column of the duration"),
        ("hazard_ratio_rarely_above = 3.0", "hazard_ratio_rarely_above = 1.0", "required a number above 1, found 1.0"),
        ("inside = true", 'inside = "yes"', "known_patients.inside: required true or false, found 'yes'"),
        ("inside = true\n", "", "known_patients: inside is missing|known_patients.inside"),
        ("inside = true", 'inside = false\npublished_until = "duration"', "published_until: required inside = true"),
        ("invented_centre.csv", "no_centre.csv", "there is no such file"),
        (
            "[known_patients]",
            f"{SLOPE}[known_patients]",
            "required hazards.never_respond_by_duration = false",
        ),
        (
            "[known_patients]",
            '[between_studies]\nhazard_ratio_rarely_above = 2.0\nwhy = "x"\n[known_patients]',
            "required an analysis without between_studies",
        ),
        ('units = "days"', 'units = "fortnights"', "units"),
        ('file = "invented_centre.csv"\n', "", "known_patients: required either file or rows, found neither"),
        (
            'units = "days"',
            'units = "days"\nrows = "id,died"',
            "required either file or rows, found both",
        ),
    ],
    ids=[
        "no duration",
        "ratio",
        "not said",
        "left out",
        "outside",
        "file",
        "slope",
        "studies",
        "units",
        "neither",
        "both",
    ],
)
def test_files_that_cannot_be(old: str, new: str, sentence: str, changed: Callable[..., Path]) -> None:
    file = changed()
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=sentence):
        model_data(load_analysis(file))


def test_patients_inside_a_paper_are_known_to_the_day(changed: Callable[..., Path]) -> None:
    file = changed()
    table = file.parent / "invented_centre.csv"
    pd.read_csv(table).assign(seen_without=2.0).to_csv(table, index=False)
    file.write_text(file.read_text() + '[known_patients.wide]\nunresponded_until = "seen_without"\n')
    with pytest.raises(InputError, match="patient A01: required a course known to the day from time zero on"):
        load_analysis(file)


def test_what_the_paper_saw_ends_at_its_own_last_look(changed: Callable[..., Path]) -> None:
    """A06 died on day 160 and A05 responded on day 11: the paper had looked up to day 100 and day 10."""
    file = changed()
    table = file.parent / "invented_centre.csv"
    frame = pd.read_csv(table)
    frame["seen_to"] = frame["last_day"].where(
        ~frame["id"].isin(["A05", "A06"]), frame["id"].map({"A05": 10.0, "A06": 100.0})
    )
    frame.to_csv(table, index=False)
    file.write_text(file.read_text().replace("inside = true", 'inside = true\npublished_until = "seen_to"'))
    analysis = load_analysis(file)
    found = joint_arrays(analysis, printed_values(analysis))
    assert found.observed[0] == pytest.approx((26 - 9) / 19)
    own = inside_of(analysis)
    assert own.died.sum() == 3
    assert analysis.known is not None
    assert analysis.known.patients.died.sum() == 4


def test_what_happened_on_the_last_look_was_seen_whatever_rounding_does(changed: Callable[..., Path]) -> None:
    """A06 died on day 160 and A05 responded on day 11, the last days that the paper saw of them but for 1e-12 days."""
    file = changed()
    table = file.parent / "invented_centre.csv"
    frame = pd.read_csv(table)
    last = frame["id"].map({"A05": 11.0 - 1e-12, "A06": 160.0 - 1e-12})
    frame.assign(seen_to=last.fillna(frame["last_day"])).to_csv(table, index=False)
    file.write_text(file.read_text().replace("inside = true", 'inside = true\npublished_until = "seen_to"'))
    known = load_analysis(file).known
    assert known is not None
    seen = known.as_published()
    assert (seen.responded.sum(), seen.died.sum()) == (known.patients.responded.sum(), known.patients.died.sum())
    assert np.all(~seen.responded | (seen.response_day <= seen.last_day))


def test_the_settings_say_nothing_of_patients(inside: Member, tmp_path: Path) -> None:
    save(posterior_of(inside, np.zeros(3)), tmp_path / "posterior.nc")
    with xr.open_datatree(tmp_path / "posterior.nc", engine="h5netcdf") as tree:
        told = dict(tree.attrs)
    assert {name for name, text in told.items() if "A01" in str(text)} == {"analysis_tables", KNOWN}
    assert json.loads(told["sources"]) == dict(inside.sources)


def test_print_and_patients_are_what_is_observed(inside: Member) -> None:
    built = build(inside)
    assert isinstance(built.model, pm.Model)
    assert [variable.name for variable in built.model.observed_RVs] == ["print", "patients"]
    assert built.model.potentials == []


ROWS = """
[known_patients]
rows = \"\"\"
id,response_day,last_day,died
a,5,400,0
b,,30,1
\"\"\"
units = "days"
inside = {inside}
hazard_ratio_rarely_above = 3.0
why = "two patients"
"""


@pytest.mark.parametrize("inside", ["true", "false"])
@pytest.mark.parametrize(
    ("id", "text", "role"),
    [
        ("deaths", item("deaths", "count", event="death", at="6 months", count=9, n=30), "deaths"),
        ("left", item("left", "at_risk", at="6 months", count=20), "patients at risk"),
        ("half", item("half", "median_time", event="death", value="20.1 months"), "median survival"),
        (
            "seen",
            item("seen", "follow_up", estimator="reverse_kaplan_meier", value="15.0 months"),
            "median follow-up",
        ),
        ("curve", item("curve", "incidence", event="response", value="85%"), "incidence of response"),
    ],
)
def test_numbers_that_are_not_known_without_the_patients_are_not_fitted(
    id: str, text: str, role: str, inside: str, tmp_path: Path
) -> None:
    """Of patients who are not among the paper's nothing is taken out."""
    layout(tmp_path, 30, [responders(24, 30), survival("os_12m", "12 months", "70%"), text])
    file = tmp_path / "layout.toml"
    file.write_text(file.read_text() + ROWS.format(inside=inside))
    if inside == "false":
        assert id in load_analysis(file).fit.items
        return
    with pytest.raises(InputError, match=f"fit.items: '{id}' is a number of {role}, and it is not known what is left"):
        load_analysis(file)
