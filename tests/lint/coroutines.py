#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What coroutines must not do, as core/README.md says:

- a lambda with captures that is a coroutine: its captures die with the lambda, often before the coroutine;
- co_await below &&, || or ?: of one expression: compilers have destroyed temporaries of such expressions twice;
- asio::detached outside of the helper for it: nothing else may run unseen.

  coroutines.py ROOT
"""
import re
import sys
from pathlib import Path

from tree import code_only, files, line_of, report

DETACHED_HELPER = "core/foundation/async/detach.cpp"
FOLDERS = ("core", "policies", "transports", "plugins")
CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
AWAITS = re.compile(r"\bco_(?:await|return|yield)\b")
BRANCHES = re.compile(r" && | \|\| | \? |(?:^|\s)(?:&&|\|\||\?)\s")


def end_of(text, begin):
    """Behind the bracket that closes the one at `begin`."""
    opening, closing = text[begin], CLOSING[text[begin]]
    depth = 0
    for place in range(begin, len(text)):
        depth += (text[place] == opening) - (text[place] == closing)
        if depth == 0:
            return place + 1
    return len(text)


def skip_blank(text, place):
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def lambdas(text):
    """(begin, captures, begin and end of the body) of each lambda."""
    for match in re.finditer(r"\[", text):
        begin = match.start()
        before = text[:begin].rstrip()[-1:]
        word = re.search(r"(\w+)\s*$", text[:begin])
        subscript = before in (")", "]") or (word and word[1] not in ("return", "co_return", "co_await", "co_yield"))
        if subscript or before == "[" or text[begin + 1:begin + 2] == "[":
            continue
        at = end_of(text, begin)
        captures = text[begin + 1:at - 1].strip()
        at = skip_blank(text, at)
        if text[at:at + 1] == "<":
            at = skip_blank(text, end_of(text, at))
        if text[at:at + 1] == "(":
            at = end_of(text, at)
        body = re.compile(r"[^;{}()\[\]]*(?:\([^;{}()]*\)[^;{}()\[\]]*)*\{").match(text, at)
        if body:
            yield begin, captures, body.end() - 1, end_of(text, body.end() - 1)


def capturing_coroutines(text):
    found = list(lambdas(text))
    for begin, captures, opens, closes in found:
        if not captures:
            continue
        own = text[opens:closes]
        for inner, _, inner_opens, inner_closes in found:
            if opens < inner and inner_closes < closes:
                cut = slice(inner_opens - opens, inner_closes - opens)
                own = own[:cut.start] + " " * (cut.stop - cut.start) + own[cut.stop:]
        if AWAITS.search(own):
            yield begin, f"a coroutine is a lambda that captures [{captures}]: pass arguments instead"


def operand_of(text, place):
    """The operator below which the expression at `place` stands, in its statement; or None.

    From the inside out: of each pair of brackets around it, what stands between the commas on that level.
    """
    begin = place
    while True:
        depth, opening = 0, None
        while begin > 0:  # to the bracket or the statement that it stands in
            begin -= 1
            letter = text[begin]
            if letter in ")]}":
                depth += 1
            elif letter in "([{":
                if depth == 0:
                    opening = begin
                    break
                depth -= 1
            elif depth == 0 and letter in ";,":
                break
        level = text[begin + 1:place]
        # Behind the head of an if, a while or a for begins another statement.
        heads = list(re.finditer(r"\b(?:if|while|for|switch)\b(?:\s+constexpr)?\s*(?=\()", level))
        if heads:
            level = level[end_of(level, heads[-1].end()):]
        rest, depth, end = [], 0, place
        while end < len(text) and not (depth == 0 and text[end] in ")]};,"):
            depth += (text[end] in "([{") - (text[end] in ")]}")
            if depth == 0 or (depth == 1 and text[end] in "([{"):
                rest.append(text[end])
            end += 1
        around = without_brackets(level) + "".join(rest)
        operator = BRANCHES.search(around)
        if operator:
            return operator[0].strip()
        if opening is None or text[opening] == "{":
            return None
        begin = place = opening


def without_brackets(text):
    depth, kept = 0, []
    for letter in text:
        depth -= letter in ")]}" and depth > 0
        if depth == 0:
            kept.append(letter)
        depth += letter in "([{"
    return "".join(kept)


def branching_awaits(text):
    for match in re.finditer(r"\bco_await\b", text):
        operator = operand_of(text, match.start())
        if operator:
            yield match.start(), f"co_await below {operator}: await first, in a statement of its own"


def check(root, folders=FOLDERS):
    count = 0
    for path, text in files(root, ".cpp .hpp .in", folders):
        code = code_only(text)
        count += len(re.findall(r"\bco_await\b", code))
        findings = [*capturing_coroutines(code), *branching_awaits(code)]
        if path != DETACHED_HELPER:
            findings += [(match.start(), f"asio::detached: use {DETACHED_HELPER} or a TaskGroup")
                         for match in re.finditer(r"\bdetached\b", code)]
        for place, words in sorted(findings):
            yield f"{path}:{line_of(code, place)}: {words}"
    print(f"{count} co_await")


if __name__ == "__main__":
    sys.exit(report(check(Path(sys.argv[1]))))
