"""What ``nutpie.sample`` takes, made of C functions: all that nutpie does not promise to keep.

Written for nutpie 0.16 (0.16.11); ``pyproject.toml`` holds it below the next minor version. No other file imports such
names (``tests/test_architecture.py``). What is used, and for what:

``nutpie.compile_pymc.CompiledPyMCModel``
    A model for ``nutpie.sample`` without nutpie's own compiler: ``nutpie_model``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np


def nutpie_model(
    *,
    density: Any,
    values: Any,
    data: np.ndarray,
    coordinates: int,
    first_point: Callable[[int], np.ndarray],
    shapes: Mapping[str, tuple[int, ...]],
    dims: Mapping[str, tuple[str, ...]],
    coords: Mapping[str, Sequence[Any]],
) -> Any:
    """What ``nutpie.sample`` takes.

    Parameters
    ----------
    density, values
        C functions with an ``address``, as ``model/program.py`` describes them: log density and gradient, and the
        variables that are kept.
    data
        What both are called with, shape (entry,).
    coordinates
        Of a point, on unbounded scales.
    first_point
        From a seed to where a chain starts, shape (coordinate,).
    shapes, dims, coords
        Of the variables that are kept, in the order of ``values``.
    """
    from nutpie.compile_pymc import CompiledPyMCModel

    cuts = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes.values())])
    return CompiledPyMCModel(
        dims=dict(dims),
        compiled_logp_func=density,
        compiled_expand_func=values,
        initial_point_func=first_point,
        shared_data={},
        shared_var_keys={},
        user_data=data,
        n_expanded=int(cuts[-1]),
        shape_info=(list(shapes), [slice(*ends) for ends in pairwise(cuts)], list(shapes.values())),
        logp_func=None,
        expand_func=None,
        _n_dim=coordinates,
        _shapes=dict(shapes),
        _coords=dict(coords),
    )
