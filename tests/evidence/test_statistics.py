"""What a replicated study would print, computed as its authors would."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.estimators.logrank import logrank
from hscb_bayes.evidence.cohort import AssumedTest, Cohort, Conventions
from hscb_bayes.evidence.group import group_masks
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.everybody_died_by import EverybodyDiedBy
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import load_study

STUDY = load_study(Path(__file__).parents[2] / "models" / "evidence" / "gagelmann2023.toml")
TESTS = {
    "p_response_duration": AssumedTest(test="cox"),
    "p_os_response": AssumedTest(test="log-rank"),
    "p_os_duration": AssumedTest(test="log-rank"),
}
CONVENTIONS = Conventions(tests=TESTS)
OUTCOMES = [item for item in STUDY.items if item.describes_outcomes]
REST = {"place": "abstract"}


def replicates(seed: int, *, shape: tuple[int, ...] = (20,)) -> Cohort:
    """Studies of 31 patients, two thirds of whom respond, with some censoring."""
    rng = np.random.default_rng(seed)
    size = (*shape, 31)
    duration = rng.uniform(7, 151, size)
    death = rng.exponential(400, size)
    end = np.minimum(death, rng.uniform(200, 800, size))
    response = np.where(rng.uniform(size=size) < 0.8, np.rint(1 + rng.exponential(12, size)), np.inf)
    response = np.where(response <= end, response, np.inf)
    groups = group_masks(STUDY.groups, duration=duration, responded=np.isfinite(response), sizes={"short": 13})
    return Cohort(duration=duration, response_day=response, last_day=end, died=death <= end, groups=groups)


def rearranged(cohort: Cohort, change: Callable[[np.ndarray], np.ndarray]) -> Cohort:
    return Cohort(
        duration=change(cohort.duration),
        response_day=change(cohort.response_day),
        last_day=change(cohort.last_day),
        died=change(cohort.died),
        groups={id: change(mask) for id, mask in cohort.groups.items()},
    )


def four(**changes: list[float]) -> Cohort:
    """Four patients: response on day 3 and 6, death without response on day 10, alive without response to day 500."""
    columns = {
        "response_day": [3.0, 6.0, np.inf, np.inf],
        "last_day": [500.0, 200.0, 10.0, 500.0],
        "died": [0.0, 1.0, 1.0, 0.0],
    } | changes
    response = np.array(columns["response_day"])
    groups = {"responders": np.isfinite(response), "others": ~np.isfinite(response), "nobody": np.zeros(4, bool)}
    return Cohort(
        duration=np.array([10.0, 20.0, 40.0, 80.0]),
        response_day=response,
        last_day=np.array(columns["last_day"]),
        died=np.array(columns["died"]).astype(bool),
        groups=groups,
    )


def kind_of(kind: type[Item], **fields: object) -> Item:
    name = str(kind.model_fields["kind"].annotation).split("'")[1]
    return kind.model_validate({"id": "x", "kind": name, "place": "abstract"} | fields)


def printed_by(item: Item, cohort: Cohort, conventions: Conventions = CONVENTIONS) -> dict[str, float]:
    return {id: float(value) for id, value in item.statistic(cohort, conventions).items()}


SURVIVAL = {"at": "1 year", "value": "59%", "lower": "40%", "upper": "80%", "level": 0.95}
MEDIAN = {"event": "response", "value": "9 days", "lower": "7 days", "upper": "14 days", "level": 0.95}
FALSE_ALARM = 4.9  # standard errors: one false alarm in a million
SMALL_SAMPLE = 0.02  # the P values are those of large samples, the studies have 31 patients
NAN, INF = float("nan"), float("inf")

# Item, cohort, what is printed about it; by hand.
BY_HAND: list[tuple[str, Item, Cohort, dict[str, float]]] = [
    (
        "two of four responded",
        kind_of(Count, event="response", count=1, n=4, percent="10%"),
        four(),
        {"x": 2, "x.percent": 0.5},
    ),
    ("one responder died", kind_of(Count, event="death", count=1, n=4, among="responders"), four(), {"x": 1}),
    (
        "a third",
        kind_of(Count, event="death", count=1, n=4, percent="10%"),
        four(died=[1, 1, 1, 0]),
        {"x": 3, "x.percent": 0.75},
    ),
    (
        "a share of nobody",
        kind_of(Count, event="death", count=1, n=4, percent="10%", among="nobody"),
        four(),
        {"x": 0, "x.percent": NAN},
    ),
    (
        "half survive: 0.5 -+ 1.96 x 0.25",
        kind_of(Survival, **SURVIVAL),
        four(),
        {"x": 0.5, "x.lower": 0.01, "x.upper": 0.99},
    ),
    (
        "everybody survives",
        kind_of(Survival, **SURVIVAL),
        four(died=[0, 0, 0, 0]),
        {"x": 1, "x.lower": 1, "x.upper": 1},
    ),
    (
        "nobody survives",
        kind_of(Survival, **SURVIVAL),
        four(died=[1, 1, 1, 1], last_day=[9, 9, 9, 9]),
        {"x": 0, "x.lower": np.nan, "x.upper": np.nan},
    ),
    (
        "survival of nobody",
        kind_of(Survival, **SURVIVAL, among="nobody"),
        four(),
        {"x": NAN, "x.lower": NAN, "x.upper": NAN},
    ),
    ("by response, naively", kind_of(Survival, at="1 year", value="59%", among="responders"), four(), {"x": 0.5}),
    (
        "half of the others were seen to die",
        kind_of(EverybodyDiedBy, by="1 year", words="all", among="others"),
        four(),
        {"x": 0.5},
    ),
    (
        "a death after the day does not count",
        kind_of(EverybodyDiedBy, by="9 days", words="all", among="others"),
        four(),
        {"x": 0.0},
    ),
    ("deaths among nobody", kind_of(EverybodyDiedBy, by="1 year", words="all", among="nobody"), four(), {"x": NAN}),
    (
        "half have responded on day 6, and half have to day 500: the middle, as in R",
        kind_of(MedianTime, event="response", value="9 days"),
        four(),
        {"x": 253},
    ),
    (
        "a quarter responds: not reached",
        kind_of(MedianTime, **MEDIAN),
        four(response_day=[3.0, INF, INF, INF]),
        {"x": INF, "x.lower": 3, "x.upper": INF},
    ),
    (
        "median of the responders' days",
        kind_of(MedianTime, event="response", value="9 days", among="responders"),
        four(),
        {"x": 5},
    ),
    (
        "median of nobody",
        kind_of(MedianTime, **MEDIAN, among="nobody"),
        four(),
        {"x": NAN, "x.lower": NAN, "x.upper": NAN},
    ),
    (
        "first and last of the responders' days",
        kind_of(MedianTime, event="response", value="9 days", lowest="3 days", highest="12 days", among="responders"),
        four(),
        {"x": 5, "x.lowest": 3, "x.highest": 6},
    ),
    (
        "first and last day of death",
        kind_of(MedianTime, event="death", value="9 days", lowest="3 days", highest="12 days"),
        four(),
        {"x": 350, "x.lowest": 10, "x.highest": 200},
    ),
    (
        "first and last of nobody's days",
        kind_of(MedianTime, event="response", value="9 days", lowest="3 days", highest="12 days"),
        four(response_day=[INF, INF, INF, INF]),
        {"x": INF, "x.lowest": NAN, "x.highest": NAN},
    ),
    (
        "one of four had responded by day 5",
        kind_of(Incidence, event="response", at="5 days", value="40%"),
        four(),
        {"x": 0.25},
    ),
    (
        "response after one was lost: 1/4 + 3/4 x 1/2",
        kind_of(Incidence, event="response", at="30 days", value="62.5%"),
        four(response_day=[3.0, 20.0, INF, INF], last_day=[500.0, 200.0, 10.0, 500.0], died=[0, 1, 0, 0]),
        {"x": 0.625},
    ),
    (
        "half responded, with the exact interval of 2 of 4",
        kind_of(Share, event="response", value="40.0%", lower="10.0%", upper="90.0%", level=0.95),
        four(),
        {"x": 0.5, "x.lower": 0.068, "x.upper": 0.932},
    ),
    ("a share of nobody, uncounted", kind_of(Share, event="death", value="40%", among="nobody"), four(), {"x": NAN}),
    (
        "median survival",
        kind_of(MedianTime, event="death", value="9 days"),
        four(last_day=[300.0, 200.0, 10.0, 500.0], died=[1, 1, 1, 0]),
        {"x": 250},
    ),
]


@pytest.mark.parametrize(
    ("item", "cohort", "printed"), [case[1:] for case in BY_HAND], ids=[case[0] for case in BY_HAND]
)
def test_a_small_study_prints_what_a_hand_finds(item: Item, cohort: Cohort, printed: dict[str, float]) -> None:
    assert printed_by(item, cohort) == pytest.approx(printed, nan_ok=True, abs=1e-12)


@pytest.mark.parametrize("item", OUTCOMES, ids=lambda item: item.id)
def test_every_number_of_an_item_has_a_statistic(item: Item) -> None:
    statistics = item.statistic(replicates(1), CONVENTIONS)
    assert list(statistics) == [number.id for number in item.numbers]
    assert {values.shape for values in statistics.values()} == {(20,)}


@pytest.mark.parametrize(
    "item", [item for item in STUDY.items if not item.describes_outcomes], ids=lambda item: item.id
)
def test_what_describes_the_cohort_has_no_statistic(item: Item) -> None:
    assert item.statistic(replicates(1), CONVENTIONS) == {}


@pytest.mark.parametrize("item", OUTCOMES, ids=lambda item: item.id)
def test_many_cohorts_at_once_are_each_cohort_by_itself(item: Item) -> None:
    cohort = replicates(2, shape=(2, 5))
    together = item.statistic(cohort, CONVENTIONS)
    for index in np.ndindex(2, 5):
        alone = item.statistic(rearranged(cohort, lambda values, index=index: values[index]), CONVENTIONS)
        for id, value in alone.items():
            assert together[id][index] == pytest.approx(float(value), nan_ok=True, rel=1e-12)


@pytest.mark.parametrize("item", OUTCOMES, ids=lambda item: item.id)
def test_the_order_of_patients_does_not_matter(item: Item) -> None:
    cohort, order = replicates(3), np.random.default_rng(4).permutation(31)
    shuffled = rearranged(cohort, lambda values: values[..., order])
    for id, values in item.statistic(cohort, CONVENTIONS).items():
        np.testing.assert_allclose(item.statistic(shuffled, CONVENTIONS)[id], values, rtol=1e-9)


@pytest.mark.parametrize("item", OUTCOMES, ids=lambda item: item.id)
def test_statistics_are_rounded_as_printed(item: Item) -> None:
    statistics = item.statistic(replicates(5), CONVENTIONS)
    for number in item.numbers:
        np.testing.assert_array_equal(number.printed.round(statistics[number.id]), statistics[number.id])


def test_a_printed_level_beats_the_convention() -> None:
    item = kind_of(Survival, **SURVIVAL)
    assert printed_by(item, four(), Conventions(level=0.5)) == printed_by(item, four(), Conventions(level=0.9))


def test_an_interval_without_a_printed_level_takes_the_convention() -> None:
    item = kind_of(Survival, at="1 year", value="59%", lower="40%", upper="80%")
    assert printed_by(item, four(), Conventions(level=0.5)) == {"x": 0.5, "x.lower": 0.33, "x.upper": 0.67}


@pytest.mark.parametrize(("scale", "lower"), [("plain", 0.01), ("log", 0.19), ("log-log", 0.06)])
def test_the_scale_of_the_interval_is_a_convention(scale: str, lower: float) -> None:
    conventions = Conventions.model_validate({"survival_interval": scale})
    assert printed_by(kind_of(Survival, **SURVIVAL), four(), conventions)["x.lower"] == lower


def test_deaths_without_response_compete_or_are_censored_by_convention() -> None:
    cohort = four(response_day=[5.0, 6.0, INF, INF], last_day=[500.0, 200.0, 2.0, 500.0])
    item = kind_of(MedianTime, event="response", value="9 days", among="all")
    competing = printed_by(item, cohort, Conventions())
    censored = printed_by(item, cohort, Conventions(incidence="kaplan_meier"))
    assert (competing["x"], censored["x"]) == (253.0, 6.0)


def test_the_test_by_response_is_the_naive_log_rank() -> None:
    cohort = replicates(6)
    _, p = logrank(cohort.last_day, cohort.died, cohort.responded)
    np.testing.assert_array_equal(STUDY.item("p_os_response").statistic(cohort, CONVENTIONS)["p_os_response"], p)


def with_test(**fields: object) -> Item:
    return kind_of(PValue, value=".0000001", **fields)


def test_patients_in_neither_group_do_not_count() -> None:
    cohort = replicates(11)
    ranks = np.argsort(np.argsort(cohort.duration, axis=-1), axis=-1)
    groups = {"short": ranks < 10, "long": ranks >= 20}
    outer = replace(cohort, groups=groups)
    item = with_test(
        comparison="survival by duration",
        groups_compared=["short", "long"],
        test={"name": "log-rank", "status": "printed"},
    )
    _, p = logrank(cohort.last_day, cohort.died, groups["short"], groups["short"] | groups["long"])
    np.testing.assert_allclose(item.statistic(outer, Conventions())["x"], p, atol=1e-7)


@pytest.mark.parametrize("test", ["cox", "fine-gray", "spearman"])
def test_a_strong_association_with_duration_is_found(test: str) -> None:
    cohort = replicates(7)
    responded = np.rint(cohort.duration)
    strong = Cohort(
        duration=cohort.duration, response_day=responded, last_day=responded + 100, died=np.ones((20, 31), bool)
    )
    item = with_test(comparison="response by duration", test={"name": test, "status": "printed"})
    assert item.statistic(strong, Conventions())["x"].max() < 1e-3


@pytest.mark.parametrize("test", ["cox", "fine-gray", "spearman"])
def test_without_an_association_p_is_uniform(test: str) -> None:
    rng = np.random.default_rng(8)
    day, size = np.rint(1 + 50 * rng.exponential(size=(2000, 31))), (2000, 31)
    cohort = Cohort(duration=rng.uniform(7, 151, size), response_day=day, last_day=day + 100, died=np.ones(size, bool))
    item = with_test(comparison="response by duration", test={"name": test, "status": "printed"})
    below = (item.statistic(cohort, Conventions())["x"] < 0.5).mean()
    assert below == pytest.approx(0.5, abs=FALSE_ALARM * np.sqrt(0.25 / 2000) + SMALL_SAMPLE)


def test_the_scale_of_duration_matters_to_cox_and_not_to_ranks() -> None:
    cohort, days = replicates(9), Conventions(duration_scale="days")
    cox = with_test(comparison="response by duration", test={"name": "cox", "status": "printed"})
    ranks = with_test(comparison="response by duration", test={"name": "spearman", "status": "printed"})
    assert not np.allclose(cox.statistic(cohort, days)["x"], cox.statistic(cohort, Conventions())["x"])
    np.testing.assert_allclose(ranks.statistic(cohort, days)["x"], ranks.statistic(cohort, Conventions())["x"])


def test_cox_on_two_groups_without_ties_is_the_log_rank() -> None:
    cohort = replicates(10)
    fields = {"comparison": "survival by duration", "groups_compared": ["short", "long"]}
    cox = with_test(**fields, test={"name": "cox", "status": "printed"})
    log_rank = with_test(**fields, test={"name": "log-rank", "status": "printed"})
    np.testing.assert_allclose(
        cox.statistic(cohort, Conventions())["x"], log_rank.statistic(cohort, Conventions())["x"], atol=1e-7
    )


def test_a_printed_test_beats_the_convention() -> None:
    item = with_test(comparison="response by duration", test={"name": "spearman", "status": "printed"})
    assert isinstance(item, PValue)
    assert item.named_test(Conventions(tests={"x": AssumedTest(test="cox")})) == "spearman"


@pytest.mark.parametrize(
    ("fields", "test", "sentence"),
    [
        (
            {"comparison": "response by duration"},
            None,
            "item 'x': the paper does not name the test; required one in conventions.tests",
        ),
        (
            {"comparison": "response by duration"},
            "log-rank",
            "item 'x': the log-rank test needs groups_compared; required another test",
        ),
        (
            {"comparison": "response by duration"},
            "fisher",
            "item 'x': Fisher's test needs groups_compared; required another test",
        ),
        (
            {"comparison": "survival by response", "groups_compared": ["responders", "nonresponders"]},
            "fisher",
            "item 'x': 'fisher' tests response; required 'log-rank' or 'cox'",
        ),
        (
            {"comparison": "survival by duration"},
            "spearman",
            "item 'x': 'spearman' tests time to response; required 'log-rank' or 'cox'",
        ),
        (
            {"comparison": "survival by duration"},
            "fine-gray",
            "item 'x': 'fine-gray' tests time to response; required 'log-rank' or 'cox'",
        ),
    ],
)
def test_a_test_that_cannot_be_gets_a_sentence(fields: dict[str, object], test: str | None, sentence: str) -> None:
    assumed = {} if test is None else {"tests": {"x": {"test": test}}}
    with pytest.raises(InputError) as caught:
        with_test(**fields).statistic(replicates(1), Conventions.model_validate(assumed))
    assert str(caught.value) == sentence
