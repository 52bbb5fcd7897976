# SPDX-License-Identifier: Apache-2.0
"""What is checked: the builds, and the groups of tests that run in them. A group is one line here; what it
is for stands in tests/README.md."""
from dataclasses import dataclass, field

SANITIZE = ("-DCMAKE_BUILD_TYPE=Debug", "-DOUTPOST_SANITIZE=ON", "-DOUTPOST_FUZZ=ON")


@dataclass(frozen=True)
class Build:
    """A build directory; `targets` are Ninja's, all when there are none."""
    directory: str
    options: tuple
    targets: tuple = ()


@dataclass(frozen=True)
class Group:
    name: str
    build: Build
    labels: str  # a regular expression of CTest labels
    jobs: int = 1  # tests at a time: more than cores where they mostly wait
    options: tuple = ()  # of ctest
    environment: dict = field(default_factory=dict)
    waits: bool = False  # leaves the cores to a build beside it


# The program with its plugins, as it is shipped but for less debug information: end-to-end tests need no more.
PROGRAM = Build("build", ("-DCMAKE_BUILD_TYPE=RelWithDebInfo",), ("end_to_end",))
# Everything as it is shipped, the benchmarks' tools too.
WHOLE = Build("build", ("-DCMAKE_BUILD_TYPE=RelWithDebInfo",), ("all", "bench", "micro_bench"))
SANITIZED = Build("build-asan", SANITIZE)

# What is killed and cut at random beside four others, and a build, is given a second try; --all gives none.
TWICE = ("--repeat", "until-pass:2")

# Parsers of foreign bytes and what they lead to run end to end under sanitizers in every check; the other files
# do in `--all`: they take the same ways through the code with the same input.
FOREIGN_INPUT = "^e2e\\.(clients|receive|tlsrpt_receive|traps|starttls|bounces)$"

CHECK = (
    Group("lint", PROGRAM, "^lint$", jobs=2),
    Group("e2e", PROGRAM, "^(e2e|faults|sdk)$", jobs=5, options=TWICE, environment={"OUTPOST_KILLS": "60"}, waits=True),
    Group("unit-sanitized", SANITIZED, "^(unit|sdk)$", jobs=3),
    Group("fuzz", SANITIZED, "^fuzz$", jobs=2, environment={"OUTPOST_FUZZ_SECONDS": "5"}),
    Group("e2e-sanitized", SANITIZED, "^e2e$", jobs=4, options=("-R", FOREIGN_INPUT, *TWICE)),
)

ALL = (
    Group("lint", WHOLE, "^(lint|tidy)$", jobs=2),
    Group("unit", WHOLE, "^(unit|sdk)$", jobs=2),
    Group("e2e", WHOLE, "^e2e$", jobs=3, environment={"OUTPOST_KILLS": "200"}),
    Group("faults", WHOLE, "^faults$", environment={"OUTPOST_FAULTS": "--long"}),
    Group("unit-sanitized", SANITIZED, "^(unit|sdk)$", jobs=2),
    Group("e2e-sanitized", SANITIZED, "^e2e$", jobs=3, environment={"OUTPOST_KILLS": "40"}),
    Group("fuzz", SANITIZED, "^fuzz$", jobs=2, environment={"OUTPOST_FUZZ_SECONDS": "120"}),
)

QUICK = (Group("unit", Build("build", ("-DCMAKE_BUILD_TYPE=RelWithDebInfo",)), "^unit$", jobs=2),)
