r"""How studies differ: effects on the log hazards and on some other parameters.

A study's hazards and parameters are those of the average study of the population that is asked about, with its effects:

    u_s = delta_population(s) + delta_definition(s) + tau z_s,    z_s ~ N(0, 1),

or, with the weight of a study on its own, u_s = delta + sigma z'_s with a fixed wide sigma (EXNEX). Effects are on the
log hazards of the three transitions, whatever their families, the log odds of never responding, the log shape of
response and the log odds of being lost. A redefined response redefines both states: its delta is on all three
transitions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.pool_table import TWO_SIDED
from hscb_bayes.process.pathway import TRANSITIONS

EFFECTS = (*TRANSITIONS, "never_respond", "response_shape", "lost_by_one_year")
COMPONENTS = ("exchangeable", "apart")
RATIOS = np.array([effect not in ("response_shape", "lost_by_one_year") for effect in EFFECTS])
SMALLEST_WEIGHT = 1e-12  # of a study on its own, where the weights say that there is none

ON_HAZARDS = len(TRANSITIONS)  # the first of the effects; the others are added to parameters


@dataclass(frozen=True, kw_only=True)
class Hierarchy:
    """Beliefs about the differences as arrays.

    Shapes: ``belongs`` (study, shift) 1 where a study is of another population or definition; ``shift`` (shift,
    effect) standard deviations; ``between`` (effect,) scales of the half-normal spread; ``apart`` (effect,) standard
    deviations of a study on its own, and ``drawn_apart`` (effect,) the part of them by which its standard effects are
    multiplied (``log_prior_apart``); ``log_weights`` (component, study); ``power`` (study,) of each likelihood;
    ``differs`` (study, 1) 0 for a study that is itself the average one. ``names`` of the shifts.
    """

    names: tuple[str, ...]
    belongs: np.ndarray
    shift: np.ndarray
    between: np.ndarray
    apart: np.ndarray
    drawn_apart: np.ndarray
    log_weights: np.ndarray
    power: np.ndarray
    differs: np.ndarray


def hierarchy_of(pool: Analysis) -> Hierarchy:
    """The beliefs of a pooled analysis as arrays."""
    table = pool.table
    shifts = {f"population:{id}": shift for id, shift in table.populations.items()}
    shifts |= {f"definition:{id}": shift for id, shift in table.definitions.items()}
    shifts = {name: shift for name, shift in shifts.items() if any(map(shift.deviation, EFFECTS))}
    kinds = [
        (f"population:{member.study.population}", f"definition:{member.study.definition}") for member in pool.members
    ]
    weights = np.array([table.exchangeable.weight_of(study) for study in pool.studies])
    apart = math.log(table.exchangeable.ratio_apart_rarely_above) / TWO_SIDED
    between = np.array([table.between_studies.deviation(effect) for effect in EFFECTS])
    wide = np.where(RATIOS, np.where(between > 0.0, apart, 0.0), between)
    borrowing = table.borrowing
    return Hierarchy(
        names=tuple(shifts),
        belongs=np.array([[float(name in kind) for name in shifts] for kind in kinds]).reshape(len(kinds), -1),
        shift=np.array([[shift.deviation(effect) for effect in EFFECTS] for shift in shifts.values()]).reshape(
            -1, len(EFFECTS)
        ),
        between=between,
        apart=wide,
        drawn_apart=np.sqrt(np.divide(between, wide, out=np.ones_like(wide), where=between < wide)),
        log_weights=np.log(np.maximum(np.stack([weights, 1.0 - weights]), SMALLEST_WEIGHT)),
        power=np.array([borrowing.power.get(study, 1.0) if borrowing else 1.0 for study in pool.studies]),
        differs=1.0 - (np.arange(len(kinds)) == 0)[:, None] * float(bool(borrowing and borrowing.commensurate)),
    )


def log_prior_apart(standard: Any, drawn_apart: Any, xp: Any) -> Any:
    """Log density of standard effects of a study on its own, over that of one of its kind; shape (...).

    The effects of one of its kind are its spread times ``standard``, which is N(0, 1). Those of a study on its own are
    a part of their standard deviation, r, times the same ``standard``, which is then N(0, 1 / r): with a scale between
    both, what a print says of ``standard`` lies in much the same place and is about as wide either way.

    Parameters
    ----------
    standard
        Shape (..., effect).
    drawn_apart
        The parts r, shape (effect,).
    """
    return (xp.log(drawn_apart) + 0.5 * standard**2 * (1.0 - drawn_apart**2)).sum(axis=-1)


def differing(pool: Analysis) -> tuple[str, ...]:
    """Effects by which some study may differ from another: the others have no variables."""
    beliefs = hierarchy_of(pool)
    widest = np.max([beliefs.between, beliefs.apart, beliefs.shift.max(axis=0, initial=0.0)], axis=0)
    return tuple(effect for effect, width in zip(EFFECTS, widest, strict=True) if width > 0.0)


def shifted(pool: Analysis) -> tuple[str, ...]:
    """Effects by which populations or definitions may differ."""
    widest = hierarchy_of(pool).shift.max(axis=0, initial=0.0)
    return tuple(effect for effect, width in zip(EFFECTS, widest, strict=True) if width > 0.0)


def study_parameters(parameters: Any, effects: Any, ids: Sequence[str], xp: Any) -> Any:
    """Parameters of studies on their unbounded scales: what effects on hazards leave as it is.

    Parameters
    ----------
    parameters
        Of the average study, shape (..., parameter), named ``ids``.
    effects
        Shape (..., effect), broadcast against the leading axes of ``parameters``.

    Returns
    -------
    Shape (..., parameter).
    """
    added = np.array([[float(effect == id) for id in ids] for effect in EFFECTS[ON_HAZARDS:]])
    return parameters + xp.matmul(effects[..., ON_HAZARDS:], added)
