#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may know whom: the wings of core one way, no circle of folders, nothing that is not linked.

  layers.py ROOT

Read from the #include lines, and from the outpost_module() calls of the CMakeLists.txt.
"""
import re
import sys
from pathlib import Path

from tree import files, report

# A wing uses those before it.
WINGS = ("foundation", "net", "mail", "delivery", "reception", "tls_reports", "domains", "server", "cli")
# What stands outside of core uses core up to here.
OUTSIDE = {"policies": "delivery", "transports": "delivery", "plugins": "delivery"}

# (who, what): why it may all the same. The shorter the better: a line that nothing needs any more is a finding.
AGAINST_THE_WINGS = {}
# core names no policy and no transport, but for the registration of all of them, and for what an RFC has us show.
POLICIES_AND_TRANSPORTS = {
    ("core/server/settings/builtin.cpp", "policies/dane"): "the one registration of what is built in",
    ("core/server/settings/builtin.cpp", "policies/mta_sts"): "the one registration of what is built in",
    ("core/server/settings/builtin.cpp", "transports"): "the one registration of what is built in",
    ("core/server/settings", "policies/dane"): "the same, as a link",
    ("core/server/settings", "policies/mta_sts"): "the same, as a link",
    ("core/server/settings", "transports"): "the same, as a link",
    ("core/domains/check/check.cpp", "policies/mta_sts"): "checks the policy that we publish (RFC 8461)",
    ("core/domains/check/mta_sts.cpp", "policies/mta_sts"): "checks the policy that we publish (RFC 8461)",
    ("core/domains/check", "policies/mta_sts"): "the same, as a link",
    ("core/cli/tls_explain.cpp", "policies/dane"): "shows DANE records as delivery sees them (RFC 7672)",
    ("core/cli/tls_explain.cpp", "policies/mta_sts"): "shows the MTA-STS policy as delivery sees it (RFC 8461)",
    ("core/cli/tls_explain.cpp", "transports"): "asks the policies that direct delivery asks",
    ("core/cli/tls_explanation.hpp", "policies/mta_sts"): "shows the MTA-STS policy as delivery sees it (RFC 8461)",
}

INCLUDE = re.compile(r'^\s*#\s*include\s+"((?:core|policies|transports|plugins)/[^"]+)"', re.M)
MODULE = re.compile(r"^outpost_module\(([^)]*)\)", re.M)


class Tree:
    def __init__(self, root):
        self.links = self._links(root)
        self.includes = [(path, match[1], text.count("\n", 0, match.start(1)) + 1)
                         for path, text in files(root, ".cpp .hpp .in", ("core", "policies", "transports", "plugins"))
                         for match in INCLUDE.finditer(text)]

    @staticmethod
    def _links(root):
        """{folder of a module: folders that it names}"""
        modules = {}
        for path, text in files(root, "CMakeLists.txt", ("core", "policies", "transports")):
            call = MODULE.search(text)
            if call:
                modules[path.rpartition("/")[0]] = call[1].split()
        known = lambda name: next((f for f in (f"core/{name}", name) if f in modules), None)
        return {folder: {known(name) for name in names} - {None} for folder, names in modules.items()}

    def module(self, path):
        """The module that a file or folder belongs to; None for the program and the plugins."""
        while path and path not in self.links:
            path = path.rpartition("/")[0]
        return path or None

    def reach(self, module):
        """All that a module links, directly or through another."""
        found, left = set(), [module]
        while left:
            for other in self.links[left.pop()] - found:
                found.add(other)
                left.append(other)
        return found


def rank(path):
    """Where a file or folder stands among the wings; None for the program."""
    parts = path.split("/")
    if parts[0] == "core":
        return WINGS.index(parts[1]) if len(parts) > 1 and parts[1] in WINGS else None
    return WINGS.index(OUTSIDE[parts[0]]) + 0.5


def topic(path):
    """What a list of exceptions calls it: the folder, of transports all of them."""
    parts = path.split("/")
    return "/".join(parts[:1] if parts[0] == "transports" else parts[:2]) if parts[0] != "core" else path


def circles(edges):
    """One circle in a graph {node: nodes}, as a list, or None."""
    done, under_way = set(), []

    def visit(node):
        if node in under_way:
            circle = under_way[under_way.index(node):]
            first = circle.index(min(circle))
            return circle[first:] + circle[:first + 1]
        if node in done:
            return None
        under_way.append(node)
        for other in sorted(edges.get(node, ())):
            circle = visit(other)
            if circle:
                return circle
        under_way.pop()
        done.add(node)
        return None

    return next(filter(None, map(visit, sorted(edges))), None)


def check(root, against=None, outside=None):
    against = AGAINST_THE_WINGS if against is None else against
    outside = POLICIES_AND_TRANSPORTS if outside is None else outside
    tree, used = Tree(root), set()
    edges = {}

    def judge(place, who, what):
        """One edge, an #include or a link, from `who` to `what`."""
        if who.startswith("core/") and not what.startswith("core/"):
            allowed, entry = outside, (who, topic(what))
            fault = "core names no policy and no transport"
        elif not who.startswith("core/") and not what.startswith("core/"):
            if who.split("/")[0] != what.split("/")[0]:
                yield f"{place}: {who} uses {what}: policies, transports and plugins do not know each other"
            return
        elif rank(who) is not None and rank(what) is not None and rank(what) > rank(who):
            allowed, entry = against, (who, tree.module(what))
            fault = "a wing uses those before it: " + ", ".join(WINGS)
        else:
            return
        if entry in allowed:
            used.add(entry)
        else:
            yield f"{place}: {who} uses {what}: {fault}"

    for path, header, line in tree.includes:
        yield from judge(f"{path}:{line}", path, header)
        mine, other = tree.module(path), tree.module(header)
        if mine and other and mine != other:
            edges.setdefault(mine, set()).add(other)
            if other not in tree.reach(mine):
                yield f"{path}:{line}: includes {header}, which {mine}/CMakeLists.txt does not link"
    for module, others in tree.links.items():
        for other in sorted(others):
            yield from judge(f"{module}/CMakeLists.txt", module, other)
    for graph, kind in ((edges, "includes"), (tree.links, "links")):
        circle = circles(graph)
        if circle:
            yield f"a circle of {kind}: " + " -> ".join(circle)
    for entry in sorted(set(against) | set(outside)):
        if entry not in used:
            yield f"tests/lint/layers.py: nothing needs the exception {entry} any more: delete it"
    print(f"{len(tree.links)} modules, {len(tree.includes)} includes")


if __name__ == "__main__":
    sys.exit(report(check(Path(sys.argv[1]))))
