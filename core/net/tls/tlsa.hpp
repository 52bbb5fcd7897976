// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/foundation/base/result.hpp"
#include "core/net/tls/requirement.hpp"

/// TLSA records (RFC 6698 section 2) as SMTP uses them. Pure.
namespace outpost::tls {

/// From RDATA; nothing when it is too short to be a record at all.
std::optional<TlsaRecord> parse_tlsa(std::string_view rdata);

/// Whether a certificate can match the record in SMTP: usages DANE-TA(2) and DANE-EE(3), known
/// selectors and matching types (RFC 7672 section 3.1), data of the right length, and in full
/// something that is a certificate or a public key.
bool is_usable(const TlsaRecord& record);

/// "3 1 1 ab12...": as zone files and TLS reports have it.
std::string text(const TlsaRecord& record);

/// "3 1 1" for the public half of a private key in PEM without a passphrase: the same for every
/// certificate for this key, whoever issued it and however long it is valid (RFC 7671 section 5.1).
/// The error says what is wrong, and nothing of the key.
Result<TlsaRecord> tlsa_of_private_key(std::string_view pem);

}  // namespace outpost::tls
