"""Corners that real studies have, written as files: prints, tables of patients, and pools of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

SIZES = (1, 2, 3, 5, 15)
SINGLE_DAY = 10  # on which all events are, in the corner of that name

# A patient: day of response or None, last day, died.
Course = tuple[int | None, int, bool]


def _ordinary(k: int) -> Course:
    return (None, 12 + k, True) if k % 4 == 3 else (5 + k, 60 + 20 * k, k % 3 == 1)


def _one_day(k: int) -> Course:
    return (None, SINGLE_DAY, True) if k % 3 == 1 else (SINGLE_DAY, SINGLE_DAY, False)


COURSES: Mapping[str, Callable[[int], Course]] = {
    "ordinary": _ordinary,
    "nobody died": lambda k: (None if k % 3 == 2 else 5 + k, 60 + 20 * k, False),
    "nobody responded": lambda k: (None, 60 + 20 * k, k % 2 == 0),
    "nothing happened": lambda k: (None, 60 + 20 * k, False),
    "everybody responded": lambda k: (5 + k, 60 + 20 * k, k % 2 == 0),
    "everybody died": lambda k: (None if k % 3 == 2 else 5 + k, 60 + 20 * k, True),
    "everybody died on day 1": lambda k: (None, 1, True),
    "everybody responded and lived": lambda k: (5 + k, 60 + 20 * k, False),
    "all events on one day": _one_day,
    "no death before a response": lambda k: (None, 60 + k, False) if k % 3 == 2 else (5 + k, 90 + k, k % 2 == 0),
    "no death after a response": lambda k: (None, 60 + k, True) if k % 3 == 2 else (5 + k, 90 + k, False),
}

BELIEFS = """
[prior.response_median]
best_guess = 14.0
below = 60.0
why = "x"
[prior.never_respond]
best_guess = 0.10
below = 0.40
why = "x"
[prior.death_without_response]
best_guess = 0.70
below = 0.98
why = "x"
[prior.death_after_response]
best_guess = 0.30
below = 0.70
why = "x"
"""
STEPS = """
[prior.death_after_response_step]
best_guess = 1.0
below = 3.0
why = "x"
"""


def _shapes(*transitions: str) -> str:
    return "".join(
        f'[prior.{transition}_shape]\nbest_guess = 1.0\nbelow = 3.0\nwhy = "x"\n' for transition in transitions
    )


WEIBULL = "[hazards]\nnever_respond = true\n" + _shapes(
    "response", "death_without_response", "death_after_response"
)  # fmt: skip
CHANGING = (
    '[hazards]\nnever_respond = true\ndeath_after_response = "piecewise_exponential"\n'
    "[hazards.cuts]\ndeath_after_response = [30.0, 100.0]\n" + _shapes("response", "death_without_response") + STEPS
)
CENTRES = '[centres]\ncolumn = "centre"\nhazard_ratio_rarely_above = 4.0\nwhy = "x"\n'
COVARIATES = """
[covariates.sex]
column = "sex"
label = "sex"
levels = ["f", "m"]
hazard_ratio_rarely_above = 3.0
why = "x"
[covariates.age]
column = "age"
label = "age"
reference = 50.0
hazard_ratio_rarely_above = 3.0
why = "x"
"""

TABLES = {  # what a table's analysis says besides
    "plain": WEIBULL,
    "of two centres": WEIBULL + CENTRES,
    "of two centres with correlated effects": WEIBULL + CENTRES + "correlated = true\n",
    "with covariates": WEIBULL + COVARIATES,
    "with hazards that change": CHANGING,
}


def rows_of(corner: str, n: int) -> str:
    """A table of n patients as CSV, without its header."""
    rows = []
    for k in range(n):
        response, last, died = COURSES[corner](k)
        sex, centre = "fm"[k % 2], ("north", "south")[k % 2]
        rows.append(f"p{k},{'' if response is None else response},{last},{int(died)},{sex},{40 + 3 * k},{centre}")
    return "\n".join(rows)


def table_of_patients(folder: Path, corner: str, n: int, kind: str) -> Path:
    """Write a table and its analysis; returns the path of the analysis."""
    header = "id,response_day,last_day,died,sex,age,centre"
    (folder / "table.csv").write_text(f"{header}\n{rows_of(corner, n)}\n", encoding="utf-8")
    text = f"""
schema = 1
title = "{corner}"
question = "What can be said of so few?"
[patients]
file = "table.csv"
units = "days"
why = "invented"
[patients.wide]
response_day = "response_day"
last_day = "last_day"
died = "died"
[report]
days = [28, 365]
"""
    path = folder / "table.toml"
    path.write_text(text + BELIEFS + TABLES[kind], encoding="utf-8")
    return path


# A print: responders and deaths out of n, and survival of everybody.
PRINTS: Mapping[str, Callable[[int], tuple[int, int]]] = {
    "ordinary": lambda n: ((2 * n + 2) // 3, n // 3),
    "nobody died": lambda n: (n // 2, 0),
    "nobody responded": lambda n: (0, n // 2),
    "nothing happened": lambda n: (0, 0),
    "everybody responded": lambda n: (n, n // 2),
    "everybody responded and lived": lambda n: (n, 0),
    "everybody died": lambda n: (n // 2, n),
    "everybody responded and died": lambda n: (n, n),
}
NO_DURATIONS = '[cohort]\nform = "none"\nwhy = "x"\n'
BY_DURATION = '[cohort]\nreference = 38.0\nform = "{form}"\nsizes = {{ short = {short} }}\nwhy = "x"\n'
DURATION_BELIEFS = "".join(
    f'[prior.hazard_ratio_{transition}]\nbest_guess = 1.0\nbelow = 2.5\nwhy = "x"\n'
    for transition in ("response", "death_without_response", "death_after_response")
)
TESTS = {
    "p_response": "cox", "p_spearman": "spearman", "p_gray": "fine-gray", "p_fisher": "fisher", "p_groups": "log-rank",
    "p_states": "log-rank", "p_survival": "cox",
}  # fmt: skip
GROUPS = """
[group.responders]
by = "response"
value = "yes"
label = "responders"
[group.others]
by = "response"
value = "no"
label = "the others"
[group.short]
by = "duration"
rule = "<= 38 days"
label = "38 days or less"
[group.long]
by = "duration"
rule = "> 38 days"
label = "more than 38 days"
[[item]]
id = "duration"
kind = "covariate_summary"
covariate = "duration"
median = "38 days"
lowest = "7 days"
highest = "151 days"
place = "abstract"
"""
PS = """
[[item]]
id = "p_response"
kind = "p_value"
comparison = "response by duration"
value = ".5"
place = "abstract"
[[item]]
id = "p_spearman"
kind = "p_value"
comparison = "response by duration"
value = ".5"
place = "abstract"
[[item]]
id = "p_gray"
kind = "p_value"
comparison = "response by duration"
value = ".5"
place = "abstract"
[[item]]
id = "p_fisher"
kind = "p_value"
comparison = "response by duration"
groups_compared = ["short", "long"]
value = ".5"
place = "abstract"
[[item]]
id = "p_groups"
kind = "p_value"
comparison = "survival by duration"
groups_compared = ["short", "long"]
value = ".5"
place = "abstract"
[[item]]
id = "p_states"
kind = "p_value"
comparison = "survival by response"
groups_compared = ["responders", "others"]
value = ".5"
place = "abstract"
[[item]]
id = "p_survival"
kind = "p_value"
comparison = "survival by duration"
value = ".5"
place = "abstract"
"""


def item(kind: str, id: str, **said: object) -> str:
    """One item of a study file."""
    values = {"id": id, "kind": kind, **said, "place": "abstract"}
    lines = [f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in values.items()]
    return "\n".join(["", "[[item]]", *lines, ""])


def printed_study(name: str, corner: str, n: int) -> tuple[str, list[str]]:
    """The text of a study, and the ids of what an analysis of it fits."""
    responders, deaths = PRINTS[corner](n)
    alive = f"{100.0 * (n - deaths) / n:.0f}%"
    head = f'schema = 1\n[study]\nid = "{name}"\ntitle = "{corner}"\ncitation = "Nobody N. J Exp 2024;1:1"\nn = {n}\n'
    head += 'time_zero = "operation"\ncondition = "fever"\n'
    head += 'design = "invented"\npopulation = "few"\ndefinition = "any"\nread = "abstract"\n'
    items = item("count", "response", event="response", count=responders, n=n, percent=f"{100 * responders / n:.0f}%")
    items += item("count", "deaths", event="death", count=deaths, n=n)
    items += item("survival", "os_1y", at="1 year", value=alive)
    items += item("share", "died", event="death", value=f"{100.0 * deaths / n:.0f}%")
    items += item("incidence", "by_28", event="response", at="28 days", value=f"{100.0 * responders / n:.0f}%")
    fitted = ["response", "os_1y"]
    if responders:
        day = f"{SINGLE_DAY} days"
        items += item("median_time", "response_median", event="response", among="responders", value=day,
                      lowest=day, highest=day)  # fmt: skip
        fitted.append("response_median")
    if 2 * deaths >= n:
        items += item("median_time", "death_median", event="death", value="90 days", lower="80 days", upper="100 days",
                      level=0.95)  # fmt: skip
    if deaths == n:
        items += item("everybody_died_by", "all_died", by="1 year", words="all died")
    return head + GROUPS + items + PS, fitted


def paper(folder: Path, corner: str, n: int, form: str = "none", *, name: str = "paper", more: str = "") -> Path:
    """Write a study and its analysis, with a cohort of a form; returns the path of the analysis."""
    study, fitted = printed_study(name, corner, n)
    (folder / f"{name}_study.toml").write_text(study, encoding="utf-8")
    cohort = NO_DURATIONS if form == "none" else BY_DURATION.format(form=form, short=(n + 1) // 2)
    tests = "".join(f'{id} = {{ test = "{test}" }}\n' for id, test in TESTS.items())
    text = f"""
schema = 1
title = "{corner}"
question = "What can be said of so few?"
study = "{name}_study.toml"
[fit]
items = {fitted!r}
why = "x"
{cohort}
[follow_up]
complete = true
why = "x"
[conventions]
[conventions.tests]
{tests}
{WEIBULL}{BELIEFS}{DURATION_BELIEFS}{more}
[report]
durations = [14.0, 90.0]
"""
    path = folder / f"{name}.toml"
    path.write_text(text.replace("'", '"'), encoding="utf-8")
    return path


def known_patients(corner: str, n: int, *, inside: bool, differ: bool) -> str:
    """A table of n patients in the analysis of a paper."""
    ratio = "hazard_ratio_rarely_above = 3.0\n" if differ else ""
    rows = "\n".join(row.rsplit(",", 3)[0] for row in rows_of(corner, n).split("\n"))
    return (
        f'[known_patients]\nrows = """\nid,response_day,last_day,died\n{rows}\n"""\nunits = "days"\n'
        f'inside = {str(inside).lower()}\nwhy = "x"\n{ratio}'
    )


def pool(folder: Path, corner: str, n: int, *, with_table: bool, weight: float = 1.0) -> Path:
    """Write a pool of two papers, one of them ordinary, with and without patients known beside the other."""
    more = (
        known_patients(corner if corner in COURSES else "ordinary", n, inside=False, differ=True) if with_table else ""
    )
    paper(folder, corner, n, name="first", more=more)
    paper(folder, "ordinary", 15, name="second")
    text = f"""
schema = 1
title = "{corner}"
question = "What can be said of so few?"
studies = ["first", "second"]
population = "few"
definition = "any"
[between_studies]
response = 4.0
death_without_response = 4.0
death_after_response = 4.0
never_respond = 4.0
lost_by_one_year = 4.0
why = "x"
[exchangeable]
weight = {weight}
why = "x"
"""
    path = folder / "pool.toml"
    path.write_text(text, encoding="utf-8")
    return path
