"""Beliefs that an analysis takes from that of another study say so, in Python and on the page."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.report.page import answer, render
from hscb_bayes.report.results import Results

MODELS = Path(__file__).parents[2] / "models"
OWN = "[prior.response_median]\nbest_guess = 15.0\n"


def own_beliefs(name: str) -> dict[str, object]:
    found: dict[str, object] = tomllib.loads((MODELS / f"{name}.toml").read_text(encoding="utf-8")).get("prior", {})
    return found


@pytest.mark.parametrize("name", ["rejeski2022", "scb2024", "stasia2014", "liu2024"])
def test_a_belief_of_a_base_about_another_study_says_where_it_is_from(name: str) -> None:
    own = own_beliefs(name)
    found = {id: belief.origin for id, belief in load_analysis(name).prior.items()}
    assert found == {id: None if id in own else "main" for id in found}
    assert "main" in found.values()


def test_a_belief_of_a_base_about_the_same_study_has_no_origin() -> None:
    assert {belief.origin for belief in load_analysis("step").prior.values()} == {None}


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """An analysis with a base about another study, and one belief that is its own in part."""
    for file in ("main.toml", "scb2024.toml", "evidence/gagelmann2023.toml", "evidence/scb2024.toml"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        text = (MODELS / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(f"{text}\n{OWN}" if file == "scb2024.toml" else text, encoding="utf-8")
    main = tmp_path / "main.toml"
    text = main.read_text(encoding="utf-8")
    main.write_text(text[: text.index("[report]")] if "[report]" in text else text, encoding="utf-8")
    return tmp_path / "scb2024.toml"


def test_a_belief_that_is_said_in_part_is_the_files_own(changed: Path) -> None:
    found, base = load_analysis(changed).prior, load_analysis("main").prior
    assert (found["response_median"].best_guess, found["response_median"].origin) == (15.0, None)
    assert found["never_respond"].origin == "main"
    assert found["never_respond"] == base["never_respond"]  # whose it is makes no other belief
    assert hash(found["never_respond"]) == hash(base["never_respond"])
    assert found["response_median"] != base["response_median"]


def test_the_page_says_so_beside_the_answer(changed: Path, results_of_study: Callable[[str], Results]) -> None:
    results = results_of_study(str(changed))
    *_, sure = answer(results)
    assert sure.endswith("beliefs 7 are taken from 'main', of another study.")
    assert "taken from the analysis &#39;main&#39;, of another study" in render(results)


def test_a_page_of_a_study_with_beliefs_of_its_own_says_nothing_of_it(results: Results) -> None:
    assert "of another study" not in " ".join(answer(results))
