"""How well each patient who is known one by one is foretold from all else."""

from __future__ import annotations

from hscb_bayes.checking.leave_patient_out import leave_patient_out
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_patients
from hscb_bayes.report.words import plural, sum_of_densities


def _context(results: Results) -> dict[str, object]:
    table = results.tables["loo"]
    count = int(table["is_influential"].sum())
    return {
        "is_one": count == 1,
        "influential": plural(count, "patient").capitalize(),
        "density": sum_of_densities(table["log_predictive_density"]),
    }


INFLUENCE = Section(
    name="influence",
    link="Each patient",
    applies=has_patients,
    context=_context,
    tables={"loo": lambda fits: leave_patient_out(fits.main)},
)
