# SPDX-License-Identifier: Apache-2.0
"""Runs one experiment in the sandbox and prints its row. See tests/faults/run."""
import argparse
import random
import sys
import traceback
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "e2e"))  # the lab

import database
import network
import nodes
from trial import Trial

EXPERIMENTS = {experiment.__name__.replace("_", "-"): experiment
               for module in (nodes, database, network) for experiment in module.EXPERIMENTS}
COLUMNS = ("accepted", "delivered", "duplicated", "unexplained", "lost")


def row(name, cells, words):
    return f"{name:<20}" + "".join(f"{cell:>12}" for cell in cells) + f"   {words}"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("experiment", nargs="?", choices=EXPERIMENTS)
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("--names", action="store_true")
    arguments.add_argument("--header", action="store_true")
    arguments.add_argument("--long", action="store_true")
    arguments.add_argument("--seed", type=int)
    options = arguments.parse_args()
    if options.list:
        for name, experiment in EXPERIMENTS.items():
            print(name, "-", " ".join(experiment.__doc__.split()))
        return 0
    if options.names:
        print("\n".join(EXPERIMENTS))
        return 0
    if options.header:
        print(row("experiment", COLUMNS, ""), flush=True)
        return 0

    seed = options.seed if options.seed is not None else random.randrange(1_000_000)
    trial = Trial(options.experiment, seed, options.long)
    try:
        EXPERIMENTS[options.experiment](trial)
    except Exception:  # the row is printed all the same
        trial.wrong.append(traceback.format_exc())
    books = trial.close_books()
    print(row(options.experiment, (books[column] for column in COLUMNS), "; ".join(trial.notes)), flush=True)
    for fault in trial.wrong:
        print(f"    WRONG (seed {seed}): {fault}", flush=True)
    return 1 if trial.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
