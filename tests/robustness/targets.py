"""What is fuzzed: one line a target, its part of all cases, and the row of the table that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.robustness import (
    of_analyses,
    of_arguments,
    of_commands,
    of_estimators,
    of_false_prints,
    of_likelihoods,
    of_patients,
    of_printed,
    of_prints,
    of_stored,
    of_studies,
)
from tests.robustness.judging import Target


@dataclass(frozen=True, kw_only=True)
class Fuzzed:
    """A target: the row it is counted in, and its part of a million cases, in thousands."""

    row: str
    thousands: float
    run: Target


ESTIMATORS = "estimators: definitions and invariances"
ARGUMENTS = "estimators: codes, ties, masks, batches, any argument"
PRINTED = "printed numbers: exact arithmetic"
STUDIES = "study files nearly right: loaded as said, audited"
AUDIT = "audit: true and false prints, other names and units"
ANALYSES = "analyses and pools nearly right: loaded as said, usable"
TABLES = "tables of patients: other ways of writing, odd values, stored"
COMMANDS = "command line in process"

TARGETS: Mapping[str, Fuzzed] = {
    "survival": Fuzzed(row=ESTIMATORS, thousands=40, run=of_estimators.survival),
    "limits": Fuzzed(row=ESTIMATORS, thousands=40, run=of_estimators.limits),
    "median": Fuzzed(row=ESTIMATORS, thousands=30, run=of_estimators.median),
    "incidence": Fuzzed(row=ESTIMATORS, thousands=30, run=of_estimators.incidence),
    "cumulative_hazard": Fuzzed(row=ESTIMATORS, thousands=20, run=of_estimators.cumulative_hazard),
    "mean_time": Fuzzed(row=ESTIMATORS, thousands=20, run=of_estimators.mean_time),
    "logrank": Fuzzed(row=ESTIMATORS, thousands=40, run=of_estimators.logrank_test),
    "three_groups": Fuzzed(row=ESTIMATORS, thousands=30, run=of_estimators.three_groups),
    "gray": Fuzzed(row=ESTIMATORS, thousands=20, run=of_estimators.gray_test),
    "regression": Fuzzed(row=ESTIMATORS, thousands=50, run=of_estimators.regression),
    "score": Fuzzed(row=ESTIMATORS, thousands=20, run=of_estimators.score),
    "occupancy": Fuzzed(row=ESTIMATORS, thousands=20, run=of_estimators.occupancy),
    "landmark": Fuzzed(row=ESTIMATORS, thousands=20, run=of_estimators.at_landmark),
    "proportions": Fuzzed(row=ESTIMATORS, thousands=30, run=of_estimators.proportions),
    "correlation": Fuzzed(row=ESTIMATORS, thousands=10, run=of_estimators.correlation),
    "right_codes": Fuzzed(row=ARGUMENTS, thousands=30, run=of_arguments.right_codes),
    "wrong_codes": Fuzzed(row=ARGUMENTS, thousands=30, run=of_arguments.wrong_codes),
    "ties": Fuzzed(row=ARGUMENTS, thousands=40, run=of_arguments.ties),
    "masks": Fuzzed(row=ARGUMENTS, thousands=20, run=of_arguments.masks),
    "batches": Fuzzed(row=ARGUMENTS, thousands=10, run=of_arguments.batches),
    "anything": Fuzzed(row=ARGUMENTS, thousands=40, run=of_arguments.anything),
    "texts": Fuzzed(row=PRINTED, thousands=60, run=of_printed.texts),
    "counts": Fuzzed(row=PRINTED, thousands=50, run=of_printed.counts),
    "windows": Fuzzed(row=PRINTED, thousands=40, run=of_printed.windows),
    "studies": Fuzzed(row=STUDIES, thousands=60, run=of_studies.values),
    "study_texts": Fuzzed(row=STUDIES, thousands=20, run=of_studies.bytes_of),
    "judged_alike": Fuzzed(row=AUDIT, thousands=15, run=of_studies.judged_alike),
    "true_prints": Fuzzed(row=AUDIT, thousands=15, run=of_prints.true_prints),
    "false_prints": Fuzzed(row=AUDIT, thousands=20, run=of_false_prints.false_prints),
    "small_analyses": Fuzzed(row=ANALYSES, thousands=10, run=of_analyses.small),
    "known_patients": Fuzzed(row=ANALYSES, thousands=5, run=of_analyses.known),
    "analyses": Fuzzed(row=ANALYSES, thousands=8, run=of_analyses.shipped),
    "pools": Fuzzed(row=ANALYSES, thousands=3, run=of_analyses.pools),
    "table_analyses": Fuzzed(row=ANALYSES, thousands=16, run=of_analyses.tables),
    "arms": Fuzzed(row=ANALYSES, thousands=10, run=of_analyses.arms),
    "likelihoods": Fuzzed(row=ANALYSES, thousands=5, run=of_likelihoods.alike),
    "ways": Fuzzed(row=TABLES, thousands=12, run=of_patients.ways),
    "cells": Fuzzed(row=TABLES, thousands=12, run=of_patients.cells),
    "frames": Fuzzed(row=TABLES, thousands=10, run=of_patients.frames),
    "forms": Fuzzed(row=TABLES, thousands=3, run=of_patients.forms),
    "stored": Fuzzed(row=TABLES, thousands=1, run=of_stored.stored),
    "words": Fuzzed(row=COMMANDS, thousands=20, run=of_commands.words),
    "audits": Fuzzed(row=COMMANDS, thousands=10, run=of_commands.audits),
    "runs": Fuzzed(row=COMMANDS, thousands=5, run=of_commands.runs),
}
