"""Grades of a response: multinomial given all responders, whatever else is printed; nothing is lost in silence."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binom, multinomial

import hscb_bayes as hb
from hscb_bayes.analysis.member import Member
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.study import load_study
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import compile_model
from hscb_bayes.model.grades import grade_shares
from hscb_bayes.model.likelihood import log_likelihood, log_prior
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.simulate import printed_by, simulate_cohort
from hscb_bayes.posterior.prior_draws import draw_prior
from tests.papers import MAIN, paper, study_text

GRADES = ("complete_response", "very_good_response", "partial_response")
COUNTS = {"response": 26, "complete_response": 9, "very_good_response": 6, "partial_response": 11}
N = 40
Z = 4.9  # two-sided false-alarm rate 1e-6


def tables(counts: dict[str, int] = COUNTS, grades: Sequence[str] = GRADES, more: str = "") -> str:
    events = [f'[event.{grade}]\nwords = "{grade.replace("_", " ")}"\ngrade_of = "response"\n' for grade in grades]
    items = [
        f'[[item]]\nid = "{id}"\nkind = "count"\nevent = "{id}"\ncount = {count}\nn = {N}\n{more}'
        for id, count in counts.items()
    ]
    survival = '[[item]]\nid = "os_1y"\nkind = "survival"\nat = "1 year"\nvalue = "60%"\n'
    return study_text(N, "".join([*events, *items, survival]))


def analysis_of(folder: Path, items: Sequence[str], text: str = "", beliefs: str = "") -> Member:
    return paper(folder, text or tables(), items, conventions=beliefs)


def draws_of(analysis: Member, size: int = 30) -> np.ndarray:
    mean, deviation = prior_normals(analysis)
    return mean + deviation * np.random.default_rng(3).standard_normal((size, mean.size))


ALL = ["response", *GRADES, "os_1y"]


def test_given_all_responders_grades_are_multinomial(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, ALL)
    draws = draws_of(analysis)
    found = log_likelihood(draws, analysis)
    shares = grade_shares(draws, analysis)
    counts = [COUNTS[grade] for grade in GRADES]
    assert_allclose(shares.sum(axis=-1), 1.0, rtol=1e-12)
    assert_allclose(found[:, -1], multinomial.logpmf(counts, 26, shares), rtol=1e-10)
    (tmp_path / "without").mkdir()
    without = analysis_of(tmp_path / "without", ["response", "os_1y"])
    assert without.grades == ()
    assert_allclose(found[:, :-1], log_likelihood(draws[:, : -len(GRADES) + 1], without), rtol=1e-12)


@pytest.mark.parametrize("printed", GRADES)
def test_a_grade_alone_is_binomial(printed: str, tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, ["response", printed, "os_1y"])
    draws = draws_of(analysis)
    share = grade_shares(draws, analysis)[:, GRADES.index(printed)]
    assert_allclose(log_likelihood(draws, analysis)[:, -1], binom.logpmf(COUNTS[printed], 26, share), rtol=1e-9)


def test_what_is_left_out_says_nothing(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, ALL)
    draws = draws_of(analysis)
    shares = grade_shares(draws, analysis)
    without = log_likelihood(draws, analysis, without=["very_good_response"])[:, -1]
    three = np.stack([shares[:, 0], shares[:, 2], shares[:, 1]], axis=-1)
    assert_allclose(without, multinomial.logpmf([9, 11, 6], 26, three), rtol=1e-9)
    for gone in (["response"], list(GRADES)):
        assert_allclose(log_likelihood(draws, analysis, without=gone)[:, -1], 0.0, atol=1e-12)


def test_a_share_is_the_whole_number_next_to_it(tmp_path: Path) -> None:
    text = tables().replace('kind = "count"\nevent = "complete_response"\ncount = 9\nn = 40', (
        'kind = "share"\nevent = "complete_response"\nvalue = "22.3%"'  # 9 of 40 is 22.5%
    ))  # fmt: skip
    draws = draws_of(analysis_of(tmp_path, ALL))
    one, other = (log_likelihood(draws, analysis_of(tmp_path, ALL, each)) for each in (text, tables()))
    assert_allclose(one, other, rtol=1e-12)


@pytest.mark.slow
def test_the_sampled_density_is_the_density(tmp_path: Path) -> None:
    """Of the program, up to a constant, against the prior's and the likelihood's in NumPy."""
    analysis = analysis_of(tmp_path, ALL)
    built = build(analysis)
    names = [variable.name for variable in built.model.value_vars]
    assert [name.rsplit("_", 3)[0] for name in names] == list(analysis.believed)
    mean, deviation = prior_normals(analysis)
    own = deviation > 0.0
    draws = np.where(own, draws_of(analysis, 8), mean)
    found, _ = compile_model(built).program.evaluated(draws[:, own])
    assert_allclose(found, log_prior(draws, analysis) + log_likelihood(draws, analysis).sum(axis=-1), rtol=1e-9)


def test_new_studies_print_grades_that_are_parts_of_their_responders(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, ALL)
    draws = np.repeat(draws_of(analysis, 1), 20_000, axis=0)
    cohort = simulate_cohort(analysis, draws, rng=np.random.default_rng(5))
    numbers, shares = printed_by(analysis, cohort), grade_shares(draws[:1], analysis)[0]
    assert_allclose(np.sum([numbers[grade] for grade in GRADES], axis=0), numbers["response"])
    responses = numbers["response"].sum()
    for grade, share in zip(GRADES, shares, strict=True):
        error = np.sqrt(share * (1.0 - share) / responses)
        assert abs(numbers[grade].sum() / responses - share) < Z * error


def test_what_is_told_of_grades(tmp_path: Path) -> None:
    posterior = draw_prior(analysis_of(tmp_path, ALL), draws=50, chains=2, seed=1)
    shares = hb.shares_of_grades(posterior)
    assert_allclose(shares.sum("grade"), 1.0, rtol=1e-12)
    days = [28.0, 365.0]
    whole = hb.cumulative_incidence(posterior, days=days)
    parts = [hb.cumulative_incidence(posterior, days=days, grade=grade) for grade in GRADES]
    assert_allclose(sum(parts), whole, rtol=1e-12)
    assert parts[0].dims == whole.dims
    assert parts[0].attrs["grade"] == "complete_response"
    with pytest.raises(InputError, match="grade: there is no grade 'complete'; did you mean 'complete_response'"):
        hb.cumulative_incidence(posterior, days=days, grade="complete")
    table = hb.check(posterior, seed=1).set_index("id")
    assert list(table.loc[[*GRADES], "used"]) == ["fitted"] * 3


def test_without_a_fitted_number_of_a_grade_grades_have_no_part(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, ["response", "os_1y"])
    posterior = draw_prior(analysis, draws=20, chains=2, seed=1)
    table = hb.check(posterior, seed=1).set_index("id")
    assert set(table.loc[[*GRADES], "used"]) == {"not of this analysis"}
    with pytest.raises(InputError, match=r"fit\.items: required a number of responders with a grade; none is fitted"):
        hb.shares_of_grades(posterior)


def test_a_weak_belief_is_about_equal_shares(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, ALL)
    draws = draw_prior(analysis, draws=4000, chains=1, seed=1)
    assert_allclose(np.median(grade_shares(draws.parameters, analysis)[:, 0]), 1.0 / 3.0, atol=0.03)
    assert_allclose(grade_shares(draws.parameters, analysis).mean(axis=0), 1.0 / 3.0, atol=0.06)


BY_DAY = {"response_day": ("response", 20, "30 days"), "complete_day": ("complete_response", 8, "30 days")}


def by_day(counts: dict[str, tuple[str, int, str]]) -> str:
    return tables() + "".join(
        f'[[item]]\nid = "{id}"\nkind = "count"\nevent = "{event}"\nat = "{day}"\ncount = {count}\nn = {N}\n'
        'place = "abstract"\n'
        for id, (event, count, day) in counts.items()
    )


def test_a_number_with_a_grade_is_beside_that_of_all_by_its_own_day(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, ["response", "response_day", "complete_day", "os_1y"], by_day(BY_DAY))
    draws = draws_of(analysis)
    share = grade_shares(draws, analysis)[:, 0]
    assert_allclose(log_likelihood(draws, analysis)[:, -1], binom.logpmf(8, 20, share), rtol=1e-9)


@pytest.mark.parametrize(
    ("items", "counts", "sentence"),
    [
        (
            ["complete_response", "os_1y"], COUNTS,
            "fit.items: 'complete_response' is a part of all responders; required their number beside it",
        ),
        (
            ["response", "complete_day", "os_1y"], COUNTS,
            "fit.items: 'complete_day' is a part of all responders by 30 days; required their number beside it",
        ),
        (
            ["response", "complete_response", "complete_day", "os_1y"], COUNTS,
            "'complete_response' and 'complete_day' are both of 'complete_response'; required one",
        ),
        (
            ["response", "response_day", "complete_day", "partial_response", "os_1y"], COUNTS,
            "'partial_response' and 'complete_day' are of different days; required one of them",
        ),
        (
            ALL, COUNTS | {"partial_response": 12},
            "required 26 responders with a grade, as 26 responded, found 27",
        ),
        (
            ["response", "complete_response", "os_1y"], COUNTS | {"complete_response": 27},
            "'complete_response': required at most 26 responders with a grade, as 26 responded, found 27",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused(
    items: list[str], counts: dict[str, int], sentence: str, tmp_path: Path
) -> None:
    text = by_day(BY_DAY).replace(tables(), tables(counts))
    with pytest.raises(InputError) as error:
        analysis_of(tmp_path, items, text)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("grades", "items", "sentence"),
    [
        ('complete = { best_guess = 0.4, below = 0.7, why = "x" }', ALL, "unknown grade 'complete'; did you mean"),
        (
            'partial_response = { best_guess = 0.4, below = 0.7, why = "x" }', ALL,
            "required beliefs about all grades but the last, which has the rest; remove it",
        ),
        (
            'complete_response = { best_guess = 0.4, below = 1.7, why = "x" }', ALL,
            "grades.complete_response: below: required a share below 1",
        ),
        (
            'complete_response = { best_guess = 0.4, below = 0.7, why = "x" }', ["response", "os_1y"],
            "grades.complete_response: no number of a grade is fitted; remove it, or fit one",
        ),
    ],
)  # fmt: skip
def test_beliefs_are_about_grades_that_are_fitted(grades: str, items: list[str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        analysis_of(tmp_path, items, beliefs=f"[grades]\n{grades}")
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (["complete_response"], "'complete_response' is the only grade of 'response'; required all of them"),
        (["a", "b"], ""),
    ],
)
def test_grades_are_all_declared(events: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(tables({"response": 26}, grades=events), encoding="utf-8")
    if not sentence:
        assert load_study(tmp_path / "x.toml").events[events[0]].grade_of == "response"
        return
    with pytest.raises(InputError) as error:
        load_study(tmp_path / "x.toml")
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            '[event.complete_response]\nwords = "c"\ngrade_of = "partial_response"\n',
            "required an event that is no grade",
        ),
        (
            '[event.complete_response]\nwords = "c"\ngrade_of = "death"\n',
            "required an event that does not end follow-up",
        ),
        ('[event.complete_response]\nwords = "c"\ngrade_of = "rsponse"\n', "unknown event 'rsponse'"),
        (
            '[event.response]\nwords = "c"\ngrade_of = "partial_response"\n',
            "required a grade that is an event of its own",
        ),
    ],
)
def test_a_grade_is_of_an_event_that_has_grades(told: str, sentence: str, tmp_path: Path) -> None:
    rest = '[event.partial_response]\nwords = "p"\ngrade_of = "response"\n'
    text = study_text(
        N, told + rest + '[[item]]\nid = "response"\nkind = "count"\nevent = "response"\ncount = 1\nn = 40\n'
    )
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_study(tmp_path / "x.toml")
    assert sentence in str(error.value)


def test_a_pool_has_no_grades(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(MAIN.parent, folder)
    evidence, own = folder / "evidence" / "liu2024.toml", folder / "liu2024.toml"
    events = "".join(f'[event.{grade}]\nwords = "x"\ngrade_of = "response"\n' for grade in GRADES)
    item = '[[item]]\nid = "complete"\nkind = "count"\nevent = "complete_response"\namong = "poor_anc"\n'
    item += 'count = 1\nn = 10\nplace = "x"\n'
    evidence.write_text(evidence.read_text().replace("[[item]]", f"{events}[[item]]", 1) + item)
    own.write_text(own.read_text().replace("items = [", 'items = ["complete", '))
    with pytest.raises(InputError) as error:
        hb.load_pool(folder / "pooled.toml")
    assert "grades of a response are fitted of one study alone, not in a pool; remove 'complete'" in str(error.value)
