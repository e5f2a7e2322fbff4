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
from scipy.special import expit

from hscb_bayes.analysis.level import CENTRE, EFFECTS, ON_HAZARDS
from hscb_bayes.analysis.load import load
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model, with_data
from hscb_bayes.model.data import layout_of
from hscb_bayes.model.data_vector import Built
from hscb_bayes.model.level_arrays import level_arrays

ROOT = Path(__file__).parents[2]
TABLES = Path(__file__).parent / "densities"
OF_PATIENTS = ("bmt", "bmt_changing", "myeloid", "myeloid_changing")
POINTS = 200
CLOSE, CLOSE_GRADIENT = 1e-10, 1e-8  # relative: of a log density, and of a gradient to its largest element
OLDEST = "parameters[0]"  # coordinate of a table in which all parameters are one vector
OLD_SPREAD, SPREAD = "between_centres_log_exp_m1__", "standard_between_centres_log_exp_m1__"
SCALE = 0.5  # standard deviation of each coordinate around the middle of its prior


@dataclass(frozen=True, kw_only=True, eq=False)
class Densities:
    """What is kept of one analysis.

    Attributes
    ----------
    coordinates
        Names of the sampler's coordinates, such as "parameters[3]", shape (coordinate,).
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


def in_variables_of(analysis: Any, table: Densities) -> tuple[Densities, np.ndarray]:
    """A table on disk, which is in the coordinates of the code that wrote it, in those of today's; and its points.

    In the oldest tables all parameters were one vector, and what plays no part was drawn from a normal distribution of
    its own: a slope that is not used around 0, and hazard ratios of durations that have no part as the file believed
    of them.
    Such coordinates are left out of today's model, and their densities out of the table. The spread between centres was
    a coordinate itself, and is one in units of its scale; effects of centres were a vector for each transition.
    """
    points = points_of(Path(analysis.path).stem, table.start)
    if OLDEST not in table.coordinates:
        return table, points
    scales = {id: one.scale for id, one in analysis.parameters.items()}
    names = {f"parameters[{k}]": f"{id}_{scales[id]}__[0]" for k, id in enumerate(_old_parameters(analysis))}
    believed = {f"{id}_{analysis.parameters[id].scale}__[0]" for id in analysis.believed}
    place, log_density = dict[str, int](), table.log_density.copy()
    for k, coordinate in enumerate(table.coordinates.tolist()):
        name = names.get(coordinate) or _of_level(coordinate)
        if coordinate in names and name not in believed:
            log_density -= _of_no_part(points[:, k] - table.start[k])
            log_density -= _of_its_belief(analysis, name, points[:, k])
        else:
            place[name] = k
    coordinates, start = _coordinates(build(analysis))
    own = [place[name] for name in coordinates.tolist()]
    found = Densities(
        coordinates=np.array([name for name, k in sorted(place.items(), key=lambda one: own.index(one[1]))]),
        start=table.start[own],
        log_density=log_density,
        gradient=table.gradient[:, own],
    )
    return _in_units_of_its_scale(analysis, found, points[:, own], start)


def _old_parameters(analysis: Any) -> list[str]:
    """Ids of the parameters in the vector: of a table those of its baselines alone, transition by transition."""
    if analysis.has_print:
        return list(analysis.parameters)
    found = list[str]()
    for transition in EFFECTS[:ON_HAZARDS]:
        level = "response_median" if transition == "response" else transition
        found += [level, *analysis.hazards.shape_parameters(transition)]
    return [*found, *(["never_respond"] if analysis.hazards.never_respond else [])]


def _of_level(coordinate: str) -> str:
    """Today's name of a coordinate of a level."""
    variable, _, position = coordinate.partition("[")
    if variable == OLD_SPREAD:
        return f"{SPREAD}[{position}"
    if variable.startswith("partly_centred_"):
        transition = EFFECTS.index(variable.removeprefix("partly_centred_"))
        return f"partly_centred_centre_effect[{int(position.removesuffix(']')) * ON_HAZARDS + transition}]"
    return coordinate


def _in_units_of_its_scale(
    analysis: Any, table: Densities, points: np.ndarray, start: np.ndarray
) -> tuple[Densities, np.ndarray]:
    """The spread between centres, s = log(1 + exp(y)), as s = d log(1 + exp(x)) with its scale d."""
    own = [k for k, name in enumerate(table.coordinates) if name.startswith(SPREAD)]
    if not own:
        return table, points
    scale, old = level_arrays(analysis.levels[CENTRE])["between"], points[:, own]
    found = points.copy()
    new = found[:, own] = np.log(np.expm1(np.log1p(np.exp(old)) / scale))
    slope = scale * expit(new) / expit(old)
    gradient = table.gradient.copy()
    gradient[:, own] = (gradient[:, own] - expit(-old)) * slope + expit(-new)
    middle = table.start.copy()
    middle[own] = start[own]
    log_density = table.log_density + np.log(slope).sum(axis=-1)
    return Densities(coordinates=table.coordinates, start=middle, log_density=log_density, gradient=gradient), found


def _of_no_part(values: np.ndarray) -> np.ndarray:
    """Log density of a coordinate that plays no part: standard normal."""
    return -0.5 * values**2 - 0.5 * np.log(2.0 * np.pi)


def _of_its_belief(analysis: Any, name: str, values: np.ndarray) -> np.ndarray | float:
    """Log density of a parameter that plays no part over the standard one, where the file says a belief about it."""
    id = next((id for id, one in analysis.parameters.items() if name == f"{id}_{one.scale}__[0]"), "")
    if id not in analysis.prior or analysis.parameters[id].scale != "log":
        return 0.0
    mean, deviation = analysis.prior[id].normal("log")
    return 0.5 * (values - mean) ** 2 * (1.0 - deviation**-2.0) - np.log(deviation)


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
    analysis = load(file)
    expected, points = in_variables_of(analysis, kept(file))
    found = computed(file, points)
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
