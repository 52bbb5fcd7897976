// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/net/tls/requirement.hpp"

namespace outpost::domain_check {

/// Those records of an answer that a certificate can match in SMTP (RFC 7672 section 3.1).
std::vector<tls::TlsaRecord> usable_records(const dns::Answer& answer);

/// Whether senders go by the TLSA records of a host: the answer is secure, and has some.
bool binds_senders(const Lookup& answer);

/// The TLSA records of a host that receives, against the keys that its certificates are made for.
Findings judge_tlsa(
    const std::string& host, const std::vector<tls::TlsaRecord>& keys, const Lookup& answer
);

/// Senders ask for TLSA records only of hosts that a secure answer names (section 2.2.1). `mx`: of
/// the domain. Nothing when there is nothing to say.
Findings judge_path_to_tlsa(const std::string& domain, const Lookup& mx);

}  // namespace outpost::domain_check
