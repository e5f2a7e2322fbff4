"""An analysis: which evidence, which priors, which conventions. A TOML file is read into a frozen ``Analysis``.

An alternative analysis is ``base = "main"`` and what differs from it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any, Literal

from pydantic import Field, ValidationError

from hscb_bayes.analysis.priors import PARAMETERS, Belief
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import Conventions
from hscb_bayes.evidence.item import Identifier, Line, Paragraph, Table
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.study import Study, load_study, study_of
from hscb_bayes.process.hazards import FAMILIES
from hscb_bayes.sentences import explain, nearest, quote
from hscb_bayes.toml_file import TomlFile, read_toml

SCHEMA = 1
LONGEST_CHAIN = 10


class Fit(Table):
    """Which printed numbers the posterior is fitted to; all others that describe outcomes are only checked."""

    items: tuple[str, ...] = Field(
        description="ids of items, or of one reading of an ambiguous one (`response_median.all`)", strict=False
    )
    overlap: bool = Field(default=True, description="joint likelihood; false treats the numbers as independent")
    why: Line = Field(description="why these and not others")


class CohortAssumptions(Table):
    """What is assumed of the patients' durations of neutropenia."""

    reference: float = Field(default=38.0, description="duration at which baseline hazards hold, days", gt=0)
    form: Literal["log2", "step"] = Field(
        default="log2", description="hazards change with every doubling of duration, or once between the two groups"
    )
    sizes: dict[Identifier, int] = Field(default_factory=dict, description="patients in a group by duration")
    why: Line = Field(description="why these sizes")


class Hazards(Table):
    """Families of the three hazards, and the clock of the last."""

    response: str = Field(default="weibull", description="family of the response hazard")
    death_without_response: str = Field(default="weibull", description="family of death without response")
    death_after_response: str = Field(default="weibull", description="family of death after response")
    never_respond: bool = Field(default=True, description="whether a share of patients never responds")
    never_respond_by_duration: bool = Field(default=False, description="whether that share depends on duration")
    clock: Literal["reset", "forward"] = Field(
        default="reset", description="death after response counts days since response, or since the boost"
    )


class FollowUpAssumption(Table):
    """How long patients were followed."""

    complete: bool = Field(default=False, description="everybody was followed to one year or death")
    why: Line = Field(description="what is known about follow-up")


class BetweenStudies(Table):
    """How much hazards differ between studies beyond duration."""

    hazard_ratio_rarely_above: float = Field(description="95% of the hazard ratios between two studies are below", gt=1)
    why: Line = Field(description="where the belief comes from")

    @property
    def deviation(self) -> float:
        """Scale of the half-normal spread of study effects: two studies differ by normal of sqrt(2) times it."""
        return math.log(self.hazard_ratio_rarely_above) / (math.sqrt(2.0) * NormalDist().inv_cdf(0.975))


class ReportRequest(Table):
    """What the report is to show."""

    durations: tuple[float, ...] = Field(default=(14.0, 38.0, 90.0), description="days of neutropenia", strict=False)
    alternatives: tuple[Identifier, ...] = Field(
        default=(), description="analyses beside this one that the report compares", strict=False
    )


class AnalysisTable(Table):
    """A whole analysis file, its base merged in."""

    schema_: Literal[1] = Field(alias="schema", description="version of this format")
    title: Line = Field(description="what this analysis is")
    question: Paragraph = Field(description="what it is asked")
    study: Line = Field(description="study file, relative to this file")
    fit: Fit = Field(description="which numbers are fitted")
    cohort: CohortAssumptions = Field(description="the patients' durations")
    hazards: Hazards = Field(default_factory=Hazards, description="the hazards")
    follow_up: FollowUpAssumption = Field(description="follow-up")
    conventions: Conventions = Field(default_factory=Conventions, description="how the authors computed")
    prior: dict[str, Belief] = Field(description="one belief for every parameter")
    between_studies: BetweenStudies | None = Field(
        default=None, description="left out: the study's own hazards are what is estimated"
    )
    handled: dict[str, Line] = Field(default_factory=dict, description="conflict in the print to how it is handled")
    report: ReportRequest = Field(default_factory=ReportRequest, description="what the report shows")


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A frozen analysis: what is assumed, and the study it is about.

    Parameters
    ----------
    name
        The file's name without its ending.
    table
        Everything the file says, checked.
    sources
        Path to SHA-256 of each file that was read.
    text
        The merged tables as JSON, for provenance.
    """

    name: str
    table: AnalysisTable
    study: Study
    path: str
    sources: Mapping[str, str]
    text: str


def load_analysis(path: str | Path) -> Analysis:
    """Read an analysis file and the study it names; a bare name such as ``"main"`` means a shipped analysis.

    Raises
    ------
    InputError
        A sentence that says which file and key, what is required and what was found.
    """
    file = find_analysis(path)
    data, sources = _merged(file, ())
    table = _validated(data, str(file))
    location = _inside(file.parent, table.study, f"{file}: study")
    study = load_study(location)
    _check_against_study(table, study, str(file))
    return Analysis(
        name=file.stem,
        table=table,
        study=study,
        path=str(file),
        sources={**sources, study.path: study.sha256},
        text=json.dumps(data),
    )


def analysis_from_text(*, name: str, path: str, text: str, study_text: str, sources: Mapping[str, str]) -> Analysis:
    """An analysis from the provenance of its posterior; raises what ``load_analysis`` raises."""
    table = _validated(json.loads(text), path)
    study_path = next(iter(reversed(list(sources))), "")
    file = TomlFile(path=study_path, data=json.loads(study_text), sha256=sources.get(study_path, ""))
    study = study_of(file)
    _check_against_study(table, study, path)
    return Analysis(name=name, table=table, study=study, path=path, sources=sources, text=text)


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
    shipped = sorted(file.stem for file in folder.glob("*.toml"))
    if str(path) not in shipped:
        raise InputError(f"there is no shipped analysis {quote(str(path))}; {nearest(str(path), shipped)}")
    return folder / f"{path}.toml"


def _merged(file: Path, seen: tuple[Path, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    """The file's tables over those of its base, and the SHA-256 of all that was read."""
    if file.resolve() in seen or len(seen) > LONGEST_CHAIN:
        chain = " -> ".join(step.name for step in (*seen, file))
        raise InputError(f"{file}: base: analyses are based on each other in a circle: {chain}")
    toml = read_toml(file)
    data = dict(toml.data)
    base = data.pop("base", None)
    if base is None:
        return data, {toml.path: toml.sha256}
    if not isinstance(base, str) or not base.replace("_", "").replace("-", "").isalnum():
        raise InputError(
            f"{file}: base: required the name of an analysis in the same folder, such as 'main', found {quote(base)}"
        )
    below, sources = _merged(file.parent / f"{base}.toml", (*seen, file.resolve()))
    return _over(data, below), {**sources, toml.path: toml.sha256}


def _over(above: Mapping[str, Any], below: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of ``above`` laid over those of ``below``."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _over(value, old) if isinstance(value, dict) and isinstance(old, dict) else value
    return merged


def _inside(folder: Path, relative: str, address: str) -> Path:
    target = folder / relative
    if Path(relative).is_absolute() or not target.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{address}: required a file in or below {folder}, found {quote(relative)}")
    return target


def _validated(data: dict[str, Any], address: str) -> AnalysisTable:
    try:
        table = AnalysisTable.model_validate(data)
    except ValidationError as error:
        raise explain(error, model=AnalysisTable, address=address) from None
    for id, belief in table.prior.items():
        if id not in PARAMETERS:
            raise InputError(f"{address}: prior: unknown parameter {quote(id)}; {nearest(id, PARAMETERS)}")
        try:
            belief.normal(PARAMETERS[id].scale)
        except ValueError as error:
            raise InputError(f"{address}: prior.{id}: {error}") from None
    for id in needed_priors(table):
        if id not in table.prior:
            raise InputError(f"{address}: prior.{id} is missing (required: {PARAMETERS[id].label})")
    for transition in ("response", "death_without_response", "death_after_response"):
        family = getattr(table.hazards, transition)
        if family not in FAMILIES:
            raise InputError(
                f"{address}: hazards.{transition}: unknown family {quote(family)}; {nearest(family, FAMILIES)}"
            )
    return table


def needed_priors(table: AnalysisTable) -> tuple[str, ...]:
    """Parameters that the analysis needs a belief about."""
    unused = {
        "never_respond": not table.hazards.never_respond,
        "odds_ratio_never_respond": not table.hazards.never_respond_by_duration,
        "lost_by_one_year": table.follow_up.complete,
    }
    return tuple(id for id in PARAMETERS if not unused.get(id, False))


def _check_against_study(table: AnalysisTable, study: Study, address: str) -> None:
    readings = {number.id for number in study.numbers if number.bound == "exact"}
    known = sorted({item.id for item in study.items if item.describes_outcomes} | readings)
    for id in table.fit.items:
        if id not in known:
            raise InputError(f"{address}: fit.items: unknown item {quote(id)}; {nearest(id, known)}")
    if len(set(table.fit.items)) < len(table.fit.items):
        raise InputError(f"{address}: fit.items: an item is named twice")
    for item in study.items:
        if isinstance(item, PValue) and item.id in table.fit.items:
            _check_fitted_p_value(item, table, address)
    for id, size in table.cohort.sizes.items():
        group = study.groups.get(id)
        if group is None or group.by != "duration":
            by_duration = [id for id, group in study.groups.items() if group.by == "duration"]
            raise InputError(f"{address}: cohort.sizes: {quote(id)} is no group by duration; known are {by_duration}")
        if not 0 < size < study.n:
            raise InputError(f"{address}: cohort.sizes.{id}: required 1 to {study.n - 1} of {study.n}, found {size}")


def _check_fitted_p_value(item: PValue, table: AnalysisTable, address: str) -> None:
    """A P value can be fitted where it is exact, of response by duration, and its test has a direction."""
    if item.comparison != "response by duration" or item.value.bound != "exact":
        raise InputError(
            f"{address}: fit.items: required an exact P value of response by duration to be fitted, "
            f"found {quote(item.id)}, which can only be checked"
        )
    try:
        name = item.named_test(table.conventions)
    except InputError as error:
        raise InputError(f"{address}: fit.items: {error}") from None
    if name == "log-rank":
        raise InputError(
            f"{address}: conventions.tests.{item.id}: required a test with a direction for a P value that is fitted, "
            f"'cox', 'fine-gray' or 'spearman', found 'log-rank'"
        )
