"""One program for many analyses of a layout: what it takes, what it refuses, and which P values weight its draws."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member, load_analysis
from hscb_bayes.model.compiled import Compiled, with_data
from hscb_bayes.model.data import layout_of, model_data
from hscb_bayes.model.data_vector import packed
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.posterior.sample import derived_seed


class Program:
    """A program that remembers its data."""

    def __init__(self, data: np.ndarray | None = None) -> None:
        self.data = data

    def with_data(self, data: Any) -> "Program":
        return Program(data)


@pytest.fixture
def compiled(main: Member) -> Compiled:
    shapes = {name: value.shape for name, value in model_data(main).items()}
    return Compiled(analysis=main, program=Program(), shapes=shapes)


def test_a_program_takes_the_data_of_an_analysis_of_its_layout(compiled: Compiled) -> None:
    other = load_analysis("split_13_18")
    np.testing.assert_array_equal(with_data(compiled, other).program.data, packed(model_data(other)))


def test_a_program_refuses_another_clock(compiled: Compiled, variant: Callable[[str], Member]) -> None:
    other = variant('[hazards]\nclock = "forward"')
    sentence = f"{other.path}: required an analysis of the layout that was compiled"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        with_data(compiled, other)


def test_the_reason_for_a_belief_is_no_part_of_the_layout(variant: Callable[[str], Member]) -> None:
    table = '[between_studies]\nhazard_ratio_rarely_above = 4.0\nwhy = "{}"'
    assert layout_of(variant(table.format("one"))) == layout_of(variant(table.format("another")))
    assert layout_of(variant(table.format("one"))) != layout_of(load_analysis("main"))


@pytest.mark.parametrize(
    ("numbers", "without", "found"),
    [
        (None, (), {"p_response_duration": 0.007}),
        (0.2, (), {"p_response_duration": 0.2}),
        (np.nan, (), {}),
        (None, ("p_response_duration",), {}),
    ],
)
def test_the_p_values_that_weight_the_draws_are_those_of_the_numbers(
    compiled: Compiled, main: Member, numbers: float | None, without: tuple[str, ...], found: dict[str, float]
) -> None:
    other = load_analysis("p_value_cox")
    printed = {number.id: number.value for number in main.study.numbers}
    changed = None if numbers is None else {other.study.id: printed | {"p_response_duration": numbers}}
    assert with_data(compiled, other, changed, without=HeldOut(numbers={other.study.id: without})).p_values == found


def test_seeds_of_other_fits_are_others() -> None:
    seeds = {derived_seed(1, purpose, k) for purpose in ("left out", "alternative") for k in range(8)}
    assert len(seeds | {1}) == 17
    assert derived_seed(1, "left out", 0) == derived_seed(1, "left out", 0)
