// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/foundation/config/path.hpp"
#include "core/foundation/config/schema.hpp"
#include "core/foundation/config/yaml.hpp"

using namespace outpost::config;

namespace {

struct Parsed {
    Node root;
    Problems problems;
};
Parsed parse(const std::string& text, const YamlLimits& limits = {}) {
    Parsed parsed;
    const Source source("t.yaml", text);
    parsed.root = parse_yaml(source, parsed.problems, limits);
    return parsed;
}
std::string first_problem(const std::string& text, const YamlLimits& limits = {}) {
    const Parsed parsed = parse(text, limits);
    return parsed.problems.empty() ? "" : parsed.problems.list().front().headline();
}

}  // namespace

TEST_CASE("a tree knows the places of its keys and values, in characters") {
    const Parsed parsed = parse("a: 1\nb:\n  - x\n  - {gr\xc3\xbc\xc3\x9f: y}\n");
    REQUIRE(parsed.problems.empty());
    const Node& b = *parsed.root.find("b");
    CHECK(parsed.root.find("a")->at == Position{1, 4});
    CHECK(b.entries[0].value.at == Position{3, 5});
    CHECK(b.entries[1].value.entries[0].key_at == Position{4, 6});
    CHECK(b.entries[1].value.entries[0].value.at == Position{4, 12});
    CHECK(find_position(parsed.root, {"b", std::size_t{0}}) == Position{3, 5});
    CHECK(find_position(parsed.root, {"b", std::size_t{7}, "z"}) == b.at);
}

TEST_CASE("scalars mean what YAML 1.2 says") {
    const Parsed parsed = parse(
        "a: 10\nb: -3\nc: 1.5\nd: true\ne: no\nf: '10'\ng: ~\nh:\ni: 1e3\nj: 10.0.0.1\nk: 0x1F\nl: "
        "!!str 5\n"
    );
    REQUIRE(parsed.problems.empty());
    CHECK(
        to_json(parsed.root).dump() ==
        R"({"a":10,"b":-3,"c":1.5,"d":true,"e":"no","f":"10","g":null,"h":null,"i":1000.0,"j":"10.0.0.1","k":"0x1F","l":"5"})"
    );
}

TEST_CASE("anchors and aliases work, also for maps") {
    const Parsed parsed = parse("a: &x {k: v}\nb: *x\n");
    REQUIRE(parsed.problems.empty());
    CHECK(to_json(parsed.root).dump() == R"({"a":{"k":"v"},"b":{"k":"v"}})");
}

TEST_CASE("what is no proper YAML is refused with its place") {
    const std::pair<const char*, const char*> cases[] = {
        {"a: 1\na: 2\n", "t.yaml:2:1: error: key 'a' appears twice, first in line 1"},
        {"a: [1, 2\n", "t.yaml:1:9: error: YAML syntax: end of sequence flow not found"},
        {"a: b: c\n",
         "t.yaml:1:5: error: YAML syntax: illegal map value (text with ': ' in it needs quotes, "
         "and keys of one mapping the same indentation)"},
        {"a: 'x\n",
         "t.yaml:1:6: error: YAML syntax: illegal EOF in scalar (a closing quote is missing)"},
        {"a:\n\tb: 1\n",
         "t.yaml:2:3: error: YAML syntax: illegal map value (indent with blanks, not tabs)"},
        {"a: *x\n", "t.yaml:1:4: error: YAML syntax: the referenced anchor is not defined"},
        {"a: !!python/object:os.system x\n",
         "t.yaml:1:4: error: tag 'tag:yaml.org,2002:python/object:os.system' has no meaning here "
         "(text that begins with '!' needs quotes)"},
        {"a: !example.org\n",
         "t.yaml:1:4: error: tag '!example.org' has no meaning here (text that begins with '!' "
         "needs quotes)"},
        {"a: *\n",
         "t.yaml:1:5: error: YAML syntax: alias not found after * (text that begins with '*' needs "
         "quotes)"},
        {"a: 1\n---\nb: 2\n", "t.yaml: error: the file holds more than one YAML document"},
        {"[a, b]: c\n", "t.yaml:1:1: error: a key must be text, found a list"},
        {"a: \xff\n", "t.yaml: error: the file is not UTF-8 text"},
        {"a: 1\nb: \x01\n", "t.yaml:2:1: error: control character 0x01 in this line"},
        {"a: &x [*x]\n", "t.yaml:1:8: error: an alias inside the value that it stands for"},
    };
    for (const auto& [text, message] : cases)
        CHECK_MESSAGE(first_problem(text) == message, std::string(text));
}

TEST_CASE("aliases that multiply are cut off") {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 9; ++j)
            text += (j ? ", *a" : "*a") + std::to_string(i - 1);
        text += "]\n";
    }
    CHECK(
        first_problem(text) ==
        "t.yaml:6:10: error: more than 200000 values, aliases counted at each use"
    );
}

TEST_CASE("depth and size are bounded") {
    CHECK(
        first_problem(std::string(51, '[') + std::string(51, ']')) ==
        "t.yaml:1:51: error: values are nested more than 50 deep"
    );
    CHECK(
        first_problem(std::string(100'000, '[')).find("nested more than 50 deep") !=
        std::string::npos
    );
    CHECK(
        first_problem(std::string(100'000, '{')).find("nested more than 50 deep") !=
        std::string::npos
    );
    CHECK(
        first_problem("a: b\n", {.octets = 4}) == "t.yaml: error: the file is larger than 4 octets"
    );
    // Aliases must not add up to what plain text may not reach.
    std::string chain = "a0: &a0 [x]\n";
    for (int i = 1; i < 60; ++i)
        chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" +
                 std::to_string(i - 1) + "]\n";
    CHECK(first_problem(chain).find("nested more than 50 deep") != std::string::npos);
}

TEST_CASE("an empty file is an empty tree") {
    for (const char* text : {"", "\n", "# only a comment\n", "---\n"}) {
        const Parsed parsed = parse(text);
        CHECK(parsed.problems.empty());
        CHECK(parsed.root.kind == Node::Kind::null);
    }
}
