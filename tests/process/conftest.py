"""How PyTensor graphs are evaluated here: by Python itself, so that nothing is compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="session")
def evaluated() -> Callable[[Any], np.ndarray]:
    """The value of a PyTensor expression that has no inputs."""
    from pytensor.compile.mode import Mode

    mode = Mode(linker="py", optimizer="fast_compile")

    def value(expression: Any) -> np.ndarray:
        return np.asarray(expression.eval(mode=mode))

    return value
