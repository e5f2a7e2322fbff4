"""From draws on disk to the posteriors of a run: the one place that knows what the package calls them today.

Whoever renames variables of a posterior, or changes classes of analyses, edits ``tree_of``, and below it what stands in
for compiling and sampling; draws and tables stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import EFFECTS, STUDY
from hscb_bayes.analysis.member import Member
from hscb_bayes.model.compiled import Compiled
from hscb_bayes.model.data_vector import Built
from hscb_bayes.model.known_patients import effect_deviations
from hscb_bayes.model.level_arrays import shifted_effects
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.posterior import Posterior, tree_of_parameters
from hscb_bayes.posterior.sample import derived_seed
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report import sampling
from tests.pool.beliefs import beliefs_of, log_ratio_apart
from tests.unmoved.draws import DIMS, of_fit

SEED = 3  # of the runs
MODULES = ("report.run", "posterior.attempt", "posterior.fitting")
ATTEMPTS = ("OF_PRINT", "OF_TABLE", "OF_CENTRES_APART", "OF_HIERARCHY")
FIRST = {"left out": 1, "left out centre": 1, "without": 1, "alternative": 31, "belief": 31, "alone": 61}
MOST = 30  # fits of one purpose
# By the seed that a run gives a fit. A fit of another purpose ends in a KeyError: list its purpose above.
NUMBERS = {derived_seed(SEED, purpose, k): first + k for purpose, first in FIRST.items() for k in range(MOST)}
NUMBERS[SEED] = 0


def tree_of(analysis: Analysis, draws: xr.Dataset, number: int, *, seed: int, each_alone: bool = False) -> Posterior:
    """A posterior of an analysis as ``sample`` returns it, from draws of this analysis or of the one it is beside.

    Parameters
    ----------
    draws
        What ``draws.kept`` returned. A parameter that they do not have, or that the analysis says is not there, is the
        mean of its prior; a study that they do not have is as its kind.
    number
        Of the fit: its draws are ``draws.of_fit`` of it.
    each_alone
        Whether each study has parameters of its own: those of the average one, of a fit of another number each.
    """
    own = of_fit(draws, number)
    parameters, further = (
        _parameters(analysis, own),
        xr.Dataset(coords={dim: np.arange(own.sizes[dim]) for dim in DIMS}),
    )
    if not isinstance(analysis, Member):
        further = further.assign(_of_known_in_pool(analysis, own))
        if each_alone:
            each = [_parameters(analysis, of_fit(draws, number + k)) for k in range(len(analysis.studies))]
            parameters = xr.concat(each, pd.Index(analysis.studies, name="study"))
        else:
            further = further.assign(_of_studies(analysis, own))
    elif not analysis.is_printed:
        if analysis.terms:
            further["log_hazard_ratio"] = own["log_hazard_ratios"].sel(term=list(analysis.terms))
        if analysis.centres:
            effects = own["centre_effects"].sel(centre=list(analysis.centres))
            further["centre_effect"] = effects.transpose(..., "centre", "transition")
            further["between_centres"] = own["spread_between_centres"]
    elif analysis.known is not None and analysis.known.said.deviation is not None:
        further["known_patients_effect"] = own["known_patients_effects"].sel(known_study=analysis.study.id, drop=True)
    shape = tuple(own.sizes[dim] for dim in DIMS)
    stats = xr.Dataset({"diverging": (DIMS, np.zeros(shape, bool)), "n_steps": (DIMS, np.ones(shape, int))})
    drawn = {id: parameters.sel(parameter=id, drop=True) for id in analysis.believed}
    kept = {str(name): values for name, values in further.data_vars.items()}
    return Posterior(
        analysis=analysis,
        tree=tree_of_parameters(analysis, drawn, kept, stats),
        settings={"draws": shape[1], "chains": shape[0], "seed": seed, "sampler": "kept"},
    )


def _parameters(analysis: Analysis, own: xr.Dataset) -> xr.DataArray:
    """Those of the draws by id, completed with means of the prior."""
    mean, _ = prior_normals(analysis)
    believed = xr.DataArray(mean, {"parameter": list(analysis.parameters)}, ("parameter",))
    found = own["parameters"].reindex(parameter=list(analysis.parameters))
    return found.where(found.notnull(), believed).transpose(*DIMS, "parameter")


def _of_studies(pool: Analysis, own: xr.Dataset) -> dict[str, xr.DataArray]:
    """How the studies of a pool differ; with an effect of each study on its own where the pool gives weights."""
    beliefs, labels = beliefs_of(pool), {"study": list(pool.studies), "effect": list(EFFECTS)}
    own = own.sel(effect=labels["effect"])
    spread = own["spread_between_studies"]
    shifts = own["shift_effects"].reindex(shift=list(beliefs.names), fill_value=0.0)
    belongs = xr.DataArray(beliefs.belongs, {"study": labels["study"], "shift": list(beliefs.names)})
    shared = (belongs * shifts).sum("shift").transpose(*DIMS, "study", "effect")
    effects = own["study_effects"].reindex(study=labels["study"]).fillna(shared)
    differs = xr.DataArray(beliefs.differs[:, 0], {"study": labels["study"]})
    found = {
        "between_studies": spread,
        "study_effect": effects.where(differs > 0.0, shared),
    }
    found = {name: values.sel(effect=list(pool.levels[STUDY].effects)) for name, values in found.items()}
    if beliefs.names:
        found["shift_effect"] = shifts.sel(effect=list(shifted_effects(pool))).rename(effect="shifted_effect")
    if pool.levels[STUDY].components > 1:
        standard = ((effects - shared) / spread).transpose(*DIMS, "study", "effect")
        own_scale = xr.DataArray(beliefs.apart * beliefs.drawn_apart, {"effect": labels["effect"]})
        apart = shared + differs * own_scale * standard
        found["study_effect_apart"] = apart.sel(effect=list(pool.levels[STUDY].effects))
        log_prior = log_ratio_apart(standard.values, beliefs.drawn_apart)
        found["log_prior_study_apart"] = standard.isel(effect=0, drop=True).copy(data=log_prior)
    return found


def _of_known_in_pool(pool: Analysis, own: xr.Dataset) -> dict[str, xr.DataArray]:
    studies = list(effect_deviations(pool))
    if not studies:
        return {}
    effects = own["known_patients_effects"].sel(known_study=studies, transition=list(TRANSITIONS))
    return {"known_patients_effect": effects.rename(known_study="patients_of")}


@dataclass(frozen=True)
class NoProgram:
    """Stands for a compiled program: it takes data and is never called.

    ``each_alone``: each study has parameters of its own, as in the model of studies without a hierarchy.
    """

    each_alone: bool = False

    def with_data(self, _data: np.ndarray) -> NoProgram:
        return self


def not_compiled(built: Built) -> Compiled:
    """In place of ``compile_model``."""
    program: Any = NoProgram(each_alone=built.analysis.each_alone)
    return Compiled(analysis=built.analysis, program=program, shapes=built.shapes)


def stand_in(patch: pytest.MonkeyPatch, sample: Callable[..., Posterior]) -> None:
    """Let ``sample`` make all posteriors of a run, which compiles nothing and tries once: it would find the same."""
    for module in MODULES:
        for name, other in (("sample", sample), ("compile_model", not_compiled)):
            patch.setattr(f"hscb_bayes.{module}.{name}", other, raising=False)
    for name in ATTEMPTS:
        patch.setattr(sampling, name, getattr(sampling, name)[:1])


@contextmanager
def standing_in(draws: xr.Dataset) -> Iterator[None]:
    """Inside, nothing is compiled or sampled: every fit of a run with the seed ``SEED`` takes its draws from these."""

    def sample(model: Any, *, seed: int, **_settings: Any) -> Posterior:
        found = tree_of(model.analysis, draws, NUMBERS[seed], seed=seed, each_alone=model.program.each_alone)
        return replace(found, without=model.without, numbers=model.numbers)

    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch, sample)
        yield
