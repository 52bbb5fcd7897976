// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/interface/policy_mode.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/tls/requirement.hpp"

/// From what the DNS says of a host to what its TLS must reach (RFC 7672). Pure.
namespace outpost::dane {

/// What a search for TLSA records of one host found.
struct Finding {
    /// Where records were found, or could not be found out: the TLSA base domain. Empty: DANE does
    /// not apply, or there are securely none.
    std::string base_domain;
    std::vector<tls::TlsaRecord> usable;  ///< of the records found; empty: none can be used
    std::optional<dns::Failure> failure;  ///< the lookup failed
    std::vector<std::string> names;       ///< reference names, for DANE-TA
};

/// Usable records must match; records without a usable one ask for unverified TLS (RFC 7672 section
/// 2.2); a failed lookup forbids the host (section 2.1.2); no records ask for nothing.
tls::TlsRequirement requirement(const Finding& finding);

/// The same as a demand: enforced, watched, or nothing at all; `require` forbids a host without
/// usable records.
tls::TlsDemand demand(delivery::PolicyMode mode, const Finding& finding);

/// The names that the certificate may have (RFC 7672 section 3.2.2, RFC 7671 section 5.2): the base
/// domain, the host before its CNAMEs, the recipient domain and where its CNAMEs end. The base
/// domain comes first; none is named twice.
std::vector<std::string> reference_names(
    const std::string& base_domain, const std::string& host, const std::string& recipient_domain,
    const std::string& expanded_recipient_domain
);

}  // namespace outpost::dane
