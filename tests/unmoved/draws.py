"""Draws on disk, by what they are: not by the names that the package gives them, which may change.

Of six analyses: a hundred draws of each of two chains, evenly thinned from posteriors that were sampled with seed 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

FOLDER = Path(__file__).parent / "draws"
DIMS = ("chain", "draw")
QUANTITIES: Mapping[str, tuple[str, ...]] = {  # beside chain and draw; the labels of a dimension stand beside it
    "parameters": ("parameter",),  # on their unbounded scales; of a pool those of the average study
    "log_hazard_ratios": ("transition", "term"),
    "centre_effects": ("transition", "centre"),  # on the log hazards
    "spread_between_centres": ("transition",),  # standard deviation
    "study_effects": ("study", "effect"),  # of a study with all it has in common with others
    "spread_between_studies": ("effect",),  # standard deviation
    "shift_effects": ("shift", "effect"),  # of a population, or a definition of response
    "known_patients_effects": ("known_study", "transition"),  # of patients known one by one, on the log hazards
}
STEP, PART = 7, 60  # draws of a chain by which each further fit begins later, and that it has


def kept(name: str) -> xr.Dataset:
    """The draws of an analysis."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as table:
        values = {id: ((*DIMS, *dims), table[id]) for id, dims in QUANTITIES.items() if id in table}
        labels = {dim: table[dim] for dim in table if dim not in QUANTITIES}
    return xr.Dataset(values, labels)


def of_fit(draws: xr.Dataset, number: int) -> xr.Dataset:
    """Draws that stand for those of another fit: all for number 0, then sixty of a chain, each time later ones."""
    if number == 0:
        return draws
    return draws.roll(draw=-STEP * number).isel(draw=slice(PART))
