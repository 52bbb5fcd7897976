// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/foundation/base/clock.hpp"
#include "core/foundation/base/result.hpp"
#include "core/foundation/base/secret.hpp"

/// Bearer tokens for XOAUTH2 and OAUTHBEARER (RFC 7628).
namespace outpost::sasl {

/// Something else renews the file; read each time, so a change counts at once.
struct TokenFile {
    std::filesystem::path path;
};
/// The command prints the token as one line; asked again when the token is `lifetime` old, or
/// refused.
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

/// Longest token that is taken.
constexpr std::size_t max_token_size = 16 * 1024;

/// Keeps one token and renews it in time. Thread-safe. Every fetch is bounded in size and in time
/// (30 s), but it blocks: call `get` on a worker pool. Callers during a fetch wait for it.
class TokenSource {
  public:
    explicit TokenSource(TokenSettings settings) : settings_(std::move(settings)) {}
    /// The token. The error is a sentence without secrets. A token that is still valid is returned
    /// even if its renewal failed.
    Result<Secret> get();
    /// A server has refused this token: it is not returned again, unless the source insists on it.
    void refused(const Secret& token);

    struct Fetched {
        Secret token;
        std::chrono::seconds lifetime;
    };

  private:
    Result<Fetched> fetch() const;

    const TokenSettings settings_;
    std::mutex mutex_;
    std::optional<Secret> token_;
    SteadyTime renew_at_{}, expires_at_{};
};

/// One line of printable ASCII without spaces (RFC 6750 section 2.1 allows no others); surrounding
/// white space is removed.
Result<Secret> parse_token(std::string_view text);
/// What a token endpoint answered (RFC 6749 section 5.1).
Result<TokenSource::Fetched> parse_token_response(std::string_view json);
/// HTTPS, or HTTP to this machine (127.0.0.1, [::1], localhost).
bool is_safe_token_url(std::string_view url);

Result<TokenSource::Fetched> fetch_from_command(
    const TokenCommand& settings, std::chrono::milliseconds timeout = std::chrono::seconds(30)
);
Result<TokenSource::Fetched> fetch_from_endpoint(const TokenEndpoint& settings);

}  // namespace outpost::sasl
