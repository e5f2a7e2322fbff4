"""A pool takes hazards that its study effects can move."""

from pathlib import Path

import pytest

from hscb_bayes.analysis.pool import load_pool
from hscb_bayes.errors import InputError


def changed(folder: Path, old: str, new: str) -> Path:
    file = folder / "main.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    return file


def test_a_response_that_is_not_weibull(folder: Path) -> None:
    file = changed(folder, '\nresponse = "weibull"', '\nresponse = "gompertz"')
    with pytest.raises(InputError) as caught:
        load_pool(folder / "pooled.toml")
    assert str(caught.value) == f"{file}: hazards.response: a pool takes 'weibull', found 'gompertz'"


def test_deaths_in_pieces(folder: Path) -> None:
    steps = '[prior.death_after_response_step]\nbest_guess = 1.0\nbelow = 3.0\nwhy = "a test"\n\n[prior.response_shape]'
    changed(folder, "[prior.response_shape]", steps)
    pieces = 'death_after_response = "piecewise_exponential"\ncuts.death_after_response = [90.0]'
    file = changed(folder, 'death_after_response = "weibull"', pieces)
    with pytest.raises(InputError) as caught:
        load_pool(folder / "pooled.toml")
    assert str(caught.value) == (
        f"{file}: hazards.death_after_response: a pool takes hazards with a level and one shape, found "
        "'piecewise_exponential'"
    )
