"""Levels: units that differ from their average by effects with a spread. Studies are one level, and centres another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from hscb_bayes.process.pathway import TRANSITIONS

EFFECTS = (*TRANSITIONS, "never_respond", "response_shape", "lost_by_one_year")
ON_HAZARDS = len(TRANSITIONS)  # the first of the effects; the others are added to parameters
RATIOS = (*TRANSITIONS, "never_respond")  # effects on hazards and odds: what a unit on its own differs by
LevelName = Literal["study", "centre"]
STUDY: Literal["study"] = "study"
CENTRE: Literal["centre"] = "centre"
SPREAD_WITHIN = "spread_within"  # dimension of spreads, where each table has its own
ALWAYS = 1.0 - 1e-12  # a weight that is as good as 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Level:
    """Units and how much they differ.

    The effects of a unit are u = c + tau z: ``c`` is what shifts add, ``tau`` the spread, with a half-normal prior, and
    ``z`` standard normal. With the weight of a unit on its own they are u = c + sigma z with a fixed wide ``sigma``.

    Parameters
    ----------
    name
        "study" or "centre": the dimension of its units.
    units
        Their names.
    between
        Scale of the half-normal spread of each effect, by its name in the order of ``EFFECTS``; 0 of an effect by which
        only shifts tell units apart.
    weights
        By unit the prior probability to be one of the kind; 1 of those that are not named.
    apart
        By effect the standard deviation of a unit on its own; of one that is not named as that of one of the kind.
    mixed_in
        Where the two are mixed. "likelihood": a unit on its own has the standard effect of one of the kind on another
        scale, and the likelihood is that of both. "prior": it has the same effect, whose prior is the mixture.
    correlated
        Whether the effects on the three hazards are correlated, with an LKJ(2) prior.
    centred
        Whether effects are sampled the more as themselves, and not on a standard scale, the more events a unit has.
    average
        A unit that is itself the average one (commensurate prior); none if left out.
    within
        The unit of another level that each unit is of, whose units have a spread of their own; one spread if left out.

    References
    ----------
    Neuenschwander B, Wandel S, Roychoudhury S, Bailey S. Robust exchangeability designs for early phase clinical trials
    with multiple strata. Pharm Stat 2016;15:123-134.
    """

    name: LevelName
    units: tuple[str, ...]
    between: Mapping[str, float]
    weights: Mapping[str, float] = field(default_factory=dict)
    apart: Mapping[str, float] = field(default_factory=dict)
    mixed_in: Literal["likelihood", "prior"] = "likelihood"
    correlated: bool = False
    centred: bool = False
    average: str | None = None
    within: tuple[str, ...] = ()

    @classmethod
    def joined(cls, levels: Sequence[Level]) -> Level:
        """One level of the units of several, which are believed to differ as those of the first."""
        units = tuple(unit for level in levels for unit in level.units)
        weights = {unit: weight for level in levels for unit, weight in level.weights.items()}
        within = tuple(other for level in levels for other in level.within)
        return replace(levels[0], units=units, weights=weights, within=within)

    @property
    def effects(self) -> tuple[str, ...]:
        """By which units may differ."""
        return tuple(self.between)

    @property
    def dim(self) -> str:
        """Dimension of the effects of its units: centres differ in their hazards alone."""
        return "transition" if self.name == CENTRE else "effect"

    @property
    def spread(self) -> str:
        """Name of the variable that says how much units differ."""
        return f"between_{'studies' if self.name == STUDY else 'centres'}"

    @property
    def spreads(self) -> tuple[str, ...]:
        """Whose units have a spread of their own; empty where all have one."""
        return tuple(dict.fromkeys(self.within))

    @property
    def spread_of_units(self) -> list[int]:
        """Position among ``spreads`` of each unit's."""
        return [self.spreads.index(other) for other in self.within]

    @property
    def dims_of_spread(self) -> tuple[str, ...]:
        """Of the variable that says how much units differ."""
        return (SPREAD_WITHIN, self.dim) if self.within else (self.dim,)

    @property
    def is_mixed(self) -> bool:
        """Whether some unit may be on its own."""
        return any(map(self.may_be_apart, self.units))

    @property
    def components(self) -> int:
        """How many likelihoods of a unit there are: 2 where those of one of the kind and of one on its own differ."""
        return 2 if self.is_mixed and self.mixed_in == "likelihood" else 1

    def may_be_apart(self, unit: str) -> bool:
        """Whether a unit may be on its own."""
        return self.weight_of(unit) < ALWAYS

    def weight_of(self, unit: str) -> float:
        """Prior probability of a unit to be one of the kind."""
        return self.weights.get(unit, 1.0)
