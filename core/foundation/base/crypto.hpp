// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

/// OpenSSL's state of a digest.
struct evp_md_ctx_st;

/// Small cryptographic helpers over OpenSSL. Byte strings are std::string.
namespace outpost::crypto {

enum class Hash { sha1, sha256, sha512 };

std::string digest(Hash hash, std::string_view data);

/// A digest of data that comes in pieces.
class Hasher {
  public:
    explicit Hasher(Hash hash);
    void feed(std::string_view piece);
    /// The digest. To be called once, at the end.
    std::string finish();

  private:
    std::shared_ptr<evp_md_ctx_st> state_;
};

std::string hmac(Hash hash, std::string_view key, std::string_view data);
/// PBKDF2 (RFC 8018) with HMAC, yielding one digest length.
std::string pbkdf2(
    Hash hash, std::string_view password, std::string_view salt, unsigned iterations
);
/// Cryptographically strong random bytes. Throws std::runtime_error when the system has none.
std::string random_bytes(std::size_t count);
/// Compares without leaking where the strings differ.
bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace outpost::crypto
