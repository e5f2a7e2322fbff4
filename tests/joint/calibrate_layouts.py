"""Calibration of layouts: made-up studies of 15, 30 and 90 patients that print the same kinds of numbers.

Run as a program, ``.venv/bin/python -m tests.joint.calibrate_layouts L1 --studies 200``: an analysis of each size and
follow-up is written into a folder and calibrated as ``hscb calibrate`` does.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hscb_bayes.checking.methods.calibrate import SEED, SHOWN, calibrate, write_rows
from hscb_bayes.executors import executor_at
from tests.joint.layouts import COMPLETE, WINDOW, item, layout, responders, survival

SIZES = (15, 30, 90)
FOLLOW_UP = {"complete": COMPLETE, "censored": WINDOW}
RESULTS = Path("docs/results/layouts.csv")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What is printed, and what is fitted of it, of n patients who are all followed, or not."""

    words: str
    items: Callable[[int, bool], Sequence[str]]


def _days(n: int, is_complete: bool) -> list[str]:
    deaths = item("deaths", "count", event="death", count=n // 3, n=n, **({"at": "18 months"} if is_complete else {}))
    return [
        responders(round(0.8 * n), n),
        survival("os_6m", "6 months", "80%"),
        survival("os_12m", "12 months", "70%"),
        survival("os_24m", "24 months", "55%"),
        deaths,
    ]


def _medians(n: int, _is_complete: bool) -> list[str]:
    days = {"value": "10 days", "first_quartile": "7 days", "third_quartile": "18 days"}
    months = {"value": "20.1 months", "lower": "11.2 months", "upper": "30.4 months"}
    return [
        responders(round(0.8 * n), n),
        survival("os_12m", "12 months", "70%"),
        item("response_median", "median_time", event="response", among="responders", **days),
        item("os_median", "median_time", event="death", level=0.95, **months),
    ]


def _counts(n: int, is_complete: bool) -> list[str]:
    by_days = [
        item(f"by_{day}", "count", event="response", at=f"{day} days", count=round(share * n), n=n)
        for day, share in ((14, 0.5), (28, 0.7))
    ]
    deaths = item("deaths", "count", event="death", count=n // 3, n=n, **({"at": "12 months"} if is_complete else {}))
    follow_up = item("follow_up", "follow_up", estimator="reverse_kaplan_meier", value="15.0 months")
    return [*by_days, deaths, *([] if is_complete else [follow_up])]


def _at_risk(n: int, _is_complete: bool) -> list[str]:
    numbers = [
        item(f"at_risk_{month}m", "at_risk", at=f"{month} months", count=round(share * n))
        for month, share in ((6, 0.75), (12, 0.5))
    ]
    return [responders(round(0.8 * n), n), survival("os_12m", "12 months", "70%"), *numbers]


LAYOUTS = {
    "L1": Layout(words="survival at three days, deaths, responders", items=_days),
    "L2": Layout(
        words="median survival with limits, survival at one year, responders, quartiles of days", items=_medians
    ),
    "L4": Layout(words="responders by two days, deaths, median follow-up", items=_counts),
    "L7": Layout(words="numbers at risk, survival at one year, responders", items=_at_risk),
}


def write(folder: Path, name: str, n: int, follow_up: str) -> Path:
    """Write an analysis of a layout; returns its path."""
    is_complete, id = follow_up == "complete", f"{name.lower()}_{n}_{follow_up}"
    folder.mkdir(parents=True, exist_ok=True)
    layout(folder, n, LAYOUTS[name].items(n, is_complete), id=id, follow_up=FOLLOW_UP[follow_up])
    return folder / f"{id}.toml"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layouts", nargs="+", choices=LAYOUTS)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--work", type=Path, default=Path("results/layouts"))
    parser.add_argument("--out", type=Path, default=RESULTS)
    said = parser.parse_args()
    with executor_at(None, workers=said.workers) as executor:
        for name in said.layouts:
            command = f"python -m tests.joint.calibrate_layouts {name} --studies {said.studies}"
            for n in said.sizes:
                for follow_up in FOLLOW_UP:
                    path = write(said.work, name, n, follow_up)
                    rows = calibrate(str(path), studies=said.studies, seed=said.seed, work=said.work, executor=executor)
                    write_rows(said.out, rows, command=command, seed=said.seed)
                    print(pd.DataFrame(rows)[list(SHOWN)].to_string(index=False), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
