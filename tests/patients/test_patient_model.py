"""The model of patients: its likelihood is that of the pathway, whatever is known of whom."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from hscb_bayes.analysis.patient_analysis import PatientAnalysis, PatientAnalysisTable, patient_analysis
from hscb_bayes.model.patient_likelihood import baseline_ids, log_likelihood_of_patients, transition_of
from hscb_bayes.process.pathway import TRANSITIONS

BELIEF = {"best_guess": 1.0, "below": 3.0, "why": "a test"}
SHARE = {"best_guess": 0.3, "below": 0.7, "why": "a test"}
CUTS = {"response": [5.0, 12.0], "death_without_response": [10.0], "death_after_response": [8.0, 90.0]}
POINT = {
    "response_median": np.log(11.0),
    "death_without_response": -0.4,
    "death_after_response": -1.0,
    "never_respond": -1.2,
    **{f"{transition}_shape": shape for transition, shape in zip(TRANSITIONS, (0.4, -0.5, -0.3), strict=True)},
    **{f"{t}_step_{cut:g}": 0.4 - 0.02 * cut for t, cuts in CUTS.items() for cut in cuts},
}
FAMILIES = ("weibull", "gompertz", "log_logistic", "piecewise_exponential")
over_families = pytest.mark.parametrize("family", FAMILIES)
over_clocks = pytest.mark.parametrize("clock", ["reset", "forward"])
over_shares = pytest.mark.parametrize("never", [False, True], ids=["all can respond", "some never do"])
RATIOS = np.array([[-0.4], [0.3], [0.2]])


def analysis_of(table: pd.DataFrame, family: str, clock: str, *, never: bool) -> PatientAnalysis:
    """An analysis of a wide table with our own names and a covariate x."""
    kind = "step" if family == "piecewise_exponential" else "shape"
    prior = {"response_median": {"best_guess": 12.0, "below": 60.0, "why": "a test"}}
    prior |= dict.fromkeys(TRANSITIONS[1:], SHARE)
    prior |= {f"{transition}_{kind}": BELIEF for transition in TRANSITIONS}
    data: dict[str, Any] = {
        "schema": 1,
        "title": "a test",
        "question": "a test",
        "patients": {
            "file": "x.csv",
            "units": "days",
            "why": "a test",
            "wide": {"entry_day": "entry_day", "unresponded_until": "unresponded_until"},
        },
        "covariates": {"x": {"column": "x", "label": "x", "hazard_ratio_rarely_above": 3.0, "why": "a test"}},
        "hazards": {"clock": clock, "never_respond": never, **dict.fromkeys(TRANSITIONS, family)},
        "prior": prior | ({"never_respond": SHARE} if never else {}),
    }
    if kind == "step":
        data["hazards"]["cuts"] = CUTS
    made = PatientAnalysisTable.model_validate_json(json.dumps(data))
    return patient_analysis(table, made, name="x", path="x.toml", address="x.csv")


def patient(**columns: Any) -> pd.DataFrame:
    """One patient, and one at x = 0 who left on day 0 and says nothing."""
    one = {"id": 1, "entry_day": 0.0, "unresponded_until": np.nan, "response_day": np.nan, "last_day": 30.0, "died": 0}
    row = pd.DataFrame([one | {"x": 0.7} | columns])
    return pd.concat([row, row.assign(id=2, x=0.0, entry_day=0.0, unresponded_until=0.0, response_day=np.nan,
                                      last_day=0.0, died=0)])  # fmt: skip


def log_likelihood(analysis: PatientAnalysis) -> float:
    values = {id: POINT[id] for id in analysis.parameter_ids}
    return float(log_likelihood_of_patients(analysis, values, RATIOS, np.zeros((3, 0))).sum())


class Course:
    """Densities of the patient's course at x = 0.7, from the hazards by hand."""

    def __init__(self, analysis: PatientAnalysis) -> None:
        self.clock = analysis.table.hazards.clock
        values = {id: POINT[id] for id in analysis.parameter_ids}
        self.parts = [transition_of(analysis, k, values, np) for k in range(3)]
        assert {id for k in range(3) for id in baseline_ids(analysis, k)} == set(values)

    def hazard(self, k: int, day: float) -> float:
        return float(np.exp(self._both(k, day)[0]))

    def survival(self, k: int, day: float) -> float:
        return 1.0 if day == 0.0 else float(np.exp(self._both(k, day)[1]))

    def _both(self, k: int, day: float) -> tuple[Any, Any]:
        relative = np.array([0.7 * RATIOS[k, 0]])
        log_hazard, log_survival = self.parts[k].log_hazard_and_survival(np.log(np.array([day])), relative, np)
        return log_hazard[0], log_survival[0]

    def waits(self, day: float) -> float:
        return self.survival(0, day) * self.survival(1, day)

    def responds(self, day: float) -> float:
        return self.hazard(0, day) * self.waits(day)

    def lives(self, response: float, last: float, *, dies: bool) -> float:
        if self.clock == "reset":
            alive, risk = self.survival(2, last - response), self.hazard(2, last - response) if dies else 1.0
        else:
            alive, risk = self.survival(2, last) / self.survival(2, response), self.hazard(2, last) if dies else 1.0
        return alive * risk

    def between(self, start: float, stop: float, last: float, *, dies: bool) -> float:
        cuts = sorted({day for days in CUTS.values() for day in days} | {last - day for day in CUTS[TRANSITIONS[2]]})
        breaks = [day for day in cuts if start < day < stop]

        def path(day: float) -> float:
            return self.responds(day) * self.lives(day, last, dies=dies)

        edges = [start, *breaks, stop]
        return sum(quad(path, *pair, epsabs=1e-13, limit=200)[0] for pair in pairwise(edges))


@over_families
@over_clocks
@over_shares
class TestOnePatient:
    """Each way in which a course may be known."""

    def course(self, family: str, clock: str, *, never: bool, **columns: Any) -> tuple[float, Course]:
        analysis = analysis_of(patient(**columns), family, clock, never=never)
        return np.exp(log_likelihood(analysis)), Course(analysis)

    @pytest.mark.parametrize("died", [0, 1])
    def test_who_responded_on_a_day(self, family: str, clock: str, never: bool, died: int) -> None:
        found, course = self.course(family, clock, never=never, response_day=9.0, died=died)
        assert_allclose(found, course.responds(9.0) * course.lives(9.0, 30.0, dies=bool(died)), rtol=1e-10)

    @pytest.mark.parametrize("died", [0, 1])
    def test_who_was_watched_and_did_not_respond(self, family: str, clock: str, never: bool, died: int) -> None:
        found, course = self.course(family, clock, never=never, died=died)
        assert_allclose(found, course.waits(30.0) * (course.hazard(1, 30.0) if died else 1.0), rtol=1e-10)

    def test_who_came_late(self, family: str, clock: str, never: bool) -> None:
        found, course = self.course(family, clock, never=never, response_day=9.0, entry_day=4.0, died=1)
        whole = course.responds(9.0) * course.lives(9.0, 30.0, dies=True)
        assert_allclose(found, whole / course.waits(4.0), rtol=1e-10)

    def test_who_came_after_the_response(self, family: str, clock: str, never: bool) -> None:
        found, course = self.course(family, clock, never=never, response_day=9.0, entry_day=20.0, died=1)
        whole = course.lives(9.0, 30.0, dies=True)
        assert_allclose(found, whole / course.lives(9.0, 20.0, dies=False), rtol=1e-10)

    @pytest.mark.parametrize("died", [0, 1])
    def test_who_responded_between_two_visits(self, family: str, clock: str, never: bool, died: int) -> None:
        found, course = self.course(
            family, clock, never=never, unresponded_until=7.0, response_day=14.0, entry_day=3.0, died=died
        )
        expected = course.between(7.0, 14.0, 30.0, dies=bool(died)) / course.waits(3.0)
        assert_allclose(found, expected, rtol=1e-9)

    @pytest.mark.parametrize("died", [0, 1])
    def test_whose_response_nobody_looked_for(self, family: str, clock: str, never: bool, died: int) -> None:
        found, course = self.course(family, clock, never=never, unresponded_until=7.0, died=died)
        none = course.waits(30.0) * (course.hazard(1, 30.0) if died else 1.0)
        expected = none + course.between(7.0, 30.0, 30.0, dies=bool(died))
        assert_allclose(found, expected, rtol=1e-5)
