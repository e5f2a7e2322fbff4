"""Kill runs with SIGKILL at random moments, and see that results are the old or the new ones, whole.

``make kills`` writes docs/results/robustness.csv. Most kills are of the writing stage alone, which takes a fraction of
a second of a run of a minute; some are of the whole command, with its code compiled before.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from hscb_bayes.stopping import end_with_parent
from tests.robustness.table import TABLE, record
from tests.robustness.writing import MIXED, Writer, ready

KILLS, COMMANDS, WORKERS, SECONDS, SEED = 1000, 30, 2, 1800.0, 1
BETWEEN = 10  # runs, after which a whole write is timed again
LONGER = 1.2  # every second kill is spread over the duration of a whole write, and a little more
NEAR_THE_END = 0.1  # the others are near its end, where names are exchanged; standard deviation, in durations
RUN_SECONDS = 45.0  # of a whole run with compiled code; kills are spread over them
WRITING = "kill -9 while a run writes its results"
COMMAND = "kill -9 of hscb run, code compiled before"


@dataclass
class Outcome:
    """What kills led to."""

    kills: int = 0
    torn: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)
    replaced: int = 0  # after how many the new results were there
    left: int = 0  # after how many something was left beside, for the next run to remove


def kill_writing(folder: Path, *, kills: int, seconds: float, seed: int) -> Outcome:
    """Kill runs while they write; bounded by their number and by seconds. A run that ended before is no kill."""
    rng, writer, outcome = np.random.default_rng(seed), Writer(folder / "main"), Outcome()
    began, number, length = time.monotonic(), 0, 0.0
    while outcome.kills < kills and time.monotonic() - began < seconds:
        if number % BETWEEN == 0:  # the machine is not always as fast
            length, number = _whole_write(writer, number), number + 1
        share = rng.uniform(0.0, LONGER) if number % 2 else rng.normal(1.0, NEAR_THE_END)
        _kill_one(writer, number, max(0.0, share * length), outcome)
        number += 1
    _whole_write(writer, number)
    if writer.left_beside() or writer.number_in() != number:
        outcome.torn.append(f"after the last kill: {writer.number_in()}, {writer.left_beside()}")
    return outcome


def _kill_one(writer: Writer, number: int, delay: float, outcome: Outcome) -> None:
    """Kill a run some seconds after it began to write, and look at what is there."""
    before = writer.number_in()
    child, reader = writer.forked(number)
    os.read(reader, 1)
    os.close(reader)
    beside = writer.left_beside()
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    outcome.kills += os.WIFSIGNALED(status)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        outcome.tracebacks.append(f"run {number} ended with an error")
    after = writer.number_in()
    outcome.replaced += os.WIFSIGNALED(status) and after == number
    outcome.left += bool(writer.left_beside())
    if after not in (before, number):
        wrong = outcome.mixed if after == MIXED else outcome.torn
        wrong.append(f"run {number}: {before} was there, then {after}")
    if len(beside) > 1:
        outcome.torn.append(f"run {number}: earlier ones left {beside}")


def _whole_write(writer: Writer, number: int) -> float:
    """Seconds of a write that nobody kills, from where writing begins."""
    child, reader = writer.forked(number)
    os.read(reader, 1)
    began = time.monotonic()
    _, status = os.waitpid(child, 0)
    os.close(reader)
    if status:
        raise RuntimeError(f"a run that nobody killed ended with status {status}")
    return time.monotonic() - began


def kill_commands(folder: Path, *, kills: int, seconds: float, seed: int) -> Outcome:
    """Kill the whole command ``hscb run main``; earlier results are in its place."""
    rng, writer, outcome, began = np.random.default_rng(seed), Writer(folder / "main"), Outcome(), time.monotonic()
    _whole_write(writer, 0)
    command = [sys.executable, "-m", "hscb_bayes.cli", "run", "main", "--out", str(writer.out), "--quiet"]
    for number in range(kills):
        if time.monotonic() - began > seconds:
            break
        running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            running.wait(rng.uniform(0.0, RUN_SECONDS))
        except subprocess.TimeoutExpired:
            running.kill()
        said = running.communicate()[1].decode()
        outcome.kills += running.returncode == -signal.SIGKILL
        outcome.left += bool(writer.left_beside())
        if said:
            outcome.tracebacks.append(f"kill {number} of the command: it said {said[-300:]!r}")
        if writer.number_in() != 0 and running.returncode != 0:
            outcome.torn.append(f"kill {number} of the command: the earlier results are not there")
        if running.returncode == 0:
            _whole_write(writer, 0)
    return outcome


def in_processes(kill: Callable[..., Outcome], kills: int, options: argparse.Namespace) -> Outcome:
    """The kills shared out to processes, each with a place and moments of its own."""
    ready()  # once for all processes
    fork, total = multiprocessing.get_context("fork"), Outcome()
    shares = [len(range(start, kills, options.workers)) for start in range(min(kills, options.workers))]
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(len(shares), fork, initializer=end_with_parent) as executor,
    ):
        begun = []
        for number, share in enumerate(shares):
            place = Path(folder) / str(number)
            place.mkdir()
            seed = options.seed + number
            begun.append(executor.submit(kill, place, kills=share, seconds=options.seconds, seed=seed))
        for one in begun:
            for field_ in fields(Outcome):
                setattr(total, field_.name, getattr(total, field_.name) + getattr(one.result(), field_.name))
    return total


def main(arguments: list[str] | None = None) -> None:
    """Kill, say what came of it, and record it."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.kills", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=KILLS, help="of the writing stage")
    parser.add_argument("--commands", type=int, default=COMMANDS, help="of the whole command")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="after which no kill of a kind begins")
    parser.add_argument("--seed", type=int, default=SEED, help="of the moments")
    parser.add_argument("--out", type=Path, default=TABLE, help="table to put rows into; its other rows stay")
    options = parser.parse_args(arguments)
    command = f"python -m tests.robustness.kills --kills {options.kills} --commands {options.commands}"
    command, wrong = f"{command} --workers {options.workers}", 0
    for what, kill, kills in ((WRITING, kill_writing, options.kills), (COMMAND, kill_commands, options.commands)):
        if not kills:
            continue
        outcome = in_processes(kill, kills, options)
        found = [*outcome.tracebacks, *outcome.mixed, *outcome.torn]
        sys.stdout.write(
            f"{what}: {outcome.kills} kills, {outcome.replaced} after the exchange, {outcome.left} left something "
            f"for the next run to remove, {len(found)} went wrong\n{''.join(f'{each}\n' for each in found)}"
        )
        record(
            what, cases=outcome.kills, tracebacks=len(outcome.tracebacks), silent_wrong=len(outcome.mixed),
            torn=len(outcome.torn), command=command, seed=options.seed, path=options.out,
        )  # fmt: skip
        wrong += len(found)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
