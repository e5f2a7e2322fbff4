"""Where intermediate results stand: one piece of memory, whose parts are used again when nothing needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from hscb_bayes.machine_code.views import View, strides_of

WORK = "%work"
ALIGNED = 4  # numbers: 32 bytes


@dataclass(kw_only=True, eq=False)
class Memory:
    """Parts by where they start; ``size`` is how many numbers were needed at once."""

    size: int = 0
    free: list[tuple[int, int]] = field(default_factory=list)  # start and size, in order
    held: dict[int, list[int]] = field(default_factory=dict)  # by start: size, and how many variables stand there

    def new(self, shape: tuple[int, ...]) -> View:
        """Room for an array."""
        needed = -(-max(prod(shape), 1) // ALIGNED) * ALIGNED
        fitting = [(size, start) for start, size in self.free if size >= needed]
        if fitting:
            size, start = min(fitting)
            self.free.remove((start, size))
            if size > needed:
                self.free.append((start + needed, size - needed))
        else:
            start, self.size = self.size, self.size + needed
        self.held[start] = [needed, 0]
        return View(base=WORK, offset=start, shape=shape, strides=strides_of(shape))

    def _home(self, view: View) -> int | None:
        if view.base != WORK or view.literal is not None or not view.size:
            return None
        return next((start for start, (size, _) in self.held.items() if start <= view.offset < start + size), None)

    def hold(self, view: View) -> None:
        """One more variable stands there."""
        home = self._home(view)
        if home is not None:
            self.held[home][1] += 1

    def release(self, view: View) -> None:
        """One fewer; a part where none stands is free."""
        home = self._home(view)
        if home is None:
            return
        self.held[home][1] -= 1
        if self.held[home][1] <= 0:
            size, _ = self.held.pop(home)
            self.free.append((home, size))
            self._join()

    def sweep(self) -> None:
        """Free parts that no variable ever stood in."""
        for start, (size, count) in list(self.held.items()):
            if count <= 0:
                del self.held[start]
                self.free.append((start, size))
        self._join()

    def _join(self) -> None:
        joined: list[tuple[int, int]] = []
        for start, size in sorted(self.free):
            if joined and sum(joined[-1]) == start:
                joined[-1] = (joined[-1][0], joined[-1][1] + size)
            else:
                joined.append((start, size))
        self.free = joined
