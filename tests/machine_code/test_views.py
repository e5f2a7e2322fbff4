"""Places in memory against NumPy's views of the same numbers."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hscb_bayes.machine_code.views import View, merged, strides_of

SIZES = (0, 1, 1, 2, 3, 4, 5)
FIRST = 7  # where the array begins
over_seeds = pytest.mark.parametrize("seed", range(40))


def places(shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> np.ndarray:
    """Where each number stands."""
    steps = (stride * index for stride, index in zip(strides, np.indices(shape), strict=True))
    return sum(steps, np.full(shape, offset))


def beside(*shape: int) -> tuple[View, np.ndarray]:
    """Numbers one after the other, and where they stand."""
    view = View(base="%x", offset=FIRST, shape=shape, strides=strides_of(shape))
    return view, FIRST + np.arange(np.prod(shape), dtype=int).reshape(shape)


def looks(seed: int) -> Iterator[tuple[View, np.ndarray]]:
    """A view, and where its numbers stand by NumPy, after each of several random steps."""
    rng = np.random.default_rng(seed)
    view, array = beside(*(int(rng.choice(SIZES)) for _ in range(int(rng.integers(1, 4)))))
    for _ in range(8):
        yield view, array
        axis = int(rng.integers(max(array.ndim, 1)))
        step = rng.choice(["part", "part", "at", "pieces", "rearranged", "broadcast", "in front"])
        if step == "part" and array.ndim:
            start, stop = (int(each) for each in rng.integers(-6, 7, 2))
            one = slice(start, stop, int(rng.choice([-3, -2, -1, 1, 2, 3]))).indices(array.shape[axis])
            view, array = view.part(axis, *one), np.take(array, np.arange(*one), axis)
        elif step == "at" and array.ndim and array.shape[axis]:
            place = int(rng.integers(array.shape[axis]))
            view, array = view.at(axis, place), np.take(array, place, axis)
        elif step == "pieces" and array.ndim:
            first = int(rng.integers(array.shape[axis] + 1))
            view = view.pieces(axis, [first, 0, array.shape[axis] - first])[2]
            array = np.split(array, [first, first], axis)[2]
        elif step == "rearranged" and array.ndim:
            order = tuple(int(k) for k in rng.permutation(array.ndim))
            view, array = view.rearranged((*order, "x")), np.transpose(array, order)[..., None]
        elif step == "broadcast":
            shape = tuple(3 if size == 1 else size for size in array.shape)
            view, array = view.broadcast(shape), np.broadcast_to(array, shape)
        elif step == "in front" and array.ndim < 4:
            view, array = view.broadcast((2, *array.shape)), np.broadcast_to(array, (2, *array.shape))


@over_seeds
def test_numbers_stand_where_numpy_has_them(seed: int) -> None:
    for view, array in looks(seed):
        assert view.shape == array.shape
        assert view.size == array.size
        assert_array_equal(places(view.shape, view.strides, view.offset), array)


@over_seeds
def test_it_is_contiguous_where_numbers_are_one_after_the_other(seed: int) -> None:
    for view, array in looks(seed):
        if array.size:
            flat = array.ravel()
            assert view.is_contiguous == bool(np.all(flat == flat[0] + np.arange(flat.size)))


@over_seeds
def test_a_contiguous_view_takes_another_shape(seed: int) -> None:
    for view, array in looks(seed):
        if array.size and view.is_contiguous:
            other = view.reshaped((array.size, 1))
            assert_array_equal(places(other.shape, other.strides, other.offset), array.reshape(-1, 1))


@over_seeds
def test_fewer_axes_go_through_the_same_places_in_the_same_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(20):
        shape = tuple(int(rng.choice((1, 2, 3, 4))) for _ in range(int(rng.integers(0, 5))))
        strides = [random_strides(rng, shape) for _ in range(int(rng.integers(1, 4)))]
        fewer, steps = merged(shape, strides)
        assert len(fewer) <= len(shape)
        assert 1 not in fewer
        for own, step in zip(strides, steps, strict=True):
            assert_array_equal(places(fewer, step).ravel(), places(shape, own).ravel())


def random_strides(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Mostly of contiguous numbers, some of them repeated, reversed or apart."""
    own = list(strides_of(shape))
    for axis in range(len(own)):
        if rng.random() < 0.3:
            own[axis] = int(rng.choice([0, -own[axis], 2 * own[axis], 5]))
    return tuple(own)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_is_contiguous_has_one_axis(count: int) -> None:
    shape = (2, 1, 3, 4)
    assert merged(shape, [strides_of(shape)] * count) == ((24,), [(1,)] * count)


def test_axes_that_only_one_of_two_arrays_has_together_stay_apart() -> None:
    assert merged((3, 4), [(4, 1), (0, 1)]) == ((3, 4), [(4, 1), (0, 1)])
    assert merged((3, 4), [(4, 1), (1, 0)]) == ((3, 4), [(4, 1), (1, 0)])
    assert merged((3, 4), [(4, 1), (0, 0)]) == ((12,), [(1,), (0,)])
    assert merged((2, 3, 4), [(12, 4, 1), (0, 4, 1)]) == ((2, 12), [(12, 1), (0, 1)])


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (2, 0, 3)])
def test_nothing_stays_nothing(shape: tuple[int, ...]) -> None:
    assert 0 in merged(shape, [strides_of(shape), (0,) * len(shape)])[0]


def test_one_place_has_no_axes() -> None:
    assert merged((), [()]) == ((), [()])
    assert merged((1, 1), [(7, 3)]) == ((), [()])


def test_a_shape_that_does_not_fit_is_refused() -> None:
    view, _ = beside(2, 3)
    with pytest.raises(ValueError, match=r"required a shape that broadcasts to \(4, 3\), found \(2, 3\)"):
        view.broadcast((4, 3))
