"""Two hundred legal but odd analyses, by name: of papers, of tables with and without centres, of pools.

Each is a folder of files. All papers share a few layouts, all tables two and all pools one, so that few programs are
compiled.
"""

from __future__ import annotations

import copy
import itertools
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.study import study_of
from hscb_bayes.toml_file import TomlFile
from tests.robustness.documents import MODELS, document, text_of

Tables = dict[str, Any]
SEED = 20231201
LARGE = 10_000  # patients, the most that an analysis takes


@dataclass(frozen=True, kw_only=True)
class Odd:
    """An analysis by its files: path in its folder to content. The one that is run is ``x.toml``.

    ``is_large`` where one gradient takes long, so that there can be only a few.
    """

    name: str
    files: Mapping[str, bytes]
    is_large: bool = False


def every_case() -> Iterator[Odd]:
    """All of them, kinds mixed, so that a run that ends early has seen each."""
    kinds = (papers(), tables(centres=False), tables(centres=True), pools())
    for row in itertools.zip_longest(*kinds):
        yield from (case for case in row if case is not None)


def _prior(best: float, below: float) -> Tables:
    return {"best_guess": best, "below": below, "why": "odd on purpose"}


BELIEFS: Mapping[str, Mapping[str, Tables]] = {
    "usual": {},
    "instant": {"response_median": _prior(0.01, 0.02), "death_after_response": _prior(0.001, 0.002)},
    "never": {"response_median": _prior(5000.0, 90_000.0), "never_respond": _prior(0.98, 0.999)},
    "certain": {"response_median": _prior(14.0, 14.001), "death_after_response": _prior(0.35, 0.3501)},
    "nothing known": {"response_median": _prior(14.0, 1e6), "death_after_response": _prior(0.5, 0.9999999)},
    "steep": {"response_shape": _prior(20.0, 50.0), "death_after_response_shape": _prior(0.05, 0.1)},
}


def _with_beliefs(analysis: Tables, name: str) -> None:
    analysis["prior"] |= {id: belief for id, belief in BELIEFS[name].items() if id in analysis["prior"]}


# Papers: patients, responders, median, survival of all or by duration, beliefs.

PRINTS: Mapping[str, tuple[int, int, str, str]] = {
    "nobody responds": (31, 0, "20 days", "30%"),
    "everybody responds": (31, 31, "9 days", "59%"),
    "nobody dies": (31, 26, "9 days", "100%"),
    "everybody dies": (31, 26, "9 days", "0%"),
    "one patient who responds": (1, 1, "9 days", "100%"),
    "one patient who dies": (1, 0, "9 days", "0%"),
    "two patients": (2, 1, "9 days", "50%"),
    "three patients": (3, 2, "1 day", "33%"),
    "ten thousand": (LARGE, 8_400, "9 days", "59%"),
    "ten thousand, none responds": (LARGE, 0, "9 days", "59%"),
    "a thousand": (1_000, 840, "9 days", "59%"),
    "a first day for all": (31, 31, "1 day", "100%"),
    "a last day for all": (31, 31, "364 days", "100%"),
    "a tenth of a percent": (1_000, 1, "9 days", "0.1%"),
    "a half in all": (100, 50, "27 days", "50%"),
}


def papers() -> Iterator[Odd]:
    """Fifteen prints under six beliefs, alone or by duration; contradictory ones are handled or not."""
    for number, ((name, print_), belief) in enumerate(itertools.product(PRINTS.items(), BELIEFS)):
        if print_[0] == LARGE and belief not in ("usual", "never"):
            continue
        yield _paper(f"paper, {name}, {belief}", *print_, belief, by_duration=number % 3 == 0 and print_[0] >= 4)

    for belief, handled in itertools.product(BELIEFS, (True, False)):
        yield _contradictory(belief, handled=handled)


def _contradictory(belief: str, *, handled: bool) -> Odd:
    """Everybody who responded lives, nearly all responded, nearly all are dead; and 26 of 31 is 12%."""
    whole = _paper(
        f"paper, contradictory, {belief}, handled {handled}", 31, 26, "9 days", "2%", belief, by_duration=False
    )
    analysis, study = (tomllib.loads(whole.files[name].decode()) for name in ("x.toml", "study.toml"))
    study["item"][0]["percent"] = "12%"
    study["item"].append(
        {
            "id": "os_responders",
            "kind": "survival",
            "at": "1 year",
            "value": "99%",
            "among": "responders",
            "place": "Figure 1",
        }
    )
    if handled:
        found = audit(study_of(TomlFile(path="study.toml", data=study, sha256="")))
        analysis["handled"] = {finding.id: "odd" for finding in found if finding.severity == "conflict"}
    return Odd(name=whole.name, files={"x.toml": text_of(analysis), "study.toml": text_of(study)})


def _study(n: int, responders: int, median: str, survival: str, *, by_duration: bool) -> Tables:
    place = {"place": "abstract"}
    items: list[Tables] = [
        {"id": "response", "kind": "count", "event": "response", "count": responders, "n": n, **place},
        {"id": "median", "kind": "median_time", "event": "response", "value": median, "among": "responders", **place},
        {"id": "os", "kind": "survival", "at": "1 year", "value": survival, **place},
    ]
    if by_duration:
        items += [
            {"id": "os_short", "kind": "survival", "at": "1 year", "value": survival, "among": "short", **place},
            {"id": "os_long", "kind": "survival", "at": "1 year", "value": "50%", "among": "long", **place},
            {
                "id": "d",
                "kind": "covariate_summary",
                "covariate": "duration",
                "median": "38 days",
                "lowest": "38 days",
                "highest": "38 days",
                **place,
            },
        ]
    words = dict.fromkeys(("title", "citation", "design", "read"), "odd")
    groups = {
        "responders": {"by": "response", "value": "yes", "label": "responders"},
        "short": {"by": "duration", "rule": "<= 38 days", "label": "short"},
        "long": {"by": "duration", "rule": "> 38 days", "label": "long"},
    }
    study = {
        "id": "odd",
        "n": n,
        "time_zero": "boost",
        "population": "a",
        "definition": "b",
        "definition_words": "c",
        **words,
    }
    return {"schema": 1, "study": study, "group": groups, "item": items}


def _analysis(title: str) -> Tables:
    tables = copy.deepcopy(dict(document(MODELS / "main.toml").tables))
    kept = {key: tables[key] for key in ("schema", "hazards", "follow_up", "prior")}
    return {**kept, "title": title, "question": "odd?", "study": "study.toml"}


def _paper(name: str, n: int, responders: int, median: str, survival: str, belief: str, *, by_duration: bool) -> Odd:
    analysis = _analysis(name)
    survivals = ["os_short", "os_long"] if by_duration else ["os"]
    medians = ["median"] if responders else []
    analysis["fit"] = {"items": ["response", *medians, *survivals], "why": "odd"}
    analysis["cohort"] = (
        {"form": "log2", "sizes": {"short": n // 2}, "why": "odd"} if by_duration else {"form": "none", "why": "odd"}
    )
    if by_duration:
        analysis["report"] = {"durations": [0.5, 3650.0]}
    _with_beliefs(analysis, belief)
    study = _study(n, responders, median, survival, by_duration=by_duration)
    files = {"x.toml": text_of(analysis), "study.toml": text_of(study)}
    return Odd(name=name, files=files, is_large=n == LARGE)


# Tables: response day or none, last day, died.


def _copies(
    n: int, response: float | None, last: float, died: int
) -> Callable[[np.random.Generator], list[tuple[Any, ...]]]:
    return lambda rng: [(response, last, died)] * n


def _drawn(
    n: int, *, response: float, death: float, end: float
) -> Callable[[np.random.Generator], list[tuple[Any, ...]]]:
    def rows(rng: np.random.Generator) -> list[tuple[Any, ...]]:
        made = []
        for _ in range(n):
            came, died = rng.exponential(response) + 0.5, rng.exponential(death) + 0.5
            last = round(min(died, end), 2)
            made.append((round(came, 2) if came < last else None, last, int(died < end)))
        return made

    return rows


COURSES: Mapping[str, Callable[[np.random.Generator], list[tuple[Any, ...]]]] = {
    "a hundred copies, responded and died": _copies(100, 9.0, 100.0, 1),
    "a hundred copies, responded and alive": _copies(100, 9.0, 100.0, 0),
    "a hundred copies, died without": _copies(100, None, 100.0, 1),
    "zero events": _copies(40, None, 365.0, 0),
    "everyone dead on day 1": _copies(30, None, 1.0, 1),
    "everyone responds on day 1": _copies(30, 1.0, 2.0, 0),
    "one patient, no event": _copies(1, None, 10.0, 0),
    "one patient, responded": _copies(1, 5.0, 10.0, 0),
    "one patient, died": _copies(1, None, 10.0, 1),
    "two patients": lambda rng: [(None, 3.0, 1), (2.0, 400.0, 0)],
    "seconds after the boost": _copies(20, 1e-4, 2e-4, 1),
    "a century": _copies(20, 20_000.0, 36_500.0, 0),
    "ten thousand": _drawn(LARGE, response=14.0, death=300.0, end=730.0),
    "fifty, nobody dies": _drawn(50, response=14.0, death=1e9, end=365.0),
    "fifty, nobody responds": _drawn(50, response=1e9, death=100.0, end=365.0),
    "fifty, no death without response": lambda rng: [(1.0 + k % 5, 50.0 + k, 1) for k in range(50)],
    "fifty, no death after response": lambda rng: [(2.0, 100.0, 0) if k % 2 else (None, 5.0 + k, 1) for k in range(50)],
    "fifteen": _drawn(15, response=10.0, death=200.0, end=365.0),
}


def tables(*, centres: bool) -> Iterator[Odd]:
    """Eighteen courses under three beliefs, with two centres and a covariate or without."""
    for (name, rows), belief in itertools.product(COURSES.items(), ("usual", "never", "steep")):
        made = rows(np.random.default_rng(SEED))
        if centres and len(made) < 2:
            continue
        kind = "table with centres" if centres else "table"
        yield Odd(
            name=f"{kind}, {name}, {belief}",
            files={"x.toml": _of_table(name, belief, centres=centres), "t.csv": _csv(made)},
            is_large=len(made) == LARGE,
        )


def _csv(rows: list[tuple[Any, ...]]) -> bytes:
    lines = ["id,response_day,last_day,died,x,centre"]
    for k, (response, last, died) in enumerate(rows):
        centre = "alone" if k == 0 else "rest"
        lines.append(f"p{k},{'' if response is None else response},{last},{died},{1e6 if k == 0 else k % 2},{centre}")
    return ("\n".join(lines) + "\n").encode()


def _of_table(name: str, belief: str, *, centres: bool) -> bytes:
    prior = {
        id: believed
        for id, believed in document(MODELS / "main.toml").tables["prior"].items()
        if "ratio" not in id and id != "lost_by_one_year"
    }
    analysis: Tables = {
        "schema": 1,
        "title": name,
        "question": "odd?",
        "prior": copy.deepcopy(prior),
        "report": {"days": [1.0, 30.0, 365.0]},
        "patients": {"file": "t.csv", "units": "days", "why": "odd"},
    }
    _with_beliefs(analysis, belief)
    if centres:
        analysis["centres"] = {"column": "centre", "hazard_ratio_rarely_above": 4.0, "why": "odd"}
        analysis["covariates"] = {"x": {"column": "x", "label": "x", "hazard_ratio_rarely_above": 3.0, "why": "odd"}}
    return text_of(analysis)


# Pools of two papers.

PAIRS = (
    ("nobody responds", "everybody responds"),
    ("nobody dies", "everybody dies"),
    ("two patients", "a thousand"),
    ("one patient who responds", "one patient who dies"),
    ("a thousand", "a thousand"),
    ("three patients", "two patients"),
    ("a first day for all", "a last day for all"),
    ("nobody dies", "nobody dies"),
    ("a half in all", "a tenth of a percent"),
)


def pools() -> Iterator[Odd]:
    """Nine pairs of prints under three beliefs about the average."""
    base = document(MODELS / "pooled.toml").tables
    for (one, other), belief in itertools.product(PAIRS, ("usual", "instant", "nothing known")):
        files: dict[str, bytes] = {}
        for member, print_ in (("first", PRINTS[one]), ("second", PRINTS[other])):
            analysis, study = _analysis(member), _study(*print_, by_duration=False)
            study["study"]["id"] = member
            medians = ["median"] if print_[1] else []
            analysis |= {
                "study": f"{member}_study.toml",
                "cohort": {"form": "none", "why": "odd"},
                "fit": {"items": ["response", *medians, "os"], "why": "odd"},
            }
            _with_beliefs(analysis, belief)
            files |= {f"{member}.toml": text_of(analysis), f"{member}_study.toml": text_of(study)}
        pool = {key: base[key] for key in ("schema", "between_studies", "exchangeable")}
        pool |= {
            "title": f"{one} and {other}",
            "question": "odd?",
            "studies": ["first", "second"],
            "population": "a",
            "population_words": "a",
            "definition": "b",
        }
        yield Odd(name=f"pool, {one} and {other}, {belief}", files=files | {"x.toml": text_of(pool)})
