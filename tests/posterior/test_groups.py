"""Groups of a posterior's tree: ArviZ and PyMC take them, and log likelihoods are those of numbers given the others."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import arviz as az
import matplotlib as mpl
import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.paper_table import BetweenStudies
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.model.build import build
from hscb_bayes.model.data import model_data
from hscb_bayes.model.data_vector import packed
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.model.known_patients import known_terms
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.posterior.groups import with_groups
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.prior_draws import draw_prior
from tests.posteriors import near_the_middle

DATA = Path(__file__).parents[1] / "data"


def allowing(analysis: Any) -> Any:
    """The analysis with a belief about how much studies differ."""
    between = BetweenStudies(hazard_ratio_rarely_above=3.0, why="a test")
    return replace(analysis, table=analysis.table.model_copy(update={"between_studies": between}))


FORMS: dict[str, Callable[[], Any]] = {
    "paper": lambda: load("main"),
    "paper that allows for other studies": lambda: allowing(load("main")),
    "table": lambda: load(DATA / "myeloid.toml"),
    "table with centres": lambda: load(DATA / "bmt.toml"),
    "print and table inside": lambda: load("with_centre"),
    "print and table beside": lambda: load("with_other_centre"),
    "pool": lambda: load("pooled"),
    "pool with weights": lambda: load("pooled_weight_50"),
    "pool with a power": lambda: load("pooled_power"),
    "pool with a table": lambda: load("pooled_with_centre"),
    "studies of a pool, each alone": lambda: replace(load("pooled_with_centre"), pooling="none"),
}
DRAWS, CHAINS = 20, 2
GROUPS = {
    "posterior", "unconstrained_posterior", "sample_stats", "prior", "log_prior", "observed_data", "constant_data",
    "log_likelihood",
}  # fmt: skip
quiet = pytest.mark.filterwarnings("ignore:Numba will use object mode:UserWarning")


@pytest.fixture(params=FORMS)
def posterior(request: pytest.FixtureRequest) -> Posterior:
    """Draws from the prior of an analysis of some form, with all groups."""
    prior = draw_prior(FORMS[request.param](), draws=DRAWS, chains=CHAINS, seed=1)
    return with_groups(prior, seed=2)


def test_every_form_has_every_group(posterior: Posterior) -> None:
    tree, observed = posterior.tree, posterior.tree["observed_data"]
    assert set(tree.children) >= GROUPS
    for name, values in tree["log_likelihood"].data_vars.items():
        assert values.shape == (CHAINS, DRAWS, observed[name].shape[0])
        assert np.isfinite(values).all()
    predicted = tree["posterior_predictive"].data_vars if "posterior_predictive" in tree.children else {}
    for name, values in predicted.items():
        assert values.shape == (CHAINS, DRAWS, *observed[name].shape)
    assert bool(predicted) == (posterior.analysis.name != "pooled_power")


def test_no_parameter_is_there_twice(posterior: Posterior) -> None:
    """Of draws from the prior, no two variables are the same up to their scale."""
    orders = [
        np.argsort(column)
        for name in posterior.analysis.believed
        for column in posterior.flat(name).reshape(CHAINS * DRAWS, -1).T
    ]
    for k, order in enumerate(orders):
        assert not any(np.array_equal(order, other) for other in orders[k + 1 :])


@quiet
def test_pymc_draws_what_is_observed_from_a_posterior(posterior: Posterior) -> None:
    if "posterior_predictive" not in posterior.tree.children or "standard_study_effect" not in posterior.dataset:
        return  # what a model draws, the prior's draws by NumPy do not have where effects are drawn on another scale
    with build(posterior.analysis).model:
        found = pm.sample_posterior_predictive(
            posterior.tree, random_seed=1, progressbar=False, compile_kwargs={"mode": "FAST_COMPILE"}
        )
    assert set(found["posterior_predictive"].data_vars) == set(posterior.tree["observed_data"].data_vars)


@quiet
@pytest.mark.parametrize("form", ["paper", "table", "print and table inside"])
def test_pymc_and_the_package_predict_alike(form: str) -> None:
    """Means of what is predicted for the same 400 draws, by PyMC and by NumPy, within four standard errors."""
    analysis = FORMS[form]()
    posterior = with_groups(draw_prior(analysis, draws=400, chains=1, seed=3), seed=4)
    with build(analysis).model:
        found = pm.sample_posterior_predictive(posterior.tree, random_seed=5, progressbar=False)["posterior_predictive"]
    for name, values in posterior.tree["posterior_predictive"].data_vars.items():
        one, other = (np.nan_to_num(part.values[0], nan=0.0, posinf=1e3) for part in (values, found[name]))
        one, other = (np.minimum(part, 365.0).reshape(400, -1) for part in (one, other))
        error = np.sqrt((one.var(axis=0) + other.var(axis=0)) / 400.0)
        assert np.all(np.abs(one.mean(axis=0) - other.mean(axis=0)) <= 4.5 * error + 1e-9)


@pytest.mark.parametrize("form", ["paper", "table with centres", "pool with weights"])
@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")
def test_arviz_takes_the_tree(form: str) -> None:
    mpl.use("Agg")
    tree = with_groups(near_the_middle(FORMS[form](), draws=100, chains=2, seed=1), seed=2).tree
    (name,) = tree["log_likelihood"].data_vars
    summary = az.summary(tree)
    assert np.isfinite(summary["mean"].astype(float)).all()
    assert np.isfinite(az.loo(tree, var_name=name).elpd)
    assert len(az.psense_summary(tree)) == len(summary)
    for plot in (az.plot_trace, az.plot_forest):
        plot(tree, var_names=["response_median"])


def test_a_number_is_given_the_others_in_whatever_order_they_are_fitted() -> None:
    analysis = load_analysis("main")
    items = analysis.fit.items
    turned = analysis.table.model_copy(
        update={"fit": analysis.fit.model_copy(update={"items": tuple(reversed(items))})}
    )
    prior = draw_prior(analysis, draws=DRAWS, chains=1, seed=1)
    other = replace(prior, analysis=replace(analysis, table=turned))
    one, two = (with_groups(each, seed=2).tree["log_likelihood"]["print"] for each in (prior, other))
    for id in items:
        label = f"{analysis.study.id}:{id}"
        assert_allclose(one.sel(number=label), two.sel(number=label), rtol=1e-9, atol=1e-9)
        whole, rest = (log_likelihood(prior.parameters, analysis, without=gone).sum(axis=-1) for gone in ((), (id,)))
        assert_allclose(one.sel(number=label).values.ravel(), whole - rest, rtol=1e-9, atol=1e-9)


def test_patients_of_a_table_have_the_density_of_the_model() -> None:
    analysis = load(DATA / "myeloid.toml")
    prior = draw_prior(analysis, draws=3, chains=1, seed=1)
    found = with_groups(prior, seed=2).tree["log_likelihood"]["patients"].sum("patient").values.ravel()
    model = build(analysis).model
    density = model.compile_logp([model["patients"]], mode="FAST_COMPILE")
    for k, expected in enumerate(found):
        values = {
            variable.name: prior.tree["unconstrained_posterior"][variable.name].values[0, k]
            if variable.name.endswith("__")
            else prior.dataset[variable.name].values[0, k]
            for variable in model.value_vars
        }
        assert_allclose(density(values), expected, rtol=1e-9)


def test_a_patient_inside_a_print_goes_back_into_it() -> None:
    analysis = load_analysis("with_centre")
    assert analysis.known is not None
    prior = draw_prior(analysis, draws=DRAWS, chains=1, seed=1)
    known, values = analysis.known, prior.parameters
    found = with_groups(prior, seed=2).tree["log_likelihood"]["patients"].values[0]
    effect = prior.flat("known_patients_effect")

    def density(some: Any) -> np.ndarray:
        of_patients = [known_terms(values[[k]], effect[k], some)[0] for k in range(DRAWS)]
        return log_likelihood(values, some).sum(axis=-1) + np.array(of_patients)

    for patient in (0, len(known) - 1):
        others = np.arange(len(known)) != patient
        without = replace(analysis, known=replace(known, patients=known.patients.of(others)))
        assert_allclose(found[:, patient], density(analysis) - density(without), rtol=1e-8, atol=1e-8)


def test_a_program_without_a_patient_inside_has_the_density_that_the_patient_is_given() -> None:
    """What is left out of the data, and what a log likelihood conditions on, are one thing."""
    analysis = load_analysis("with_centre")
    prior = draw_prior(analysis, draws=4, chains=1, seed=1)
    found = with_groups(prior, seed=2).tree["log_likelihood"]["patients"].values[0]
    model, built = build(analysis).model, build(analysis)
    density = model.compile_logp([model["print"], model["patients"]], mode="FAST_COMPILE")
    (data,) = model.data_vars
    assert analysis.known is not None
    for patient in (0, 5):
        gone = np.arange(len(analysis.known)) == patient
        arrays = model_data(analysis, without=HeldOut(patients=gone))
        assert {name: value.shape for name, value in arrays.items()} == dict(built.shapes)
        whole = data.get_value().copy()
        for draw in range(4):
            point = {
                name: values.values[0, draw]
                for group in ("posterior", "unconstrained_posterior")
                for name, values in prior.tree[group].data_vars.items()
                if name in {variable.name for variable in model.value_vars}
            }
            data.set_value(whole)
            with_all = density(point)
            data.set_value(packed(arrays))
            assert_allclose(found[draw, patient], with_all - density(point), rtol=1e-7, atol=1e-7)
        data.set_value(whole)
