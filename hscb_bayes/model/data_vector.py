"""All that a model takes as data, as one vector with names: what models of papers, pools and patients share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

DATA_VARIABLE = "arrays"


@dataclass(frozen=True, kw_only=True, eq=False)
class Built:
    """A PyMC model, the analysis that it means, and the shapes of the arrays that it takes as data."""

    analysis: Any
    model: pm.Model
    shapes: Mapping[str, tuple[int, ...]]


def packed(data: Mapping[str, np.ndarray]) -> np.ndarray:
    """The arrays of ``model_data`` end to end, shape (entry,).

    One data variable instead of two dozen: the compiler writes code for every single one, which took 30 s of 45.
    """
    return np.concatenate([value.ravel() for value in data.values()])


def unpacked(entries: Any, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The arrays again, split from the one variable; their shapes, but not their contents, are known to the graph."""
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    pieces = pt.split(entries, sizes, n_splits=len(sizes))
    return {name: piece.reshape(shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}
