#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Outpost beside its peers, one after the other on the same machine: see tests/README.md.
    tests/bench/run                        every case; prints the ratios, draws build/bench/results.svg
    tests/bench/run --only relay,ceiling   some of them
    tests/bench/run --all                  also the long ones: big queues, churn, thousands of sessions
    tests/bench/run --readme               only tells the last run again, as the table and picture of deploy/manual/measurements.md
fsync and synchronous_commit are on; servers, database, generator and sink share the machine."""
import argparse
import datetime
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
from measure import machine, picture, report  # noqa: E402
from measure.cases import Cases  # noqa: E402
from measure.outpost import POSTGRES  # noqa: E402
from measure.results import Results  # noqa: E402

RESULTS = Path(os.environ.get("OUTPOST_BENCH_RESULTS", HERE.parent.parent / "build" / "bench" / "results.jsonl"))
CASES = ("relay", "mx", "ceiling", "signed", "slow", "nodes")
LONG = ("bigqueue.py", "churn.py", "sessions.py")  # beside this file; each prints its own figures


def numbers(text):
    return [int(part) for part in text.split(",")]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(CASES), help="cases: " + ", ".join(CASES))
    parser.add_argument("--messages", type=int, default=150000, help="a rate is that of half a minute: less shows bursts alone")
    parser.add_argument("--peer-messages", type=int, default=20000, help="as long for a slower peer")
    parser.add_argument("--size", type=int, default=10240, help="octets of a body")
    parser.add_argument("--domains", type=int, default=1000, help="of the case mx")
    parser.add_argument("--outpost-sessions", type=numbers, default=[100, 200], help="the best of these counts")
    parser.add_argument("--postfix-sessions", type=numbers, default=[10, 20], help="the best of these counts")
    parser.add_argument("--rounds", type=int, default=1, help="the middle one of so many counts")
    parser.add_argument("--life-seconds", type=int, default=30)
    parser.add_argument("--slow-messages", type=int, default=10000)
    parser.add_argument("--slow-delay-ms", type=int, default=2000)
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="Outpost alone")
    parser.add_argument("--statements", action="store_true", help="what PostgreSQL's time went to, by statement (costs some of it)")
    parser.add_argument("--all", action="store_true", help="the long cases, too")
    parser.add_argument("--readme", action="store_true", help="tells the last run again, without measuring, and draws tests/bench/results.svg")
    return parser.parse_args()


def tell(results, drawing):
    print("\n" + report.markdown(results))
    picture.draw(results, drawing)
    print(f"\npicture: {drawing}")


def measure(options):
    facts = machine.describe()
    print(f"{facts['cores']} cores ({facts['cpu']}), {facts['memory_gib']} GiB, Linux {facts['kernel']}, {facts['disk']}")
    print(f"PostgreSQL {facts['postgres']}: " + ", ".join(f"{key}={value}" for key, value in POSTGRES.items()), flush=True)
    results = Results(RESULTS, datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S"), facts)
    cases = Cases(options, results)
    for name in options.only.split(","):
        getattr(cases, name)()
    return results


def main():
    options = parse()
    if options.readme:
        return tell(Results.last_run(RESULTS), HERE / "results.svg")
    machine.prepare_network()
    tell(measure(options), RESULTS.parent / "results.svg")
    for name in LONG if options.all else ():
        if (HERE / name).exists():
            subprocess.run([sys.executable, HERE / name], check=False)


if __name__ == "__main__":
    sys.exit(main())
