// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/foundation/base/result.hpp"

/// OpenSSL's name for a key of any kind.
struct evp_pkey_st;

namespace outpost::crypto {

/// Reads a private key in PEM, PKCS #8 or an older form, without a passphrase. The error says what
/// is wrong after the key's name, and nothing of the key.
Result<std::shared_ptr<evp_pkey_st>> parse_private_key(std::string_view pem);

/// The public half of a key: SubjectPublicKeyInfo (RFC 5280 section 4.1) in DER. Empty when OpenSSL
/// cannot say.
std::string public_key_info(evp_pkey_st* key);

}  // namespace outpost::crypto
