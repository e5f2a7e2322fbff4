"""Whatever a study file says, it is refused with a sentence or audited: there is no other error."""

from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.study import load_study

HEAD = """schema = 1
[study]
id = "x"
title = "x"
citation = "x"
n = {n}
time_zero = "boost"
design = "x"
read = "x"
"""
GROUPS = """[event.relapse]
words = "relapse"
[event.relapse_or_death]
words = "relapse or death"
ends = true
[group.relapsed]
by = "response"
event = "relapse"
value = "yes"
label = "relapsed"
[group.yes]
by = "response"
value = "yes"
label = "yes"
[group.no]
by = "response"
value = "no"
label = "no"
[group.short]
by = "duration"
rule = "<= {cut}"
label = "short"
[group.long]
by = "duration"
rule = "> {cut}"
label = "long"
[group.with]
by = "characteristic"
of = "drug"
value = "yes"
label = "with"
[group.without]
by = "characteristic"
of = "drug"
value = "no"
label = "without"
"""
NAMES = ("all", "yes", "no", "short", "long", "with", "without", "relapsed")
ENDS, OTHERS = ("death", "relapse_or_death"), ("response", "relapse")
PROPORTIONS = ("0%", "100%", "50%", "0.5", "1.0", "0.0", "99.9999999999999999%", "0.00000000000000001%", "33.3%", "59%")
TIMES = ("1 year", "12 months", "0.7 years", "8.4 months", "30 days", "38 days", "1 day", "5.5 weeks", "0 days")
PS = (".007", "< .05", "> .99", "1", ".000", "0.5", "< .001", "NS", "0", "< .000", "1.0", "> .05")


def one_of(rng: np.random.Generator, values: tuple[str, ...]) -> str:
    return str(rng.choice(values))


def proportion(rng: np.random.Generator) -> str:
    return one_of(rng, PROPORTIONS) if rng.random() < 0.4 else f"{rng.integers(0, 101)}%"


def limits(rng: np.random.Generator, value: str) -> str:
    lower, upper = proportion(rng), proportion(rng)
    level = one_of(rng, ("0.95", "0.9", "0.0001", "0.9999999999999999"))
    return f'value = "{value}"\nlower = "{lower}"\nupper = "{upper}"\nlevel = {level}\n'


def item(rng: np.random.Generator, number: int, n: int) -> str:
    kind = one_of(rng, ("count", "share", "incidence", "survival", "everybody_died_by", "median_time", "p_value"))
    known = {"incidence": OTHERS, "survival": ENDS, "everybody_died_by": ENDS}
    event = one_of(rng, known.get(kind, (*OTHERS, *ENDS)))
    text = f'[[item]]\nid = "i{number}"\nkind = "{kind}"\nplace = "x"\n'
    if kind != "p_value":
        text += f'among = "{one_of(rng, NAMES)}"\n'
    if kind != "p_value":
        text += f'event = "{event}"\n'
    if kind in ("incidence", "survival"):
        text += f'at = "{one_of(rng, TIMES)}"\n'
    if kind == "count":
        size = int(rng.integers(1, n + 1))
        return f'{text}count = {rng.integers(0, size + 1)}\nn = {size}\npercent = "{proportion(rng)}"\n'
    if kind in ("share", "incidence", "survival"):
        value = proportion(rng)
        return text + (limits(rng, value) if rng.random() < 0.5 else f'value = "{value}"\n')
    if kind == "everybody_died_by":
        return f'{text}by = "{one_of(rng, TIMES)}"\nwords = "all died"\n'
    if kind == "median_time":
        return f'{text}value = "{one_of(rng, TIMES)}"\n'
    outcome = one_of(rng, ("survival", "response"))
    text += f'event = "{one_of(rng, ENDS if outcome == "survival" else OTHERS)}"\n'
    text += f'comparison = "{outcome} by {one_of(rng, ("duration", "characteristic"))}"\n'
    test = 'test = { name = "fisher", status = "printed" }\n' if rng.random() < 0.5 else ""
    pair = [str(name) for name in rng.choice(NAMES, 2)]
    return f'{text}groups_compared = ["{pair[0]}", "{pair[1]}"]\n{test}value = "{one_of(rng, PS)}"\n'


def study_text(rng: np.random.Generator) -> str:
    n = int(rng.choice([1, 2, 3, 5, 12, 31, 60, 200, 201, 5000]))
    text = HEAD.format(n=n) + GROUPS.format(cut=one_of(rng, TIMES[:-1]))
    if rng.random() < 0.5:
        text += '[[item]]\nid = "d"\nkind = "covariate_summary"\ncovariate = "duration"\nplace = "x"\n'
        text += f'median = "{one_of(rng, TIMES)}"\n'
    return text + "".join(item(rng, number, n) for number in range(int(rng.integers(1, 8))))


@pytest.mark.parametrize("seed", range(8))
def test_a_random_study_is_refused_or_audited(tmp_path: Path, seed: int):
    rng = np.random.default_rng([20261128, seed])
    path, audited = tmp_path / "x.toml", 0
    for _ in range(60):
        path.write_text(study_text(rng))
        try:
            study = load_study(path)
        except InputError:
            continue
        found = audit(study)
        audited += 1
        assert len({finding.id for finding in found}) == len(found)
        assert not any(word in f"{one.sentence} {one.arithmetic}" for one in found for word in ("nan", "None", " inf"))
    assert audited > 5
