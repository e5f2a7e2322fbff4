"""Where analysis files are, and one file over another: ``base = "main"`` and what differs from it.

An analysis of another study takes from its base what is not about the study: beliefs, hazards and conventions.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hscb_bayes.errors import InputError
from hscb_bayes.sentences import nearest, quote
from hscb_bayes.toml_file import read_toml

LONGEST_CHAIN = 10
ORIGIN = "origin"  # key of a belief
OF_AN_ANALYSIS = ("base", "studies", "patients", "fit", "cohort", "prior", "handled")  # keys that no study file has
# Tables that an analysis of another study does not inherit.
ABOUT_THE_STUDY = ("endpoints", "fit", "cohort", "follow_up", "handled")


def models_directory() -> Path:
    """Folder of the shipped analyses: inside an installed package, or beside it in a clone."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "models"
    return inside if inside.is_dir() else package.parent / "models"


def find_analysis(path: str | Path) -> Path:
    """The file that a path or the name of a shipped analysis means.

    Raises
    ------
    InputError
        When a bare name is not one of the shipped analyses.
    """
    if Path(path).suffix or "/" in str(path) or "\\" in str(path):
        return Path(path)
    folder = models_directory()
    shipped = names_in(folder)
    if str(path) not in shipped:
        raise InputError(f"there is no shipped analysis {quote(str(path))}; {nearest(str(path), shipped)}")
    return folder / f"{path}.toml"


def is_analysis(path: str | Path) -> bool:
    """Whether a path or a name means an analysis file, rather than a study file.

    Raises
    ------
    InputError
        When the file cannot be read, or a bare name is not one of the shipped analyses.
    """
    data = read_toml(find_analysis(path)).data
    return isinstance(data.get("study"), str) or any(key in data for key in OF_AN_ANALYSIS)


def names_in(folder: Path) -> list[str]:
    """Names of the analyses in a folder."""
    return sorted(file.stem for file in folder.glob("*.toml"))


def file_inside(analysis: Path, name: str, key: str) -> Path:
    """The file that an analysis names: in its own folder or below, wherever links lead; it need not be there.

    Parameters
    ----------
    analysis
        The analysis file.
    key
        Of the name in it.

    Raises
    ------
    InputError
        When the name is an absolute path, or it or a link leads out of the folder.
    """
    folder, target = analysis.parent, analysis.parent / name
    try:
        inside = not Path(name).is_absolute() and target.resolve().is_relative_to(folder.resolve())
        target.is_file()
    except (OSError, RuntimeError, ValueError):  # too long, links in a circle, a zero character
        inside = False
    if not inside:
        raise InputError(f"{analysis}: {key}: required a file in or below {folder}, found {quote(name)}")
    return target


def layers_of(file: Path) -> tuple[list[tuple[Path, dict[str, Any]]], dict[str, str]]:
    """Each file with its tables over those of its base, ``file`` last; and the SHA-256 of all that was read.

    Raises
    ------
    InputError
        When one of them cannot be read, or they are based on each other in a circle.
    """
    return _layers(file, ())


def _layers(file: Path, seen: tuple[Path, ...]) -> tuple[list[tuple[Path, dict[str, Any]]], dict[str, str]]:
    """Each file with its tables over those of its base, ``file`` last; and the SHA-256 of all that was read."""
    toml = read_toml(file)
    steps = (*seen, file)
    chain = " -> ".join(step.stem for step in steps)
    if file.resolve() in [step.resolve() for step in seen]:
        raise InputError(f"{seen[0]}: base: analyses are based on each other in a circle: {chain}")
    if len(steps) > LONGEST_CHAIN:
        raise InputError(f"{seen[0]}: base: required a chain of at most {LONGEST_CHAIN} analyses, found {chain}")
    data = dict(toml.data)
    base = data.pop("base", None)
    if base is None:
        return [(file, data)], {toml.path: toml.sha256}
    layers, sources = _layers(_base_file(file, base), steps)
    below = layers[-1][1]
    if data.get("study", below.get("study")) != below.get("study"):
        below = _without_study(below, str(base))
    return [*layers, (file, _over(data, _with_own_beliefs(below, data)))], {**sources, toml.path: toml.sha256}


def _base_file(file: Path, base: Any) -> Path:
    if not isinstance(base, str) or not base.replace("_", "").replace("-", "").isalnum():
        raise InputError(
            f"{file}: base: required the name of an analysis in the same folder, such as 'main', found {quote(base)}"
        )
    below = file_inside(file, f"{base}.toml", "base")
    known = names_in(file.parent)
    if base not in known:
        raise InputError(f"{file}: base: there is no analysis {quote(base)} in {file.parent}; {nearest(base, known)}")
    return below


def _over(above: Mapping[str, Any], below: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of ``above`` laid over those of ``below``."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _over(value, old) if isinstance(value, dict) and isinstance(old, dict) else value
    return merged


def _without_study(tables: Mapping[str, Any], base: str) -> dict[str, Any]:
    """What an analysis of another study takes from its base: all that is not about the study of the base.

    Beliefs then say from which analysis they are.
    """
    kept = {key: value for key, value in tables.items() if key not in ABOUT_THE_STUDY}
    for table, key in (("conventions", "tests"), ("report", "alternatives")):
        if isinstance(kept.get(table), dict):
            kept[table] = {name: value for name, value in kept[table].items() if name != key}
    if isinstance(kept.get("prior"), dict):
        prior = kept["prior"].items()
        kept["prior"] = {id: {ORIGIN: base, **one} if isinstance(one, dict) else one for id, one in prior}
    return kept


def _with_own_beliefs(below: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of a base, in which beliefs that the file above says anew, or in part, have no other origin."""
    own, prior = data.get("prior"), below.get("prior")
    if not isinstance(own, dict) or not isinstance(prior, dict):
        return dict(below)
    said = {id: _without_origin(belief) if id in own else belief for id, belief in prior.items()}
    return {**below, "prior": said}


def _without_origin(belief: Any) -> Any:
    return {key: value for key, value in belief.items() if key != ORIGIN} if isinstance(belief, dict) else belief
