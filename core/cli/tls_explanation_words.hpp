// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/cli/tls_explanation.hpp"

/// Words that both forms of an explanation use.
namespace outpost::cli::words {

/// The wishes that a message may have, and what they are called in JSON and for people.
struct Wish {
    delivery::TlsWish wish;
    const char *key, *words;
};
inline constexpr Wish wishes[] = {
    {delivery::TlsWish::standard, "default", "any message"},
    {delivery::TlsWish::required, "requiretls", "REQUIRETLS"},
    {delivery::TlsWish::not_required, "tls_required_no", "TLS-Required: No"},
};

std::string mode(delivery::PolicyMode mode);  ///< "enforce", "report", "off"
std::string utc(WallTime time);               ///< "2026-11-26T01:02:03Z"
/// "3 1 1 ab12...", and whether SMTP can use it.
struct TlsaLine {
    std::string record;
    bool usable = false;
};
std::vector<TlsaLine> tlsa_lines(const dns::Answer& answer);
/// Where a policy in force comes from: "cache", "fetched"; empty: there is none.
std::string sts_origin(const TlsExplanation& explanation);
/// Why the session would not do for delivery; empty: it would.
std::string unmet(const HostExplanation& host);

}  // namespace outpost::cli::words
