"""Operations that are loops of their own, in Numba's language; the machine code calls them by their addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import carray  # type: ignore[attr-defined]

KERNELS: dict[str, Any] = {}
DOUBLES = "CPointer(float64)"


def kernel(sizes: int, arrays: int) -> Callable[[Callable[..., None]], Any]:
    """Decorate a function of so many whole numbers and then of so many addresses; its name is what calls it."""
    types = ", ".join(["int64"] * sizes + [DOUBLES] * arrays)

    def decorate(function: Callable[..., None]) -> Any:
        found = KERNELS[function.__name__] = numba.cfunc(f"void({types})", cache=True, error_model="numpy")(function)
        return found

    return decorate


@kernel(2, 2)
def cholesky(size: int, lower: int, matrix_: Any, root_: Any) -> None:
    """L with L L' = A, or its transpose where not ``lower``; NaN where there is none."""
    matrix, root = carray(matrix_, (size, size)), carray(root_, (size, size))
    for i in range(size):
        for j in range(size):
            root[i, j] = 0.0
    fails = False
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j] if lower else matrix[j, i]
            for k in range(j):
                one, other = (root[i, k], root[j, k]) if lower else (root[k, i], root[k, j])
                total -= one * other
            if i == j:
                fails = fails or not total > 0.0
                found = np.sqrt(total) if total > 0.0 else np.nan
            else:
                found = total / root[j, j]
            if lower:
                root[i, j] = found
            else:
                root[j, i] = found
    if fails:
        for i in range(size):
            for j in range(size):
                root[i, j] = np.nan


@kernel(4, 3)
def solve_triangular(size: int, columns: int, lower: int, unit: int, matrix_: Any, right_: Any, found_: Any) -> None:
    """x with A x = b; NaN where a number on the diagonal is 0."""
    matrix = carray(matrix_, (size, size))
    right, found = carray(right_, (size, columns)), carray(found_, (size, columns))
    singular = False
    for i in range(size):
        singular = singular or (not unit and matrix[i, i] == 0.0)
    for step in range(size):
        i = step if lower else size - 1 - step
        for column in range(columns):
            total = right[i, column]
            for other in range(step):
                j = other if lower else size - 1 - other
                total -= matrix[i, j] * found[j, column]
            found[i, column] = np.nan if singular else (total if unit else total / matrix[i, i])
