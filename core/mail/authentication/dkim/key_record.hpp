// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/mail/authentication/dkim/key.hpp"

namespace outpost::dkim {

/// What a TXT record at SELECTOR._domainkey.DOMAIN says (RFC 6376 section 3.6.1).
struct KeyRecord {
    std::string key_type = "rsa";       ///< k=
    std::string key;                    ///< p=, octets; empty: revoked
    std::vector<std::string> hashes;    ///< h=; empty: any
    std::vector<std::string> services;  ///< s=; empty: any
    bool testing = false;               ///< t=y: mail is to be treated as if it were not signed
    bool strict = false;                ///< t=s: i= has to be in the domain itself

    /// Whether the key may be used for this kind of service ("email", "tlsrpt").
    bool is_for(std::string_view service) const;
};

Result<KeyRecord> parse_key_record(std::string_view text);

/// The record to publish for a key, as one text.
std::string key_record(const PrivateKey& key);

}  // namespace outpost::dkim
