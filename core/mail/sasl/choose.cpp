// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/sasl/mechanism.hpp"
#include "core/mail/sasl/scram.hpp"
#include "core/mail/sasl/simple_clients.hpp"

namespace outpost::sasl {
namespace {

using Names = std::vector<std::string>;

bool has(const Names& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(), [&](const auto& n) { return iequals(n, name); });
}

bool is_plus(std::string_view name) {
    return name.ends_with("-PLUS");
}

/// Why a mechanism that is offered cannot be used, or null.
const char* obstacle(
    std::string_view name, const Credentials& who, bool explicitly, bool tls, bool tls_verified,
    bool can_bind
) {
    const bool token = name == "OAUTHBEARER" || name == "XOAUTH2";
    if (name == "EXTERNAL") {
        if (!tls) return "needs TLS with a client certificate";
        const bool other_secret = !who.password.empty() || !who.bearer_token.empty();
        return other_secret && !explicitly ? "is taken only when configured" : nullptr;
    }
    if (token && who.bearer_token.empty()) return "needs a token";
    if (!token && who.password.empty()) return "needs a password";
    if (!token && who.username.empty()) return "needs a user name";
    if (is_plus(name) && !can_bind) return "needs TLS with channel binding";
    if (reveals_secret(name) && !tls) return "would send the secret in clear";
    if (reveals_secret(name) && !tls_verified)
        return "would send the secret to an unverified server";
    return nullptr;
}

/// RFC 5802 section 6: 'y' when we wanted to bind and the server seems unable to. A true server
/// that is able notices that its offer was taken out. Not 'y' when the offer is there and another
/// mechanism was preferred: the server would refuse.
bool binding_not_offered(const std::string& chosen, const Names& wanted, const Names& offered) {
    if (!scram::Variant::parse(chosen) || is_plus(chosen)) return false;
    const std::string same_with_plus = chosen + "-PLUS";
    if (has(wanted, same_with_plus)) return !has(offered, same_with_plus);
    const auto plus = [](const std::string& name) { return is_plus(name); };
    return std::any_of(wanted.begin(), wanted.end(), plus) &&
           std::none_of(offered.begin(), offered.end(), plus);
}

std::string upper(std::string name) {
    for (char& c : name) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return name;
}

}  // namespace

const std::vector<std::string>& client_mechanisms() {
    static const Names names = {
        "EXTERNAL",      "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-1",   "OAUTHBEARER",
        "XOAUTH2",       "CRAM-MD5",
        "PLAIN",         "LOGIN",
    };
    return names;
}

bool reveals_secret(std::string_view mechanism) noexcept {
    for (const char* name : {"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"}) {
        if (iequals(mechanism, name)) return true;
    }
    return false;
}

Result<Choice> choose(
    const Names& offered, const Names& preferred, const Credentials& credentials, bool tls,
    bool tls_verified, const ChannelBinding& binding
) {
    const bool can_bind = tls && !binding.type.empty() && !binding.data.empty();
    const Names& wanted = preferred.empty() ? client_mechanisms() : preferred;
    Names objections;
    for (const auto& entry : wanted) {
        const std::string name = upper(entry);
        if (!has(client_mechanisms(), name) || !has(offered, name)) continue;
        const char* why_not =
            obstacle(name, credentials, !preferred.empty(), tls, tls_verified, can_bind);
        if (!why_not) return Choice{name, can_bind && binding_not_offered(name, wanted, offered)};
        objections.push_back(name + " " + why_not);
    }
    if (offered.empty()) return Err{std::string("the server offers no authentication")};
    std::string error = fmt::format(
        "no authentication mechanism fits; the server offers {}", fmt::join(offered, " ")
    );
    if (!preferred.empty()) error += fmt::format("; configured are {}", fmt::join(preferred, " "));
    if (!objections.empty()) error += fmt::format(" ({})", fmt::join(objections, "; "));
    return Err{error};
}

std::unique_ptr<ClientMechanism> make_client(
    const Choice& choice, const Credentials& credentials, const ChannelBinding& binding
) {
    if (const auto variant = scram::Variant::parse(choice.mechanism)) {
        return scram::make_client(choice, *variant, credentials, binding);
    }
    if (choice.mechanism == "CRAM-MD5") return make_cram_md5_client(credentials);
    if (auto simple = make_simple_client(choice.mechanism, credentials)) return simple;
    throw std::invalid_argument("no such SASL mechanism: " + choice.mechanism);
}

}  // namespace outpost::sasl
