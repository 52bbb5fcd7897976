#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the program's source does not name at all.

  forbidden.py ROOT
"""
import re
import sys
from pathlib import Path

from tree import files, line_of, report

FORBIDDEN = [
    (re.compile(r"<regex>|\bstd::w?regex\b"),
     "std::regex backtracks, and recurses once a character: a stranger's text of 100 kB ends the program"),
]


def check(root):
    count = 0
    for path, text in files(root, ".cpp .hpp .in", ("core", "transports", "policies", "plugins")):
        count += 1
        for pattern, reason in FORBIDDEN:
            for match in pattern.finditer(text):
                yield f"{path}:{line_of(text, match.start())}: {match[0]}: {reason}"
    if count < 100:
        yield f"{count} files in {root}: this is not the tree"
    print(f"{count} files")


if __name__ == "__main__":
    sys.exit(report(check(Path(sys.argv[1]))))
