"""Small papers written for a test: a study file, and an analysis of it with the priors of the main analysis."""

from collections.abc import Sequence
from pathlib import Path

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import load_analysis

MAIN = Path(__file__).parent.parent / "models" / "main.toml"
HEADER = """
schema = 1

[study]
id = "paper"
title = "A paper"
citation = "Nobody N. J Exp 2026;1:1"
n = {n}
time_zero = "start"
design = "cohort"
read = "abstract"
"""


def study_text(n: int, tables: str) -> str:
    """A study file of n patients; ``tables`` are its groups and items, each item's place left out."""
    items = tables.replace("[[item]]\n", '[[item]]\nplace = "abstract"\n')
    return HEADER.format(n=n) + items


def paper(folder: Path, study: str, items: Sequence[str], **tables: str) -> Member:
    """The analysis of ``written``."""
    return load_analysis(written(folder, study, items, **tables))


def written(
    folder: Path,
    study: str,
    items: Sequence[str],
    *,
    cohort: str = 'form = "none"',
    conventions: str = "",
    endpoints: str = "",
    arms: str = "",
) -> Path:
    """The file ``x.toml`` in a folder of an analysis that fits ``items`` of the study ``study.toml`` beside it."""
    text = MAIN.read_text(encoding="utf-8")
    priors = text[text.index("[prior.response_median]") : text.index("[handled]")]
    quoted = ", ".join(f'"{item}"' for item in items)
    (folder / "study.toml").write_text(study, encoding="utf-8")
    (folder / "x.toml").write_text(
        'schema = 1\ntitle = "x"\nquestion = "x"\nstudy = "study.toml"\n'
        f'[fit]\nitems = [{quoted}]\nwhy = "x"\n[cohort]\n{cohort}\nwhy = "x"\n'
        f"[endpoints]\n{endpoints}\n[conventions]\n{conventions}\n{arms}"
        f'[hazards]\nnever_respond = true\n[follow_up]\nwhy = "x"\n{priors}',
        encoding="utf-8",
    )
    return folder / "x.toml"
