// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <string_view>

#include "core/net/dns/resolver.hpp"
#include "core/net/dns/wire.hpp"

namespace outpost::dns {
namespace {

/// The IANA registry "Extended DNS Error Codes" (RFC 8914 section 5.2), by number.
constexpr std::array<std::string_view, 31> extended_errors{
    "other",
    "unsupported-dnskey-algorithm",
    "unsupported-ds-digest-type",
    "stale-answer",
    "forged-answer",
    "dnssec-indeterminate",
    "dnssec-bogus",
    "signature-expired",
    "signature-not-yet-valid",
    "dnskey-missing",
    "rrsigs-missing",
    "no-zone-key-bit-set",
    "nsec-missing",
    "cached-error",
    "not-ready",
    "blocked",
    "censored",
    "filtered",
    "prohibited",
    "stale-nxdomain-answer",
    "not-authoritative",
    "not-supported",
    "no-reachable-authority",
    "network-error",
    "invalid-data",
    "signature-expired-before-valid",
    "too-early",
    "unsupported-nsec3-iterations-value",
    "unable-to-conform-to-policy",
    "synthesized",
    "invalid-query-type",
};

}  // namespace

std::string_view text(Security security) noexcept {
    switch (security) {
        case Security::secure:
            return "secure";
        case Security::insecure:
            return "insecure";
        case Security::bogus:
            return "bogus";
        case Security::indeterminate:
            break;
    }
    return "indeterminate";
}

bool Failure::is_dnssec() const noexcept {
    return kind == Kind::bogus || is_authentication_error(extended_error);
}

std::string Failure::reason_code() const {
    if (extended_error < 0) return {};
    const auto code = static_cast<std::size_t>(extended_error);
    if (code >= extended_errors.size()) return fmt::format("dns-extended-error-{}", code);
    return fmt::format("dns-extended-error-{}-{}", code, extended_errors[code]);
}

}  // namespace outpost::dns
