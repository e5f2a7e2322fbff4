"""The P value of a comparison or an association: "P = .007", "P < .001"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from hscb_bayes.errors import InputError
from hscb_bayes.estimators import cox, fine_gray
from hscb_bayes.estimators.fisher_exact import fisher_exact
from hscb_bayes.estimators.logrank import logrank
from hscb_bayes.estimators.p_values import normal_deviate, normal_p_value
from hscb_bayes.estimators.rank_correlation import spearman
from hscb_bayes.evidence.cohort import DEATH, EVERYBODY, RESPONSE, Cohort, Conventions, Direction, TestName
from hscb_bayes.evidence.item import (
    NO_LABELS,
    Identifier,
    Item,
    PrintedNumber,
    Table,
    among_in_words,
    event_in_words,
    survival_in_words,
)
from hscb_bayes.evidence.kinds.compared import TwoGroups, check_two_groups
from hscb_bayes.evidence.printed import P

Status = Literal["printed", "assumed"]
Comparison = Literal[
    "survival by response",
    "survival by duration",
    "response by duration",
    "survival by characteristic",
    "response by characteristic",
]


class NamedTest(Table):
    """A test, and whether the paper names it."""

    name: TestName = Field(description="the test")
    status: Status = Field(description="whether the paper prints it or it is assumed")


class NamedDirection(Table):
    """Which way the hazard of the outcome goes, and whether the paper says so."""

    name: Direction = Field(description="the hazard increases or decreases with the covariate, or in the first group")
    status: Status = Field(description="whether the paper prints it or it is assumed")


class PValue(Item):
    """Two-sided P value of a test of two groups or of an association with duration.

    ``"< .001"`` and ``"> .99"`` are bounds: nothing is rounded, and the statistic is the P value itself. ``".000"`` is
    below .0005, ``"1"`` anything that is rounded to it. ``"NS"`` is no number and is refused.
    """

    kind: Literal["p_value"] = Field(description="which kind of number this is")
    value: P = Field(description="the P value")
    comparison: Comparison = Field(description="outcome and what it is compared by")
    event: Identifier | None = Field(
        default=None,
        description="of survival: without what, an event that ends follow-up; of response: which event; left out: "
        "`death`, or `response`",
    )
    groups_compared: TwoGroups | None = Field(
        default=None, description="the two groups, if groups are compared; left out for duration in days"
    )
    test: NamedTest | None = Field(default=None, description="the test; left out when the paper does not name it")
    direction: NamedDirection | None = Field(
        default=None, description="the direction; left out when the paper does not say it"
    )

    @model_validator(mode="after")
    def _groups_that_differ(self) -> PValue:
        if not self.comparison.endswith("by duration") and self.groups_compared is None:
            raise ValueError(f"groups_compared is missing; {self.comparison} compares two groups")
        if self.groups_compared is not None:
            check_two_groups(self.groups_compared)
        return self

    @property
    def groups(self) -> tuple[str, ...]:
        """The patients tested, and the groups compared."""
        return (self.among, *self.compared_groups)

    @property
    def compared_groups(self) -> tuple[str, ...]:
        """The two groups; none where the test is of duration in days."""
        return self.groups_compared or ()

    @property
    def outcome(self) -> Literal["survival", "response"]:
        """What is compared."""
        return "response" if self.comparison.startswith("response") else "survival"

    @property
    def about(self) -> str:
        """Name of the event that is compared; by which event groups are divided they say themselves."""
        return self.event or (DEATH if self.about_an_end else RESPONSE)

    @property
    def about_an_end(self) -> bool:
        """Whether survival is compared."""
        return self.outcome == "survival"

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """One number, the P value."""
        return (self.number("", f"P, {self.compared(NO_LABELS)}", self.value),)

    def compared(self, labels: Mapping[str, str]) -> str:
        """ "response by duration", or "survival without progression or death by response"."""
        in_words = survival_in_words if self.about_an_end else event_in_words
        return f"{in_words(self.about, labels)} by {self.comparison.partition(' by ')[2]}"

    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """P value of the test; NaN where the test is undefined (one group empty, nobody has the event).

        Raises
        ------
        InputError
            When neither the paper nor the conventions name a test, or the test does not fit the comparison.
        """
        return {self.id: self.value.round(_TESTS[self.named_test(conventions)](self, cohort, conventions))}

    def signed_statistic(self, cohort: Cohort, conventions: Conventions) -> np.ndarray:
        """Standard normal deviate of the test, positive where the hazard increases with the covariate; (...).

        Raises
        ------
        InputError
            When no test is named, or it has no direction.
        """
        name = self.named_test(conventions)
        if name not in _SIGNED:
            raise InputError(f"item {self.id!r}: {name!r} has no direction; required one of {sorted(_SIGNED)}")
        return _SIGNED[name](self, cohort, conventions)

    def named_test(self, conventions: Conventions) -> TestName:
        """The test that the paper names, or else the one that the conventions assume.

        Raises
        ------
        InputError
            When there is none, or it cannot test this.
        """
        if self.test is not None:
            name = self.test.name
        elif self.id in conventions.tests:
            name = conventions.tests[self.id].test
        else:
            raise InputError(f"item {self.id!r}: the paper does not name the test; required one in conventions.tests")
        if name in ("log-rank", "fisher") and self.groups_compared is None:
            words = "the log-rank test" if name == "log-rank" else "Fisher's test"
            raise InputError(f"item {self.id!r}: {words} needs groups_compared; required another test")
        if name in ("fine-gray", "spearman", "fisher") and self.outcome == "survival":
            tested = "response" if name == "fisher" else "time to response"
            raise InputError(f"item {self.id!r}: {name!r} tests {tested}; required 'log-rank' or 'cox'")
        return name

    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """ "P < .001, survival by response among all patients (test not named), Figure 1 legend"."""
        sign = "= " if self.value.bound == "exact" else ""
        test = "test not named" if self.test is None else self.test.name
        people = among_in_words(self.among, labels)
        return f"P {sign}{self.value}, {self.compared(labels)} {people} ({test}), {self.place}"

    def _among(self, cohort: Cohort) -> np.ndarray:
        compared = [cohort.group(group) for group in self.groups_compared or (EVERYBODY,)]
        return cohort.group(self.among) & np.logical_or.reduce(compared)

    def _covariate(self, cohort: Cohort, conventions: Conventions) -> np.ndarray:
        if self.groups_compared is not None:
            return cohort.group(self.groups_compared[0]).astype(float)
        return np.log2(cohort.duration) if conventions.duration_scale == "log2" else cohort.duration

    def _outcome(self, cohort: Cohort) -> tuple[np.ndarray, np.ndarray]:
        if self.outcome == "survival":
            return cohort.last_day, cohort.died
        return cohort.first_day, cohort.responded


def _log_rank(item: PValue, cohort: Cohort, conventions: Conventions) -> np.ndarray:
    time, event = item._outcome(cohort)
    return logrank(time, event, item._covariate(cohort, conventions) > 0.0, item._among(cohort))[1]


def _cox(item: PValue, cohort: Cohort, conventions: Conventions) -> np.ndarray:
    time, event = item._outcome(cohort)
    return cox.score_test(time, event, item._covariate(cohort, conventions), item._among(cohort))


def _fine_gray(item: PValue, cohort: Cohort, conventions: Conventions) -> np.ndarray:
    covariate, among = item._covariate(cohort, conventions), item._among(cohort)
    return fine_gray.score_test(cohort.first_day, cohort.first_cause, covariate, among)


def _rank_correlation(item: PValue, cohort: Cohort, conventions: Conventions) -> tuple[np.ndarray, np.ndarray]:
    """Spearman's of the day of response and the covariate, among those who responded: rho and P."""
    among = item._among(cohort) & cohort.responded
    return spearman(cohort.response_day, item._covariate(cohort, conventions), among)


def _spearman(item: PValue, cohort: Cohort, conventions: Conventions) -> np.ndarray:
    """The later the response, the smaller its hazard."""
    rho, p = _rank_correlation(item, cohort, conventions)
    return -np.sign(rho) * normal_deviate(p)


def _fisher(item: PValue, cohort: Cohort, conventions: Conventions) -> np.ndarray:
    """Who was ever seen to respond, in the first group and in the other."""
    among, first = item._among(cohort), item._covariate(cohort, conventions) > 0.0
    one, other = among & first, among & ~first
    responded = [(group & cohort.responded).sum(axis=-1) for group in (one, other)]
    return fisher_exact(responded[0], one.sum(axis=-1), responded[1], other.sum(axis=-1))


_SIGNED: dict[TestName, Callable[[PValue, Cohort, Conventions], np.ndarray]] = {
    "cox": _cox,
    "fine-gray": _fine_gray,
    "spearman": _spearman,
}
SIGNED_TESTS = tuple(_SIGNED)
_TESTS = {
    "log-rank": _log_rank,
    "cox": lambda *about: normal_p_value(_cox(*about)),
    "fine-gray": lambda *about: normal_p_value(_fine_gray(*about)),
    "spearman": lambda *about: _rank_correlation(*about)[1],
    "fisher": _fisher,
}
