"""What is taken out of a print for patients who are known one by one, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.analysis.member import Member, load_analysis
from hscb_bayes.errors import InputError
from hscb_bayes.model.marks import Mark
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.print_arrays import baseline, inside_of, known_positions
from hscb_bayes.model.remainder import Inside


@pytest.fixture(scope="module")
def inside() -> Member:
    return load_analysis("with_centre")


def nobody() -> Inside:
    none = np.empty(0)
    return Inside(
        response_day=none, last_day=none, died=none.astype(bool), group=none.astype(int), duration=none,
        spent=np.empty((0, 3)), address="x",
    )  # fmt: skip


def responders(*days: float) -> Inside:
    """Patients with a response on these days, alive at the end."""
    day = np.array(days)
    return replace(
        nobody(), response_day=day, last_day=day + 400.0, died=np.zeros(day.size, dtype=bool),
        group=np.zeros(day.size, dtype=int), spent=np.zeros((day.size, 3)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "mark", "expected"),
    [
        ((3.0, 12.0), Mark(count=16, day=9.0), Mark(count=15, day=9.0)),
        ((3.0, 9.0), Mark(count=16, day=9.0), Mark(count=14.0, day=8.5, exact=False)),
        ((3.0, 9.0, 9.0), Mark(count=16, day=9.0), Mark(count=13.5, day=8.5, exact=False)),
        ((3.0, 9.0, 12.0), Mark(count=16, day=9.0, exact=False), Mark(count=14, day=9.0, exact=False)),
        ((5.0,), Mark(count=0, day=3.0, exact=False, end="first"), Mark(count=0, day=3.0, exact=False, end="first")),
        ((3.0,), Mark(count=0, day=3.0, exact=False, end="first"), Mark(count=0, day=2.0, exact=False)),
        ((5.0,), Mark(count=20, day=90.0, exact=False, end="last"), Mark(count=19, day=90.0, exact=False, end="last")),
        ((90.0,), Mark(count=20, day=90.0, exact=False, end="last"), Mark(count=19, day=90.0, exact=False)),
    ],
    ids=["rank", "on its day", "two on its day", "by a day", "after the first", "the first", "before the last", "last"],
)  # fmt: skip
def test_ranks_and_days_of_the_others(days: tuple[float, ...], mark: Mark, expected: Mark) -> None:
    left = 20.0 - len(days)
    assert responders(*days).removed_from([mark], left) == [expected]


@pytest.mark.parametrize(
    ("days", "mark", "sentence"),
    [
        ((2.0,), Mark(count=0, day=3.0, exact=False, end="first"), "required no response before day 3, the first of"),
        ((91.0,), Mark(count=20, day=90.0, exact=False, end="last"), "required no response after day 90, the last of"),
        ((1.0,) * 9, Mark(count=5, day=9.0), "by day 9 there were 5 of its responses, and 9 are of these patients"),
    ],
    ids=["too soon", "too late", "too many"],
)
def test_days_that_the_paper_cannot_have(days: tuple[float, ...], mark: Mark, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        responders(*days).removed_from([mark], 20.0)


def test_of_nobody_everything_is_left() -> None:
    marks = [Mark(count=16, day=9.0), Mark(count=20, day=90.0, exact=False, end="last")]
    assert nobody().removed_from(marks, 20.0) == marks
    assert nobody().survival_of_others(0.7, 10.0, 0.005, np.zeros(0, dtype=bool), 0, 365.0, "os") == (0.7, 10.0)


def test_who_is_lost_counts_as_the_curve_says() -> None:
    """Lost when a quarter of the hazard had passed: of those who were alive then, 0.6 ** 0.75 lived to the day."""
    own = replace(
        responders(5.0, 6.0, 7.0), last_day=np.array([100.0, 200.0, 400.0]), died=np.array([True, False, False]),
        spent=np.array([[0.1, 0.2, 0.3], [0.25, 0.5, 0.75], [1.0, 1.0, 1.0]]),
    )  # fmt: skip
    share, size = own.survival_of_others(0.6, 10.0, 0.005, np.ones(3, dtype=bool), 0, 365.0, "os")
    assert size == 7.0
    assert share == pytest.approx((6.0 - 1.0 - 0.6**0.75) / 7.0)


def test_with_hazards_that_hold_who_is_lost_takes_out_what_a_kaplan_meier_curve_gives_him() -> None:
    """Ten patients, deaths at even steps: the whole curve's mass is that of the nine others and of the one lost."""
    days, died = np.array([30, 60, 90, 120, 150, 180, 400, 400, 400, 400.0]), np.array([1, 1, 0, 1, 1, 1, 0, 0, 0, 0])
    at_risk = 10.0 - np.arange(10)
    curve = np.cumprod(1.0 - died * (days < 365.0) / at_risk)
    whole, when_lost = curve[-1], curve[2]
    lost = replace(responders(5.0), last_day=np.array([90.0]), spent=np.full((1, 3), np.log(when_lost) / np.log(whole)))
    share, _ = lost.survival_of_others(whole, 10.0, 0.005, np.ones(1, dtype=bool), 0, 365.0, "os")
    assert share == pytest.approx(4.0 / 9.0)  # four of the nine lived to the day, and none of them was lost


def test_the_hazard_that_has_passed_is_the_middle_of_the_priors(inside: Member) -> None:
    spent = inside_of(inside).spent
    days = inside_of(inside).last_day
    assert spent.shape == (12, 3)
    assert_allclose(spent[days >= 365.0], 1.0)
    order = np.argsort(days)
    assert (np.diff(spent[order], axis=0) >= 0.0).all()
    prior = dict(zip(inside.parameter_ids, prior_normals(inside)[0], strict=True))
    weibull = (19.0 / 365.0) ** np.exp(prior["death_without_response_shape"])
    assert spent[days == 19.0, 1] == pytest.approx(weibull)


def test_those_who_are_left_have_the_other_durations(inside: Member) -> None:
    whole, taken = baseline(inside), known_positions(inside)
    assert taken.sum() == 12
    own = inside_of(inside).duration
    assert_allclose(np.sort(whole.durations[taken]), np.sort(own), rtol=0.35)  # the nearest of 31 made-up durations
