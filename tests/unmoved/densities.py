"""Log density and gradient of every shipped analysis at points of its unbounded scales, as a table on disk.

``make unmoved`` compares all of them, ``make test`` those of one analysis of each kind. ``python -m
tests.unmoved.densities --write`` writes the tables anew: only where the mathematics changes on purpose.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hscb_bayes.analysis.load import load
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model, with_data
from hscb_bayes.model.data import layout_of
from hscb_bayes.model.data_vector import Built

ROOT = Path(__file__).parents[2]
TABLES = Path(__file__).parent / "densities"
OF_PATIENTS = ("bmt", "bmt_changing", "myeloid", "myeloid_changing")
POINTS = 200
CLOSE, CLOSE_GRADIENT = 1e-10, 1e-8  # relative: of a log density, and of a gradient to its largest element
SCALE = 0.5  # standard deviation of each coordinate around the middle of its prior


@dataclass(frozen=True, kw_only=True, eq=False)
class Densities:
    """What is kept of one analysis.

    Attributes
    ----------
    coordinates
        Names of the sampler's coordinates, such as "response_median_log__[0]", shape (coordinate,).
    start
        Middle of the prior, shape (coordinate,).
    log_density
        Shape (point,), NaN where a point has none.
    gradient
        Shape (point, coordinate).
    """

    coordinates: np.ndarray
    start: np.ndarray
    log_density: np.ndarray
    gradient: np.ndarray


def files() -> Iterator[Path]:
    """Every analysis of ``models/``, and those of the tables of patients that the tests have."""
    yield from sorted((ROOT / "models").glob("*.toml"))
    yield from (ROOT / "tests" / "data" / f"{name}.toml" for name in OF_PATIENTS)


def points_of(name: str, start: np.ndarray) -> np.ndarray:
    """The points of an analysis: normal around the middle of its prior, from a seed that is its name's checksum."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return start + SCALE * rng.normal(size=(POINTS, start.size))


def computed(file: Path, points: np.ndarray | None = None) -> Densities:
    """The densities of an analysis by today's code, at its own points or at others, shape (point, coordinate)."""
    compiled, built = _compiled(file)
    coordinates, start = _coordinates(built)
    log_density, gradient = compiled.program.evaluated(points_of(file.stem, start) if points is None else points)
    return Densities(coordinates=coordinates, start=start, log_density=log_density, gradient=gradient)


def kept(file: Path) -> Densities:
    """The densities of an analysis as they are on disk."""
    with np.load(TABLES / f"{file.stem}.npz", allow_pickle=False) as table:
        return Densities(**{name: table[name] for name in Densities.__dataclass_fields__})


def write(file: Path) -> None:
    """Put the densities of an analysis on disk."""
    TABLES.mkdir(exist_ok=True)
    np.savez_compressed(TABLES / f"{file.stem}.npz", allow_pickle=False, **vars(computed(file)))


def _compiled(file: Path) -> tuple[Compiled, Built]:
    built = build(load(file))
    layout = layout_of(built.analysis)
    if layout not in _programs():
        _programs()[layout] = compile_model(built)
    return with_data(_programs()[layout], built.analysis), built


@cache
def _programs() -> dict[Any, Compiled]:
    """Programs by layout: analyses of one layout share the one that was compiled first."""
    return {}


def _coordinates(built: Built) -> tuple[np.ndarray, np.ndarray]:
    """Names of the sampler's coordinates, and the middle of their prior: a shared program keeps that of the first."""
    middle = built.model.initial_point()
    names, values = [], []
    for variable in built.model.value_vars:
        start = middle[variable.name].ravel()
        names += [f"{variable.name}[{k}]" for k in range(start.size)]
        values.append(start)
    return np.array(names), np.concatenate(values)


def compare(file: Path) -> None:
    """Hold the densities of an analysis by today's code against those on disk.

    Raises
    ------
    AssertionError
        Where they differ: relative, of a log density by 1e-10, of a gradient by 1e-8 of its largest element.
    """
    expected, found = kept(file), computed(file)
    np.testing.assert_array_equal(found.coordinates, expected.coordinates)
    np.testing.assert_allclose(found.start, expected.start, rtol=CLOSE, atol=CLOSE)
    largest = np.abs(expected.gradient).max(axis=-1, keepdims=True)
    apart = np.abs(found.log_density / expected.log_density - 1.0)
    turned = np.abs(found.gradient - expected.gradient).max(axis=-1) / largest[:, 0]
    np.testing.assert_array_less(apart, CLOSE, err_msg="log density")
    np.testing.assert_array_less(turned, CLOSE_GRADIENT, err_msg="gradient")


def moved(file: Path) -> str:
    """What ``compare`` says of an analysis that differs; nothing of one that does not."""
    try:
        compare(file)
    except AssertionError as error:
        return f"{file.stem} moved: {error}"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 where an analysis differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.unmoved.densities", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of analyses; all if left out")
    parser.add_argument("--write", action="store_true", help="write the tables anew")
    options = parser.parse_args(arguments)
    differ = 0
    for file in files():
        if options.names and file.stem not in options.names:
            continue
        if options.write:
            write(file)
        told = moved(file)
        differ += bool(told)
        sys.stdout.write(f"{told or f'{file.stem}: {len(kept(file).start)} coordinates, {POINTS} points'}\n")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
