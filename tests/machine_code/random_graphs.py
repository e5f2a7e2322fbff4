"""Random expressions of small arrays: functions of numbers, other looks at arrays, sums and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.tensor.blas.batched import BatchedDot

from tests.machine_code.called import Graph, array

SMALL, LARGE = (1, 2, 3, 3, 4, 5), (1, 2, 9, 17, 33)  # of axes
LARGEST = 60  # numbers of an array; more where axes are longer
Build = Callable[..., Any]

# What these give is at most about as large as what they take, so that rounding errors stay small.
OF_ONE: list[Build] = [
    pt.tanh,
    pt.sigmoid,
    pt.softplus,
    pt.arctan,
    pt.erf,
    pt.abs,
    pt.neg,
    lambda x: pt.exp(-pt.sqr(x)),
    lambda x: pt.log1p(x * x),
    lambda x: pt.sqrt(1.0 + x * x),
    lambda x: 1.0 / (2.0 + pt.tanh(x)),
    lambda x: pt.log1mexp(-0.1 - pt.abs(x)),
    lambda x: pt.gammaln(1.5 + pt.abs(x)) / 3.0,
    lambda x: pt.clip(x, -0.7, 0.8),
    lambda x: pt.switch(pt.isnan(x) | (x > 0.3), x - 0.3, 0.1 * x),
    lambda x: (1.2 + pt.sigmoid(x)) ** 1.5,
]
OF_TWO: list[Build] = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: 0.5 * (x - 2.0 * y),
    lambda x, y: x * pt.tanh(y),
    lambda x, y: x / (1.0 + y * y),
    pt.maximum,
    pt.minimum,
    lambda x, y: pt.switch(x > y, x, 0.5 * y),
    lambda x, y: pt.second(x, y) + x,
]


class Random:
    """Draws expressions; what was drawn before is what others are made of."""

    def __init__(self, seed: int, sizes: tuple[int, ...]) -> None:
        self.rng, self.sizes = np.random.default_rng(seed), sizes
        self.made: list[Any] = []

    def of(self, choices: Any) -> Any:
        """One of them."""
        return choices[int(self.rng.integers(len(choices)))]

    def size(self) -> int:
        """Of an axis."""
        return int(self.of(self.sizes))

    def any(self, test: Callable[[Any], bool] = lambda _: True) -> Any:
        """One of what was made, mostly of what was made last; none where none passes the test."""
        fitting = [each for each in self.made if test(each)]
        if not fitting:
            return None
        return self.of(fitting[-8:] if self.rng.random() < 0.7 else fitting)

    def axis(self, x: Any) -> int:
        """One of its axes."""
        return int(self.rng.integers(x.type.ndim))

    def axes(self, x: Any) -> tuple[int, ...]:
        """Some of its axes, at least one."""
        chosen = self.rng.permutation(x.type.ndim)[: int(self.rng.integers(1, x.type.ndim + 1))]
        return tuple(sorted(int(axis) for axis in chosen))

    def indices(self, size: int, count: int) -> Any:
        """Places along an axis, from either end."""
        return pt.constant(self.rng.integers(-size, size, count).astype("int64"))


def of_one(r: Random) -> Any:
    return r.of(OF_ONE)(r.any())


def of_two(r: Random) -> Any:
    """Of two arrays that are of one shape where axes of one place are repeated."""
    x = r.any()

    def fits(y: Any) -> bool:
        pairs = zip(reversed(x.type.shape), reversed(y.type.shape), strict=False)
        return all(a == b or 1 in (a, b) for a, b in pairs)

    return r.of(OF_TWO)(x, r.any(fits))


def of_outer(r: Random) -> Any:
    """Of each number of one array with each of another."""
    x = r.any(lambda x: x.type.ndim == 1)
    y = r.any(lambda y: y.type.ndim in (1, 2))
    return None if x is None or y is None else r.of(OF_TWO)(x.dimshuffle(0, *["x"] * y.type.ndim), y)


def shuffled(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim >= 1)
    order: list[Any] = [int(axis) for axis in r.rng.permutation(x.type.ndim)]
    if x.type.ndim < 3 and r.rng.random() < 0.4:
        order.insert(int(r.rng.integers(len(order) + 1)), "x")
    return x.dimshuffle(*order)


def sliced(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim >= 1)
    picks: list[Any] = []
    for size in x.type.shape:
        kind = r.rng.random()
        if kind < 0.3:
            picks.append(slice(None))
        elif kind < 0.5:
            picks.append(int(r.rng.integers(-size, size)))
        elif kind < 0.75:
            start = int(r.rng.integers(size))
            picks.append(slice(start, int(r.rng.integers(start + 1, size + 1)), int(r.rng.integers(1, 3))))
        else:
            start = int(r.rng.integers(size))
            # PyTensor 3.3.8 takes a part of one place, backwards by more than one, from the wrong place.
            picks.append(slice(start, None, -int(r.rng.integers(1, 3)) if start > 1 else -1))
    return x[tuple(picks)]


def reshaped(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim >= 2)
    if x is None:
        return None
    first, *rest = x.type.shape
    return x.reshape(r.of([(-1,), (first, -1), (-1, first), (int(np.prod(rest)), first)]))


def reduced(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim >= 1)
    axes, kept = r.axes(x), bool(r.rng.random() < 0.3)
    reduce = r.of([pt.sum, pt.sum, pt.max, pt.min, product])
    found = reduce(x, axis=axes, keepdims=kept)
    return found / np.prod([x.type.shape[axis] for axis in axes]) if reduce is pt.sum else found


def product(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """Of numbers between 0.5 and 1.5."""
    return pt.prod(0.5 + pt.sigmoid(x), axis=axis, keepdims=keepdims, no_zeros_in_input=True)


def logged(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim >= 1)
    axis, kept = r.axis(x), bool(r.rng.random() < 0.5)
    largest = pt.max(x, axis=axis, keepdims=True)
    return pt.log(pt.exp(x - largest).sum(axis=axis, keepdims=kept)) + (largest if kept else largest.squeeze(axis))


def running(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim >= 1)
    return pt.cumsum(x, axis=r.axis(x)) / 2.0


def joined(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim >= 1)
    axis = r.axis(x)

    def fits(y: Any) -> bool:
        return y.type.ndim == x.type.ndim and all(
            a == b for k, (a, b) in enumerate(zip(x.type.shape, y.type.shape, strict=True)) if k != axis
        )

    return pt.concatenate([x, r.any(fits), *([pt.ones_like(x)] if r.rng.random() < 0.3 else [])], axis=axis)


def stacked(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim <= 2)
    return pt.stack([x, r.any(lambda y: y.type.shape == x.type.shape), 0.5 * x])


def split(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim >= 1 and max(x.type.shape) >= 2)
    if x is None:
        return None
    axis = int(np.argmax(x.type.shape))
    size = x.type.shape[axis]
    first = int(r.rng.integers(1, size))
    one, other = pt.split(x, [first, size - first], n_splits=2, axis=axis)
    r.made.append(other)
    return one


def multiplied(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim in (1, 2))
    if x is None:
        return None
    y = r.any(lambda y: y.type.ndim in (1, 2) and y.type.shape[0] == x.type.shape[-1])
    return None if y is None else pt.dot(pt.tanh(x), y) / x.type.shape[-1]


def multiplied_at_once(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim == 3)
    return None if x is None else BatchedDot()(pt.tanh(x), x.transpose(0, 2, 1)) / x.type.shape[-1]


def repeated(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim <= 2)
    return pt.alloc(x, r.size(), *x.type.shape) * r.of([1.0, 0.5])


def put(r: Random) -> Any:
    """One row of an array, or some of its columns, set or added to."""
    x = r.any(lambda x: x.type.ndim >= 1)
    y = r.any(lambda y: y.type.shape == x.type.shape)
    where = r.of([np.s_[-1], np.s_[::-1], np.s_[::2], np.s_[..., :1], np.s_[1:]])
    value = y[where] if r.rng.random() < 0.7 else r.any(lambda y: y.type.ndim == 0)
    return None if value is None else (x[where].set(value) if r.rng.random() < 0.5 else x[where].inc(value))


def taken(r: Random) -> Any:
    x = r.any(lambda x: x.type.ndim >= 1)
    axis = r.axis(x)
    return x[(*[slice(None)] * axis, r.indices(x.type.shape[axis], r.size()))]


def spread(r: Random) -> Any:
    """Numbers added to places that may be the same."""
    x = r.any(lambda x: x.type.ndim >= 1)
    count = r.size()
    return pt.zeros((count, *x.type.shape[1:]))[r.indices(count, x.type.shape[0])].inc(x)


STEPS: list[tuple[Build, float]] = [
    (of_one, 6.0), (of_two, 8.0), (of_outer, 2.0), (shuffled, 2.0), (sliced, 3.0), (reshaped, 1.5), (reduced, 4.0),
    (logged, 0.7), (running, 1.0), (joined, 1.5), (stacked, 1.0), (split, 1.0), (multiplied, 2.0),
    (multiplied_at_once, 0.5), (repeated, 1.0), (put, 1.5), (taken, 1.0), (spread, 0.7),
]  # fmt: skip


def random_graph(seed: int, sizes: tuple[int, ...] = SMALL, *, slopes: bool = True) -> Graph:
    """Some results of several random steps, a sum of all of them and its slopes by each input."""
    r, largest = Random(seed, sizes), LARGEST * max(sizes) // max(SMALL)
    inputs = tuple(
        array(f"x{k}", *(r.size() for _ in range(ndim))) for k, ndim in enumerate((0, 1, 2, int(r.rng.integers(1, 4))))
    )
    r.made += inputs
    weights = np.array([weight for _, weight in STEPS])
    target = len(inputs) + int(r.rng.integers(5, 20))
    while len(r.made) < target:
        step = STEPS[int(r.rng.choice(len(STEPS), p=weights / weights.sum()))][0]
        found = step(r)
        if found is not None and 0 < np.prod(found.type.shape) <= largest and found.type.ndim <= 3:
            r.made.append(found)
    drawn = r.rng.permutation(np.arange(len(inputs), len(r.made)))[: int(r.rng.integers(1, 5))]
    outputs = [r.made[-1], *(r.made[int(k)] for k in drawn)]
    total = sum((output * (1.0 + 0.1 * k)).sum() for k, output in enumerate(outputs))
    further = pytensor.grad(total, list(inputs), disconnected_inputs="ignore") if slopes else []
    return Graph(inputs=inputs, outputs=(*outputs, total, *further))
