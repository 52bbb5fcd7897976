// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/foundation/config/schema.hpp"
#include "core/foundation/config/yaml.hpp"
#include "core/server/settings/load.hpp"
#include "tests/unit/server/settings/source_tree.hpp"

using namespace outpost;
using namespace outpost::test;

namespace {

config::Json json_of(const std::string& yaml) {
    config::Problems problems;
    const config::Node root = config::parse_yaml(config::Source("t.yaml", yaml), problems);
    REQUIRE(problems.empty());
    return config::to_json(root);
}

/// Runs the validator; returns what it printed, empty when all came out as expected.
std::string validate(const config::Json& documents) {
    const auto input = std::filesystem::temp_directory_path() /
                       ("outpost-schema-" + std::to_string(std::rand()) + ".json");
    std::ofstream(input) << config::Json{
        {"schema", config::Json::parse(server::schema_text())}, {"documents", documents}
    };
    const std::string script =
        (source_root() / "tests/unit/server/settings/validate_schema.py").string();
    const std::string command = "/usr/bin/python3 '" + script + "' < '" + input.string() + "' 2>&1";
    std::string output;
    std::FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe);
    char buffer[4096];
    while (const auto got = std::fread(buffer, 1, sizeof buffer, pipe))
        output.append(buffer, got);
    const int status = pclose(pipe);
    std::filesystem::remove(input);
    if (status != 0 && output.empty()) output = "the validator failed";
    return output;
}

}  // namespace

TEST_CASE("a real validator takes every example, and none of the broken files") {
    config::Json documents = config::Json::array();
    for (const auto& path : example_files()) {
        documents.push_back(
            {{"name", path.filename().string()},
             {"valid", true},
             {"document", json_of(read_text(path))}}
        );
    }
    REQUIRE(documents.size() >= 6);
    const char* broken[] = {
        "{}",
        "hostname: 5",
        "hostname: a.example\nhotsname: b.example",
        "hostname: a.example\nlisteners: {a: {port: 0}}",
        "hostname: a.example\nlisteners: {a: {port: 99999}}",
        "hostname: a.example\nlisteners: {a: {port: 25, tls: maybe}}",
        "hostname: a.example\ntransports: {a: {type: smtp}}",
        "hostname: a.example\ntransports: {a: {type: smpt, host: b.example}}",
        "hostname: a.example\ntransports: {a: {type: direct, host: b.example}}",
        "hostname: a.example\nroutes: [{to: a.example}]",
        "hostname: a.example\nroutes: {transport: direct}",
        "hostname: a.example\nroutes: [{transport: direct, attempts: few}]",
        "hostname: a.example\nretry: {first: soon}",
        "hostname: a.example\nlimits: {content_memory: much}",
        ("hostname: a.example\ntransports: {a: {type: smtp, host: b.example, auth: {username: u, "
         "password: {fiel: x}}}}"),
    };
    for (const char* text : broken)
        documents.push_back({{"name", text}, {"valid", false}, {"document", json_of(text)}});
    CHECK(validate(documents) == "");
    for (const char* text : broken) {
        CHECK_MESSAGE(
            !server::load_text(text, "t.yaml", config::Environment::assumed("/etc/outpost")),
            std::string(text)
        );
    }
}

TEST_CASE("what is in effect, shown as YAML, fits the schema too") {
    config::Json documents = config::Json::array();
    for (const auto& path : example_files()) {
        const auto loaded = server::load_text(
            read_text(path), path.string(), config::Environment::assumed("/etc/outpost")
        );
        REQUIRE(loaded);
        documents.push_back(
            {{"name", path.filename().string()},
             {"valid", true},
             {"document", json_of(server::show(loaded->settings))}}
        );
    }
    CHECK(validate(documents) == "");
}

TEST_CASE("the generated files are those of this code") {
    CHECK_MESSAGE(
        read_text(source_root() / "deploy/outpost.schema.json") == server::schema_text(),
        "out of date: run 'outpost config schema > deploy/outpost.schema.json'"
    );
    CHECK_MESSAGE(
        read_text(source_root() / "deploy/config-reference.md") == server::reference_text(),
        "out of date: run 'outpost config reference > deploy/config-reference.md'"
    );
}
