"""Which analyses a report compares."""

import pytest
import xarray as xr

from hscb_bayes.analysis.load import load, load_alternatives
from hscb_bayes.analysis.member import load_analysis
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import headline
from hscb_bayes.posterior.sample import chosen_from, with_p_values


@pytest.mark.parametrize("name", ["main", "step", "p_value_cox"])
def test_an_analysis_is_compared_with_the_others_never_with_itself(name: str) -> None:
    found = load_alternatives(load(name))
    assert set(found) == set(load_analysis("main").table.report.alternatives) - {name}
    assert all(other.name == id for id, other in found.items())


def test_the_draws_that_a_p_value_takes_are_not_evaluated_again(posterior: Posterior) -> None:
    weighted = with_p_values(posterior, load_analysis("p_value_cox"), seed=1)
    taken, again = chosen_from(headline(posterior), weighted), headline(weighted)
    assert set(taken) == set(again)
    for name in again:
        xr.testing.assert_allclose(taken[name], again[name])
