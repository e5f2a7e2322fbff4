"""Levels and shifts as arrays, and what their effects add to parameters.

The effects of one unit of its kind are its spread times a standard effect, which is N(0, 1). Where the likelihood is
that of a mixture, the effects of a unit on its own are a part r of their standard deviation times the same standard
effect, which is then N(0, 1 / r): with a scale between both, what a print says of the standard effect lies in much the
same place and is about as wide either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import EFFECTS, ON_HAZARDS, Level
from hscb_bayes.analysis.shift import Shift

SMALLEST_WEIGHT = 1e-12  # of a unit on its own, where the weights say that there is none
OF_MIXTURES = ("apart", "drawn_apart", "log_weights")


def level_arrays(level: Level) -> dict[str, np.ndarray]:
    """The beliefs about a level, by name.

    Returns
    -------
    ``between`` (effect,), scales of the half-normal spread; ``differs`` (unit, 1), 0 for a unit that is itself the
    average one; ``apart`` (effect,), standard deviations of a unit on its own, and ``drawn_apart`` (effect,), the part
    of them by which its standard effects are multiplied; ``log_weights`` (component, unit).
    """
    between, weights = np.array(list(level.between.values())), np.array(list(map(level.weight_of, level.units)))
    apart = np.array([level.apart.get(effect, scale) for effect, scale in level.between.items()])
    part = np.divide(between, apart, out=np.ones_like(apart), where=between < apart)
    return {
        "between": between,
        "differs": np.array([[float(unit != level.average)] for unit in level.units]),
        "apart": apart,
        "drawn_apart": np.sqrt(part),
        "log_weights": np.log(np.maximum(np.stack([weights, 1.0 - weights]), SMALLEST_WEIGHT)),
    }


def study_shifts(analysis: Analysis) -> tuple[Shift, ...]:
    """What whole studies differ by."""
    return tuple(shift for shift in analysis.shifts if shift.applies_to == "studies")


def shifted_effects(analysis: Analysis) -> tuple[str, ...]:
    """Effects by which some shift tells studies apart: the others have no variables."""
    shifts = study_shifts(analysis)
    return tuple(effect for effect in EFFECTS if any(shift.deviations.get(effect, 0.0) for shift in shifts))


def shift_arrays(analysis: Analysis) -> dict[str, np.ndarray]:
    """``belongs`` (study, shift), 1 where a study has a shift; ``shift`` (shift, effect), standard deviations."""
    shifts, effects = study_shifts(analysis), shifted_effects(analysis)
    belongs = [[float(study in shift.studies) for shift in shifts] for study in analysis.studies]
    deviations = [[shift.deviations.get(effect, 0.0) for effect in effects] for shift in shifts]
    return {
        "belongs": np.reshape(belongs, (len(analysis.studies), len(shifts))),
        "shift": np.reshape(deviations, (len(shifts), len(effects))),
    }


def indicators(names: Sequence[str], among: Sequence[str] = EFFECTS) -> np.ndarray:
    """1 where a name stands among others, shape (name, other)."""
    return np.array([[float(name == other) for other in among] for name in names]).reshape(len(names), len(among))


def study_parameters(parameters: Any, effects: Any, ids: Sequence[str], xp: Any) -> Any:
    """Parameters of studies on their unbounded scales: what effects on hazards leave as it is.

    Parameters
    ----------
    parameters
        Of the average study, shape (..., parameter), named ``ids``.
    effects
        Shape (..., effect) of all ``EFFECTS``, broadcast against the leading axes of ``parameters``.

    Returns
    -------
    Shape (..., parameter).
    """
    return parameters + xp.matmul(effects[..., ON_HAZARDS:], indicators(EFFECTS[ON_HAZARDS:], ids))
