"""Groups of a tree that users of ArviZ expect beside the posterior: the prior, the data, and how probable they are.

The log likelihood of a printed number is that of the number given all others of its study, and the parameters: numbers
about the same patients are not independent, so that the terms of a product would depend on their order. That of a
patient who is inside a print is given the print, in which the patient is then one of the others. Powers of a study's
likelihood are not in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from hscb_bayes.analysis.level import EFFECTS, ON_HAZARDS, STUDY
from hscb_bayes.model.build import OBSERVED, coords_of
from hscb_bayes.model.data import model_data
from hscb_bayes.model.data_vector import DATA_VARIABLE, packed
from hscb_bayes.model.known_patients import added_to_known
from hscb_bayes.model.known_rows import tables_of
from hscb_bayes.model.level_arrays import level_arrays, shift_arrays, study_parameters
from hscb_bayes.model.levels import log_prior_apart
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.patient_likelihood import ByPatient, coefficients
from hscb_bayes.model.print_arrays import printed_values
from hscb_bayes.model.print_likelihood import fitted_ids
from hscb_bayes.model.simulate import simulate_numbers
from hscb_bayes.model.simulated import can_be_replicated, simulate_patients
from hscb_bayes.posterior.exchangeable import ALIKE, APART, effects_as_drawn
from hscb_bayes.posterior.posterior import KEPT, Posterior
from hscb_bayes.posterior.prior_draws import draw_prior

PRINT, PATIENTS = "print", "patients"  # what a model observes


def with_groups(posterior: Posterior, *, seed: int) -> Posterior:
    """The posterior with further groups in its tree, as ``az.loo``, ``az.plot_ppc_dist`` and ``az.psense`` take them.

    Parameters
    ----------
    seed
        Of the draws from the prior and of what is predicted.

    Returns
    -------
    ``prior``; ``log_prior`` of parameters, covariates, spreads and shifts; ``observed_data``, ``log_likelihood`` and
    ``posterior_predictive`` of ``print`` (number,) and ``patients`` (patient,); ``constant_data``. What is predicted of
    ``patients`` are other courses of the same patients; it is left out where they came late or were seen at visits, and
    all that is predicted where the likelihood of a study has a power: no study is one that counts in part.

    Examples
    --------
    >>> az.loo(with_groups(posterior, seed=1).tree, var_name="print")  # doctest: +SKIP
    """
    analysis, (chains, draws) = posterior.analysis, posterior.size
    prior = draw_prior(analysis, draws=draws, chains=chains, seed=seed)
    found = {name: posterior.tree[name].to_dataset() for name in KEPT}
    found["prior"] = prior.dataset
    found["log_prior"] = _log_prior(posterior)
    found["observed_data"] = _observed(posterior)
    found["constant_data"] = xr.Dataset({DATA_VARIABLE: ("entry", _data(posterior))})
    found["log_likelihood"] = xr.Dataset(dict(_log_likelihoods(posterior)))
    predicted = dict(_predicted(posterior, np.random.default_rng(seed)))
    if predicted:
        found["posterior_predictive"] = xr.Dataset(predicted)
    return replace(posterior, tree=xr.DataTree.from_dict(found))


def log_likelihood_of_patients(posterior: Posterior) -> xr.DataArray | None:
    """Of patients one by one, given all else that is known, (chain, draw, patient); None where nobody is known so."""
    return dict(_log_likelihoods(posterior)).get(PATIENTS)


def _data(posterior: Posterior) -> np.ndarray:
    return packed(model_data(posterior.analysis, posterior.numbers or None, without=posterior.without))


def _observed(posterior: Posterior) -> xr.Dataset:
    analysis, coords = posterior.analysis, coords_of(posterior.analysis)
    found = xr.Dataset()
    if analysis.has_print:
        given = [posterior.numbers.get(member.study.id) or printed_values(member) for member in analysis.members]
        values = [own[id] for own, member in zip(given, analysis.members, strict=True) for id in fitted_ids(member)]
        found[PRINT] = xr.DataArray(values, {"number": coords["number"]})
    if "patient" in coords:
        tables = [table.patients for table in tables_of(analysis).values()]
        seen = [np.column_stack([getattr(patients, name) for name in OBSERVED]) for patients in tables]
        labels = {name: coords[name] for name in ("patient", "outcome")}
        found[PATIENTS] = xr.DataArray(np.concatenate(seen).astype(float), labels)
    return found


def _log_prior(posterior: Posterior) -> xr.Dataset:
    """Log densities on the scales on which the sampler moves, each (chain, draw), up to a constant."""
    analysis, (mean, deviation) = posterior.analysis, prior_normals(posterior.analysis)
    scaled = {"parameters": ((posterior.parameters - mean)[..., deviation > 0.0] / deviation[deviation > 0.0])}
    if analysis.terms:
        scaled["log_hazard_ratio"] = posterior.log_hazard_ratios / analysis.term_deviations
    for level in analysis.levels.values():
        scaled[level.spread] = _over(posterior.flat(level.spread), level_arrays(level)["between"])
    if "shift_effect" in posterior.dataset:
        scaled["shift_effect"] = _over(posterior.flat("shift_effect"), shift_arrays(analysis)["shift"])
    return xr.Dataset(
        {
            name: posterior.labelled(-0.5 * np.square(values).reshape(len(values), -1).sum(axis=1), {})
            for name, values in scaled.items()
        }
    )


def _over(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.divide(values, scale, out=np.zeros_like(values), where=scale > 0.0)


def _log_likelihoods(posterior: Posterior) -> Iterator[tuple[str, xr.DataArray]]:
    analysis, coords = posterior.analysis, coords_of(posterior.analysis)
    of_numbers, of_patients = [], []
    for place in range(len(analysis.studies)):
        one = _OneStudy(posterior, place)
        of_numbers += [one.given_the_rest(number=id) for id in fitted_ids(one.member)]
        patients = one.by_patient.shape[-1]
        of_patients += [one.given_the_rest(patient=k) for k in range(patients)]
    if of_numbers:
        yield PRINT, posterior.labelled(np.stack(of_numbers, axis=-1), {"number": coords["number"]})
    if of_patients:
        yield PATIENTS, posterior.labelled(np.stack(of_patients, axis=-1), {"patient": coords["patient"]})


class _OneStudy:
    """The log likelihood of one study's print and patients, by draw."""

    def __init__(self, posterior: Posterior, place: int) -> None:
        analysis = posterior.analysis
        self.member = analysis.members[place]
        study = self.member.study.id
        self.numbers = posterior.numbers.get(study) or printed_values(self.member)
        self.gone = posterior.without.items_of(analysis)[study]
        self.is_gone = study in posterior.without.studies
        own = posterior.parameters[:, place] if analysis.each_alone else posterior.parameters
        effects, self.log_probability = _by_component(posterior, place)
        ids = analysis.parameter_ids
        self.points = [
            (np.asarray(study_parameters(own, component, ids, np)), component[:, :ON_HAZARDS]) for component in effects
        ]
        table = tables_of(analysis, with_effect=posterior.effect is not None).get(study)
        self.by_patient = np.zeros((len(self.points), len(own), 0 if table is None else len(table.patients)))
        if table is not None:
            each, known = ByPatient(table=table), posterior.effects_of_known
            ratios, of_centres = posterior.log_hazard_ratios, posterior.centre_effects
            for k, draw in np.ndindex(self.by_patient.shape[:2]):
                values = dict(zip(ids, self.points[k][0][draw][:, None], strict=True))
                added = added_to_known(analysis, study, known[draw], effects[k, draw])
                points = coefficients(table, values, np, own=added, ratios=ratios[draw], of_centres=of_centres[draw])
                self.by_patient[k, draw] = each.at_points(points)
        self.of_print = self._of_print(self.member)

    def given_the_rest(self, *, number: str | None = None, patient: int | None = None) -> np.ndarray:
        """Log probability of a number, or of a patient, given all else that is known of the study; (draw,)."""
        is_inside = patient is not None and self.member.known.said.inside
        if patient is not None and not is_inside and len(self.points) == 1:
            return np.asarray(self.by_patient[0, :, patient])  # the rest says nothing more
        rest, of_patients = self.of_print, self.by_patient.sum(axis=-1)
        whole = self._summed(rest + of_patients)
        if number is not None:
            return whole - self._summed(self._of_print(self.member, without=[number]) + of_patients)
        if is_inside:
            rest = self._of_print(self._with_patient_in_print(int(patient or 0)))
        return whole - self._summed(rest + of_patients - self.by_patient[..., int(patient or 0)])

    def _with_patient_in_print(self, patient: int) -> Any:
        known = self.member.known
        others = np.arange(len(known)) != patient
        left = replace(known, patients=known.patients.of(others)) if others.any() else None
        return replace(self.member, known=left)

    def _of_print(self, member: Any, without: Collection[str] = ()) -> np.ndarray:
        """Shape (component, draw)."""
        if not member.is_printed:
            return np.zeros((len(self.points), len(self.points[0][0])))
        gone = [*self.gone, *without]
        with np.errstate(over="ignore"):
            return np.array(
                [
                    log_likelihood(points, member, self.numbers, effect, without=gone).sum(axis=-1)
                    for points, effect in self.points
                ]
            )

    def _summed(self, by_component: np.ndarray) -> np.ndarray:
        """Over components, with their probabilities; (draw,)."""
        return np.asarray(logsumexp(by_component + self.log_probability, axis=0))


def _by_component(posterior: Posterior, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Effects of a study (component, draw, effect), and log probabilities of components (component, draw)."""
    analysis, size = posterior.analysis, len(posterior.parameters)
    if not analysis.has_hierarchy:
        found = np.zeros((1, size, len(EFFECTS)))
        if analysis.has_arms:
            found[0] = effects_as_drawn(posterior)[:, place]
        if posterior.effect is not None and len(analysis.members) == 1:
            found[0, :, :ON_HAZARDS] = posterior.effect
        return found, np.zeros((1, size))
    alike = posterior.among_effects(ALIKE)[None, :, place]
    if APART not in posterior.dataset:
        return alike, np.zeros((1, size))
    apart = posterior.among_effects(APART)[None, :, place]
    level = analysis.levels[STUDY]
    of_apart = posterior.flat(log_prior_apart(level))[:, place]
    joint = level_arrays(level)["log_weights"][:, place, None] + np.stack([np.zeros(size), of_apart])
    return np.concatenate([alike, apart]), joint - logsumexp(joint, axis=0)


def _predicted(posterior: Posterior, rng: np.random.Generator) -> Iterator[tuple[str, xr.DataArray]]:
    analysis, coords = posterior.analysis, coords_of(posterior.analysis)
    if min(analysis.powers.values()) < 1.0:
        return
    drawn = effects_as_drawn(posterior) if analysis.has_hierarchy or analysis.has_arms else None
    effects = (
        drawn
        if drawn is not None
        else np.swapaxes([_by_component(posterior, place)[0][0] for place in range(len(analysis.members))], 0, 1)
    )
    if analysis.has_print:
        parts = []
        for place, member in enumerate(analysis.members):
            own = posterior.parameters[:, place] if analysis.each_alone else posterior.parameters
            each = np.asarray(study_parameters(own, effects[:, place], analysis.parameter_ids, np))
            parts.append(simulate_numbers(member, each, effects[:, place, :ON_HAZARDS], rng=rng))
        yield PRINT, posterior.labelled(np.concatenate(parts, axis=-1), {"number": coords["number"]})
    tables = tables_of(analysis, with_effect=posterior.effect is not None)
    if tables and all(can_be_replicated(table.patients) for table in tables.values()):
        of_known, certain = posterior.effects_of_known, np.zeros((1, effects.shape[1]))
        courses = [
            simulate_patients(
                analysis, tables, posterior.parameters[k], effects[k][None], certain, of_known[k],
                posterior.log_hazard_ratios[k], posterior.centre_effects[k], rng=rng,
            )
            for k in range(len(effects))
        ]  # fmt: skip
        labels = {name: coords[name] for name in ("patient", "outcome")}
        yield PATIENTS, posterior.labelled(np.array(courses), labels)
