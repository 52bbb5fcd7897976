// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/server/settings/load.hpp"

using namespace outpost;

namespace {

const std::string good_pem(dkim::PrivateKey::make_ed25519().pem().reveal());

/// A machine with two key files and a variable.
config::Environment machine() {
    auto environment = config::Environment::assumed("/etc/outpost");
    environment.pretended = false;
    environment.read_file = [](const std::filesystem::path& path) -> Result<std::string> {
        if (path == "/etc/outpost/good.pem") return good_pem;
        if (path == "/etc/outpost/bad.pem") return std::string("nonsense");
        return Err{std::string("No such file or directory")};
    };
    environment.variable = [](const std::string& name) -> std::optional<std::string> {
        if (name == "KEY") return good_pem;
        return std::nullopt;
    };
    return environment;
}

Result<server::Loaded, config::Problems> load(const std::string& dkim) {
    const auto text = "hostname: a.example\ndomains:\n  Example.ORG:\n    dkim:\n" + dkim;
    return server::load_text(text, "outpost.yaml", machine());
}

std::string fault_of(const std::string& dkim) {
    const auto loaded = load(dkim);
    return loaded ? "" : loaded.error().list().front().headline();
}

}  // namespace

TEST_CASE("DKIM keys come from files and variables, and sign unless some are chosen") {
    const auto loaded = load(
        "      keys: {2026a: {file: good.pem}, 20260101: {env: KEY}}\n"
        "      header_canonicalization: simple\n      expires_after: 10d\n"
    );
    REQUIRE_MESSAGE(loaded, loaded.error().text());
    const auto domains = server::signing_domains(loaded->settings);
    REQUIRE(domains.size() == 1);
    const auto& [name, settings] = *domains.begin();
    CHECK(name.ascii() == "example.org");
    CHECK(settings.signing() == std::vector<std::string>{"20260101", "2026a"});
    CHECK(settings.header == dkim::Canonicalization::simple);
    CHECK(settings.body == dkim::Canonicalization::relaxed);
    CHECK(settings.expires_after == std::chrono::hours(240));
    CHECK(
        load("      keys: {a: {env: KEY}, b: {env: KEY}}\n      sign: b\n")
            ->settings.domains.at("example.org")
            .dkim->signing() == std::vector<std::string>{"b"}
    );
}

TEST_CASE("signatures that count for less than mail may be under way are warned about") {
    const std::string key = "      keys: {a: {env: KEY}}\n";
    const auto warnings = [&](const std::string& more) {
        const auto loaded = load(key + more);
        REQUIRE(loaded);
        return loaded->warnings.text();
    };
    CHECK(
        warnings("      expires_after: 1d\n")
            .starts_with("outpost.yaml:3:3: warning: domains.example.org.dkim.expires_after: mail "
                         "is tried for 5d (retry.give_up_after): ")
    );
    CHECK(warnings("      expires_after: 5d\n") != "");
    CHECK(warnings("      expires_after: 6d\n") == "");
    CHECK(warnings("      expires_after: 1d\nretry: {give_up_after: 12h}\n") == "");
    CHECK(warnings("      expires_after: 0s\n") == "");
    CHECK(warnings("") == "");
}

TEST_CASE("a key that cannot be used is an error at the place of its name") {
    struct Case {
        const char *dkim, *fault;
    };
    const Case cases[] = {
        {"      keys: {a: {file: none.pem}}\n",
         "outpost.yaml:5:24: error: domains.Example.ORG.dkim.keys.a: cannot read "
         "/etc/outpost/none.pem"},
        {"      keys: {a: {file: bad.pem}}\n", "is no private key in PEM without a passphrase"},
        {"      keys: {a: {env: NONE}}\n", "environment variable 'NONE' is not set"},
        {"      keys: {a: 'MIIabc'}\n", "expected a private key: {file: PATH} or {env: NAME}"},
        {"      keys: {a..b: {env: KEY}}\n", "is no selector"},
        {"      keys: {}\n", "without a key nothing can be signed"},
        {"      keys: {a: {env: KEY}}\n      sign: [b]\n", "no key has the selector 'b'"},
        {"      keys: {a: {env: KEY}}\n      headers: ['To:']\n", "without the colon"},
        {"      sign: [b]\n", "required key 'keys' is missing"},
    };
    for (const auto& [dkim, fault] : cases) {
        CAPTURE(dkim);
        const auto said = fault_of(dkim);
        CAPTURE(said);
        CHECK(said.find(fault) != std::string::npos);
    }
}
