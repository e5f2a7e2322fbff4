"""Arrays as places in memory: where they start, their shape and their strides, all known before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod


@dataclass(frozen=True, kw_only=True)
class View:
    """Numbers in memory: ``base`` and ``offset`` say where the first is, ``strides`` count numbers; no two overlap.

    ``literal`` is the number that all of them are, where that is known.
    """

    base: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    literal: float | None = None

    @property
    def size(self) -> int:
        """How many numbers."""
        return prod(self.shape)

    @property
    def is_contiguous(self) -> bool:
        """Whether they lie one after the other, in the order of the last axis first."""
        kept = [(size, stride) for size, stride in zip(self.shape, self.strides, strict=True) if size != 1]
        return all(stride == prod(size for size, _ in kept[k + 1 :]) for k, (_, stride) in enumerate(kept))

    def rearranged(self, order: tuple[int | str, ...]) -> View:
        """Axes in another order; "x" is a new axis of one place, and one that is not named has one place."""
        shape = tuple(1 if isinstance(axis, str) else self.shape[axis] for axis in order)
        strides = tuple(0 if isinstance(axis, str) else self.strides[axis] for axis in order)
        return replace(self, shape=shape, strides=strides)

    def reshaped(self, shape: tuple[int, ...]) -> View:
        """Of contiguous numbers, or of one number everywhere."""
        return replace(self, shape=shape, strides=strides_of(shape))

    def broadcast(self, shape: tuple[int, ...]) -> View:
        """The same number along new axes in front and along axes of one place."""
        own = (1,) * (len(shape) - len(self.shape)) + self.shape
        strides = (0,) * (len(shape) - len(self.shape)) + self.strides
        if any(have not in (1, want) for have, want in zip(own, shape, strict=True)):
            raise ValueError(f"required a shape that broadcasts to {shape}, found {self.shape}")
        kept = zip(own, shape, strides, strict=True)
        return replace(self, shape=shape, strides=tuple(s if have == want else 0 for have, want, s in kept))

    def part(self, axis: int, start: int, stop: int, step: int = 1) -> View:
        """Some of the places along an axis."""
        count = len(range(start, stop, step))
        shape = (*self.shape[:axis], count, *self.shape[axis + 1 :])
        stride = self.strides[axis]
        strides = (*self.strides[:axis], stride * step, *self.strides[axis + 1 :])
        return replace(self, offset=self.offset + start * stride, shape=shape, strides=strides)

    def at(self, axis: int, place: int) -> View:
        """One place along an axis, which goes."""
        one = self.part(axis, place, place + 1)
        return one.rearranged(tuple(k for k in range(len(one.shape)) if k != axis))

    def pieces(self, axis: int, sizes: list[int]) -> list[View]:
        """One after the other along an axis."""
        ends = [sum(sizes[:k]) for k in range(len(sizes) + 1)]
        return [self.part(axis, start, stop) for start, stop in pairwise(ends)]


def strides_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Of contiguous numbers."""
    return tuple(prod(shape[k + 1 :]) for k in range(len(shape)))


def merged(shape: tuple[int, ...], strides: list[tuple[int, ...]]) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Fewer axes over the same places, the same for several arrays: axes that can be walked as one become one."""
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for axis, size in enumerate(shape):
        if size == 1:
            continue
        joins = bool(sizes) and all(own[-1] == each[axis] * size for own, each in zip(steps, strides, strict=True))
        if joins:
            sizes[-1] *= size
        else:
            sizes.append(size)
        for own, each in zip(steps, strides, strict=True):
            if joins:
                own[-1] = each[axis]
            else:
                own.append(each[axis])
    return tuple(sizes), [tuple(own) for own in steps]
