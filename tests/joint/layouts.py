"""Studies that print what a test wants, and analyses of them, written as files and read again."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import load_analysis

STUDY = """schema = 1

[study]
id = "{id}"
title = "A study that was made up"
citation = "Nobody N. J Exp 2024;1:1"
n = {n}
time_zero = "boost"
design = "simulated"
read = "abstract"

[group.responders]
by = "response"
value = "yes"
label = "responders"

[group.others]
by = "response"
value = "no"
label = "non-responders"

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
ANALYSIS = """schema = 1
title = "An analysis of it"
question = "Are the numbers as likely as they are said to be?"
study = "{id}_study.toml"

[fit]
items = {items}
why = "all that is printed"

[cohort]
{cohort}
why = "as the study says"

[hazards]
never_respond = true
clock = "{clock}"

[follow_up]
{follow_up}
why = "as the study says"

[conventions]
median_interval = "{scale}"
{beliefs}"""
BELIEFS = {
    "response_median": (14.0, 60.0),
    "response_shape": (1.3, 3.0),
    "never_respond": (0.10, 0.40),
    "death_without_response": (0.70, 0.98),
    "death_without_response_shape": (1.0, 2.0),
    "death_after_response": (0.35, 0.80),
    "death_after_response_shape": (1.0, 2.0),
    "hazard_ratio_response": (1.0, 2.5),
    "hazard_ratio_death_without_response": (1.0, 2.5),
    "hazard_ratio_death_after_response": (1.0, 2.5),
    "lost_by_one_year": (0.20, 0.60),
}
BELIEF = '\n[prior.{id}]\nbest_guess = {guess}\nbelow = {below}\nwhy = "invented"\n'
WINDOW = "shortest = 144.0\nlongest = 816.0"  # patients came evenly over 22 months, to the last 5 months ago
NO_END, COMPLETE = "complete = false", "complete = true"


def item(id: str, kind: str, **said: object) -> str:
    """One printed number as TOML."""
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in (("id", id), ("kind", kind), *said.items())]
    return "\n[[item]]\n" + "\n".join(lines) + '\nplace = "abstract"\n'


def responders(count: int, n: int) -> str:
    """So many of so many responded."""
    return item("response", "count", event="response", count=count, n=n)


def survival(id: str, at: str, value: str, **said: object) -> str:
    """A survival; of everybody unless said otherwise."""
    return item(id, "survival", at=at, value=value, **said)


def layout(
    folder: Path,
    n: int,
    items: Sequence[str],
    *,
    id: str = "layout",
    fitted: Sequence[str] | None = None,
    follow_up: str = WINDOW,
    by_duration: bool = False,
    scale: str = "log-log",
    clock: str = "reset",
    beliefs: Mapping[str, tuple[float, float]] = BELIEFS,
) -> Member:
    """An analysis of a study of n patients that prints these items; all of them are fitted unless said otherwise."""
    (folder / f"{id}_study.toml").write_text(STUDY.format(id=id, n=n) + "".join(items))
    ids = [line.split('"')[1] for one in items for line in one.splitlines() if line.startswith("id =")]
    cohort = f'form = "log2"\nsizes = {{ short = {(n + 1) // 2} }}' if by_duration else 'form = "none"'
    text = ANALYSIS.format(
        id=id,
        items=repr(list(ids if fitted is None else fitted)).replace("'", '"'),
        cohort=cohort,
        clock=clock,
        follow_up=follow_up,
        scale=scale,
        beliefs="".join(BELIEF.format(id=id, guess=guess, below=below) for id, (guess, below) in beliefs.items()),
    )
    (folder / f"{id}.toml").write_text(text)
    return load_analysis(folder / f"{id}.toml")
