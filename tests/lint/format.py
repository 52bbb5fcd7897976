#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All C++ is as clang-format-19 writes it; another version would write it in another way.

  format.py ROOT         says what differs
  format.py ROOT --fix   and mends it
"""
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import files

TOOL = "clang-format-19"


def check(root, fix=False):
    """How many runs found something."""
    names = [name for name, _ in files(root, ".cpp .hpp", ("core", "policies", "transports", "plugins", "tests"))]
    mode = ["-i"] if fix else ["--dry-run", "-Werror"]
    some = [names[start:start + 100] for start in range(0, len(names), 100)]
    run = lambda part: subprocess.run([TOOL, *mode, *part], cwd=root).returncode != 0
    with ThreadPoolExecutor(2) as pool:
        bad = sum(pool.map(run, some))
    print(f"{len(names)} files")
    return bad


if __name__ == "__main__":
    sys.exit(1 if check(Path(sys.argv[1]), "--fix" in sys.argv) else 0)
