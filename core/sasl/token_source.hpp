// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "core/base/secret.hpp"

/// Bearer tokens for XOAUTH2 and OAUTHBEARER (RFC 7628).
namespace outpost::sasl {

/// Something else renews the file; it is read again when it has changed.
struct TokenFile {
    std::filesystem::path path;
};
/// The command prints the token as one line; asked again when the token is `lifetime` old, or refused.
struct TokenCommand {
    std::vector<std::string> command;  ///< program and arguments; no shell
    std::chrono::seconds lifetime{1800};
};
/// The client credentials grant (RFC 6749 section 4.4). Renewed before it expires.
struct TokenEndpoint {
    std::string url;
    std::string client_id;
    Secret client_secret;
    std::vector<std::string> scopes;
};
using TokenSettings = std::variant<std::monostate, TokenFile, TokenCommand, TokenEndpoint>;

}  // namespace outpost::sasl
