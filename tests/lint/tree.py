# SPDX-License-Identifier: Apache-2.0
"""What the lints share: the files of the tree, text without comments, and how findings are told."""
import re
import sys

FOLDERS = ("core", "policies", "transports", "plugins", "schema", "deploy", "tests")
PASSED_OVER = re.compile(r"/(corpus|samples|data|__pycache__)/|/lint/lint_test.py$")


def files(root, endings, folders=FOLDERS):
    """(path from the root, text) of the files with these endings, in order."""
    endings = tuple(endings.split())
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if name.endswith(endings) and not PASSED_OVER.search("/" + name) and path.is_file():
                yield name, path.read_text(errors="replace")


LITERAL_OR_COMMENT = re.compile(
    r'R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"'      # raw string
    r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'(?!\d)'  # string, character
    r"|//[^\n]*|/\*.*?\*/", re.S)


def code_only(text):
    """C++ with comments and the contents of literals blanked, every character in its place."""
    def blank(match):
        inside = re.sub(r"[^\n]", " ", match[0])
        return inside if match[0][0] == "/" else '"' + inside[1:-1] + '"'
    return LITERAL_OR_COMMENT.sub(blank, re.sub(r"(?<=\d)'(?=\d)", "_", text))


def line_of(text, place):
    return text.count("\n", 0, place) + 1


def report(findings):
    """Prints them; the exit code."""
    findings = list(findings)
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings" if findings else "nothing found")
    return 1 if findings else 0
