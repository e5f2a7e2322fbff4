"""Graphs of one operation on arrays each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor.tensor as pt

from tests.machine_code.called import Graph, graph_of, random_values

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A graph with an operation, and numbers for its inputs."""

    operation: type
    graph: Graph
    change: Callable[[np.ndarray], np.ndarray]

    def values(self) -> list[np.ndarray]:
        """Of the inputs."""
        return [self.change(value) for value in random_values(self.graph)]


def case(
    operation: type,
    build: Callable[..., Any],
    *shapes: Shape,
    change: Callable[[np.ndarray], np.ndarray] = lambda value: value,
    dtype: str = "float64",
) -> Case:
    """What a function makes of variables of these shapes."""
    return Case(operation=operation, graph=graph_of(build, *shapes, dtype=dtype), change=change)


def indices(*which: int) -> Any:
    """A constant of whole numbers."""
    return pt.constant(np.array(which, dtype="int64"))
