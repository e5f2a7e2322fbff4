"""A posterior: an analysis, and draws of what it does not know.

The posterior of one study of a pool, of the average study, of the next one, or of one centre of a table is a posterior
again: whatever takes a posterior takes these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.level import CENTRE, EFFECTS, ON_HAZARDS, SPREAD_WITHIN, STUDY, Level
from hscb_bayes.analysis.priors import natural
from hscb_bayes.errors import InputError
from hscb_bayes.model.held_out import NOTHING, HeldOut
from hscb_bayes.model.known_patients import effect_deviations
from hscb_bayes.model.level_arrays import indicators, level_arrays, study_parameters
from hscb_bayes.model.levels import PATIENTS_OF
from hscb_bayes.model.neighbourhood import Neighbourhood
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.notebook import html_of
from hscb_bayes.posterior.exchangeable import effects_as_drawn
from hscb_bayes.posterior.gate import Verdict
from hscb_bayes.posterior.in_notebook import COLUMNS, rows_of
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.sentences import nearest, quote
from hscb_bayes.software import installed

DIMS = ("chain", "draw")
UNBOUNDED = "unconstrained_posterior"  # group of a tree: the parameters on the scales on which the sampler moves
NEW = "new"  # a centre that is not in the table
# What is drawn beside the parameters: in words, and in which unit.
DESCRIPTIONS = {
    "study_effect": ("what a study adds to its log hazards and to unbounded parameters", "log"),
    "study_effect_apart": ("the same, were the study on its own", "log"),
    "log_prior_study_apart": ("log prior density of a study on its own over one of its kind", "log"),
    "shift_effect": ("what studies of another population or definition add", "log"),
    "between_studies": ("standard deviation between studies", "log"),
    "study_correlation": ("correlation of what a study adds to its log hazards", "1"),
    "centre_effect": ("what a centre adds to the log hazard", "log"),
    "between_centres": ("standard deviation between centres", "log"),
    "centre_correlation": ("correlation of what a centre adds to its log hazards", "1"),
    "log_hazard_ratio": ("log hazard ratio of a covariate", "log"),
    EFFECT: ("what patients known one by one add to the log hazards of their study", "log"),
}
PRIOR_ONLY = "prior only"  # setting


@dataclass(frozen=True, kw_only=True, eq=False)
class Posterior:
    """An analysis with draws from its posterior.

    Parameters
    ----------
    analysis
        What is assumed, and the data.
    tree
        For ArviZ: group ``posterior`` has each parameter by name on the clinic's scale, and what studies, centres,
        covariates and known patients add to log hazards; group ``unconstrained_posterior`` the parameters on the scales
        on which they are normal; and ``sample_stats``.
    settings
        Of the sampler.
    without, numbers
        What was left out of the data, and by study id the numbers that stood in the place of those printed.
    converged
        Whether the fit passed its gate; None where nobody asked.
    verdict
        Of the gate, on all that is reported.
    whose
        Of whom it is, in words, where it was derived from that of more: a study, the average one, a centre.
    versions
        Of Python and the packages that made the draws.
    points
        Draws on the sampler's own scales, shape (draw, coordinate), from which other fits may start; not written to
        files.
    """

    analysis: Any
    tree: xr.DataTree
    settings: Mapping[str, Any] = field(default_factory=dict)
    without: HeldOut = NOTHING
    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    converged: bool | None = None
    verdict: Verdict | None = None
    whose: str = ""
    versions: Mapping[str, str] = field(default_factory=lambda: installed())
    points: np.ndarray | None = None

    @cached_property
    def dataset(self) -> xr.Dataset:
        """The group ``posterior``."""
        return self.tree["posterior"].to_dataset()

    @property
    def of_whom(self) -> str:
        """Of whom it is, in words."""
        return self.whose or ", ".join(self.analysis.studies)

    def _repr_html_(self) -> str:
        """Of whom it is, whether the chains converged, and medians with 90% intervals, in a notebook."""
        chains, draws = self.size
        converged = {None: "Nobody asked whether the chains converged.", True: "The chains converged."}
        told = converged.get(self.converged, "The chains did NOT converge: the draws may not be used.")
        source = "The draws are of the prior: nothing was fitted." if self.is_prior else ""
        about = f"Of {self.of_whom}; {chains} chains of {draws} draws."
        return html_of(self.analysis.table.title, [about, source, told], COLUMNS, rows_of(self.dataset))

    @property
    def is_prior(self) -> bool:
        """Whether it is of draws from the prior, beside which nothing was fitted."""
        return bool(self.settings.get(PRIOR_ONLY))

    @property
    def size(self) -> tuple[int, int]:
        """Chains, and draws of each."""
        return self.dataset.sizes["chain"], self.dataset.sizes["draw"]

    def flat(self, name: str) -> np.ndarray:
        """A variable, chains one after the other, shape (draw, ...)."""
        values = self.dataset[name].transpose(*DIMS, ...).values
        return np.asarray(values.reshape(-1, *values.shape[2:]))

    @property
    def neighbourhood(self) -> Neighbourhood | None:
        """Where other fits may start; none where ``points`` were not kept."""
        return None if self.points is None else Neighbourhood.of(self.points)

    @cached_property
    def parameters(self) -> np.ndarray:
        """All parameters of the hazards on their unbounded scales, shape (draw, parameter), or (draw, study, parameter)
        where each study has its own.

        One that has no part is a constant.
        """
        drawn, constants = self.tree[UNBOUNDED].to_dataset(), prior_normals(self.analysis)[0]
        columns = []
        for constant, (id, one) in zip(constants, self.analysis.parameters.items(), strict=True):
            name = f"{id}_{one.scale}__"
            values = drawn[name].transpose(*DIMS, ...).values if name in drawn else np.full(self.size, constant)
            columns.append(values.reshape(-1, *values.shape[2:]))
        return np.stack(np.broadcast_arrays(*columns) if columns[0].ndim == 1 else _alike(columns), axis=-1)

    def among_effects(self, name: str) -> np.ndarray:
        """A variable over effects of studies, among all ``EFFECTS``, shape (draw, ..., effect).

        It is 0 for those by which studies do not differ.
        """
        values, own = self.flat(name), self.dataset[name]
        found = np.zeros((*values.shape[:-1], len(EFFECTS)))
        found[..., [EFFECTS.index(str(effect)) for effect in own[own.dims[-1]].values]] = values
        return found

    @property
    def effect(self) -> np.ndarray | None:
        """What the study adds to each log hazard, shape (draw, transition); None where it adds nothing."""
        if "study_effect" not in self.dataset:
            return None
        found = self.flat("study_effect")
        return found[:, 0] if "study" in self.dataset["study_effect"].dims else found

    @property
    def log_hazard_ratios(self) -> np.ndarray:
        """Of covariates of patients one by one, shape (draw, transition, term)."""
        if not self.analysis.terms:
            return np.zeros((len(self.parameters), len(TRANSITIONS), 0))
        return self.flat("log_hazard_ratio")

    @property
    def centres(self) -> tuple[str, ...]:
        """Centres whose effects the draws have: all of the table, or the one that the posterior is of."""
        return tuple(map(str, self.dataset["centre"].values)) if "centre_effect" in self.dataset else ()

    @property
    def is_of_one_centre(self) -> bool:
        """Whether all patients are taken to be of one centre: the only one whose effects the draws have."""
        return len(self.centres) == 1

    @property
    def centre_effects(self) -> np.ndarray:
        """What centres add to the log hazards, shape (draw, transition, centre)."""
        if "centre_effect" not in self.dataset:
            return np.zeros((len(self.parameters), len(TRANSITIONS), 1))
        return np.swapaxes(self.flat("centre_effect"), 1, 2)

    @property
    def effects_of_known(self) -> np.ndarray:
        """What patients known one by one differ by from the others of their study, (draw, table, transition)."""
        if EFFECT not in self.dataset:
            return np.zeros((len(self.parameters), 0, len(TRANSITIONS)))
        found = self.flat(EFFECT)
        return found if PATIENTS_OF in self.dataset[EFFECT].dims else found[:, None]

    def of(self, *, study: str | None = None, centre: str | None = None) -> Posterior:
        """The posterior of one study of a pool, shrunken towards the others; or that of patients of one centre.

        A centre of a table that is one of several studies has the name of its study before its own: "ours:north".

        Raises
        ------
        InputError
            When there is none of that name.
        """
        found = self if study is None else self._of_study(study)
        return found if centre is None else found._of_centre(centre)

    @property
    def average(self) -> Posterior:
        """The posterior of the average study of the population and the definition that are asked about.

        Its patients are those of the first study of the pool.

        Raises
        ------
        InputError
            When studies are not around an average one.
        """
        self._check_hierarchy("an average study")
        none = np.zeros((len(self.parameters), len(EFFECTS)))
        return self._moved(self.analysis.members[0], none, whose="the average study")

    def next(self, *, seed: int, exchangeable: float = 1.0) -> Posterior:
        """The posterior of a new study of the population and the definition that are asked about, or of a new centre.

        Parameters
        ----------
        seed
            Of its effects, which are drawn.
        exchangeable
            Probability that the study, or the centre, is one of the kind; with the rest it is on its own.

        Raises
        ------
        InputError
            When an analysis has neither a hierarchy of studies nor centres.
        """
        rng = np.random.default_rng(seed)
        if CENTRE in self.analysis.levels and not self.analysis.has_hierarchy:
            level, labels = self.analysis.levels[CENTRE], {CENTRE: [NEW], "transition": list(TRANSITIONS)}
            effects = self.labelled(self._new_unit(level, rng, exchangeable)[:, None], labels)
            return self._with_centre(effects, whose="a new centre")
        self._check_hierarchy("a next study")
        level = self.analysis.levels[STUDY]
        effects = self._new_unit(level, rng, exchangeable) @ indicators(level.effects)
        return self._moved(self.analysis.members[0], effects, whose="a next study")

    def thinned(self, draws: int) -> Posterior:
        """At most ``draws`` of it, evenly chosen."""
        every = max(1, -(-self.size[0] * self.size[1] // draws))
        groups = {name: self.tree[name].to_dataset().isel(draw=slice(None, None, every)) for name in KEPT}
        return replace(self, tree=xr.DataTree.from_dict(groups))

    def labelled(self, values: np.ndarray, coords: Mapping[str, Any]) -> xr.DataArray:
        """An array (draw, ...) with chains, draws and further dimensions, by name."""
        own = {dim: self.dataset[dim].values for dim in DIMS}
        shaped = values.reshape(*self.size, *values.shape[1:])
        return xr.DataArray(shaped, dims=(*DIMS, *coords), coords={**own, **coords})

    def _check_hierarchy(self, asked: str) -> None:
        if not self.analysis.has_hierarchy:
            raise InputError(f"{self.analysis.path}: required studies around an average one, to tell of {asked}")

    def _of_study(self, study: str) -> Posterior:
        names = self.analysis.studies
        if study not in names:
            raise InputError(f"{self.analysis.path}: there is no study {quote(study)}; {nearest(study, names)}")
        place, member = names.index(study), self.analysis.members[names.index(study)]
        if self.analysis.each_alone:
            return self._derived(member, self.parameters[:, place], whose=study, known_of=study)
        if len(names) == 1:
            return self
        return self._moved(member, effects_as_drawn(self)[:, place], whose=study, known_of=study)

    def _of_centre(self, centre: str) -> Posterior:
        if centre not in self.centres:
            names = [*self.centres] or ["none: centres are not told apart"]
            raise InputError(f"{self.analysis.path}: there is no centre {quote(centre)}; {nearest(centre, names)}")
        if len(self.analysis.members) > 1:
            study = next(member.study.id for member in self.analysis.members if centre in member.centres)
            return self._of_study(study)._of_centre(centre)
        return self._with_centre(self.dataset["centre_effect"].sel(centre=[centre]), whose=f"centre {centre}")

    def _new_unit(self, level: Level, rng: np.random.Generator, exchangeable: float) -> np.ndarray:
        """Effects of a unit that is not among those of a level, without what shifts add, shape (draw, effect)."""
        spread = self.flat(level.spread)[:, 0] if level.within else self.flat(level.spread)
        standard = rng.normal(size=spread.shape)
        apart = standard * level_arrays(level)["apart"]
        if level.correlated:
            root = np.linalg.cholesky(self.flat(f"{level.name}_correlation"))
            standard[:, :ON_HAZARDS] = np.einsum("dij,dj->di", root, standard[:, :ON_HAZARDS])
        alike = rng.uniform(size=(len(spread), 1)) < exchangeable
        return np.where(alike, spread * standard, apart)

    def _with_centre(self, effects: xr.DataArray, *, whose: str) -> Posterior:
        kept = self.dataset.drop_dims("centre").assign(centre_effect=_described("centre_effect", effects))
        tree = _tree(kept, self.tree[UNBOUNDED].to_dataset(), self.tree["sample_stats"].to_dataset())
        return replace(self, tree=tree, whose=whose)

    def _moved(self, member: Any, effects: np.ndarray, *, whose: str, known_of: str | None = None) -> Posterior:
        """The posterior of a study with effects (draw, effect)."""
        ids = self.analysis.parameter_ids
        own = np.asarray(study_parameters(self.parameters, effects, ids, np))
        return self._derived(member, own, effect=effects[:, :ON_HAZARDS], whose=whose, known_of=known_of)

    def _derived(
        self,
        member: Any,
        parameters: np.ndarray,
        *,
        whose: str,
        effect: np.ndarray | None = None,
        known_of: str | None = None,
    ) -> Posterior:
        """The posterior of one study by its parameters (draw, parameter) and effects on log hazards."""
        by_id = {id: parameters[:, k] for k, id in enumerate(self.analysis.parameter_ids)}
        further = {} if effect is None else {"study_effect": self.labelled(effect, {"effect": list(TRANSITIONS)})}
        if known_of in effect_deviations(self.analysis):
            further[EFFECT] = self.dataset[EFFECT].sel({PATIENTS_OF: known_of}, drop=True)
        if member.terms:
            further["log_hazard_ratio"] = self.dataset["log_hazard_ratio"].sel(term=list(member.terms))
        for level in member.levels.values() if member.centres else ():
            further["centre_effect"] = self.dataset["centre_effect"].sel(centre=list(level.units))
            further |= {
                name: self.dataset[name] for name in (level.spread, f"{level.name}_correlation") if name in self.dataset
            }
            if level.within:
                further[level.spread] = further[level.spread].sel({SPREAD_WITHIN: list(level.spreads)})
        drawn = {id: self.labelled(by_id[id], {}) for id in member.believed}
        tree = tree_of_parameters(member, drawn, further, self.tree["sample_stats"].to_dataset())
        return replace(self, analysis=member, tree=tree, without=NOTHING, numbers={}, verdict=None, whose=whose)


KEPT = ("posterior", UNBOUNDED, "sample_stats")


def tree_of_parameters(
    analysis: Analysis, drawn: Mapping[str, xr.DataArray], further: Mapping[str, xr.DataArray], stats: xr.Dataset
) -> xr.DataTree:
    """The tree of a posterior.

    Parameters
    ----------
    drawn
        Parameters by id, on their unbounded scales.
    further
        Other variables by name.
    stats
        Of the sampler.
    """
    there = {id: analysis.parameters[id] for id in drawn}
    named = {
        id: drawn[id].copy(data=natural(drawn[id].values, one.scale)).assign_attrs(long_name=one.label, units=one.unit)
        for id, one in there.items()
    }
    on_scales = {f"{id}_{one.scale}__": drawn[id] for id, one in there.items()}
    others = {name: _described(name, values) for name, values in further.items()}
    return _tree(xr.Dataset({**named, **others}), xr.Dataset(on_scales), stats)


def _described(name: str, values: xr.DataArray) -> xr.DataArray:
    """A variable with what it is, and its unit, among its attributes."""
    label, unit = DESCRIPTIONS.get(name, ("what the sampler draws", "1"))
    return values.assign_attrs(long_name=label, units=unit)


def _tree(dataset: xr.Dataset, on_scales: xr.Dataset, stats: xr.Dataset) -> xr.DataTree:
    return xr.DataTree.from_dict({"posterior": dataset, UNBOUNDED: on_scales, "sample_stats": stats})


def _alike(columns: list[np.ndarray]) -> list[np.ndarray]:
    """Columns (draw, study); one that is a constant, (draw,), is that of every study."""
    return [column if column.ndim == 2 else np.broadcast_to(column[:, None], columns[0].shape) for column in columns]
