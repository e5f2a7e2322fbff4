"""The package without a clone: a wheel is installed into an empty folder and used from another one."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).parent / "uv"
Run = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

LOAD = """
import sys
import hscb_bayes as hb
analysis = hb.load_analysis("main")
print(hb.__file__, analysis.path, analysis.name, len(analysis.table.report.alternatives), sep="\\n")
print(*sorted(name for name in sys.modules if name.split(".")[0] == "hscb_bayes"), sep="\\n", file=sys.stderr)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel is installed into."""
    builder = pytest.importorskip("hatchling.builders.wheel", reason="hatchling comes with make setup").WheelBuilder
    if not UV.is_file():
        pytest.skip("uv comes with make setup")
    (wheel,) = builder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    folder = tmp_path_factory.mktemp("installed")
    command = [UV, "pip", "install", "--quiet", "--offline", "--no-index", "--no-deps", "--target", folder, wheel]
    subprocess.run([*command, "--python", sys.executable], check=True)
    return folder


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Run Python in an empty folder, with the installed package before any other."""

    def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(installed)}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run_python


def test_what_is_installed(installed: Path) -> None:
    inside = installed / "hscb_bayes"
    shipped = {path.relative_to(ROOT) for path in (ROOT / "models").rglob("*.toml")}
    assert {path.relative_to(inside) for path in (inside / "models").rglob("*.toml")} == shipped
    assert {path.name for path in installed.iterdir() if path.is_dir() and path.suffix != ".dist-info"} == {
        "bin",
        "hscb_bayes",
    }
    assert [path for path in inside.rglob("*") if path.name.startswith("test_") or path.suffix in (".csv", ".md")] == []


def test_the_command_audits_the_shipped_study(installed: Path, run: Run) -> None:
    study = installed / "hscb_bayes" / "models" / "evidence" / "gagelmann2023.toml"
    outcome = run(str(installed / "bin" / "hscb"), "audit", str(study))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.count("CONFLICT") == 2


def test_a_shipped_analysis_is_found_by_name(installed: Path, run: Run) -> None:
    outcome = run("-c", LOAD)
    assert outcome.returncode == 0, outcome.stderr
    package, path, name, alternatives = outcome.stdout.splitlines()
    assert Path(package) == installed / "hscb_bayes" / "__init__.py"
    assert Path(path) == installed / "hscb_bayes" / "models" / "main.toml"
    assert name == "main"
    assert int(alternatives) > 0
    assert "hscb_bayes.model.build" not in outcome.stderr.splitlines()


def test_a_name_that_is_not_shipped_gets_one_sentence(installed: Path, run: Run) -> None:
    outcome = run(str(installed / "bin" / "hscb"), "run", "mian", "--out", "results")
    assert outcome.returncode == 2
    assert outcome.stderr == "error: there is no shipped analysis 'mian'; did you mean 'main'?\n"
