// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/foundation/base/crypto.hpp"
#include "core/mail/sasl/mechanism.hpp"

/// SCRAM (RFC 5802, RFC 7677): what client and server have in common.
namespace outpost::sasl::scram {

/// "SCRAM-SHA-256-PLUS" taken apart.
struct Variant {
    crypto::Hash hash;
    std::string hash_name;  ///< "SHA-256"
    bool plus;
    static std::optional<Variant> parse(std::string_view mechanism);
};
/// "SHA-1" or "SHA-256"; none otherwise.
std::optional<crypto::Hash> hash_by_name(std::string_view name);

/// Octets in a digest.
std::size_t digest_size(crypto::Hash hash) noexcept;

/// RFC 5802 section 3. All are raw octets.
struct Keys {
    std::string client_key, stored_key, server_key;
};
Keys derive(crypto::Hash hash, const Secret& password, std::string_view salt, unsigned iterations);
std::string exclusive_or(std::string_view a, std::string_view b);

/// Escapes "=" and "," of a name (saslname), and undoes it; none for a broken escape.
std::string escape_name(std::string_view name);
std::optional<std::string> unescape_name(std::string_view text);

/// "r=...,s=...,i=4096" as pairs in order; none unless each part is a letter, "=" and a value
/// (RFC 5802 section 5.1).
using Attributes = std::vector<std::pair<char, std::string>>;
std::optional<Attributes> parse_attributes(std::string_view message);

/// A nonce of 18 random octets, in base64, which holds no comma.
std::string make_nonce();

/// The nonce is a parameter for the test vectors.
std::unique_ptr<ClientMechanism> make_client(
    const Choice& choice, const Variant& variant, const Credentials& credentials,
    const ChannelBinding& binding, std::string nonce = make_nonce()
);
std::unique_ptr<ServerMechanism> make_server(
    std::string_view name, const Variant& variant, Lookup lookup, const ChannelBinding& binding,
    std::string nonce = make_nonce()
);

}  // namespace outpost::sasl::scram
