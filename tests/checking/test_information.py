"""The information in a print, and in a print of which some patients are known, against that of the whole table."""

from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import load_analysis
from hscb_bayes.checking.methods.information import COLUMNS, both_scores, main, rows_of_parameters
from hscb_bayes.errors import InputError

NAME = "with_centre"


@pytest.mark.slow
def test_the_more_patients_are_known_the_nearer_is_the_whole_table() -> None:
    """With 30 of 31 known the score is the table's but for a patient; the slope is 1 where nothing is trusted twice."""
    analysis = load_analysis(NAME)
    rows = {known: rows_of_parameters(analysis, known, both_scores(NAME, known, 0, 250, 9)) for known in (12, 30)}
    some, nearly_all = ({row["parameter"]: row for row in found} for found in rows.values())
    for id, row in nearly_all.items():
        assert row["share"] == pytest.approx(1.0, abs=0.12), id
        assert row["slope"] == pytest.approx(1.0, abs=0.05), id
    for id in ("death_without_response", "death_after_response", "never_respond", "hazard_ratio_death_after_response"):
        assert some[id]["share"] < nearly_all[id]["share"]
        assert some[id]["slope"] == pytest.approx(1.0, abs=4.0 * some[id]["standard_error"] + 0.05), id


def test_the_slope_is_that_of_the_table_on_the_print() -> None:
    rng = np.random.default_rng(1)
    own = rng.normal(size=(4000, 1)) * np.ones((1, len(load_analysis(NAME).parameter_ids)))
    full = own + rng.normal(size=own.shape)
    for row in rows_of_parameters(load_analysis(NAME), 5, np.stack([own, full], axis=-1)):
        assert row["slope"] == pytest.approx(1.0, abs=0.1)
        assert row["share"] == pytest.approx(0.5, abs=0.05)
        assert row["standard_error"] == pytest.approx(1.0 / np.sqrt(4000), rel=0.1)


def test_the_command_writes_a_table(tmp_path: Path) -> None:
    main([NAME, "--known", "3", "--studies", "4", "--workers", "1", "--out", str(tmp_path / "information.csv")])
    lines = (tmp_path / "information.csv").read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) > 5


@pytest.mark.parametrize(
    ("name", "known", "sentence"),
    [
        (NAME, 31, "known: required from 0 to 30 patients, found 31"),
        ("with_other_centre", 3, "known_patients: required patients inside the print"),
        ("main", 3, "known_patients: required patients inside the print"),
    ],
)
def test_what_cannot_be_asked(name: str, known: int, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        both_scores(name, known, 0, 1, 1)
