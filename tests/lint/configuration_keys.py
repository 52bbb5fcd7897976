#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each key of the configuration is read by something, not only by what reads and checks the file.

  configuration_keys.py ROOT

A key is bound to a member of a struct where it is described. Something reads it where the member is named
behind a holder of that struct ("dsn.from"), or in a folder that names the struct. That is nearly always right:
a member of the same name of another struct in the same folder would do as well.
"""
import re
import sys
from pathlib import Path

DESCRIPTIONS = "core/server/settings/settings*.cpp"
# What reads the file and holds keys against each other: to no other end.
OF_THE_FILE = re.compile(r"core/server/settings/(settings.*|load|cross_checks|route_cover)\.[ch]pp$")

UNREAD = {
    "DsnSettings::from": "the reports have another author until they are composed with it",
}

# Keys that set several members.
ITSELF = {"attempts": ("min_attempts", "max_attempts"), "size": ("min_size", "max_size")}

KEY = re.compile(
    r'\.(?:key|required)\(\s*"(?P<key>\w+)",\s*(?:'
    r"&(?:\w+::)*(?P<struct>\w+)::(?P<member>\w+),"
    r"|of_submission\(&(?P<account>\w+)::(?P<of_account>\w+)\),"
    r"|\[[^\]]*\]\([^)]*\) -> auto& \{ return [^;]*?(?P<holder>\w+)?\)?\.(?P<deep>\w+); \},"
    r"|config::(?P<itself>itself),)")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


def sources(root):
    """(path, text without comments) of the program's own files."""
    for folder in ("core", "policies", "transports", "plugins"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            yield path.relative_to(root).as_posix(), COMMENT.sub("", path.read_text())


def struct_of(match, text):
    """The struct that a key is bound to. Several are called Settings: a using declaration before says which."""
    name = match["struct"] or match["account"]
    before = text[:match.start()]
    if match["itself"]:
        return re.findall(r"Spec<(\w+)>", before)[-1]
    if match["deep"]:
        return {"certificate": "ServerSettings", "policies": "Policies"}.get(
            match["holder"], "SmtpOptions" if "add_smtp_options" in before[before.rfind("\nvoid "):] else "DirectSettings")
    if name == "Settings":
        function = before.rfind("\nconfig::Type<")
        used = re.findall(r"using (\w+::Settings);", before[function:])
        return used[-1] if used else "server::Settings"
    return name


def bound_members(root):
    """(struct, member, place) of each key."""
    for path in sorted(root.glob(DESCRIPTIONS)):
        text = path.read_text()
        keys = list(KEY.finditer(text))
        described = len(re.findall(r"\.(?:key|required)\(", text))
        if len(keys) != described:
            yield None, f"{described - len(keys)} keys are bound in a way that this lint cannot read", path.name
        for match in keys:
            place = f"{path.relative_to(root)}:{text.count(chr(10), 0, match.start()) + 1}: key '{match['key']}'"
            struct = struct_of(match, text)
            for member in ITSELF.get(match["key"], ()) if match["itself"] else (
                    match["member"] or match["of_account"] or match["deep"],):
                yield struct, member, place


def holders(struct, texts):
    """Names of members that are, or hold, such a struct."""
    name = struct.split("::")[-1] if struct != "server::Settings" else "Settings"
    qualified = struct if "::" in struct else rf"(?:\w+::)*{name}"
    declared = re.compile(rf"\b{qualified}>*&?\s+(\w+)\s*[;={{,)]")
    return {found for text in texts.values() for found in declared.findall(text)}


class Readers:
    """The program's files that may read a key, by folder: what one file names, its neighbours know."""

    def __init__(self, root):
        self.texts = dict(sources(root))
        self.folders = {}
        for path, text in self.texts.items():
            if not OF_THE_FILE.search(path):
                folder = path.rpartition("/")[0]
                self.folders[folder] = self.folders.get(folder, "") + text
        self.known = {}

    def of(self, struct):
        """What to look for before a member, and the folders that name the struct."""
        if struct not in self.known:
            space, _, name = struct.rpartition("::")
            names = re.compile(rf"\b{struct}\b")
            self.known[struct] = (
                "|".join(sorted(holders(struct, self.texts))) or "(?!)",
                [text for text in self.folders.values() if names.search(text)
                 or space and f"namespace outpost::{space}" in text and re.search(rf"\b{name}\b", text)])
        return self.known[struct]

    def read(self, struct, member):
        behind, folders = self.of(struct)
        direct = re.compile(rf"\b(?:{behind})(?:\.|->){member}\b")
        # Or by a function of the struct itself.
        access = re.compile(rf"(?:\.|->){member}\b(?!\s*=[^=])|\breturn\s[^;]*\b{member}\b")
        return any(access.search(text) for text in folders) or any(
            member in text and direct.search(text) for text in self.folders.values())


def check(root):
    readers = Readers(root)
    unread = set(UNREAD)
    count = 0
    for struct, member, place in bound_members(root):
        count += 1
        if struct is None:
            yield f"{place}: {member}"
        elif f"{struct}::{member}" in UNREAD:
            unread.discard(f"{struct}::{member}")
            if readers.read(struct, member):
                yield f"{place}: {struct}::{member} is read now: take the exception away"
        elif not readers.read(struct, member):
            yield f"{place}: nothing reads {struct}::{member}"
    for name in sorted(unread):
        yield f"nothing is bound to {name}: take the exception away"
    if count < 100:
        yield f"{count} keys in {root}: this is not the tree"
    print(f"{count} members")


if __name__ == "__main__":
    found = list(check(Path(sys.argv[1])))
    print("\n".join(found) or "nothing found")
    sys.exit(1 if found else 0)
