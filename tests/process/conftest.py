"""How PyTensor graphs are evaluated here: by Python itself, so that nothing is compiled."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="session")
def evaluated() -> Callable[[Sequence[Any]], list[np.ndarray]]:
    """The values of PyTensor expressions that have no inputs."""
    import pytensor
    from pytensor.compile.mode import Mode

    mode = Mode(linker="py", optimizer=None)

    def values(expressions: Sequence[Any]) -> list[np.ndarray]:
        return [np.asarray(value) for value in pytensor.function([], list(expressions), mode=mode)()]

    return values
