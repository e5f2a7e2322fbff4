"""One piece of memory: what is live never overlaps, and what is free is used again."""

import numpy as np
import pytest

from hscb_bayes.machine_code.memory import WORK, Memory
from hscb_bayes.machine_code.views import View

over_seeds = pytest.mark.parametrize("seed", range(30))


def looks_at(rng: np.random.Generator, view: View) -> View:
    """The array or a part of it, from either end; it may have no numbers."""
    if not view.shape or rng.random() < 0.4:
        return view
    axis = int(rng.integers(len(view.shape)))
    start, stop = (int(each) for each in rng.integers(-5, 6, 2))
    return view.part(axis, *slice(start, stop, int(rng.choice([-2, -1, 1, 2]))).indices(view.shape[axis]))


def span(view: View) -> range:
    """Of an array as it was made."""
    return range(view.offset, view.offset + view.size)


def overlap(one: range, other: range) -> bool:
    return max(one.start, other.start) < min(one.stop, other.stop)


@over_seeds
def test_live_arrays_never_overlap(seed: int) -> None:
    rng, memory = np.random.default_rng(seed), Memory()
    live: list[tuple[View, list[View]]] = []  # an array, and what is held of it
    for _ in range(300):
        if not live or rng.random() < 0.45:
            made = memory.new(tuple(int(rng.integers(0, 6)) for _ in range(int(rng.integers(0, 3)))))
            held = [made, *(looks_at(rng, made) for _ in range(int(rng.integers(0, 3))))]
            for view in held:
                memory.hold(view)
            live.append((made, held))
        else:
            place = int(rng.integers(len(live)))
            made, held = live[place]
            memory.release(held.pop(int(rng.integers(len(held)))))
            if not any(view.size for view in held):
                for view in held:
                    memory.release(view)
                live.pop(place)
        spans = [span(made) for made, _ in live]
        assert all(each.stop <= memory.size for each in spans)
        assert not any(overlap(a, b) for k, a in enumerate(spans) for b in spans[:k])


@over_seeds
def test_freed_memory_is_used_again(seed: int) -> None:
    rng, memory = np.random.default_rng(seed), Memory()
    shapes = [tuple(int(size) for size in rng.integers(1, 6, 2)) for _ in range(12)]
    sizes = []
    for _ in range(5):
        made = [memory.new(shape) for shape in shapes]
        for view in made:
            memory.hold(view)
        sizes.append(memory.size)
        for k in rng.permutation(len(made)):
            memory.release(made[int(k)])
        assert memory.free == [(0, memory.size)]
        assert memory.held == {}
    assert set(sizes) == {sizes[0]}


def test_the_smallest_part_that_fits_is_taken() -> None:
    memory = Memory()
    made = [memory.new((size,)) for size in (16, 4, 8, 4)]
    for view in made:
        memory.hold(view)
    memory.release(made[0])
    memory.release(made[2])
    assert memory.new((6,)).offset == made[2].offset
    assert memory.new((12,)).offset == made[0].offset


def test_what_no_variable_ever_stood_in_is_free_after_a_sweep() -> None:
    memory = Memory()
    used, unused = memory.new((8,)), memory.new((8,))
    memory.hold(used)
    memory.sweep()
    assert memory.new((8,)).offset == unused.offset
    assert memory.new((8,)).offset not in (used.offset, unused.offset)


def test_a_part_is_free_when_the_last_that_stands_there_goes() -> None:
    memory = Memory()
    made = memory.new((2, 4))
    turned = made.rearranged((1, 0)).part(0, 3, -1, -1)
    memory.hold(made)
    memory.hold(turned)
    memory.release(made)
    assert memory.new((8,)).offset != made.offset
    memory.sweep()
    memory.release(turned)
    assert memory.free[0] == (0, memory.size)


def test_an_empty_part_does_not_free_its_neighbour() -> None:
    memory = Memory()
    first = memory.new((4,))
    memory.hold(first)
    nothing = first.part(0, 4, 4)
    memory.hold(nothing)
    second = memory.new((4,))
    memory.hold(second)
    memory.release(nothing)
    assert not overlap(span(memory.new((4,))), span(second))


@pytest.mark.parametrize(
    "view",
    [
        View(base="%a0", offset=0, shape=(4,), strides=(1,)),
        View(base=WORK, offset=0, shape=(4,), strides=(0,), literal=1.0),
    ],
    ids=["an input", "a number"],
)
def test_what_is_not_in_memory_frees_nothing(view: View) -> None:
    memory = Memory()
    made = memory.new((4,))
    memory.hold(made)
    memory.hold(view)
    memory.release(view)
    memory.release(view)
    assert memory.free == []
