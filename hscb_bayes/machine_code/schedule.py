"""The order of a graph's operations, and which of them share a loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from pytensor.scalar.basic import ScalarOp
from pytensor.tensor.elemwise import CAReduce, Elemwise

Shape = tuple[int, ...]


@dataclass(kw_only=True, eq=False)
class Group:
    """Operations on single numbers, and sums over them, that run over the same places in one loop."""

    shape: Shape
    nodes: list[Any] = field(default_factory=list)


def is_pointwise(node: Any) -> bool:
    """Whether an operation makes a number of the numbers at the same place, or adds such numbers up."""
    return isinstance(node.op, Elemwise | CAReduce | ScalarOp)


def places_of(node: Any, shapes: Mapping[Any, Shape]) -> Shape:
    """Over which places it runs."""
    return shapes[node.inputs[0] if isinstance(node.op, CAReduce) else node.outputs[0]]


def scheduled(graph: Any, shapes: Mapping[Any, Shape]) -> Iterator[Any]:
    """Nodes and groups of nodes in an order in which they can run.

    Loops over few places come first, so that a loop over many finds as much as possible to do in one go.
    """
    order = {node: k for k, node in enumerate(graph.toposort())}
    waiting = {node: sum(1 for variable in set(node.inputs) if variable.owner in order) for node in order}
    clients = defaultdict(list)
    for node in order:
        for variable in dict.fromkeys(node.inputs):
            clients[variable].append(node)
    ready = [node for node in order if not waiting[node]]

    def done(node: Any) -> list[Any]:
        """Those that can run now that this one has."""
        found = []
        for variable in node.outputs:
            for client in clients[variable]:
                waiting[client] -= 1
                if not waiting[client]:
                    found.append(client)
        return found

    while ready:
        single = next((node for node in ready if not is_pointwise(node)), None)
        if single is not None:
            ready.remove(single)
            yield single
            ready += done(single)
            continue
        shape = min((places_of(node, shapes) for node in ready), key=lambda shape: (prod(shape), shape))
        group = Group(shape=shape)
        later: list[Any] = []
        queue = sorted((node for node in ready if places_of(node, shapes) == shape), key=order.__getitem__)
        ready = [node for node in ready if places_of(node, shapes) != shape]
        while queue:
            node = queue.pop(0)
            group.nodes.append(node)
            for client in done(node):
                belongs = not isinstance(node.op, CAReduce) and is_pointwise(client)
                fits = belongs and places_of(client, shapes) == shape and not _reads_a_sum(client, group)
                (queue if fits else later).append(client)
        yield group
        ready += later


def _reads_a_sum(node: Any, group: Group) -> bool:
    """Whether it needs a sum of this very loop, which is known when the loop has ended."""
    sums = {variable for each in group.nodes if isinstance(each.op, CAReduce) for variable in each.outputs}
    return any(variable in sums for variable in node.inputs)
