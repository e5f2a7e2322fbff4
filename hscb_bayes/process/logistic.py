"""The integral of the logistic function, alike for NumPy and PyTensor."""

from __future__ import annotations

from typing import Any


def softplus(z: Any, xp: Any) -> Any:
    """log(1 + exp(z)), without overflow."""
    return xp.maximum(z, 0.0) + xp.log1p(xp.exp(-abs(z)))
