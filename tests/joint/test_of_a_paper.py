"""The likelihood of a whole paper: one text for NumPy and PyTensor, any draws, any print, slopes that are finite."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from pytensor.compile.mode import Mode
from scipy.stats import binom

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.evidence.joint import log_likelihood_terms
from hscb_bayes.evidence.joint_arrays import JointArrays
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.marks import HALF_A_DAY, SHORTEST_GAP, _within_their_days
from hscb_bayes.model.pathways import PARAMETER_IDS, follow_up_of, pathway_of, prior_normals
from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from hscb_bayes.process.incidence import OutcomeNodes, outcome_probabilities

ALGEBRA = 1e-7  # of logarithms of probabilities near their floor
FAR, QUITE_FAR = 4.0, 2.0  # prior standard deviations: one parameter at a time, and all at once
NODE_FIELDS = tuple(field.name for field in fields(OutcomeNodes))
OPTIONAL = ("of_incidence",)  # the main study prints none
ARRAY_FIELDS = tuple(field.name for field in fields(JointArrays) if field.name not in ("nodes", *OPTIONAL))

PRINTS: dict[str, dict[str, float]] = {
    "as printed": {},
    "nobody without response": {"response": 31, "os_1y_nonresponders": np.nan},
    "nobody responds": {"response": 0, "response_median.all": np.inf, "response_median.all.upper": np.inf},
    "limit not reached": {"response_median.all.upper": np.inf},
    "all dead": {"os_1y_short": 0.0, "os_1y_long": 0.0},
    "all alive": {"os_1y_short": 1.0, "os_1y_long": 1.0, "os_1y_nonresponders": 1.0},
    "nothing": {"response": 26, "os_1y_short": np.nan, "os_1y_long": np.nan, "os_1y_nonresponders": np.nan},
}
pytestmark = pytest.mark.xdist_group("joint_of_a_paper")


@pytest.fixture(scope="module")
def main() -> Member:
    return load_analysis("main")


@pytest.fixture(scope="module")
def places(main: Member) -> np.ndarray:
    """Parameters near and far from the prior means, shape (place, parameter)."""
    mean, deviation = prior_normals(main)
    count = len(PARAMETER_IDS)
    single = np.concatenate([np.eye(count), -np.eye(count)]) * FAR
    several = np.random.default_rng(20230701).choice([-QUITE_FAR, 0.0, QUITE_FAR], size=(20, count))
    return np.asarray(mean + deviation * np.concatenate([np.zeros((1, count)), single, several]))


@pytest.fixture(scope="module")
def symbolic(main: Member) -> Any:
    """Terms and slopes as PyTensor computes them, a function of parameters and of the arrays of any print."""
    example = values_of(joint_arrays(main, printed_values(main)))
    inputs = [pt.tensor(name, shape=value.shape, dtype="float64") for name, value in example.items()]
    data = dict(zip(example, inputs, strict=True))
    parameters = pt.vector("parameters", shape=(len(PARAMETER_IDS),))
    values = {id: parameters[k] for k, id in enumerate(PARAMETER_IDS)}
    follow_up = follow_up_of(pt.stack([values["lost_by_one_year"]]), pt)
    nodes = OutcomeNodes(**{name: data[name] for name in NODE_FIELDS})
    arrays = JointArrays(nodes=nodes, **{name: data[name] for name in ARRAY_FIELDS})
    outcomes = outcome_probabilities(pathway_of(values, main, pt), arrays.x, nodes, follow_up, pt)
    terms = log_likelihood_terms(outcomes, arrays, follow_up, pt)
    mode = Mode(linker="py", optimizer="fast_compile")
    outputs = [terms, pt.grad(terms.sum(), parameters)]
    return pytensor.function([parameters, *inputs], outputs, mode=mode, on_unused_input="ignore")


def values_of(arrays: JointArrays) -> dict[str, np.ndarray]:
    found = {name: getattr(arrays.nodes, name) for name in NODE_FIELDS}
    found |= {name: getattr(arrays, name) for name in ARRAY_FIELDS}
    return {name: np.asarray(value, dtype=float) for name, value in found.items()}


@pytest.fixture(scope="module", params=PRINTS.values(), ids=PRINTS)
def of_print(
    request: pytest.FixtureRequest, main: Member, places: np.ndarray, symbolic: Any
) -> tuple[dict[str, float], np.ndarray, np.ndarray]:
    """Numbers of a print; terms and slopes at all places as PyTensor computes them."""
    numbers = printed_values(main) | request.param
    data = values_of(joint_arrays(main, numbers)).values()
    terms, slopes = zip(*(symbolic(place, *data) for place in places), strict=True)
    return numbers, np.array(terms), np.array(slopes)


def test_numpy_and_pytensor_give_the_same_terms(of_print: Any, main: Member, places: np.ndarray) -> None:
    numbers, found, _ = of_print
    assert_allclose(found, log_likelihood(places, main, numbers), rtol=ALGEBRA, atol=ALGEBRA)


def test_terms_and_slopes_are_finite_far_from_the_prior(of_print: Any) -> None:
    _, terms, slopes = of_print
    assert np.all(np.isfinite(terms))
    assert np.all(np.isfinite(slopes))


def test_slopes_are_those_of_differences(main: Member, symbolic: Any) -> None:
    place, step = prior_normals(main)[0], 1e-5
    data = values_of(joint_arrays(main, printed_values(main))).values()
    moved = place + step * np.concatenate([np.eye(place.size), -np.eye(place.size)])
    total = log_likelihood(moved, main).sum(axis=-1)
    slopes = (total[: place.size] - total[place.size :]) / (2.0 * step)
    assert_allclose(symbolic(place, *data)[1], slopes, rtol=1e-5, atol=1e-5)


def test_terms_of_many_draws_are_those_of_each(main: Member, places: np.ndarray) -> None:
    together = log_likelihood(places, main)
    assert_allclose(together, np.concatenate([log_likelihood(place[None], main) for place in places]), rtol=ALGEBRA)


@pytest.mark.parametrize(("left_out", "gone"), [("os_1y_short", 2), ("os_1y_long", 3), ("os_1y_nonresponders", 1)])
def test_a_number_that_is_left_out_has_a_zero_term(left_out: str, gone: int, main: Member) -> None:
    """Estimates that are not there come last."""
    place = prior_normals(main)[0][None]
    found, full = log_likelihood(place, main, without=[left_out])[0], log_likelihood(place, main)[0]
    zero = 1 if gone == 1 else full.size - 1
    assert found[zero] == pytest.approx(0.0, abs=1e-15)
    assert np.all(np.delete(found, zero) < 0.0)
    assert np.all(full < 0.0)
    assert_allclose(found[0], full[0], rtol=1e-12)


def test_without_count_and_median_nothing_is_said_of_the_response(main: Member) -> None:
    place = prior_normals(main)[0][None]
    found = log_likelihood(place, main, without=["response", "response_median.all"])[0]
    assert found[0] == pytest.approx(0.0, abs=1e-12)


def test_a_count_without_its_median_is_the_binomial(main: Member) -> None:
    place = prior_normals(main)[0][None]
    found = log_likelihood(place, main, without=["response_median.all"])[0, 0]
    arrays = joint_arrays(main, printed_values(main))
    values = {id: place[0, k] for k, id in enumerate(PARAMETER_IDS)}
    follow_up = follow_up_of(values["lost_by_one_year"], np)
    seen = outcome_probabilities(pathway_of(values, main, np), arrays.x, arrays.nodes, follow_up, np).seen
    share = float(arrays.sizes @ (arrays.averages @ seen).sum(axis=-1) / 31.0)
    assert found == pytest.approx(binom(31, share).logpmf(26), abs=1e-4)


@pytest.mark.parametrize(
    ("printed", "times"),
    [
        ([7.0, 9.0, 14.0], [7.0, 9.0, 14.0]),
        ([9.0, 9.0, 14.0], [9.0 - 1 / 6, 9.0 + 1 / 6, 14.0]),
        ([9.0, 9.0, 9.0], [8.75, 9.0, 9.25]),
        ([0.0, 0.0, 3.0], [1 / 6, 1 / 3, 3.0]),
        ([0.0, 1.0, 1.0], [0.25, 1.0 - 1 / 6, 1.0 + 1 / 6]),
        ([9.0, 9.0, 9.1], [9.0 - 1 / 6, 9.0 + 1 / 6, 9.0 + 1 / 6 + SHORTEST_GAP]),
    ],
)
def test_days_that_coincide_in_print_are_spread_over_the_day(printed: list[float], times: list[float]) -> None:
    around = [(day, HALF_A_DAY, HALF_A_DAY) for day in printed]
    assert_allclose(_within_their_days(around), times, rtol=1e-12)


def test_that_nobody_survives_does_not_become_likely_again(main: Member) -> None:
    """With expectations far from the print the mean given the counts lies beyond 0: no second mode may be there."""
    mean, deviation = prior_normals(main)
    rng, late = np.random.default_rng(6), PARAMETER_IDS.index("death_after_response")
    mortality = np.arange(0.0, 4.1, 0.25)  # log cumulative hazard in the year after response: 63% and more die
    for place in mean + 0.7 * deviation * rng.normal(size=(60, mean.size)):
        places = np.repeat(place[None], mortality.size, axis=0)
        places[:, late] = mortality
        found = log_likelihood(places, main)[:, 2:].sum(axis=-1)
        assert np.all(found[mortality >= 2.0] < found[0] - 5.0)


def test_a_group_that_dies_out_gives_a_smooth_likelihood() -> None:
    """Who is at risk falls below what quadrature can tell where everybody responds or dies; no step may be there."""
    analysis = load_analysis("plain_weibull")
    centre, deviation = prior_normals(analysis)
    rng, step = np.random.default_rng(8), 0.005
    for place in centre + 0.5 * deviation * rng.normal(size=(20, centre.size)):
        for name in ("response_shape", "hazard_ratio_response", "death_without_response"):
            along = np.repeat(place[None], 120, axis=0)
            along[:, PARAMETER_IDS.index(name)] += step * np.arange(120)
            found = log_likelihood(along, analysis)[:, 1]
            assert np.abs(np.diff(found, n=2)).max() < 0.01, (name, place)
