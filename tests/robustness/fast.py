"""Runs in little time: few draws, and programs that are kept for all analyses of a layout.

The runs are those of ``hscb run``; what is shortened is what nutpie is asked for, and how often a layout is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from unittest import mock

from hscb_bayes.model import compiled
from hscb_bayes.model.build import build
from hscb_bayes.model.data import structure_of
from hscb_bayes.model.data_vector import Built
from hscb_bayes.posterior import fitting
from hscb_bayes.posterior import sample as sampling
from hscb_bayes.report import run

CHAINS = 2


@dataclass(frozen=True, kw_only=True)
class Few:
    """At most so many draws and steps of warm-up a chain, and doublings of a trajectory."""

    draws: int = 80
    tune: int = 100
    deepest: int = 4


FEWEST = Few(draws=15, tune=10, deepest=2)  # where a gradient takes a tenth of a second

Kept = dict[tuple[object, ...], list[compiled.Compiled]]


@contextmanager
def fast(kept: Kept, most: Few) -> Iterator[None]:
    """Within the block runs are short; ``kept`` holds programs by layout, from one block to the next."""
    sample, compile_model = sampling.nutpie.sample, compiled.compile_model

    def few(program: object, **asked: Any) -> Any:
        fewer = {"draws": min(asked["draws"], most.draws), "tune": min(asked["tune"], most.tune)}
        fewer |= {"chains": CHAINS, "cores": 1, "maxdepth": most.deepest}
        return sample(program, **(asked | fewer))

    def once(built: Built) -> compiled.Compiled:
        programs = kept.setdefault(_layout(built), [])
        for program in programs:
            with suppress(ValueError):  # no room for so many rows
                return compiled.with_data(program, built.analysis)
        programs.append(compile_model(_spacious(built)))
        return compiled.with_data(programs[-1], built.analysis)

    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(sampling.nutpie, "sample", few))
        for module in (run, fitting):
            stack.enter_context(mock.patch.object(module, "compile_model", once))
        yield


def _layout(built: Built) -> tuple[object, ...]:
    """What two models must share to share a program; tables may differ in their rows."""
    analysis, names = built.analysis, tuple(built.model.named_vars)
    shapes = repr(dict(built.shapes))
    return (structure_of(analysis), shapes, names)


def _spacious(built: Built) -> Built:
    """A table's model with room for other courses."""
    return built if built.analysis.members else build(built.analysis, spare=True)
