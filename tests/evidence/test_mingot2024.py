"""A paper with four definitions of response, of each of which other patients were evaluable."""

from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from tests.papers import paper

FILE = Path(__file__).parents[2] / "models" / "evidence" / "mingot2024.toml"
# Event, patients, responders and the printed median.
READINGS = {
    "platelet": ("all", 38, 29, 32.0),
    "neutrophil": ("neutrophil_evaluable", 23, 19, 22.0),
    "red_cell": ("red_cell_evaluable", 35, 29, 29.0),
}


@pytest.mark.parametrize("lineage", READINGS)
def test_the_recovery_of_a_lineage_is_an_analysis(lineage: str, tmp_path: Path) -> None:
    among, size, responders, median = READINGS[lineage]
    analysis = paper(
        tmp_path,
        FILE.read_text(),
        [lineage, f"{lineage}_median"],
        cohort=f'form = "none"\namong = "{among}"',
        endpoints=f'response = "{lineage}_recovery"',
    )
    values = printed_values(analysis)
    arrays = joint_arrays(analysis, values)
    assert (analysis.size, float(arrays.unresponded)) == (size, size - responders)
    assert (values[lineage], values[f"{lineage}_median"]) == (responders, median)
    others = {item.id for item in analysis.study.other_items if item.describes_outcomes}
    own = {lineage, f"{lineage}_median"}
    assert others == {"all_lineages", *(f"{name}{part}" for name in READINGS for part in ("", "_median"))} - own
    np.testing.assert_array_equal(arrays.sizes, [size])
