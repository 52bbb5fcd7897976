#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each section of an RFC that the tree names exists, as far as rfc_sections.txt knows.

  rfc_sections.py ROOT
"""
import re
import sys
from pathlib import Path

from tree import files, report

# "RFC 5321 section 4.5.3", "RFC 3461 lets it choose (section 4.1)", "RFC 5155 sections 8.2 and 8.3"
NUMBER = r"(?:\d+|[A-Z](?=\.\d))(?:\.\d+)*"
CITATION = re.compile(
    r"RFC ?(\d{3,5})((?:(?!RFC ?\d)[^.;:]|\.(?=\d)){0,40}?)\b[Ss]ections?\s+"
    rf"({NUMBER}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s+to\s+|\s+or\s+){NUMBER}(?![\w]))*)")
BARE = re.compile(r"RFC ?\d{3,5}(?: \d{1,2}(?:\.\d+)*|, \d{1,2}(?:\.\d+)+)(?=[\s.,;:)]|$)|RFC ?\d{3,5},? §")
# A comment that goes on in the next line.
FOLD = re.compile(r"\s*\n[ \t]*(?:///?<?|#|--|\*)?[ \t]*")


def known_sections(text):
    """{number of the RFC: its sections}"""
    known = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        number, *spans = line.split()
        sections = known.setdefault(int(number), set())
        for span in spans:
            first, _, last = span.partition("-")
            above, _, begin = first.rpartition(".")
            for section in range(int(begin), int(last or begin) + 1):
                sections.add(f"{above}.{section}" if above else str(section))
    return known


def citations(text):
    """(place in the text, RFC, section) of each citation; and (place, words) of those not in our style."""
    folded, places = [], []
    at = 0
    for match in FOLD.finditer(text):
        folded.append(text[at:match.start()] + " ")
        places.append((sum(map(len, folded)), match.end()))
        at = match.end()
    folded = "".join(folded) + text[at:]

    def original(place):
        begin, back = 0, 0
        for where, there in places:
            if where > place:
                break
            begin, back = where, there
        return back + place - begin

    found = []
    for match in CITATION.finditer(folded):
        for section in re.findall(NUMBER, match[3]):
            found.append((original(match.start()), int(match[1]), section))
    return found, [(original(m.start()), m[0]) for m in BARE.finditer(folded)]


def check(root, table=None):
    known = known_sections((table or Path(__file__).with_name("rfc_sections.txt")).read_text())
    count = 0
    for path, text in files(root, ".cpp .hpp .in .py .sql .md .cmake .yaml"):
        found, unlike = citations(text)
        count += len(found)
        for place, number, section in found:
            line = text.count("\n", 0, place) + 1
            if number not in known:
                yield f"{path}:{line}: the sections of RFC {number} are not in rfc_sections.txt"
            elif section not in known[number]:
                yield f"{path}:{line}: RFC {number} has no section {section}, or rfc_sections.txt lacks it"
        for place, words in unlike:
            yield f"{path}:{text.count(chr(10), 0, place) + 1}: write \"RFC N section M\", not \"{words}\""
    print(f"{count} citations of sections")


if __name__ == "__main__":
    sys.exit(report(check(Path(sys.argv[1]))))
