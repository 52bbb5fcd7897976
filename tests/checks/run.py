# SPDX-License-Identifier: Apache-2.0
"""Builds, runs groups of tests, and reports: what failed, what was slow, how long it took. See tests/run.

The flow: choose the groups; for each, unless it passed on this commit already (only with --all), make its
build up to date and run CTest in it; keep its result; at the end print one report of all. End-to-end tests mostly
wait, so the build that comes after them is made beside them, at low priority."""
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from pathlib import Path

import groups

ROOT = Path(__file__).resolve().parents[2]
SLOWEST = 15


def main(arguments):
    if arguments[:1] == ["--list"]:
        print("\n".join(group.name for group in groups.ALL))
        return 0
    if arguments[:1] == ["--quick"]:
        return check(groups.QUICK, keep=None)
    if arguments[:1] == ["--all"]:
        return check(chosen(arguments[1:]), keep=results_folder())
    if arguments:
        sys.exit(f"tests/run: unknown argument {arguments[0]}; see the head of tests/run")
    return check(groups.CHECK, keep=None)


def chosen(names):
    known = {group.name: group for group in groups.ALL}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"tests/run: no group {unknown[0]}; there are: {', '.join(known)}")
    return [known[name] for name in names] or groups.ALL


def results_folder():
    """Where results of this commit are kept; None, so nothing is kept, while files differ from it."""
    changes = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    if changes.returncode or changes.stdout.strip() or commit.returncode:
        print("== Files differ from the last commit, so that no result is kept", flush=True)
        return None
    folder = ROOT / "build" / "checks" / commit.stdout.strip()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check(selected, keep):
    started = time.monotonic()
    builds, results = Builds(), []
    passed = {group.name: load(keep, group) for group in selected}
    todo = [group for group in selected if not passed[group.name]]
    for group in selected:
        if kept := passed[group.name]:
            print(f"== {group.name}: passed on this commit before", flush=True)
            results.append(kept)
            continue
        seconds = builds.make(group.build)
        if seconds is not None:
            results.append({"name": f"build {group.build.directory}", "seconds": seconds, "tests": []})
        if group.waits:
            builds.begin_beside([later.build for later in todo])
        result = run(group)
        results.append(result)
        save(keep, group, result)
    return report(results, time.monotonic() - started)


class Builds:
    """Build directories, each made up to date once."""

    def __init__(self):
        self._made = set()
        self._beside = None  # (what, process, its log)

    def begin_beside(self, wanted):
        """Begins to make the first of these that has not been made, beside what is run next."""
        missing = [build for build in wanted if build not in self._made]
        if not missing or self._beside:
            return
        print(f"== Building {missing[0].directory} beside the next tests", flush=True)
        log = tempfile.TemporaryFile()
        process = subprocess.Popen(["nice", "-n", "19", *command_of(missing[0])], cwd=ROOT, stdout=log, stderr=log)
        self._beside = (missing[0], process, log)

    def make(self, wanted):
        """Makes it up to date; the seconds waited for that, none when it was."""
        if wanted in self._made:
            return None
        self._made.add(wanted)
        began = time.monotonic()
        if self._beside and self._beside[0] == wanted:
            _, process, log = self._beside
            self._beside = None
            print(f"== Waiting for {wanted.directory}", flush=True)
            failed = process.wait() != 0
            if failed:
                log.seek(0)
                sys.stdout.write(log.read().decode(errors="replace"))
        else:
            failed = subprocess.run(command_of(wanted), cwd=ROOT).returncode != 0
        if failed:
            sys.exit(f"== {wanted.directory} does not build: see above")
        return time.monotonic() - began


def command_of(build):
    return ["deploy/build", build.directory, *build.options, *(["--", *build.targets] if build.targets else [])]


def run(group):
    print(f"== Tests: {group.name} ({group.build.directory})", flush=True)
    results = ROOT / group.build.directory / f"{group.name}.xml"
    began = time.monotonic()
    code = subprocess.run(
        ["ctest", "--test-dir", group.build.directory, "-L", group.labels, "-j", str(group.jobs), *group.options,
         "--output-on-failure", "--no-tests=error", "--output-junit", results],
        cwd=ROOT, env={**os.environ, **group.environment}).returncode
    tests = [(case.get("name"), float(case.get("time")), case.get("status"))
             for case in xml.parse(results).getroot().iter("testcase")] if results.exists() else []
    return {"name": group.name, "seconds": time.monotonic() - began, "tests": tests, "failed": code != 0}


def load(folder, group):
    file = folder and folder / f"{group.name}.json"
    if not file or not file.exists():
        return None
    result = json.loads(file.read_text())
    return None if result["failed"] else {**result, "kept": True}


def save(folder, group, result):
    if folder:
        (folder / f"{group.name}.json").write_text(json.dumps(result))


def report(results, seconds):
    tests = [(time, f"{result['name']}: {name}") for result in results for name, time, _ in result["tests"]]
    failed = [f"{result['name']}: {name}" for result in results for name, _, status in result["tests"] if status == "fail"]
    skipped = [name for result in results for name, _, status in result["tests"] if status in ("notrun", "disabled")]
    print(f"\n== The slowest {SLOWEST} tests")
    for time, name in sorted(tests, reverse=True)[:SLOWEST]:
        print(f"{time:8.1f} s  {name}")
    print("== Groups")
    for result in results:
        print(f"{result['seconds']:8.1f} s  {result['name']}"
              + (f": {len(result['tests'])} tests" if result["tests"] else "")
              + (", FAILED" if result.get("failed") else "") + (" (kept)" if result.get("kept") else ""))
    print(f"{seconds:8.1f} s  in all")
    for name in failed:
        print(f"FAILED {name}: its output is above; run it again with ctest --test-dir BUILD -R NAME --output-on-failure")
    for name in skipped:
        print(f"not run: {name}")
    bad = len(failed) or sum(bool(result.get("failed")) for result in results)
    print(f"{len(tests) - len(failed) - len(skipped)} passed, {bad} failed, {len(skipped)} skipped", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
