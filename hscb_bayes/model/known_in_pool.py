"""Patients known one by one beside the papers of a pool: their exact likelihood, at the parameters of their study."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from hscb_bayes.analysis.pool import Pool
from hscb_bayes.model.known_model import ROWS, KnownRows, known_data, known_rows, log_likelihood_of_known
from hscb_bayes.model.pathways import PARAMETER_IDS
from hscb_bayes.process.pathway import TRANSITIONS

PATIENTS_OF = "patients_of"  # dimension of a posterior: studies whose known patients have effects of their own
WEIGHTED = (*ROWS, "unwatched_counted")  # arrays without which a patient does not count


def rows_by_study(pool: Pool) -> dict[str, KnownRows]:
    """By study id the patients that are known beside, or inside, its print; none for most studies."""
    found = {member.study.id: known_rows(member) for member in pool.members}
    return {study: rows for study, rows in found.items() if rows is not None}


def known_data_of(pool: Pool, *, without: Collection[str] = ()) -> dict[str, np.ndarray]:
    """Arrays of all of them, by study and name; those of studies that are left out have no weight."""
    found = {}
    for study, rows in rows_by_study(pool).items():
        counted = float(study not in without)
        for name, value in known_data(rows).items():
            found[_name(study, name)] = value * counted if name in WEIGHTED else value
    return found


def effect_deviations(pool: Pool) -> dict[str, float]:
    """By study id, the standard deviation of what its known patients add to each log hazard; none where nothing."""
    known = {member.study.id: member.known for member in pool.members if member.known is not None}
    found = {study: each.said.deviation for study, each in known.items()}
    return {study: deviation for study, deviation in found.items() if deviation is not None}


def log_likelihood_of_known_by_study(each: Any, effects: Any, data: Mapping[str, Any], pool: Pool, xp: Any) -> Any:
    """Log likelihood of the known patients of each study, shape (study,); 0 where there are none.

    Parameters
    ----------
    each
        Parameters of each study on their unbounded scales, shape (study, parameter).
    effects
        What the known patients of a study add, in the order of ``effect_deviations``; shape (study, transition).
    data
        What ``known_data_of`` made.
    """
    rows, with_effect, found = rows_by_study(pool), list(effect_deviations(pool)), []
    flat = xp.reshape(each, (-1,))  # PyTensor 3.3.8 takes a slice of a row of a matrix for a slice of a vector
    for place, study in enumerate(pool.studies):
        if study in rows:
            first = place * len(PARAMETER_IDS)
            values = {id: flat[first + k : first + k + 1] for k, id in enumerate(PARAMETER_IDS)}
            added = effects[with_effect.index(study)] if study in with_effect else np.zeros(len(TRANSITIONS))
            own = {name.removeprefix(_name(study, "")): value for name, value in data.items() if _is_of(study, name)}
            found.append(log_likelihood_of_known(rows[study], values, added, own, xp))
        else:
            found.append(xp.zeros(()))
    return xp.stack(found)


def known_of(pool: Pool, study: str) -> str | None:
    """The study itself where its known patients have effects of their own."""
    return study if study in effect_deviations(pool) else None


def _name(study: str, name: str) -> str:
    return f"{study}.{name}"


def _is_of(study: str, name: str) -> bool:
    return name.startswith(_name(study, ""))
