"""The model: beliefs about twelve numbers, the pathway they make, and the joint likelihood of the print.

This is the only place where a ``pm.Model`` is built. All numbers enter as ``pm.Data``: analyses of the same layout, and
replicated studies, are refitted without compiling again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.evidence.joint import log_likelihood_terms
from hscb_bayes.evidence.joint_arrays import JointArrays
from hscb_bayes.model.data_vector import DATA_VARIABLE, PARAMETERS_VARIABLE, Built, entry_names, packed, unpacked
from hscb_bayes.model.known_model import add_known, known_data, known_rows
from hscb_bayes.model.pathways import follow_up_of, pathway_of, prior_normals
from hscb_bayes.model.print_arrays import fitted_survivals, joint_arrays, printed_values
from hscb_bayes.model.simulate import fitted_values, simulate_numbers
from hscb_bayes.process.incidence import OutcomeNodes, outcome_probabilities
from hscb_bayes.process.pathway import TRANSITIONS

NODE_FIELDS = tuple(field.name for field in fields(OutcomeNodes))


def model_data(
    analysis: Analysis, numbers: Mapping[str, float] | None = None, *, without: Collection[str] = ()
) -> dict[str, np.ndarray]:
    """All that a model of this layout takes as data: the likelihood's arrays and the priors' means and deviations."""
    arrays = joint_arrays(analysis, printed_values(analysis) if numbers is None else numbers, without=without)
    data = {field.name: getattr(arrays, field.name) for field in fields(arrays) if field.name != "nodes"}
    data |= {name: getattr(arrays.nodes, name) for name in NODE_FIELDS}
    mean, deviation = prior_normals(analysis)
    data |= {"prior_mean": mean, "prior_deviation": deviation}
    rows = known_rows(analysis)
    data |= {} if rows is None else known_data(rows)
    return {name: np.asarray(value, dtype=float) for name, value in data.items()}


def term_ids(analysis: Analysis) -> list[str]:
    """Names of the likelihood's terms."""
    return ["response_times", "without_response", *(item.id for item in fitted_survivals(analysis))]


def build(analysis: Analysis) -> Built:
    """Build the model of an analysis.

    The observed variable ``print`` is the fitted numbers, one joint datum; its random draws are new studies from the
    package's own simulator, so that PyMC's prior and posterior predictive sampling replicates the study.

    Examples
    --------
    >>> posterior = sample(build(load_analysis("main")), seed=1)  # doctest: +SKIP
    """
    arrays_of_print = model_data(analysis)
    coords = {
        "entry": entry_names(arrays_of_print),
        "parameter": list(analysis.parameter_ids),
        "term": term_ids(analysis),
        "transition": list(TRANSITIONS),
        "study": [analysis.study.id],
    }
    with pm.Model(coords=coords) as model:
        shapes = {name: value.shape for name, value in arrays_of_print.items()}
        entries = pm.Data(DATA_VARIABLE, packed(arrays_of_print), dims="entry")
        data = unpacked(pt.specify_shape(entries, (len(coords["entry"]),)), shapes)
        parameters = pm.Normal(
            PARAMETERS_VARIABLE, mu=data.pop("prior_mean"), sigma=data.pop("prior_deviation"), dims="parameter"
        )
        effect = _study_effects(analysis)

        rows = known_rows(analysis)
        if rows is not None:
            add_known(analysis, rows, _by_id(parameters, analysis), {name: data.pop(name) for name in known_data(rows)})
        nodes = OutcomeNodes(**{name: data.pop(name) for name in NODE_FIELDS})
        arrays = JointArrays(nodes=nodes, **data)

        def logp(_value: Any, parameters: Any, effect: Any, _terms: Any) -> Any:
            values = _by_id(parameters, analysis)
            pathway = pathway_of(values, analysis, pt, effect)
            follow_up = follow_up_of(values["lost_by_one_year"], pt)
            outcomes = outcome_probabilities(pathway, arrays.x, arrays.nodes, follow_up, pt)
            return log_likelihood_terms(outcomes, arrays, follow_up, pt).sum()

        def random(
            parameters: np.ndarray, effect: np.ndarray, _terms: np.ndarray, rng: np.random.Generator, size: Any
        ) -> np.ndarray:
            return simulate_numbers(analysis, parameters, effect, rng=rng)

        printed = fitted_values(analysis, printed_values(analysis))

        pm.CustomDist(
            "print",
            parameters,
            effect,
            np.zeros(printed.size),
            logp=logp,
            random=random,
            signature="(p),(k),(t)->(t)",
            observed=printed,
            dims="term",
        )
    return Built(analysis=analysis, model=model, shapes=shapes)


def _by_id(parameters: Any, analysis: Analysis) -> dict[str, Any]:
    """Parameters by id, shape (1,) each."""
    ids = analysis.parameter_ids
    return dict(zip(ids, pt.split(parameters, [1] * len(ids), n_splits=len(ids)), strict=True))


def _study_effects(analysis: Analysis) -> Any:
    """What the study adds to each log hazard, shape (transition,): zero unless studies are said to differ."""
    between = analysis.table.between_studies
    if between is None:
        return pt.zeros(len(TRANSITIONS))
    spread = pm.HalfNormal("between_studies", sigma=between.deviation, dims="transition")
    standard = pm.Normal("standard_study_effect", dims=("study", "transition"))
    return pm.Deterministic("study_effect", spread * standard, dims=("study", "transition"))[0]
