// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>

#include "core/domains/check/finding.hpp"
#include "core/net/sockets/endpoint.hpp"

/// What judges are asked, and what they say, in few words.
namespace outpost::test {

inline domain_check::Lookup found(
    dns::Type type, const std::vector<std::string>& texts,
    dns::Security security = dns::Security::secure
) {
    dns::Answer answer;
    for (const auto& text : texts)
        answer.records.push_back({type, 10, text});
    answer.security = security;
    return answer;
}

inline domain_check::Lookup no_such_name() {
    dns::Answer answer;
    answer.nxdomain = true;
    answer.security = dns::Security::secure;
    return answer;
}

inline domain_check::Lookup failed(dns::Failure::Kind kind = dns::Failure::Kind::servfail) {
    return Err{dns::Failure{kind, "the server failed"}};
}

inline net::IpAddress ip(const char* text) {
    return asio::ip::make_address(text);
}

/// "wrong: why" of each.
inline std::vector<std::string> said(const domain_check::Findings& findings) {
    std::vector<std::string> all;
    for (const auto& finding : findings)
        all.push_back(fmt::format("{}: {}", domain_check::text(finding.grade), finding.summary));
    return all;
}
inline std::string said(const domain_check::Finding& finding) {
    return said(domain_check::Findings{finding}).front();
}

/// The grades alone: "ok wrong".
inline std::string grades(const domain_check::Findings& findings) {
    std::string all;
    for (const auto& finding : findings)
        all += (all.empty() ? "" : " ") + std::string(domain_check::text(finding.grade));
    return all;
}

}  // namespace outpost::test
