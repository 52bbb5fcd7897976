// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include <fmt/format.h>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/sasl/mechanism.hpp"
#include "core/mail/sasl/scram.hpp"

namespace outpost::sasl {
namespace {

constexpr std::string_view form = "SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>";
constexpr std::size_t salt_size = 16;

/// Cuts `text` at the first `separator`; none without it.
std::optional<std::string_view> cut(std::string_view& text, char separator) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view head = text.substr(0, at);
    text.remove_prefix(at + 1);
    return head;
}

Result<ScramVerifier> parse_verifier(std::string_view text) {
    const auto malformed = [] {
        return Err{fmt::format("a password verifier has the form {}", form)};
    };
    const auto name = cut(text, '$');
    const auto count = name ? cut(text, ':') : std::nullopt;
    const auto salt_text = count ? cut(text, '$') : std::nullopt;
    const auto stored_text = salt_text ? cut(text, ':') : std::nullopt;
    if (!stored_text) return malformed();

    const auto variant = scram::Variant::parse(*name);
    if (!variant || variant->plus) {
        return Err{std::string("a password verifier is SCRAM-SHA-256 or SCRAM-SHA-1")};
    }
    ScramVerifier verifier;
    verifier.hash = variant->hash_name;
    const auto [end, error] =
        std::from_chars(count->data(), count->data() + count->size(), verifier.iterations);
    if (error != std::errc{} || end != count->data() + count->size()) return malformed();
    if (verifier.iterations < min_iterations || verifier.iterations > max_iterations) {
        return Err{fmt::format(
            "a password verifier has between {} and {} iterations", min_iterations, max_iterations
        )};
    }
    const auto salt = base64_decode(*salt_text), stored = base64_decode(*stored_text);
    const auto server = base64_decode(text);
    const std::size_t key_size = scram::digest_size(variant->hash);
    const bool whole = salt && !salt->empty() && stored && stored->size() == key_size && server &&
                       server->size() == key_size;
    if (!whole) return malformed();
    verifier.salt = *salt;
    verifier.stored_key = *stored;
    verifier.server_key = *server;
    return verifier;
}

ScramVerifier make_verifier(const char* hash, const Secret& password, unsigned iterations) {
    ScramVerifier verifier;
    verifier.hash = hash;
    verifier.iterations = iterations;
    verifier.salt = crypto::random_bytes(salt_size);
    auto keys = scram::derive(*scram::hash_by_name(hash), password, verifier.salt, iterations);
    verifier.stored_key = std::move(keys.stored_key);
    verifier.server_key = std::move(keys.server_key);
    return verifier;
}

}  // namespace

Result<StoredCredential> StoredCredential::parse(std::string_view text) {
    StoredCredential credential;
    text = trim(text);
    while (!text.empty()) {
        const auto space = text.find(' ');
        auto verifier = parse_verifier(text.substr(0, space));
        if (!verifier) return Err{verifier.error()};
        for (const auto& other : credential.verifiers) {
            if (other.hash == verifier->hash)
                return Err{std::string("two verifiers have the same hash")};
        }
        credential.verifiers.push_back(std::move(*verifier));
        if (space == std::string_view::npos) break;
        text = trim(text.substr(space));
    }
    if (credential.verifiers.empty())
        return Err{fmt::format("a password verifier has the form {}", form)};
    return credential;
}

StoredCredential StoredCredential::make(const Secret& password, unsigned iterations) {
    StoredCredential credential;
    for (const char* hash : {"SHA-256", "SHA-1"}) {
        credential.verifiers.push_back(make_verifier(hash, password, iterations));
    }
    return credential;
}

std::string StoredCredential::text() const {
    std::string out;
    for (const auto& v : verifiers) {
        if (!out.empty()) out += ' ';
        out += fmt::format(
            "SCRAM-{}${}:{}${}:{}", v.hash, v.iterations, base64_encode(v.salt),
            base64_encode(v.stored_key), base64_encode(v.server_key)
        );
    }
    return out;
}

bool StoredCredential::matches(const Secret& password) const {
    if (verifiers.empty()) return false;
    const ScramVerifier& verifier = verifiers.front();
    const auto hash = scram::hash_by_name(verifier.hash);
    if (!hash) return false;
    const auto keys = scram::derive(*hash, password, verifier.salt, verifier.iterations);
    return crypto::equal_constant_time(keys.stored_key, verifier.stored_key);
}

StoredCredential decoy_credential(
    std::string_view username, std::string_view server_secret, unsigned iterations
) {
    const auto derived = [&](std::string_view what, const char* hash) {
        const std::string label = fmt::format("{}/{}/{}", what, hash, username);
        return crypto::hmac(crypto::Hash::sha256, server_secret, label);
    };
    StoredCredential decoy;
    for (const char* hash : {"SHA-256", "SHA-1"}) {
        const std::size_t key_size = scram::digest_size(*scram::hash_by_name(hash));
        ScramVerifier verifier;
        verifier.hash = hash;
        verifier.iterations = iterations;
        verifier.salt = derived("salt", hash).substr(0, salt_size);
        verifier.stored_key = derived("stored", hash).substr(0, key_size);
        verifier.server_key = derived("server", hash).substr(0, key_size);
        decoy.verifiers.push_back(std::move(verifier));
    }
    return decoy;
}

}  // namespace outpost::sasl
