"""A posterior of patients, written and read again: labels, groups and predictions are the same."""

from __future__ import annotations

import copy

import numpy as np

import hscb_bayes as hb
from hscb_bayes.analysis.patient_analysis import load_patients
from hscb_bayes.errors import InputError
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.stored import load_posterior, save
from tests.robustness.documents import ROOT, document, pick, text_of
from tests.robustness.judging import WrongAnswerError, demand
from tests.robustness.of_patients import ARMS, rows, written
from tests.robustness.of_studies import scratch

COLUMNS = ("arm", "arm", "entry_day", "died2", "id2", "last", "new", "day", "unresponded_until", "a b", "arm[1]", "Arm")


def stored(rng: np.random.Generator) -> None:
    """Survival by group from the file is survival by group from memory."""
    table = rows(rng)
    while len({row["arm"] for row in table}) < 2 or len({row["centre"] for row in table}) < 2:
        table = [*table, *rows(rng)]
    arms = sorted({row["arm"] for row in table})
    if len({arm.casefold() for arm in arms}) < len(arms):  # "a" beside "A" is refused
        return
    column, centre = pick(rng, COLUMNS), dict(zip(("north", "south"), pick(rng, ARMS), strict=True))
    named = [
        {column if name == "arm" else name: value for name, value in row.items()}
        | {"id": f"p{k}", "centre": centre[row["centre"]]}
        for k, row in enumerate(table)
    ]
    tables = copy.deepcopy(dict(document(ROOT / "tests/data/myeloid.toml").tables))
    tables["patients"] = {"rows": written(named), "units": "days", "why": "x"}
    level = {"label": "x", "hazard_ratio_rarely_above": 3.0, "why": "x"}
    tables["covariates"] = {"arm": {"column": column, "levels": arms, **level}}
    tables["centres"] = {"column": "centre", "hazard_ratio_rarely_above": 4.0, "why": "x"}
    (scratch() / "stored.toml").write_bytes(text_of(tables))
    try:
        posterior = draw_prior(load_patients(scratch() / "stored.toml"), draws=20, chains=1, seed=1)
    except InputError as error:
        demand(column != "arm", "labels that look like numbers are labels", arms, centre, str(error))
        raise
    groups = ["all", *(f"arm[{arm}]" for arm in arms), *(f"centre[{name}]" for name in sorted(set(centre.values())))]
    try:
        found = hb.survival(posterior, days=[100.0], groups=groups)
        save(posterior, scratch() / "stored.nc")
        again = hb.survival(load_posterior(scratch() / "stored.nc"), days=[100.0], groups=groups)
    except InputError as error:
        raise WrongAnswerError("what was loaded is not refused after sampling", str(error)) from error
    demand(np.allclose(found, again, rtol=1e-12), "a stored posterior says the same", column, arms, centre)
