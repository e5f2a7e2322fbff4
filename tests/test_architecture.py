"""The layout: imports go downwards, importing is cheap, files and functions stay small."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import hscb_bayes

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hscb_bayes"
STOREYS = (
    {"errors", "arguments", "stopping", "csv_file", "software", "machine_code", "for_nutpie", "notebook"},
    {"sentences", "caches", "executors"},
    {"toml_file"},
    {"process", "estimators"},
    {"evidence"},
    {"analysis"},
    {"model"},
    {"posterior"},
    {"checking"},
    {"report"},
    {"cli"},
)
FLOOR = {part: floor for floor, parts in enumerate(STOREYS) for part in parts}
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
HEAVY = ("pandas", "scipy", "xarray", "pymc", "pytensor", "arviz", "nutpie", "matplotlib")

OPTIONAL = ("cluster",)  # extras whose packages are imported where they are asked for
PRIVATE_HOME = PACKAGE / "for_nutpie.py"  # says what it uses, and of which versions
PRIVATE = re.compile(r"pytensor\.(link|compile)\b|nutpie\.|.*\._(?!_)")  # what may change without a word
ONLY_TYPES = {"_typeshed"}  # comes with mypy, imported for types alone

MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]


def name_of(path: Path) -> str:
    """How a test case is called: its path in the clone."""
    return str(path.relative_to(ROOT))


def part_of(module: str) -> str:
    """The storey's part that a dotted name belongs to; empty for the package itself."""
    return module.partition(".")[2].partition(".")[0]


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module of this package that the code imports, at the top or within a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "hscb_bayes":
            names = [f"hscb_bayes.{alias.name}" for alias in node.names if alias.name != "__version__"]
        elif isinstance(node, ast.ImportFrom):
            names = [("." * node.level) + (node.module or "")]
        else:
            names = []
        yield from (name for name in names if name.split(".")[0] in ("hscb_bayes", ""))


def upward_imports(part: str, tree: ast.AST) -> list[str]:
    """Imports that climb, cross between neighbours on one storey, or are relative."""
    return [
        name
        for name in imported(tree)
        if (other := part_of(name)) != part and (other not in FLOOR or FLOOR[other] >= FLOOR[part])
    ]


def absolute(tree: ast.AST) -> set[str]:
    """What is imported by whole names, module and name, at the top or within a function."""
    nodes = list(ast.walk(tree))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0]
    return plain | {f"{node.module}.{alias.name}" for node in froms for alias in node.names}


def private(tree: ast.AST) -> set[str]:
    """Names that other packages do not promise to keep: imported, or reached through what is imported."""
    reached = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    others = {name for name in absolute(tree) if not name.startswith("hscb_bayes.")}
    return {name for name in others if PRIVATE.match(name)} | {
        name for name in reached if re.match(r"pytensor\.(link|compile)\.|nutpie\.[a-z_]+\.", name)
    }


def roots(tree: ast.AST) -> set[str]:
    """The first names of all absolute imports."""
    return {name.split(".")[0] for name in absolute(tree)}


def undeclared(imports: Iterable[str], declared: set[str]) -> set[str]:
    """First names of imports that come from elsewhere and from no declared distribution."""
    own, installed = {"hscb_bayes", *sys.stdlib_module_names, *ONLY_TYPES}, packages_distributions()
    return {
        name
        for name in set(imports) - own
        if declared.isdisjoint(re.sub(r"[-_.]+", "-", of).lower() for of in installed.get(name, ()))
    }


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the signature to the end, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


@pytest.mark.parametrize("path", [path for path in MODULES if path != PACKAGE / "__init__.py"], ids=name_of)
def test_imports_go_downwards(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert part in FLOOR, f"{name_of(path)} belongs to no storey"
    assert upward_imports(part, ast.parse(path.read_text())) == []


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("evidence", "from hscb_bayes.model.build import build"),
        ("process", "import hscb_bayes.estimators.cox"),
        ("estimators", "def f():\n    from hscb_bayes.process import pathway"),
        ("analysis", "from hscb_bayes import check"),
        ("analysis", "from .. import checking"),
    ],
)
def test_an_import_that_climbs_is_seen(part: str, code: str) -> None:
    assert len(upward_imports(part, ast.parse(code))) == 1


@pytest.mark.parametrize("heavy", HEAVY)
def test_importing_the_package_does_not_load(heavy: str) -> None:
    code = f"import sys, hscb_bayes; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = (project["optional-dependencies"][extra] for extra in OPTIONAL)
    declared = {re.split(r"[\[<>=]", name)[0] for name in (*project["dependencies"], *(n for e in extras for n in e))}
    imports = {name for path in MODULES for name in roots(ast.parse(path.read_text()))}
    assert undeclared(imports, declared) == set()


@pytest.mark.parametrize("code", ["import jinja2.ext", "def f():\n    from jinja2 import Template", "import no_such"])
def test_a_package_that_is_not_declared_is_seen(code: str) -> None:
    assert len(undeclared(roots(ast.parse(code)), {"numpy", "markupsafe"})) == 1


@pytest.mark.parametrize("path", [path for path in MODULES if path != PRIVATE_HOME], ids=name_of)
def test_names_that_others_may_change_are_in_one_file(path: Path) -> None:
    assert private(ast.parse(path.read_text())) == set()


@pytest.mark.parametrize(
    "code",
    [
        "from pytensor.link.numba.dispatch import basic",
        "from pytensor import link",
        "def f():\n    import nutpie.compile_pymc",
        "from nutpie.compile_pymc import CompiledPyMCModel",
        "from scipy._lib._util import _lazywhere",
        "import pytensor\npytensor.compile.mode.NUMBA",
    ],
)
def test_a_name_that_others_may_change_is_seen(code: str) -> None:
    assert len(private(ast.parse(code))) >= 1


def test_the_one_file_uses_what_it_says() -> None:
    told = ast.get_docstring(ast.parse(PRIVATE_HOME.read_text())) or ""
    assert {name for name in private(ast.parse(PRIVATE_HOME.read_text())) if f"``{name}``" not in told} == set()


@pytest.mark.parametrize("name", hscb_bayes.__all__)
def test_public_name_resolves_and_stays_itself_once_imported(name: str) -> None:
    first = getattr(hscb_bayes, name)
    assert getattr(hscb_bayes, name) is first
    assert name in dir(hscb_bayes)


def test_no_public_name_is_hidden_by_a_folder_of_the_package() -> None:
    assert {path.stem for path in PACKAGE.iterdir()}.isdisjoint(hscb_bayes.__all__)


def test_a_name_that_is_not_public_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'hscb_bayes' has no attribute 'surivival'"):
        hscb_bayes.__getattr__("surivival")


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_functions_are_short(path: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [f"{f.name}: {code_lines(f)}" for f in functions if code_lines(f) > LONGEST_FUNCTION] == []
