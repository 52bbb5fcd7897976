#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each lint finds what it is for, and lets pass what is right."""
import contextlib
import io
import os
import tempfile
import unittest
from pathlib import Path

import coroutines
import forbidden
import format
import layers
import rfc_sections
from tree import code_only

MODULES = {
    "core/foundation/base/CMakeLists.txt": "outpost_module()\n",
    "core/net/dns/CMakeLists.txt": "outpost_module(foundation/base)\n",
    "core/net/tls/CMakeLists.txt": "outpost_module(net/dns)\n",
    "core/mail/smtp/CMakeLists.txt": "outpost_module(net/tls)\n",
    "policies/CMakeLists.txt": "outpost_module(mail/smtp)\n",
    "transports/CMakeLists.txt": "outpost_module(mail/smtp)\n",
}


def include(*headers):
    return "".join(f'#include "{header}"\n' for header in headers)


class Lint(unittest.TestCase):
    def findings(self, check, tree, *arguments):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            for name, text in tree.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return list(check(Path(folder), *arguments))

    def expect(self, findings, *words):
        """One finding for each, in that order, which has these words."""
        self.assertEqual(len(findings), len(words), findings)
        for finding, wanted in zip(findings, words):
            self.assertIn(wanted, finding)

    # -- layers

    def layers(self, tree, against=None, outside=None):
        return self.findings(layers.check, MODULES | tree, against or {}, outside or {})

    def test_layers_wings_go_one_way(self):
        self.expect(self.layers({"core/mail/smtp/a.cpp": include("core/net/dns/b.hpp", "core/foundation/base/c.hpp")}))
        found = self.layers({"core/net/dns/a.cpp": "\n" + include("core/mail/smtp/b.hpp")})
        self.expect(found[:1], "core/net/dns/a.cpp:2: core/net/dns/a.cpp uses core/mail/smtp/b.hpp: a wing uses")
        found = self.layers({"core/net/dns/CMakeLists.txt": "outpost_module(mail/smtp)\n"})
        self.expect(found[:1], "core/net/dns/CMakeLists.txt: core/net/dns uses core/mail/smtp")

    def test_layers_an_include_must_be_linked(self):
        self.expect(self.layers({"core/net/dns/a.cpp": include("core/net/tls/b.hpp")}),
                    "includes core/net/tls/b.hpp, which core/net/dns/CMakeLists.txt does not link")

    def test_layers_no_circle(self):
        self.expect(self.layers({"core/net/dns/CMakeLists.txt": "outpost_module(net/tls)\n"}),
                    "a circle of links: core/net/dns -> core/net/tls -> core/net/dns")
        found = self.layers({"core/net/dns/a.cpp": include("core/net/tls/b.hpp"),
                             "core/net/tls/a.cpp": include("core/net/dns/b.hpp")})
        self.expect(found[1:], "a circle of includes: core/net/dns -> core/net/tls -> core/net/dns")

    def test_layers_core_names_no_policy_and_no_transport(self):
        tree = {"core/mail/smtp/a.cpp": include("policies/dane/b.hpp"),
                "core/mail/smtp/CMakeLists.txt": "outpost_module(net/tls)\n"}
        self.expect(self.layers(tree)[:1], "core names no policy and no transport")
        allowed = {("core/mail/smtp/a.cpp", "policies/dane"): "because"}
        self.expect([f for f in self.layers(tree, {}, allowed) if "names no" in f])
        self.expect(self.layers({}, {}, allowed), "nothing needs the exception")

    def test_layers_policies_and_transports_do_not_know_each_other_nor_what_stands_above(self):
        found = self.layers({"policies/dane/a.cpp": include("transports/direct/b.hpp")})
        self.expect(found[:1], "do not know each other")
        found = self.layers({"core/server/node/CMakeLists.txt": "outpost_module()\n",
                             "policies/dane/a.cpp": include("core/server/node/b.hpp")})
        self.expect(found[:1], "policies/dane/a.cpp uses core/server/node/b.hpp: a wing uses")

    # -- coroutines

    def coroutines(self, code):
        return self.findings(coroutines.check, {"core/a.cpp": code})

    def test_coroutines_no_lambda_with_captures(self):
        for captures in ("&", "this", "x", "=", "&a, b = f(1)"):
            self.expect(self.coroutines(f"auto f = [{captures}](int n) -> awaitable<void> {{ co_return; }};"),
                        f"a lambda that captures [{captures}]")
        self.expect(self.coroutines("spawn([&] { co_await g(); }, [x]() mutable noexcept(true) { co_return 1; });"),
                    "captures [&]", "captures [x]")
        for right in ("auto f = [](int n) -> awaitable<void> { co_return; };",
                      "auto f = [&] { return [](int) -> awaitable<void> { co_return; }; };",
                      "co_await all[i](x); if (a[0] == b) { co_return 1; }",
                      "[[nodiscard]] awaitable<void> f() { co_return; }",
                      "// [&] { co_return; }\nauto s = R\"([&] { co_return; })\";"):
            self.expect(self.coroutines(right))

    def test_coroutines_no_await_below_a_branch(self):
        for wrong, operator in (("if (a && co_await b()) c();", "&&"), ("while (co_await b() || c) d();", "||"),
                                ("auto x = a ? co_await b() : c;", "?"), ("x = f(a || g(co_await b()));", "||"),
                                ("if (ready) x = y\n    && co_await b();", "&&"),
                                ("for (; a && co_await b();) c();", "&&")):
            self.expect(self.coroutines(f"awaitable<void> f() {{ {wrong} }}"), f"co_await below {operator}:")
        for right in ("if (a && b) co_await c();", "while (a || b) co_await c(a ? b : d);",
                      "auto&& x = co_await b(); y = a ? c : d;", "co_await f(a && b, c);",
                      "if (co_await a()) { b = c && d; }", "x = f(co_await b(), c ? d : e);"):
            self.expect(self.coroutines(f"awaitable<void> f() {{ {right} }}"))

    def test_coroutines_none_runs_detached(self):
        wrong = "asio::co_spawn(loop, f(), asio::detached);"
        self.expect(self.coroutines(wrong), "asio::detached")
        self.expect(self.findings(coroutines.check, {coroutines.DETACHED_HELPER: wrong}))

    # -- the others

    def test_rfc_sections_must_exist(self):
        self.expect(self.findings(rfc_sections.check, {"core/a.hpp": """
            /// As RFC 5321 section 4.5.3 has it, and (RFC 5321
            /// section 4.5.7), and RFC 3461 lets it choose (section 4.1).
            // RFC 6376 section A.2, RFC 5155 sections 8.2, 8.11 and 8.3; RFC 99999 section 1
            """}), "a.hpp:2: RFC 5321 has no section 4.5.7", "a.hpp:4: RFC 5155 has no section 8.11",
            "the sections of RFC 99999 are not in")
        self.expect(self.findings(rfc_sections.check, {"core/a.hpp": "// RFC 4954 4, RFC 4954, 5.1\n// 3 of RFC 4954\n"}),
                    'not "RFC 4954 4"', 'not "RFC 4954, 5.1"')

    def test_std_regex_is_used_nowhere(self):
        right = {f"core/{n}.cpp": "int x;\n" for n in range(100)}
        self.expect(self.findings(forbidden.check, right))
        self.expect(self.findings(forbidden.check, right | {"plugins/a.hpp": "#include <regex>\n"}), "plugins/a.hpp:1: <regex>")
        self.expect(self.findings(forbidden.check, {"core/a.cpp": ""}), "this is not the tree")

    def test_format_is_that_of_clang_format(self):
        style = Path(__file__).resolve().parents[2] / ".clang-format"
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            root = Path(folder)
            (root / ".clang-format").write_text(style.read_text())
            (root / "core").mkdir()
            source = root / "core" / "a.cpp"
            source.write_text("int  main( ) { return 0 ; }\n")
            silence, errors = os.open(os.devnull, os.O_WRONLY), os.dup(2)
            os.dup2(silence, 2)  # it says what it does not like
            try:
                self.assertEqual(format.check(root), 1)
            finally:
                os.dup2(errors, 2)
            format.check(root, fix=True)
            self.assertEqual(format.check(root), 0)

    def test_code_is_told_from_comments_and_texts(self):
        self.assertEqual(code_only('a("x;{") // [&]\n+ 1\'000 \'"\' /* b\n */ c'),
                         'a("   ") ' + " " * 6 + '\n+ 1_000 " "     \n    c'.replace('" "', '" "'))


if __name__ == "__main__":
    unittest.main(verbosity=2)
