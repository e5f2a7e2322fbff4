r"""The pathway: states, transitions, clocks, and the event densities that the three hazards imply.

    no_response --response--> responded --death_after_response--> dead
         \------------- death_without_response ------------------/

Times are days since time zero. Every function takes times on the last axis and the covariate on the axis before
it; a pathway's parameters are scalars, or arrays with two trailing axes of length one (one entry a draw), so that one
text serves the sampler (scalars of ``pytensor.tensor``) and thousands of posterior draws (NumPy).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np

STATES = ("no_response", "responded", "dead")
TRANSITIONS = ("response", "death_without_response", "death_after_response")
Clock = Literal["reset", "forward"]
MOST_HAZARD = 1e30  # nobody is left long before it, and a product with zero is zero


class Hazard(Protocol):
    """What a hazard family offers; times come in as log days.

    ``SHAPE`` is its word for what is not the level, and ``HAS_CUTS`` says whether there is one of these for every cut.
    """

    SHAPE: ClassVar[str]
    HAS_CUTS: ClassVar[bool]

    @classmethod
    def through(
        cls, log_day: Any, log_cumulative: Any, shapes: Sequence[Any], *, cuts: Sequence[float], xp: Any
    ) -> Self:
        """The hazard of given shapes (unbounded) with H(exp(``log_day``)) = exp(``log_cumulative``)."""
        ...

    def log_cumulative_hazard(self, log_time: Any, xp: Any) -> Any:
        """log H(t)."""
        ...

    def share_since(self, log_start: Any, log_time: Any, xp: Any) -> Any:
        """(H(t) - H(s)) / H(t), s an earlier time: all its digits are right where a hazard has died out, too."""
        ...

    def log_hazard(self, log_time: Any, xp: Any) -> Any:
        """log h(t), per day."""
        ...

    def log_time_at(self, log_cumulative_hazard: Any, xp: Any) -> Any:
        """The inverse of H, log days; inf where H never gets there."""
        ...


@dataclass(frozen=True, kw_only=True)
class Pathway:
    """An illness-death process, log h_k(t | x) = log h0_k(t) + beta_k x + u_k.

    Parameters
    ----------
    response, death_without_response, death_after_response
        Baseline hazards at x = 0, i.e. at the reference duration.
    log_hazard_ratio
        beta_k, one per transition in the order of ``TRANSITIONS``: log hazard ratio per unit of x (a doubling of
        prior neutropenia). Positive: the longer it was, the sooner the event.
    study_effect
        u_k, one per transition: what this study adds to the log hazard.
    logit_never
        Log odds of the share pi who never respond, at x = 0; -inf for nobody. The response time is improper:
        S1(t) = pi + (1 - pi) exp(-H(t)), that is H1(t) = -log(pi + (1 - pi) exp(-H(t))).
    logit_never_slope
        What a unit of x adds to ``logit_never``.
    clock
        "reset": death after response depends on days since response; "forward": on days since time zero.
    """

    response: Hazard
    death_without_response: Hazard
    death_after_response: Hazard
    log_hazard_ratio: tuple[Any, Any, Any]
    study_effect: tuple[Any, Any, Any] = (0.0, 0.0, 0.0)
    logit_never: Any = -float("inf")
    logit_never_slope: Any = 0.0
    clock: Clock = "reset"

    def log_relative_hazard(self, transition: int, x: Any) -> Any:
        """beta_k x + u_k, shape (..., covariate, 1)."""
        return self.log_hazard_ratio[transition] * x[..., None] + self.study_effect[transition]

    def cumulative_hazard(self, transition: int, x: Any, log_time: Any, xp: Any) -> Any:
        """H_k(t | x) = H0_k(t) exp(beta_k x + u_k), for response that of patients who can respond.

        One exponential of a sum: a product of exponentials would be evaluated factor by factor at every node.
        """
        baseline = (self.response, self.death_without_response, self.death_after_response)[transition]
        log_hazard = baseline.log_cumulative_hazard(log_time, xp) + self.log_relative_hazard(transition, x)
        with np.errstate(over="ignore"):  # a hazard beyond all numbers leaves nobody waiting, which is right
            return xp.exp(log_hazard)

    def never_share(self, x: Any, xp: Any) -> Any:
        """pi(x), the share who never respond, shape (..., covariate, 1)."""
        return 1.0 / (1.0 + xp.exp(-(self.logit_never + self.logit_never_slope * x[..., None])))

    def not_responded(self, x: Any, log_time: Any, xp: Any) -> Any:
        """S1(t | x), the net probability of no response by t, were nobody to die first."""
        never = self.never_share(x, xp)
        return never + (1.0 - never) * xp.exp(-self.cumulative_hazard(0, x, log_time, xp))

    def not_dead_before_response(self, x: Any, log_time: Any, xp: Any) -> Any:
        """S2(t | x), the net probability of no death without response by t."""
        return xp.exp(-self.cumulative_hazard(1, x, log_time, xp))

    def net_responded(self, x: Any, log_time: Any, xp: Any) -> Any:
        """F1(t | x) = 1 - S1(t | x), the net probability of response by t, were nobody to die first."""
        return -(1.0 - self.never_share(x, xp)) * xp.expm1(-self.cumulative_hazard(0, x, log_time, xp))

    def net_responded_between(self, x: Any, log_cuts: Any, xp: Any) -> Any:
        """F1(c_k | x) - F1(c_(k-1) | x), the net probability of response between two days, the first of them zero.

        As many of those who can respond as still wait on the earlier day, times the share of these who no longer do on
        the later one: all digits are right, however few respond. The difference itself would be rounding, up to 1e-16,
        where nearly all have responded; the likelihood sees that, since it takes logarithms from 1e-12 on.
        """
        hazard = xp.minimum(self.cumulative_hazard(0, x, log_cuts, xp), MOST_HAZARD)
        first, later = hazard[..., :1], hazard[..., 1:]
        before = xp.concatenate([xp.zeros_like(first), hazard[..., :-1]], axis=-1)
        share = self.response.share_since(log_cuts[..., :-1], log_cuts[..., 1:], xp)
        between = xp.concatenate([first, later * share], axis=-1)
        return -(1.0 - self.never_share(x, xp)) * xp.exp(-before) * xp.expm1(-between)

    def net_response_density(self, x: Any, log_time: Any, xp: Any) -> Any:
        """f1(t | x) = -dS1/dt, per day, were nobody to die first."""
        log_hazard = self.response.log_hazard(log_time, xp) + self.log_relative_hazard(0, x)
        return (1.0 - self.never_share(x, xp)) * xp.exp(log_hazard - self.cumulative_hazard(0, x, log_time, xp))

    def response_density(self, x: Any, log_time: Any, xp: Any) -> Any:
        """f(t | x) = S2(t) f1(t): the subdensity of response, per day, deaths before response competing."""
        return self.net_response_density(x, log_time, xp) * self.not_dead_before_response(x, log_time, xp)

    def alive_after_response(self, x: Any, log_response: Any, log_since: Any, log_now: Any, xp: Any) -> Any:
        """S3: probability to be alive now, ``log_since`` after the response; all times are log days."""
        if self.clock == "reset":
            return xp.exp(-self.cumulative_hazard(2, x, log_since, xp))
        return xp.exp(self.cumulative_hazard(2, x, log_response, xp) - self.cumulative_hazard(2, x, log_now, xp))
