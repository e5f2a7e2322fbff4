"""Kill runs with SIGKILL at random moments, and see that results are the old or the new ones, whole.

``make kills`` writes docs/results/robustness.csv. Most kills are of the writing stage alone, which takes a fraction of
a second of a run of a minute; some are of the whole command, with its code compiled before.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.robustness.table import TABLE, record
from tests.robustness.writing import MIXED, Writer

KILLS, COMMANDS, SECONDS, SEED = 1000, 30, 1800.0, 1
LONGER = 1.2  # every second kill is spread over the duration of a whole write, and a little more
NEAR_THE_END = 0.05  # the others are near its end, where names are exchanged; standard deviation, in durations
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
    """Kill runs while they write; bounded by their number and by seconds."""
    rng, writer, outcome, began = np.random.default_rng(seed), Writer(folder / "main"), Outcome(), time.monotonic()
    lengths = [_whole_write(writer, number) for number in (-2, -1)]
    after = writer.number_in()
    for number in range(kills):
        if time.monotonic() - began > seconds:
            break
        before, (child, reader) = after, writer.forked(number)
        os.read(reader, 1)
        os.close(reader)
        beside = writer.left_beside()
        share = rng.uniform(0.0, LONGER) if number % 2 else rng.normal(1.0, NEAR_THE_END)
        time.sleep(max(0.0, share * lengths[-1]))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        outcome.kills += 1
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            outcome.tracebacks.append(f"kill {number}: the run had ended with an error")
        after = writer.number_in()
        outcome.replaced += after == number
        outcome.left += bool(writer.left_beside())
        if after not in (before, number):
            wrong = outcome.mixed if after == MIXED else outcome.torn
            wrong.append(f"kill {number}: {before} was there, then {after}")
        if len(beside) > 1:
            outcome.torn.append(f"kill {number}: earlier ones left {beside}")
    _whole_write(writer, kills)
    if writer.left_beside() or writer.number_in() != kills:
        outcome.torn.append(f"after the last kill: {writer.number_in()}, {writer.left_beside()}")
    return outcome


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
        outcome.kills += 1
        outcome.left += bool(writer.left_beside())
        if said:
            outcome.tracebacks.append(f"kill {number} of the command: it said {said[-300:]!r}")
        if writer.number_in() != 0 and running.returncode != 0:
            outcome.torn.append(f"kill {number} of the command: the earlier results are not there")
        if running.returncode == 0:
            _whole_write(writer, 0)
    return outcome


def main(arguments: list[str] | None = None) -> None:
    """Kill, say what came of it, and record it."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.kills", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=KILLS, help="of the writing stage")
    parser.add_argument("--commands", type=int, default=COMMANDS, help="of the whole command")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="after which no kill of a kind begins")
    parser.add_argument("--seed", type=int, default=SEED, help="of the moments")
    parser.add_argument("--out", type=Path, default=TABLE, help="table to put rows into; its other rows stay")
    options = parser.parse_args(arguments)
    command, wrong = f"python -m tests.robustness.kills --kills {options.kills} --commands {options.commands}", 0
    for what, kill, kills in ((WRITING, kill_writing, options.kills), (COMMAND, kill_commands, options.commands)):
        if not kills:
            continue
        with tempfile.TemporaryDirectory() as folder:
            outcome = kill(Path(folder), kills=kills, seconds=options.seconds, seed=options.seed)
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
