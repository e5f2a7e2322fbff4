"""Many random graphs: the order of operations, the memory that is used again and the loops that become one."""

from dataclasses import dataclass, field

import numpy as np
import pytensor
import pytest
from numpy.testing import assert_allclose

from tests.machine_code.called import compiled, expected, random_values
from tests.machine_code.random_graphs import LARGE, SMALL, random_graph

ROUNDING = 1e-11  # of the largest number of an array


@dataclass(frozen=True, kw_only=True)
class Several:
    """Graphs of one module.

    Attributes
    ----------
    simplified
        With slopes, and as PyTensor simplifies them; or without, and as they are.
    settings
        What is otherwise than usual.
    """

    seeds: range
    sizes: tuple[int, ...] = SMALL
    simplified: bool = True
    settings: dict[str, int] = field(default_factory=dict)


MODULES = {
    "small arrays": Several(seeds=range(20)),
    "large arrays": Several(seeds=range(100, 112), sizes=LARGE),
    "each loop in a function of its own": Several(seeds=range(200, 212), settings={"writer.LONGEST": 0}),
    "a loop even for two places": Several(seeds=range(300, 312), settings={"text.UNROLLED": 0}),
    "small arrays, as they are": Several(seeds=range(400, 430), simplified=False),
    "large arrays, as they are": Several(seeds=range(500, 525), sizes=LARGE, simplified=False),
    "no loop for up to nine places": Several(seeds=range(600, 625), simplified=False, settings={"text.UNROLLED": 9}),
    "small products as large ones": Several(seeds=range(700, 725), simplified=False, settings={"matrices.WIDE": 1}),
}


@pytest.mark.parametrize("several", MODULES.values(), ids=MODULES)
def test_random_graphs_are_what_pytensor_computes(several: Several, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in several.settings.items():
        monkeypatch.setattr(f"hscb_bayes.machine_code.{name}", value)
    with pytensor.config.change_flags(traceback__limit=0):
        graphs = [random_graph(seed, several.sizes, slopes=several.simplified) for seed in several.seeds]
        functions = compiled(*(graph if several.simplified else graph.as_it_is for graph in graphs))
        for seed, graph, called in zip(several.seeds, graphs, functions, strict=True):
            values = random_values(graph, seed)
            for k, (found, right) in enumerate(zip(called(*values), expected(graph, *values), strict=True)):
                limit = ROUNDING * max(1.0, float(np.max(np.abs(right), initial=0.0)))
                assert_allclose(found, right, rtol=ROUNDING, atol=limit, err_msg=f"seed {seed}, output {k}")
