"""How the model grows with studies: pools of copies of the shipped ones, each a study of its own."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from hscb_bayes.analysis.layers import models_directory
from hscb_bayes.analysis.member import load_analysis
from hscb_bayes.analysis.pool import Pool, load_pool
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model
from hscb_bayes.report.sampling import OF_HIERARCHY
from tests.benchmarks.measuring import Row, seconds

SEED = 1
RUNS, CALLS = 7, 2000
SIZES = (2, 7, 30, 50)
SAMPLED = (2, 7, 30)
MICROSECONDS = 1e6
OVERHEAD = 1.3  # times the sum of the costs of single studies, the most that a pool may cost
SMALL = "scb2024"  # stands for the six that print little


@contextmanager
def pool_of_copies(size: int) -> Iterator[Pool]:
    """A pool of ``size`` studies: the shipped ones, and copies of them under other names."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "models"
        shutil.copytree(models_directory(), folder)
        text = (folder / "pooled.toml").read_text(encoding="utf-8")
        shipped = load_pool(folder / "pooled.toml")
        names = [_copied(folder, shipped.table.studies[k % 7], k // 7) for k in range(size)]
        listed = ", ".join(f'"{name}"' for name in names)
        text = re.sub(r"^studies = \[.*?\]", f"studies = [{listed}]", text, flags=re.MULTILINE)
        text = text[: text.index("[shared_patients]")]
        for kind in ("populations", "definitions"):
            for value in getattr(shipped.table, kind):
                if not _has(folder, names, kind[:-1], value):
                    text = re.sub(rf"\[{kind}\.{value}\].*?(?=^\[)", "", text, flags=re.MULTILINE | re.DOTALL)
        (folder / "copies.toml").write_text(text, encoding="utf-8")
        yield load_pool(folder / "copies.toml")


def _copied(folder: Path, name: str, copy: int) -> str:
    """The name of an analysis like ``name`` about a study of its own, without patients that may be in two."""
    analysis = load_analysis(folder / f"{name}.toml")
    study = Path(analysis.study.path)
    own_id = analysis.study.id
    text = study.read_text(encoding="utf-8").replace(f'id = "{own_id}"', f'id = "{own_id}_{copy}"', 1)
    text = re.sub(r"^\[study\.may_share_patients_with\].*?(?=^\[)", "", text, flags=re.MULTILINE | re.DOTALL)
    (folder / "evidence" / f"{study.stem}_{copy}.toml").write_text(text, encoding="utf-8")
    own = (folder / f"{name}.toml").read_text(encoding="utf-8")
    own = own.replace(f"evidence/{study.name}", f"evidence/{study.stem}_{copy}.toml")
    own = re.sub(r"^alternatives = \[.*?\]", "", own, flags=re.MULTILINE | re.DOTALL)
    (folder / f"{name}_{copy}.toml").write_text(own, encoding="utf-8")
    return f"{name}_{copy}"


def _has(folder: Path, names: list[str], kind: str, value: str) -> bool:
    return any(getattr(load_analysis(folder / f"{name}.toml").study, kind) == value for name in names)


@cache
def _pooled(size: int) -> Compiled:
    with pool_of_copies(size) as pool:
        return compile_model(build(pool))


def _gradient(compiled: Compiled) -> list[float]:
    """Microseconds of one evaluation of log density and gradient, near the middle of the prior."""
    program = compiled.program
    points = 0.1 * np.random.default_rng(SEED).standard_normal((CALLS, program.start.size))

    def all_points() -> None:
        program.evaluated(points)

    return [MICROSECONDS * seconds(all_points) / CALLS for _ in range(RUNS)]


def pool_growth() -> list[Row]:
    """Cost of a gradient with 2 to 50 studies; with seven beside the sum of the seven alone."""
    alone = [min(_gradient(compile_model(build(load_analysis(name))))) for name in ("main", SMALL)]
    together = alone[0] + 6 * alone[1]
    rows = []
    for size in SIZES:
        what, values = f"log density and gradient of {size} studies", _gradient(_pooled(size))
        if size == 7:
            peer = f"at most {OVERHEAD} times the sum of seven alone, {together:.0f} microseconds"
            rows.append(
                Row(what=what, unit="microseconds", values=values, peer=peer, against=OVERHEAD * together, seed=SEED)
            )
        else:
            rows.append(Row(what=what, unit="microseconds", values=values, seed=SEED))
    return rows


def pool_divergences() -> list[Row]:
    """Divergent transitions with few and with many studies, in the attempts of a pooled run until one has none."""
    rows = []
    for size in SAMPLED:
        for attempt in OF_HIERARCHY:
            tree = attempt.sampled(_pooled(size), seed=SEED)
            diverging = tree.tree["sample_stats"]["diverging"]
            asked = f"target acceptance {attempt.target_accept}"
            what = f"divergent transitions in {diverging.size:,} draws, {asked}, {size} studies"
            rows.append(Row(what=what, unit="transitions", values=[float(diverging.sum())], seed=SEED))
            if not diverging.any():
                break
    return rows
