"""From nothing to a page: ``hscb new study``, ``hscb new analysis`` and ``hscb run`` on what they write."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from hscb_bayes import cli
from hscb_bayes.analysis.against_study import fittable
from hscb_bayes.analysis.proposal import new_analysis
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.event import Endpoints
from hscb_bayes.evidence.new_study import new_study
from hscb_bayes.evidence.study import load_study
from tests.test_corners import prior_only

EVIDENCE = Path(__file__).parents[1] / "models" / "evidence"
# Study, group and response, and how many of its numbers can be fitted together.
STUDIES = {
    "ava_ucbt": ("engraftment", "response", 4),
    "bowman2023": ("all", "response", 2),
    "gagelmann2023": ("all", "response", 7),
    "giri2021": ("azithromycin", "response", 1),
    "klyuchnikov2014": ("all", "response", 3),
    "liu2024": ("poor_anc", "response", 2),
    "mainardi2018": ("all", "response", 2),
    "mingot2024": ("all", "platelet_recovery", 2),
    "rdhap": ("all", "response", 4),
    "rejeski2022": ("all", "response", 1),
    "richardson2016": ("controls", "response", 2),
    "rux_china2021": ("chronic", "response", 4),
    "scb2024": ("all", "response", 2),
    "stasia2014": ("all", "response", 4),
}

__all__ = ["prior_only"]


@pytest.mark.usefixtures("prior_only")
def test_the_walk_from_nothing_to_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (
        ["new", "study", "smith2025"],
        ["audit", "smith2025.toml", "--strict"],
        ["new", "analysis", "smith2025.toml"],
        ["run", "smith2025_analysis.toml", "--quick", "--quiet", "--allow-unconverged", "--out", "page"],
    ):
        assert cli.main(words) == 0, capsys.readouterr().err
    page = (tmp_path / "page" / "report.html").read_text(encoding="utf-8")
    assert "start of treatment" in page
    assert not re.search("boost|neutropen", page)


def test_study_files_are_all_tried() -> None:
    assert set(STUDIES) == {file.stem for file in EVIDENCE.glob("*.toml")}


@pytest.mark.parametrize("name", STUDIES)
def test_an_analysis_of_every_study_loads_and_says_why_not_the_rest(name: str, tmp_path: Path) -> None:
    among, response, fitted = STUDIES[name]
    folder = tmp_path / "evidence"
    folder.mkdir()
    shutil.copy(EVIDENCE / f"{name}.toml", folder)
    path = new_analysis(folder / f"{name}.toml", out=None, endpoints=Endpoints(response=response), among=among)
    assert path == tmp_path / f"{name}.toml"
    analysis = load_analysis(path)
    assert len(analysis.fit.items) == fitted
    text = path.read_text(encoding="utf-8")
    told = set(re.findall(r"^# not fitted: (\S+): \S", text, re.MULTILINE))
    numbers = {id.partition(".")[0] for id in (*analysis.fit.items, *told)}
    assert numbers == {item.id for item in analysis.study.items if item.describes_outcomes}
    assert not told & set(analysis.fit.items)
    assert set(fittable(analysis.study, among)) <= {*analysis.fit.items, *told}
    conflicts = {
        finding.id for finding in audit(load_study(EVIDENCE / f"{name}.toml")) if finding.severity == "conflict"
    }
    assert set(re.findall(r'^# "([^"]+)" = "\.\.\."', text, re.MULTILINE)) == conflicts


def test_beliefs_follow_from_days_and_not_from_outcomes(tmp_path: Path) -> None:
    path = new_study("smith2025", tmp_path)
    text = path.read_text(encoding="utf-8")
    found = []
    for k, other in enumerate((
        text,
        text.replace("count = 28", "count = 8").replace('"70%"', '"20%"'),
        text.replace("n = 40", "n = 80").replace('percent = "70%"\n', ""),
        text.replace('at = "1 year"', 'at = "3 years"'),
    )):  # fmt: skip
        path.write_text(other, encoding="utf-8")
        written = new_analysis(path, out=tmp_path / f"a{k}.toml", endpoints=Endpoints())
        found.append(tomllib.loads(written.read_text(encoding="utf-8"))["prior"])
    assert found[0] == found[1] == found[2]
    assert found[3]["response_median"]["best_guess"] > 2.9 * found[0]["response_median"]["best_guess"]
    assert "hazard_ratio_response" not in found[0]


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    study = new_study("smith2025", tmp_path)
    new_analysis(study, out=None, endpoints=Endpoints())
    with pytest.raises(InputError, match=r"smith2025\.toml: the file is there already; required another name"):
        new_study("smith2025", tmp_path)
    with pytest.raises(InputError, match=r"smith2025_analysis\.toml: the file is there already"):
        new_analysis(study, out=None, endpoints=Endpoints())


@pytest.mark.parametrize("name", ["Smith", "2025", "smith 2025", "", "../x", "a" * 61])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name: required lower-case letters, digits and underscores"):
        new_study(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.toml: the file cannot be written: No such file or directory"):
        new_study("x", tmp_path / "nowhere")
    study = new_study("x", tmp_path)
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="required a place in the folder of the study or above it"):
        new_analysis(study, out=tmp_path / "other" / "x.toml", endpoints=Endpoints())


def test_names_that_the_study_does_not_have_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = str(new_study("smith2025", tmp_path))
    for words, sentence in (
        (["--among", "responder"], "there is no group 'responder'; did you mean 'responders'?"),
        (["--response", "Respond se"], "endpoints.response: unknown event 'Respond se'"),
        (["--end", "response"], "endpoints.end: required an event that ends follow-up, found 'response'"),
    ):
        assert cli.main(["new", "analysis", study, *words]) == 2
        assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("study", "sentence"),
    [
        ("ava_ucbt", "numbers are also of 'engraftment', 'secondary_failure': say --among"),
        ("mingot2024", "say --response or --end"),
    ],
)
def test_where_nothing_can_be_fitted_it_is_said_of_what_there_are_numbers(
    study: str, sentence: str, tmp_path: Path
) -> None:
    shutil.copy(EVIDENCE / f"{study}.toml", tmp_path)
    with pytest.raises(InputError) as error:
        new_analysis(tmp_path / f"{study}.toml", out=None, endpoints=Endpoints())
    assert sentence in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == [f"{study}.toml"]
