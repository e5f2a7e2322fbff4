"""PyTensor graphs as machine code that Numba keeps on disk: all that PyTensor and nutpie do not promise to keep.

Written for PyTensor 3.3 (3.3.8) and nutpie 0.16 (0.16.11); ``pyproject.toml`` holds both below the next minor version.
No other file imports such names (``tests/test_architecture.py``). What is used, and for what:

``pytensor.compile.mode.NUMBA``, ``pytensor.compile.io.In``, ``pytensor.compile.aliasing.add_supervisor_to_fgraph``
    The rewrites that PyTensor does before it translates to Numba, and the guard that keeps them from writing over an
    input: ``rewritten``.
``pytensor.link.numba.dispatch.basic.numba_funcify_ensure_cache``
    A function for Numba from a graph, and the key under which its machine code is kept: ``translated``.
``pytensor.link.numba.dispatch.basic.register_funcify_and_cache_key``
    How an operation of this package becomes such a function with such a key: ``translates``.
``pytensor.link.numba.dispatch.basic.numba_njit``
    Numba's compiler with the flags that PyTensor compiles the functions around it with: ``compiled``.
``pytensor.link.numba.cache.compile_numba_function_src``
    A function from text, kept in PyTensor's folder under a key of ours: ``c_function``.
``nutpie.compile_pymc.CompiledPyMCModel``
    What ``nutpie.sample`` takes, made without nutpie's own compiler: ``nutpie_model``.

A key says all that the machine code depends on. A changed key costs one compilation; with a key that does not change
where the code does, old code runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any

import numba
import numpy as np
from pytensor.compile.aliasing import add_supervisor_to_fgraph
from pytensor.compile.io import In
from pytensor.compile.mode import NUMBA
from pytensor.graph.fg import FunctionGraph
from pytensor.link.numba.cache import compile_numba_function_src
from pytensor.link.numba.dispatch.basic import (
    numba_funcify_ensure_cache,
    numba_njit,
    register_funcify_and_cache_key,
)

# Without rewrites that take half the time of them all, and whose absence does not show in the time of a gradient: most
# look for matrices that are diagonal, symmetric or orthogonal, of which there are none. Not without all of "inplace":
# fused loops write over their inputs even so, and then nothing sees to it that these have been read before; gradients
# come out wrong (PyTensor 3.3.8).
MODE = NUMBA.excluding(
    "inplace_elemwise", "local_greedy_distributor", "dot_diag_to_elemwise", "selection_dot_to_index",
    "useless_symmetric_transpose", "diagonal_solve_to_division", "orthogonal_solve_to_transpose_matmul",
)  # fmt: skip


def rewritten(inputs: Sequence[Any], outputs: Sequence[Any]) -> FunctionGraph:
    """A graph made ready for Numba; nothing in it writes over its inputs."""
    graph = FunctionGraph(list(inputs), list(outputs), clone=True)
    add_supervisor_to_fgraph(graph, [In(variable) for variable in graph.inputs])
    MODE.optimizer.rewrite(graph)
    return graph


def translated(graph: FunctionGraph) -> tuple[Callable[..., Any], str | None]:
    """A function that Numba can call and compile, and the key of its machine code; no key where nothing is kept."""
    function, key = numba_funcify_ensure_cache(graph)
    return function, key


def translates(operation: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate what makes a function for Numba of an operation of a class.

    It is called with the operation and ``node``, and returns the function and the key of its machine code, or no key.
    """
    decorate: Callable[[Callable[..., Any]], Callable[..., Any]] = register_funcify_and_cache_key(operation)
    return decorate


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function for other compiled functions to call; compiled where it is first called."""
    found: Callable[..., Any] = numba_njit(function)
    return found


def key_of(*parts: object) -> str:
    """SHA-256, in hexadecimal, of what machine code depends on."""
    return sha256(" ".join(map(str, parts)).encode()).hexdigest()


def c_function(inputs: Sequence[Any], outputs: Sequence[Any], *, source: str, type_: str) -> Any:
    """A C function around the function of a graph.

    Parameters
    ----------
    source
        Text of a Python function, for Numba, that calls ``function(*inputs)`` and gets the outputs; it may use
        ``numba`` and ``np``.
    type_
        Its type, in Numba's words.

    Raises
    ------
    OSError
        Where the machine code cannot be kept.
    """
    function, key = translated(rewritten(inputs, outputs))
    python = compile_numba_function_src(
        source,
        source.split("(")[0].split()[-1],
        {"__name__": __name__, "function": function, "numba": numba, "np": np},
        cache_key=None if key is None else key_of(__name__, key, source),
    )
    return numba.cfunc(type_, cache=key is not None)(python)


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
        C functions as ``model/program.py`` writes them: log density and gradient, and the variables that are kept.
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
