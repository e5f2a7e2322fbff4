"""A study file to begin with: it validates, and every value is an example to be replaced."""

from __future__ import annotations

import re
from pathlib import Path

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.item import LONGEST_NAME, NAME
from hscb_bayes.sentences import quote

TEXT = """\
# What the paper prints: nothing computed, nothing assumed. Every value here is an example. Replace it by what is
# printed, or delete its table. Write numbers as text with the digits that are printed: "59%", "9 days", "1 year",
# ".007", "< .001".
# Then:  hscb audit {file}
#        hscb new analysis {file}
schema = 1

[study]
id = "{name}"
title = "Example: the title of the paper"
citation = "Example A et al. Journal 2025;1:1-9"
# doi = "10.1000/example"
n = 40                                  # patients in the study
time_zero = "start of treatment"        # the event from which times are counted; the report says "days since the ..."
condition = "disease"                   # what patients have had before; the report says "days of prior ..."
design = "example: consecutive patients who were treated"
definition_words = "example: what counts as a response"
read = "abstract"                       # which parts of the paper were read

# Events other than response and death, with the paper's words. A count or a survival names its event.
# [event.progression_or_death]
# words = "progression or death"
# ends = true                           # it includes death of any cause: its survival is progression-free survival
# [event.complete_response]             # grades of the response: declare all of them
# words = "complete response"
# grade_of = "response"
# [event.partial_response]
# words = "partial response"
# grade_of = "response"

# Groups of patients. A group by characteristic has its printed n.
# [group.arm_a]
# by = "characteristic"
# of = "arm"
# value = "yes"
# n = 20
# label = "arm A"

[group.responders]
by = "response"
value = "yes"
label = "responders"

# Responders, out of all. With  at = "30 days"  those by a day.
[[item]]
id = "response"
kind = "count"
event = "response"
count = 28
n = 40
percent = "70%"
place = "example: abstract"

# Median time to response of those who responded, with the range of their times.
[[item]]
id = "response_median"
kind = "median_time"
event = "response"
among = "responders"
value = "14 days"
lowest = "5 days"
highest = "60 days"
place = "example: abstract"

# Survival at a time, with its interval where one is printed.
[[item]]
id = "os_1y"
kind = "survival"
at = "1 year"
value = "60%"
lower = "45%"
upper = "75%"
level = 0.95
place = "example: abstract"

# Anything else that a reader should know, kept as text.
# [[item]]
# id = "toxicity"
# kind = "fact"
# label = "infusion reactions"
# value = "3 of 40"
# place = "example: table 2"
"""


def new_study(name: str, folder: Path) -> Path:
    """Write a study file to begin with; returns its path.

    Raises
    ------
    InputError
        When the name is none, the folder is not there, or the file is there already.
    """
    if not re.fullmatch(NAME, name) or len(name) > LONGEST_NAME:
        raise InputError(
            f"name: required lower-case letters, digits and underscores, a letter first, such as 'smith2025', "
            f"found {quote(name)}"
        )
    path = folder / f"{name}.toml"
    write_new(path, TEXT.format(name=name, file=path.name))
    return path


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises
    ------
    InputError
        When it is there, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path}: the file is there already; required another name, or remove the file") from None
    except OSError as error:
        raise InputError(f"{path}: the file cannot be written: {error.strerror}") from None
