// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

namespace outpost::cli {

/// What a localserve keeps in its directory besides the database: certificates, the configuration,
/// the password of its account. Made at the first start, and left alone afterwards: people may edit
/// the configuration.
struct LocalFiles {
    std::filesystem::path directory;

    std::filesystem::path config() const { return directory / "outpost.yaml"; }
    std::filesystem::path tls() const { return directory / "tls"; }
    std::filesystem::path cluster() const { return directory / "postgres"; }
    std::filesystem::path mail() const { return directory / "received"; }
    std::filesystem::path password_file() const { return directory / "password"; }
    std::string password() const;

    /// Makes what is missing. `connection`: of the private database; `port_base`: what ports begin
    /// at.
    void prepare(const std::string& connection, int port_base) const;
};

inline constexpr const char* local_account = "me";

}  // namespace outpost::cli
