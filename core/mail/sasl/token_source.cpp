// SPDX-License-Identifier: Apache-2.0
#include "core/mail/sasl/token_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/foundation/base/encoding.hpp"

namespace outpost::sasl {
namespace {

using Fetched = TokenSource::Fetched;
using std::chrono::seconds;

/// Files are read each time: nothing is kept of them.
constexpr seconds file_lifetime{0};
/// For an endpoint that does not say (RFC 6749 section 5.1 only recommends it), and the longest
/// believed.
constexpr std::int64_t default_lifetime = 300, longest_lifetime = 24 * 3600;

Result<Fetched> fetch_from_file(const TokenFile& settings) {
    std::ifstream in(settings.path, std::ios::binary);
    std::string text(max_token_size + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (in.fail() && !in.eof())) {
        return Err{fmt::format("the token file {} cannot be read", settings.path.string())};
    }
    text.resize(static_cast<std::size_t>(in.gcount()));
    auto token = parse_token(text);
    if (!token)
        return Err{fmt::format("the token file {}: {}", settings.path.string(), token.error())};
    return Fetched{std::move(*token), file_lifetime};
}

}  // namespace

Result<Secret> parse_token(std::string_view text) {
    text = trim(text);
    if (text.empty()) return Err{"it holds no token"};
    if (text.size() > max_token_size) return Err{"the token is too long"};
    const bool sound =
        std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    if (!sound) return Err{"a token is one line of printable ASCII without spaces"};
    return Secret(std::string(text));
}

Result<Fetched> parse_token_response(std::string_view json) {
    const auto answer = nlohmann::json::parse(json, nullptr, false);
    if (!answer.is_object()) return Err{"the token endpoint's answer is no JSON object"};
    const auto text = [&](const char* key) {
        const auto found = answer.find(key);
        return found != answer.end() && found->is_string() ? found->get<std::string>()
                                                           : std::string();
    };
    if (!iequals(text("token_type"), "bearer"))
        return Err{"the token endpoint gave no bearer token"};
    auto token = parse_token(text("access_token"));
    if (!token) return Err{"the token endpoint's answer: " + token.error()};
    std::int64_t lifetime = default_lifetime;
    if (const auto found = answer.find("expires_in");
        found != answer.end() && found->is_number_integer()) {
        lifetime = std::clamp<std::int64_t>(found->get<std::int64_t>(), 0, longest_lifetime);
    }
    return Fetched{std::move(*token), seconds(lifetime)};
}

Result<Fetched> TokenSource::fetch() const {
    if (const auto* file = std::get_if<TokenFile>(&settings_)) return fetch_from_file(*file);
    if (const auto* command = std::get_if<TokenCommand>(&settings_))
        return fetch_from_command(*command);
    if (const auto* endpoint = std::get_if<TokenEndpoint>(&settings_))
        return fetch_from_endpoint(*endpoint);
    return Err{"no token is configured"};
}

Result<Secret> TokenSource::get() {
    const std::lock_guard lock(mutex_);
    if (token_ && SteadyClock::now() < renew_at_) return *token_;
    auto fetched = fetch();
    const auto now = SteadyClock::now();
    if (!fetched) {
        if (token_ && now < expires_at_) return *token_;
        return Err{fetched.error()};
    }
    token_ = std::move(fetched->token);
    // A fifth of the time is left for retries and for the session that the token is used in.
    renew_at_ = now + fetched->lifetime * 4 / 5;
    expires_at_ = now + fetched->lifetime;
    return *token_;
}

void TokenSource::refused(const Secret& token) {
    const std::lock_guard lock(mutex_);
    if (token_ && *token_ == token) token_.reset();
}

}  // namespace outpost::sasl
