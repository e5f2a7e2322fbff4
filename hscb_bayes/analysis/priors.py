"""Beliefs on the clinic's scale, and the normal distributions that they are on the scale of the model.

Every parameter is normal on an unbounded scale: times, shapes and hazard ratios on the log, shares on the logit, and
one-year mortalities on the complementary log-log, which is the log of the cumulative hazard at one year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field, ValidationError, model_validator

from hscb_bayes.errors import Refusals
from hscb_bayes.evidence.item import Line, Table
from hscb_bayes.process.hazards import FAMILIES
from hscb_bayes.sentences import nearest, quote

Scale = Literal["log", "logit", "cloglog"]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of the model: its scale, its unit, what it is in words, and whether it is of the duration."""

    scale: Scale
    unit: str
    label: str
    of_duration: bool = False


WORDS = {
    "response": "the response hazard",
    "death_without_response": "death without response",
    "death_after_response": "death after response",
}
PARAMETERS: Mapping[str, Parameter] = {
    "response_median": Parameter(scale="log", unit="days", label="median time to response of those who can respond"),
    "response_shape": Parameter(scale="log", unit="", label="shape of the response hazard"),
    "never_respond": Parameter(scale="logit", unit="share", label="share who never respond"),
    "death_without_response": Parameter(
        scale="cloglog", unit="share", label="one-year mortality without response, were nobody to respond"
    ),
    "death_without_response_shape": Parameter(scale="log", unit="", label="shape of death without response"),
    "death_after_response": Parameter(scale="cloglog", unit="share", label="mortality in the year after response"),
    "death_after_response_shape": Parameter(scale="log", unit="", label="shape of death after response"),
    "hazard_ratio_response": Parameter(
        scale="log", unit="", label="hazard ratio of response with duration", of_duration=True
    ),
    "hazard_ratio_death_without_response": Parameter(
        scale="log", unit="", label="hazard ratio of death without response with duration", of_duration=True
    ),
    "hazard_ratio_death_after_response": Parameter(
        scale="log", unit="", label="hazard ratio of death after response with duration", of_duration=True
    ),
    "odds_ratio_never_respond": Parameter(
        scale="log", unit="", label="odds ratio of never responding with duration", of_duration=True
    ),
    "lost_by_one_year": Parameter(scale="logit", unit="share", label="share whose follow-up ends before one year"),
}
STEPS: Mapping[str, Parameter] = {  # in place of a shape, where a hazard is constant between cuts
    f"{transition}_step": Parameter(scale="log", unit="", label=f"hazard after a cut over that before, {words}")
    for transition, words in WORDS.items()
}
BELIEFS: Mapping[str, Parameter] = {**PARAMETERS, **STEPS}
NEGLIGIBLE = -20.0  # on the logit: a share of 2e-9, where an analysis says that there is none
NARROWEST, WIDEST = 1e-6, 20.0  # standard deviations of beliefs; hazards a factor e^20 apart are no belief


def shape_parameters(transition: str, family: str, cuts: Sequence[float]) -> dict[str, Parameter]:
    """Parameters of a hazard beside its level: its family's shape, or a step for every cut."""
    if not FAMILIES[family].HAS_CUTS:
        shape = f"{transition}_shape"
        return {shape: replace(PARAMETERS[shape], label=f"{FAMILIES[family].SHAPE} of {WORDS[transition]}")}
    return {
        f"{transition}_step_{cut:g}": Parameter(
            scale="log", unit="", label=f"hazard after day {cut:g} over that before, {WORDS[transition]}"
        )
        for cut in cuts
    }


class Belief(Table):
    """A prior as a clinician would say it: "about 12 days, 95% sure that it is below 60".

    Two that say the same are equal, wherever they are from.
    """

    best_guess: float = Field(description="the median of the belief, on the clinic's scale", gt=0)
    below: float | None = Field(default=None, description="limit below which it lies with probability `sure`", gt=0)
    above: float | None = Field(default=None, description="limit above which it lies with probability `sure`", gt=0)
    sure: float = Field(default=0.95, description="how sure; between 0.5 and 1", gt=0.5, lt=1)
    why: Line = Field(description="where the belief comes from")
    origin: Line | None = Field(
        default=None, description="analysis of another study that it is taken from, as a base says where it is left out"
    )

    @model_validator(mode="after")
    def _one_limit_on_its_side(self) -> Belief:
        if self.below is not None and self.above is not None:
            raise ValueError("below and above are both given; required one of them")
        if self.below is None and self.above is None:
            raise ValueError("below or above is missing; required one of them, with the best guess on its side")
        if self.below is not None and self.below <= self.best_guess:
            raise ValueError(f"below {self.below:g} is not above the best guess {self.best_guess:g}")
        if self.above is not None and self.above >= self.best_guess:
            raise ValueError(f"above {self.above:g} is not below the best guess {self.best_guess:g}")
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Belief) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)

    @property
    def _said(self) -> tuple[object, ...]:
        return (self.best_guess, self.below, self.above, self.sure, self.why)

    def __str__(self) -> str:
        """ "about 14; 95% sure that it is below 60"."""
        side = "below" if self.below is not None else "above"
        return f"about {self.best_guess:g}; {100 * self.sure:g}% sure that it is {side} {self.limit:g}"

    @property
    def limit(self) -> float:
        """The limit that is given."""
        return self.below if self.below is not None else float(self.above or 0.0)

    def normal(self, scale: Scale) -> tuple[float, float]:
        """Mean and standard deviation on the unbounded scale.

        Raises
        ------
        ValueError
            When a share is not below 1, or the belief is next to certain or says next to nothing.
        """
        limit = "above" if self.below is None else "below"
        for key, share in (("best_guess", self.best_guess), (limit, self.limit)):
            if scale != "log" and share >= 1.0:
                raise ValueError(f"{key}: required a share below 1, such as 0.35 for 35%, found {share:g}")
        mean, limit_there = (float(unbounded(np.float64(value), scale)) for value in (self.best_guess, self.limit))
        deviation = abs(limit_there - mean) / NormalDist().inv_cdf(self.sure)
        if deviation < NARROWEST:
            raise ValueError(f"{limit}: {self.limit!r} is next to the best guess; required a limit further away")
        if deviation > WIDEST:
            given = f"best_guess {self.best_guess:g} and {limit} {self.limit:g} with sure {self.sure:g}"
            raise ValueError(f"{given} say next to nothing; required a limit nearer to the best guess or a larger sure")
        return mean, deviation


def natural(values: Any, scale: Scale, xp: Any = np) -> Any:
    """From the unbounded scale back to the clinic's."""
    if scale == "log":
        return xp.exp(values)
    return 1.0 / (1.0 + xp.exp(-values)) if scale == "logit" else -xp.expm1(-xp.exp(values))


def unbounded(values: Any, scale: Scale, xp: Any = np) -> Any:
    """From the clinic's scale to the unbounded one: the inverse of ``natural``."""
    if scale == "log":
        return xp.log(values)
    return xp.log(values / (1.0 - values)) if scale == "logit" else xp.log(-xp.log1p(-values))


def _known(id: str) -> str:
    if id not in BELIEFS:
        raise ValueError(f"unknown parameter {quote(id)}; {nearest(id, BELIEFS)}")
    return id


def _that_say_something(prior: dict[str, Belief]) -> dict[str, Belief]:
    wrong: list[Any] = []
    for id, belief in prior.items():
        try:
            belief.normal(BELIEFS[id].scale)
        except ValueError as error:
            wrong.append({"type": "value_error", "loc": (id,), "input": belief, "ctx": {"error": error}})
    if wrong:
        raise ValidationError.from_exception_data("prior", wrong)
    return prior


Beliefs = Annotated[dict[Annotated[str, AfterValidator(_known)], Belief], AfterValidator(_that_say_something)]


def check_beliefs(prior: Mapping[str, Belief], needed: Sequence[str], address: str) -> None:
    """Refuse beliefs among which one is missing.

    Raises
    ------
    InputError
        With a sentence for each that is missing.
    """
    refusals = Refusals()
    for id in needed:
        if id not in prior:
            refusals.add(f"{address}: prior.{id} is missing (required: {BELIEFS[id].label})")
    refusals.say()
