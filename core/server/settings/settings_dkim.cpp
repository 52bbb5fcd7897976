// SPDX-License-Identifier: Apache-2.0
// How a domain signs (RFC 6376).
#include <fmt/format.h>

#include <algorithm>

#include "core/server/settings/settings_types.hpp"

namespace outpost::server {
namespace {

using config::list_of;
using config::Node;
using config::Reader;
using dkim::Canonicalization;
using dkim::DomainSettings;
using dkim::PrivateKey;
using MaybeKey = std::optional<PrivateKey>;

config::KeyRule selectors() {
    return [](std::string_view key) -> Result<std::string> {
        auto selector = dkim::parse_selector(key);
        if (!selector) return Err{"is no selector: write labels of a domain name, like 2026a"};
        return selector;
    };
}

config::Type<Canonicalization> canonicalization() {
    return config::one_of<Canonicalization>(
        {{"relaxed", Canonicalization::relaxed, "white space may change on the way"},
         {"simple", Canonicalization::simple, "nothing may"}}
    );
}

config::Type<std::string> field_name() {
    const auto parse = [](std::string_view text) -> Result<std::string> {
        const bool good =
            !text.empty() && text.size() <= 76 && std::all_of(text.begin(), text.end(), [](char c) {
                return c > ' ' && c < 0x7f && c != ':' && c != ';';
            });
        if (!good) return Err{std::string("write it without the colon")};
        return std::string(text);
    };
    return config::parsed<std::string>("the name of a header field", parse, [](const auto& name) {
        return name;
    });
}

/// What a file or an environment variable holds, or an error at the place of its name.
std::optional<Secret> pem_of(Reader& reader, const Node::Entry& source) {
    const std::string* name = config::detail::read_text(reader, source.value, "a name");
    if (name == nullptr) return std::nullopt;
    if (source.key == "env") {
        auto content = reader.environment().variable(*name);
        if (content) return Secret(std::move(*content));
        reader.error(
            source.value.at,
            fmt::format("environment variable {} is not set", config::in_quotes(*name))
        );
        return std::nullopt;
    }
    const auto path = (reader.environment().directory / *name).lexically_normal();
    auto content = reader.environment().read_file(path);
    if (content) return Secret(std::move(*content));
    reader.error(source.value.at, fmt::format("cannot read {}", path.string()), content.error());
    return std::nullopt;
}

void read_key(Reader& reader, const Node& node, MaybeKey& value) {
    const bool readable = node.kind == Node::Kind::map && node.entries.size() == 1 &&
                          (node.entries.front().key == "file" || node.entries.front().key == "env");
    if (!readable) {
        reader.conceal(node.at);
        return reader.error(
            node.at, "expected a private key: {file: PATH} or {env: NAME}",
            "make one with 'outpost dkim generate'", config::Quote::nothing
        );
    }
    const auto& source = node.entries.front();
    const auto pem = pem_of(reader, source);
    if (!pem || reader.environment().pretended) return;
    auto key = PrivateKey::parse(pem->reveal());
    if (key) {
        value = std::move(*key);
    } else {
        reader.error(source.value.at, "what is there " + key.error());
    }
}

config::Type<MaybeKey> private_key() {
    // As a secret, but never in the configuration itself.
    const auto schema = config::Schema::parse(R"({
        "title": "private key",
        "anyOf": [
            {"type": "object", "additionalProperties": false, "required": ["file"], "properties": {
                "file": {"type": "string", "description": "Path of a PEM file"}}},
            {"type": "object", "additionalProperties": false, "required": ["env"], "properties": {
                "env": {"type": "string",
                        "description": "Name of an environment variable that holds PEM"}}}
        ]
    })");
    return config::custom<MaybeKey>(schema, read_key, [](const MaybeKey& key) {
        if (!key) return std::string();
        return fmt::format("(hidden: {}, {} bits)", dkim::text(key->algorithm()), key->bits());
    });
}

void check_selectors(Reader& reader, const Node& node, const DomainSettings& settings) {
    const Node* sign = node.find("sign");
    for (const auto& selector : settings.sign) {
        if (settings.keys.contains(selector)) continue;
        reader.error(
            sign->at, fmt::format("no key has the selector {}", config::in_quotes(selector))
        );
    }
    const Node* keys = node.find("keys");
    if (keys != nullptr && keys->entries.empty())
        reader.error(keys->at, "without a key nothing can be signed");
}

}  // namespace

config::Type<DomainSettings> dkim_type() {
    const auto seconds = config::duration<std::chrono::seconds>(
        std::chrono::seconds(0), std::chrono::hours(24 * 365)
    );
    return config::Spec<DomainSettings>(
               "dkim",
               "DKIM signatures (RFC 6376) of mail whose author is in this domain or below it. The "
               "algorithm is that of the key: `rsa-sha256` or `ed25519-sha256` (RFC 8463)."
    )
        .required(
            "keys", &DomainSettings::keys, config::map_of(private_key(), selectors()),
            "Private keys by selector. `outpost dkim generate` makes them."
        )
        .key(
            "sign", &DomainSettings::sign, list_of(config::words()),
            "Selectors that sign, each with a signature of its own. Without it: all. The others "
            "are published already, or still."
        )
        .key(
            "header_canonicalization", &DomainSettings::header, canonicalization(),
            "What may happen to the header on the way."
        )
        .key(
            "body_canonicalization", &DomainSettings::body, canonicalization(),
            "What may happen to the body on the way."
        )
        .key(
            "headers", &DomainSettings::headers, list_of(field_name()),
            "Header fields that are signed where they occur. `From` always is."
        )
        .key(
            "oversigned", &DomainSettings::oversigned, list_of(field_name()),
            "Header fields of which nobody may add another one on the way. They are signed, too."
        )
        .key(
            "expires_after", &DomainSettings::expires_after, seconds,
            "How long signatures count; 0: for ever. It must be longer than mail may be under way."
        )
        .check(check_selectors)
        .type();
}

dkim::Signer::Domains signing_domains(const Settings& settings) {
    dkim::Signer::Domains domains;
    for (const auto& [name, domain] : settings.domains) {
        if (domain.dkim) domains.emplace(dns::Domain::parse(name).value(), *domain.dkim);
    }
    return domains;
}

}  // namespace outpost::server
