// SPDX-License-Identifier: Apache-2.0
#include "core/mail/sasl/scram.hpp"

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/sasl/prepare.hpp"

namespace outpost::sasl::scram {

std::optional<crypto::Hash> hash_by_name(std::string_view name) {
    if (name == "SHA-256") return crypto::Hash::sha256;
    if (name == "SHA-1") return crypto::Hash::sha1;
    return std::nullopt;
}

std::optional<Variant> Variant::parse(std::string_view mechanism) {
    constexpr std::string_view prefix = "SCRAM-", suffix = "-PLUS";
    if (!mechanism.starts_with(prefix)) return std::nullopt;
    mechanism.remove_prefix(prefix.size());
    const bool plus = mechanism.ends_with(suffix);
    if (plus) mechanism.remove_suffix(suffix.size());
    const auto hash = hash_by_name(mechanism);
    if (!hash) return std::nullopt;
    return Variant{*hash, std::string(mechanism), plus};
}

std::size_t digest_size(crypto::Hash hash) noexcept {
    switch (hash) {
        case crypto::Hash::sha1:
            return 20;
        case crypto::Hash::sha256:
            return 32;
        case crypto::Hash::sha512:
            return 64;
    }
    return 0;
}

Keys derive(crypto::Hash hash, const Secret& password, std::string_view salt, unsigned iterations) {
    const Secret prepared = prepare(password);
    const Secret salted(crypto::pbkdf2(hash, prepared.reveal(), salt, iterations));
    Keys keys;
    keys.client_key = crypto::hmac(hash, salted.reveal(), "Client Key");
    keys.stored_key = crypto::digest(hash, keys.client_key);
    keys.server_key = crypto::hmac(hash, salted.reveal(), "Server Key");
    return keys;
}

std::string exclusive_or(std::string_view a, std::string_view b) {
    std::string out(std::min(a.size(), b.size()), '\0');
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<char>(a[i] ^ b[i]);
    return out;
}

std::string escape_name(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == '=')
            out += "=3D";
        else if (c == ',')
            out += "=2C";
        else
            out += c;
    }
    return out;
}

std::optional<std::string> unescape_name(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            out += text[i];
            continue;
        }
        const std::string_view code = text.substr(i, 3);
        if (code == "=2C")
            out += ',';
        else if (code == "=3D")
            out += '=';
        else
            return std::nullopt;
        i += 2;
    }
    return out;
}

std::optional<Attributes> parse_attributes(std::string_view message) {
    Attributes attributes;
    while (true) {
        const auto comma = message.find(',');
        const std::string_view part = message.substr(0, comma);
        const bool letter = !part.empty() && ((part[0] | 0x20) >= 'a' && (part[0] | 0x20) <= 'z');
        if (!letter || part.size() < 2 || part[1] != '=') return std::nullopt;
        attributes.emplace_back(part[0], part.substr(2));
        if (comma == std::string_view::npos) return attributes;
        message.remove_prefix(comma + 1);
    }
}

std::string make_nonce() {
    return base64_encode(crypto::random_bytes(18));
}

}  // namespace outpost::sasl::scram
