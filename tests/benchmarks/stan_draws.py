"""Draw from a Stan program with PyStan 3, in a Python of its own: arguments are the program, its data and the results.

Run by ``tests.benchmarks.patients`` as a program; nothing of this package is needed here.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import stan

DRAWS, CHAINS = 1000, 4


def main(program: str, data: str, results: str) -> None:
    """Build once, draw once for each seed in the data, and write draws (run, chain, draw, parameter) and seconds."""
    told = json.loads(Path(data).read_text())
    seeds, target_accept, warm_up = (told.pop(name) for name in ("seeds", "target_accept", "warm_up"))
    draws, seconds = [], []
    for seed in seeds:
        posterior = stan.build(Path(program).read_text(), data=told, random_seed=seed)
        start = time.perf_counter()
        fit = posterior.sample(num_chains=CHAINS, num_samples=DRAWS, num_warmup=warm_up, delta=target_accept)
        seconds.append(time.perf_counter() - start)
        values = np.concatenate([fit[name].reshape(-1, DRAWS * CHAINS) for name in posterior.param_names])
        draws.append(values.reshape(-1, DRAWS, CHAINS).transpose(2, 1, 0))  # chains are interleaved
    np.savez(results, draws=np.array(draws), seconds=np.array(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
